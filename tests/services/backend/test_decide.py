"""Deciding and applying: what events a command emits, and the properties that every sequence of them keeps."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings

from backend.hand import PERSON, Hand, content, due_in, every_seq, soon, state
from backend.player import Player, Step, steps
from services.backend import decide
from services.backend.schemas import TaskCreate, TaskPatch
from services.backend.tasklist import Commit, TaskList
from services.backend.workspace import Workspace, changed, next_reminder_id, restored
from services.kit.events import EventType
from services.kit.ids import uuid7
from services.kit.problems import Problem
from services.kit.task import Status

KINDS = {
    "patch": EventType.UPDATED,
    "complete": EventType.COMPLETED,
    "reopen": EventType.REOPENED,
    "delete": EventType.DELETED,
}


async def played(sequence: list[Step]) -> Hand:
    player = Player()
    for step in sequence:
        await player.play(step)
    return player.hand


@settings(max_examples=50, deadline=None)
@given(steps)
def test_seqs_are_gapless_and_versions_count_the_changes(sequence: list[Step]) -> None:
    async def scene() -> None:
        hand = await played(sequence)
        events = await hand.events()
        assert every_seq(events)
        versions: dict[UUID, int] = {}
        for event in events:
            assert event.task
            assert event.task.seq == event.seq
            expected = 1 if event.type is EventType.CREATED else versions[event.task.id] + 1
            assert event.task.version == expected
            versions[event.task.id] = event.task.version

    asyncio.run(scene())


@settings(max_examples=50, deadline=None)
@given(steps)
def test_was_holds_what_an_event_replaced(sequence: list[Step]) -> None:
    async def scene() -> None:
        hand = await played(sequence)
        last: dict[UUID, Any] = {}
        for event in await hand.events():
            assert event.task
            before = last.get(event.task.id)
            if before is not None and event.type is not EventType.DELETED:
                assert event.was
                assert content(restored(event.task, event.was)) == content(before)
                assert changed(before, event.task) == event.was
            last[event.task.id] = event.task

    asyncio.run(scene())


@settings(max_examples=50, deadline=None)
@given(steps)
def test_applying_the_log_again_gives_the_same_list(sequence: list[Step]) -> None:
    async def scene() -> None:
        hand = await played(sequence)
        tasks = await hand.tasks()
        again = TaskList(PERSON, tasks.epoch)
        for commit in await hand.commits():
            again.apply(Commit.model_validate_json(commit.model_dump_json()), 1)
        assert state(again) == state(tasks)

    asyncio.run(scene())


async def test_deciding_changes_nothing_of_the_list() -> None:
    hand = Hand()
    task_id = await hand.create("one", tags=["a"])
    tasks = await hand.tasks()
    before = state(tasks)
    work = Workspace(tasks, soon())
    decide.update(work, task_id, TaskPatch(title="two"))
    decide.complete(work, task_id)
    decide.create(work, TaskCreate(title="new"))
    decide.delete(work, task_id)
    assert len(work.events) == 4
    assert state(tasks) == before


async def test_an_event_that_does_not_follow_is_refused() -> None:
    hand = Hand()
    await hand.create()
    (commit,) = await hand.commits()
    with pytest.raises(ValueError, match="does not follow"):
        (await hand.tasks()).apply(commit, 1)


@pytest.mark.parametrize("command", list(KINDS))
async def test_each_command_emits_its_own_event(command: str) -> None:
    hand = Hand()
    task_id = await hand.create()
    if command == "reopen":
        await hand.complete(task_id)
    fields = {"title": "two"} if command == "patch" else {}
    await getattr(hand, command)(task_id, **fields)
    assert (await hand.events())[-1].type is KINDS[command]


@pytest.mark.parametrize("command", ["patch", "complete", "reopen", "delete"])
async def test_what_is_not_there_is_refused(command: str) -> None:
    with pytest.raises(Problem) as refused:
        await getattr(Hand(), command)(uuid7())
    assert refused.value.status == 404


async def test_completion_stamps_and_reopening_clears() -> None:
    hand = Hand()
    task_id = await hand.create()
    await hand.complete(task_id)
    done = await hand.here(task_id)
    assert (done.status, done.completed_at) == (Status.COMPLETED, done.updated_at)
    await hand.reopen(task_id)
    assert (await hand.here(task_id)).completed_at is None


async def test_an_instant_is_kept_in_its_zone() -> None:
    hand = Hand()
    task_id = await hand.create(due={"at": "2036-07-01T07:00:00Z"})
    assert (await hand.here(task_id)).due.model_dump(mode="json") == {"at": "2036-07-01T07:00:00Z", "time_zone": "UTC"}
    await hand.patch(task_id, due={"at": "2036-07-01T09:00:00+02:00", "time_zone": "Europe/Rome"})
    assert (await hand.here(task_id)).due.time_zone == "Europe/Rome"


async def test_a_rule_is_kept_in_normal_form() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence={"rrule": "rrule:freq=weekly;byday=mo"})
    assert (await hand.here(task_id)).recurrence.rrule == "FREQ=WEEKLY;BYDAY=MO"


async def test_a_due_of_another_kind_takes_the_rule_along() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence={"rrule": "FREQ=DAILY"})
    await hand.patch(task_id, due={"date": "2036-01-01"})
    assert (await hand.here(task_id)).nominal.model_dump(mode="json") == {"date": "2036-01-01"}
    hourly = await hand.create(due=due_in(days=1), recurrence={"rrule": "FREQ=HOURLY"})
    with pytest.raises(Problem) as refused:
        await hand.patch(hourly, due={"date": "2036-01-01"})
    assert refused.value.status == 422


async def test_ids_in_one_workspace_are_seen_at_once() -> None:
    hand = Hand()
    work = Workspace(await hand.tasks(), soon())
    wanted = uuid7()
    decide.create(work, TaskCreate(id=wanted, title="t", external_id="x"))
    assert decide.create(work, TaskCreate(id=wanted, title="t")).status == 200
    with pytest.raises(Problem, match="external_id"):
        decide.create(work, TaskCreate(title="t", external_id="x"))
    decide.delete(work, wanted)
    assert work.is_deleted(wanted)
    with pytest.raises(Problem, match="was deleted"):
        decide.create(work, TaskCreate(id=wanted, title="t"))
    assert decide.create(work, TaskCreate(title="t", external_id="x")).status == 201


@pytest.mark.parametrize(("taken", "expected"), [([], "r1"), (["r1", "r3"], "r2"), (["x"], "r1"), (["r1", "r2"], "r3")])
def test_reminders_are_numbered(taken: list[str], expected: str) -> None:
    assert next_reminder_id(taken) == expected
