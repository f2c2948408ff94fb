"""The task log: one write a command, seen by every replica, and folded to the same list however it is read."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.hand import Hand, contents, due_in, every_seq, state
from backend.memory import Fault, Memory, Proxy, nth
from services.backend import decide, folding
from services.backend.batch import BatchRequest, run
from services.backend.schemas import TaskCreate
from services.backend.snapshot import encoded
from services.kit.ids import person_id, uuid7
from services.kit.pages import Contended
from services.kit.problems import Problem
from services.kit.sidecar import SidecarError


async def test_every_replica_reads_its_own_writes_and_those_of_others() -> None:
    memory = Memory()
    one, other = Hand(memory), Hand(memory)
    for number in range(200):
        writer, reader = (one, other) if number % 3 else (other, one)
        task_id = await writer.create(f"task {number}")
        assert await writer.task(task_id)
        assert await reader.task(task_id)
    assert state(await one.tasks()) == state(await other.tasks()) == state(await Hand(memory).tasks())
    assert every_seq(await one.events())


async def test_replicas_that_write_at_once_lose_nothing() -> None:
    memory = Memory()
    hands = [Hand(memory) for _ in range(4)]

    async def insist(number: int) -> None:
        """Create as a client does who is told to come back: whoever loses every time was refused, and nothing else."""
        while True:
            with suppress(Contended):
                await hands[number % 4].create(f"task {number}")
                return

    await asyncio.gather(*(insist(n) for n in range(160)))
    tasks = await hands[0].tasks()
    assert {row.task.title for row in tasks.rows.values()} == {f"task {n}" for n in range(160)}
    assert every_seq(await Hand(memory).events())
    assert state(await hands[3].tasks()) == state(await Hand(memory).tasks())


async def test_readers_meanwhile_see_only_whole_states() -> None:
    memory = Memory()
    writer, reader = Hand(memory), Hand(memory)
    body = BatchRequest.model_validate({"operations": [{"op": "create", "task": {"title": "x"}}] * 5})
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            tasks = await reader.tasks()
            assert len(tasks.rows) % 5 == 0
            assert tasks.seq == len(tasks.rows)

    reading = [asyncio.create_task(read()) for _ in range(3)]
    for _ in range(80):
        await writer.do(lambda work: run(work, body.operations))
    done.set()
    await asyncio.gather(*reading)


async def random_history(hand: Hand, seed: int, length: int) -> None:
    """Do all sorts of things, with and without keys, and undo some of them."""
    chance = random.Random(seed)
    for number in range(length):
        tasks = await hand.tasks()
        task_id = chance.choice([*tasks.rows, None]) if tasks.rows else None
        action = chance.choice(["create", "patch", "complete", "reopen", "delete", "undo", "key", "again"])
        with suppress(Problem):
            await _act(hand, action, task_id, number)


async def _act(hand: Hand, action: str, task_id: Any, number: int) -> None:
    if action == "create" or task_id is None:
        await hand.create(
            f"task {number}", external_id=f"x{number}", due=due_in(days=1), recurrence={"rrule": "FREQ=DAILY"}
        )
    elif action == "patch":
        await hand.patch(task_id, description="d" * 700, tags=[f"t{number}"])
    elif action == "undo":
        await hand.undo()
    elif action in {"key", "again"}:
        body = TaskCreate(title="keyed")
        await hand.do(lambda work: decide.create(work, body), key=f"k{number // (3 if action == 'again' else 1)}")
    else:
        await getattr(hand, action)(task_id)
        if action == "complete":
            await hand.next(task_id)


@pytest.mark.parametrize("seed", range(3))
async def test_a_cold_start_folds_to_the_same_list_as_a_warm_one(seed: int) -> None:
    """Through pages, snapshots and undo: everything a fold holds, not only the tasks."""
    memory = Memory()
    hand = Hand(memory)
    await random_history(hand, seed, 250)
    snapshot = await written_snapshot(hand)
    await random_history(hand, seed + 100, 40)
    warm = state(await hand.tasks())
    assert state(await Hand(memory).tasks()) == warm
    del memory.state[snapshot[0]]
    assert state(await Hand(memory).tasks()) == warm


async def written_snapshot(hand: Hand) -> list[str]:
    """Write a snapshot as the relay does; return its keys."""
    folded = await hand.log.synced(hand.person)
    before = set(hand.sidecar.state)
    pointer = await hand.log.snapshots.write(folded.tasks, folded.page, encoded(folded.tasks))
    await hand.log.update_header(hand.person, lambda page: page.header | {"snapshot": pointer})
    return sorted(key for key in set(hand.sidecar.state) - before if "snapshot" in key)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from([None, None, Fault.LOST, Fault.REFUSED])), max_size=30))
def test_a_command_whose_answer_is_lost_is_done_once_or_not_at_all(plan: list[tuple[int, Fault | None]]) -> None:
    async def scene() -> None:
        memory = Memory()
        faults = iter(fault for _, fault in plan)
        proxy = Proxy(memory, lambda *_: next(faults, None))
        hands = [Hand(proxy), Hand(proxy)]
        done = []
        for number, (who, _) in enumerate(plan):
            try:
                await hands[who].create(f"{number}")
                done.append(f"{number}")
            except SidecarError:
                continue
        clean = Hand(memory)
        found = [row.task.title for row in (await clean.tasks()).rows.values()]
        assert len(found) == len(set(found))
        assert set(done) <= set(found)
        assert every_seq(await clean.events())
        proxy.fault = None
        assert state(await hands[0].tasks()) == state(await clean.tasks())

    asyncio.run(scene())


async def test_the_largest_commit_is_two_megabytes() -> None:
    hand = Hand()
    big = {"title": "t", "description": "d" * 19_000}
    fits = BatchRequest.model_validate({"operations": [{"op": "create", "task": big}] * 101})
    await hand.do(lambda work: run(work, fits.operations))
    too_large = BatchRequest.model_validate({"operations": [{"op": "create", "task": big}] * 106})
    with pytest.raises(Problem) as refused:
        await hand.do(lambda work: run(work, too_large.operations))
    assert refused.value.status == 413
    assert len((await hand.tasks()).rows) == 101
    await hand.create("and on it goes")
    assert state(await Hand(hand.sidecar).tasks()) == state(await hand.tasks())


async def test_the_lists_not_asked_for_the_longest_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "_PEOPLE_KEPT", 3)
    memory = Memory()
    hand = Hand(memory)
    people = [person_id("tests", str(n)) for n in range(5)]
    for person in people:
        hand.person = person
        await hand.create(person)
    proxied = hand.log._folder._kept
    assert list(proxied) == people[2:]
    hand.person = people[0]
    assert [row.task.title for row in (await hand.tasks()).rows.values()] == [people[0]]
    assert list(proxied) == [*people[3:], people[0]]


async def test_large_lists_make_room_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "_TASKS_KEPT", 25)
    hand = Hand()
    for n in range(4):
        hand.person = person_id("tests", str(n))
        for title in "abcdefghij":
            await hand.create(title)
    assert len(hand.log._folder._kept) == 3


async def test_a_list_that_is_being_written_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "_PEOPLE_KEPT", 1)
    proxy = Proxy(Memory(), nth("save", 1, Fault.HELD))
    busy = Hand(proxy)
    writing = asyncio.create_task(busy.create("slow"))
    await proxy.held.wait()
    other = Hand(proxy, person_id("tests", "other"))
    other.log = busy.log
    await other.create("quick")
    assert busy.person in busy.log._folder._kept
    proxy.release.set()
    await writing
    assert len((await busy.tasks()).rows) == 1


async def test_one_persons_list_is_nobody_elses() -> None:
    memory = Memory()
    mine, theirs = Hand(memory), Hand(memory, person_id("tests", "they"))
    await mine.create("mine")
    await theirs.create("theirs")
    assert [row["title"] for row in contents(await mine.tasks()).values()] == ["mine"]


async def test_the_commits_after_a_seq_are_found_on_whatever_page_they_stand() -> None:
    hand = Hand()
    for number in range(150):
        await hand.create(f"task {number}")
    folded = await hand.log.synced(hand.person)
    assert folded.page.number >= 3
    for since in range(151):
        found = [event.seq async for commits in hand.log.after(folded, since) for c in commits for event in c.events]
        assert found == list(range(since + 1, 151))


async def test_a_command_that_changes_nothing_writes_nothing() -> None:
    proxy = Proxy(Memory())
    hand = Hand(proxy)
    task_id = await hand.create("one")
    saves = proxy.calls["save"]
    assert (await hand.patch(task_id, title="one")).change is None
    assert (await hand.reopen(task_id)).change is None
    assert proxy.calls["save"] == saves
    with pytest.raises(Problem) as refused:
        await hand.patch(uuid7(), title="two")
    assert refused.value.status == 404
    assert proxy.calls["save"] == saves
