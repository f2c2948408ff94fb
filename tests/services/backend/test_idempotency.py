"""Idempotency-Key: a repeat gets the first result from any replica, wherever its commit stands."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from backend.hand import Hand, contents
from backend.memory import Fault, Memory, Proxy, nth
from services.backend import changes, decide, tasklist
from services.backend.batch import BatchRequest, run
from services.backend.commit import Intent, Outcome
from services.backend.imports import OnConflict
from services.backend.schemas import TaskCreate, TaskDraft
from services.backend.tasklist import Commit, TaskList
from services.backend.transfer.parsed import Entry, Parsed
from services.kit.problems import Problem
from services.kit.sidecar import SidecarError

NEW = TaskCreate(title="new")
KEY = {"key": "k", "request": "r"}


async def create(hand: Hand, **intent: Any) -> Outcome:
    return await hand.do(lambda work: decide.create(work, NEW), **(KEY | intent))


async def test_a_repeat_gets_the_first_result_and_changes_nothing() -> None:
    hand = Hand()
    first = await create(hand)
    again = await create(hand)
    assert (again.reply, again.change) == (first.reply, first.change)
    assert len((await hand.tasks()).rows) == 1


async def test_another_request_under_the_key_is_refused() -> None:
    hand = Hand()
    await create(hand)
    with pytest.raises(Problem) as refused:
        await create(hand, request="another")
    assert refused.value.status == 422


@pytest.mark.parametrize("later", [1, 70, 300])
async def test_a_repeat_finds_its_commit_on_a_closed_page_and_from_another_replica(later: int) -> None:
    memory = Memory()
    hand = Hand(memory)
    first = await create(hand)
    for number in range(later):
        await hand.create(f"later {number}")
    for replica in (hand, Hand(memory)):
        again = await create(replica)
        assert (again.reply, again.change) == (first.reply, first.change)
    assert len((await hand.tasks()).rows) == later + 1


async def test_a_deletion_is_repeated_under_its_key() -> None:
    hand = Hand()
    task_id = await hand.create()
    outcomes = [await hand.do(lambda work: decide.delete(work, task_id), **KEY) for _ in range(3)]
    assert {outcome.reply.status for outcome in outcomes} == {204}
    assert len({outcome.change for outcome in outcomes}) == 1


async def test_a_request_that_changed_nothing_is_remembered_too() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    await hand.do(lambda work: decide.reopen(work, task_id), **KEY)
    await hand.complete(task_id)
    again = await hand.do(lambda work: decide.reopen(work, task_id), **KEY)
    assert again.change is None
    assert (await hand.here(task_id)).completed_at is not None


async def test_a_refused_request_is_not_remembered() -> None:
    hand = Hand()
    wanted = UUID(int=7)
    with pytest.raises(Problem):
        await hand.do(lambda work: decide.delete(work, wanted), **KEY)
    await hand.create(id=str(wanted))
    assert (await hand.do(lambda work: decide.delete(work, wanted), **KEY)).reply.status == 204


async def test_the_same_request_at_once_in_two_replicas_is_done_once() -> None:
    memory = Memory()
    hands = [Hand(memory) for _ in range(6)]
    await hands[0].create("first")
    outcomes = await asyncio.gather(*(create(hand) for hand in hands for _ in range(3)))
    assert len({outcome.change for outcome in outcomes}) == 1
    assert len((await hands[0].tasks()).rows) == 2


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED])
@pytest.mark.parametrize(("operation", "number"), [("get", 1), ("get", 2), ("save", 1)])
async def test_asking_again_after_an_error_does_it_once(operation: str, number: int, fault: Fault) -> None:
    memory = Memory()
    await Hand(memory).create("first")
    proxy = Proxy(memory, nth(operation, number, fault))
    hand = Hand(proxy)
    outcome = None
    while outcome is None:
        try:
            outcome = await create(hand)
        except SidecarError:
            continue
    assert len((await Hand(memory).tasks()).rows) == 2


async def test_a_batch_is_repeated_with_all_its_results() -> None:
    hand = Hand()
    task_id = await hand.create()
    operations = [
        {"op": "create", "task": {"title": "b"}},
        {"op": "complete", "id": task_id},
        {"op": "delete", "id": task_id},
    ]
    body = BatchRequest.model_validate({"operations": operations})
    first = await hand.do(lambda work: run(work, body.operations), **KEY)
    again = await hand.do(lambda work: run(work, body.operations), **KEY)
    assert again.reply == first.reply
    assert [result.status for result in again.reply.results or ()] == [201, 200, 204]


async def test_an_undo_is_repeated_and_takes_back_no_second_change() -> None:
    hand = Hand()
    await hand.create("one")
    await hand.create("two")
    first = await hand.undo(**KEY)
    again = await hand.undo(**KEY)
    assert (first.reply, first.change) == (again.reply, again.change)
    assert len((await hand.tasks()).rows) == 1


def remembered(hours: float) -> bool:
    """Tell whether a key is still known after a commit that comes so many hours later."""
    tasks = TaskList("p", 1)
    first = Commit.model_validate(
        {"id": "a", "at": "2026-01-01T00:00:00Z", "change": UUID(int=1), "key": "k", "last": 0}
    )
    tasks.apply(first, 1)
    tasks.apply(first.model_copy(update={"at": first.at + timedelta(hours=hours), "key": None}), 1)
    return "k" in tasks.keys


def test_keys_are_remembered_for_a_day() -> None:
    assert remembered(tasklist.KEY_HOURS)
    assert not remembered(tasklist.KEY_HOURS + 0.001)


def drafts(count: int, **fields: Any) -> Parsed:
    made = [Entry(n, TaskDraft(title=f"task {n}", description="d" * 300, **fields)) for n in range(1, count + 1)]
    return Parsed(tuple(made), ())


async def bring_in(hand: Hand, parsed: Parsed, **intent: Any) -> Outcome:
    return await changes.import_tasks(hand.log, hand.person, parsed, OnConflict.SKIP, Intent(**intent))


def dying(write: int, fault: Fault) -> Callable[[str, tuple[Any, ...]], Fault | None]:
    """Return a rule: the `write`-th commit meets the fault, and nothing comes through after it."""
    commits = 0

    def rule(name: str, args: tuple[Any, ...]) -> Fault | None:
        nonlocal commits
        commits += name == "save" and args[1].count("/") == 1
        return None if commits < write else fault if name == "save" else Fault.REFUSED

    return rule


@pytest.mark.parametrize("broken", [1, 2, 3])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED])
async def test_an_import_that_was_cut_off_goes_on_under_its_key(broken: int, fault: Fault) -> None:
    """Also for tasks that the file gives no id: none is made twice."""
    memory = Memory()
    first = Hand(memory)
    await first.create("mine")
    parsed = drafts(900)

    proxy = Proxy(memory, dying(broken, fault))
    with pytest.raises(SidecarError):
        await bring_in(Hand(proxy), parsed, **KEY)
    outcome = await bring_in(Hand(memory), parsed, **KEY)
    assert outcome.reply.extra["created"] == 900
    hand = Hand(memory)
    titles = sorted(row.task.title for row in (await hand.tasks()).rows.values())
    assert titles == sorted(["mine", *(f"task {n}" for n in range(1, 901))])
    again = await bring_in(Hand(memory), parsed, **KEY)
    assert (again.reply, again.change) == (outcome.reply, outcome.change)
    await hand.undo(outcome.change)
    assert [row["title"] for row in contents(await hand.tasks()).values()] == ["mine"]


async def test_what_an_import_answers_is_small() -> None:
    hand = Hand()
    outcome = await bring_in(hand, drafts(1200))
    assert len(orjson.dumps(outcome.reply.extra)) < 100_000
    assert outcome.reply.extra["created"] == 1200
