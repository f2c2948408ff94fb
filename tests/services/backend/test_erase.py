"""Erasing a person in the middle of everything: nothing of theirs stays, and what begins afterwards begins anew."""

import asyncio
from typing import Any

import orjson
import pytest

from backend.hand import Hand, state
from backend.memory import Fault, Memory, Proxy, nth
from components.catalogue import AUDIT, NOTIFICATION, RECURRING_TASK
from services.backend.erase import Eraser, EraseTrigger
from services.backend.relay import Relay
from services.backend.tokens import TokenDesk
from services.kit.sidecar import Reply, SidecarError

SECRET = "a secret of mine"


async def written(memory: Any, tasks: int = 120) -> Hand:
    hand = Hand(memory)
    for number in range(tasks):
        await hand.create(f"{SECRET} {number}", description="d" * 200)
    return hand


async def begin(hand: Hand) -> bool:
    return await Eraser(hand.sidecar, hand.log, TokenDesk(hand.sidecar, hand.log)).begin(hand.person)


def left(memory: Memory) -> list[str]:
    """Return the keys that still tell something of the person."""
    return [key for key, item in memory.state.items() if SECRET.encode() in item.data]


async def again(memory: Memory, person: str) -> None:
    """Do what the erasure's job does a minute later, in another replica."""
    hand = Hand(memory, person)
    for job in list(memory.jobs.values()):
        if job.name.startswith("erase-"):
            eraser = Eraser(memory, hand.log, TokenDesk(memory, hand.log))
            await eraser.erase(EraseTrigger.model_validate_json(orjson.dumps(job.data)))


async def relayed(hand: Hand) -> None:
    relay = Relay(hand.sidecar, hand.log)
    relay.notice(hand.person)
    await relay.settle(10)


async def test_nothing_stays_but_the_tombstone() -> None:
    memory = Memory()
    hand = await written(memory, 300)
    await relayed(hand)
    assert any("/snapshot/" in key for key in memory.state)
    epoch = (await hand.tasks()).epoch
    assert await begin(hand)
    assert left(memory) == []
    assert [key for key in memory.state if hand.person in key] == [f"log/{hand.person}"]
    assert orjson.loads(memory.state[f"log/{hand.person}"].data)["header"]["erased"] == epoch
    assert {app for app, method, _ in memory.invoked if method == "DELETE"} == {AUDIT, NOTIFICATION, RECURRING_TASK}


async def test_every_replica_sees_it_at_once() -> None:
    memory = Memory()
    hand, other = await written(memory, 70), Hand(memory)
    await other.tasks()
    await begin(hand)
    for replica in (hand, other, Hand(memory)):
        tasks = await replica.tasks()
        assert (tasks.rows, tasks.seq, tasks.epoch) == ({}, 0, 0)


async def test_a_new_log_begins_a_later_epoch_from_one() -> None:
    memory = Memory()
    hand, other = await written(memory, 70), Hand(memory)
    before = (await other.tasks()).epoch
    await begin(hand)
    task_id = await other.create("new")
    for replica in (hand, other, Hand(memory)):
        tasks = await replica.tasks()
        assert (list(tasks.rows), tasks.seq) == ([task_id], 1)
        assert tasks.epoch > before
    assert state(await hand.tasks()) == state(await Hand(memory).tasks())


async def test_keys_and_changes_of_the_old_epoch_are_forgotten() -> None:
    memory = Memory()
    hand = await written(memory, 3)
    await begin(hand)
    await hand.create("new")
    tasks = await hand.tasks()
    assert (len(tasks.changes), tasks.deleted, tasks.keys) == (1, {}, {})


async def test_a_page_that_a_paused_replica_copied_meanwhile_goes_a_minute_later() -> None:
    """Also when the person has begun a new log by then."""
    memory = Memory()
    hand = await written(memory, 100)
    while len((await hand.log.synced(hand.person)).page.entries) < 63:
        await hand.create(f"{SECRET} more")
        if hand.log.kept(hand.person).page.size >= 32 * 1024:
            break
    proxy = Proxy(memory, nth("save", 1, Fault.HELD))
    paused = asyncio.create_task(Hand(proxy).create("late"))
    await proxy.held.wait()
    await begin(hand)
    await hand.create("new life")
    proxy.release.set()
    await paused
    assert left(memory)
    await again(memory, hand.person)
    assert left(memory) == []
    assert {row.task.title for row in (await hand.tasks()).rows.values()} == {"new life", "late"}


@pytest.mark.parametrize("operation", ["save", "delete_many", "invoke", "unschedule"])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED])
async def test_an_erasure_that_is_cut_off_goes_on_in_its_job(operation: str, fault: Fault) -> None:
    memory = Memory()
    await written(memory, 100)
    hand = Hand(Proxy(memory, nth(operation, 1, fault)))
    await hand.tasks()
    assert await begin(hand) is (operation == "unschedule")
    await again(memory, hand.person)
    assert left(memory) == []
    assert {app for app, method, _ in memory.invoked} == {AUDIT, NOTIFICATION, RECURRING_TASK}


async def test_without_its_job_no_erasure_begins() -> None:
    memory = Memory()
    await written(memory, 3)
    hand = Hand(Proxy(memory, nth("schedule", 1, Fault.REFUSED)))
    with pytest.raises(SidecarError):
        await begin(hand)
    assert len((await Hand(memory).tasks()).rows) == 3


async def test_a_service_that_refuses_is_asked_again() -> None:
    class Away(Memory):
        status = 503

        async def invoke(self, app_id: str, method: str, path: str, **kwargs: Any) -> Reply:
            await super().invoke(app_id, method, path, **kwargs)
            return Reply(self.status, b"")

    memory = Away()
    hand = await written(memory, 3)
    assert not await begin(hand)
    memory.status = 204
    await again(memory, hand.person)
    assert left(memory) == []


async def test_an_old_job_spares_the_new_log() -> None:
    memory = Memory()
    hand = await written(memory, 70)
    await begin(hand)
    for number in range(200):
        await hand.create(f"new {number}")
    await again(memory, hand.person)
    await again(memory, hand.person)
    assert len((await Hand(memory).tasks()).rows) == 200


async def test_writers_meanwhile_end_up_before_or_after_but_whole() -> None:
    memory = Memory()
    hands = [Hand(memory) for _ in range(3)]
    await written(memory, 60)

    async def write(hand: Hand) -> None:
        for number in range(40):
            await hand.create(f"during {number}")

    async def erase() -> None:
        await asyncio.sleep(0)
        for _ in range(30):
            await hands[0].tasks()
        await begin(hands[0])

    await asyncio.gather(*(write(hand) for hand in hands), erase())
    await again(memory, hands[0].person)
    assert left(memory) == []
    for hand in hands:
        await hand.create("after")
        assert state(await hand.tasks()) == state(await Hand(memory).tasks())
    await again(memory, hands[0].person)
    assert len([r for r in (await Hand(memory).tasks()).rows.values() if r.task.title == "after"]) == 3


async def test_an_empty_list_can_be_erased_too() -> None:
    hand = Hand()
    assert await begin(hand)
    assert await begin(hand)
    await hand.create("first")
    assert (await hand.tasks()).seq == 1


async def test_the_relay_of_another_replica_stops_at_an_erased_log() -> None:
    memory = Memory()
    other = Hand(memory)
    for number in range(150):
        await other.create(f"{SECRET} {number}")
    await begin(Hand(memory))
    memory.published.clear()
    relay = Relay(memory, other.log)
    relay.notice(other.person)
    await relay.settle(8)
    assert not relay._workers
    assert memory.published == []
