"""Nobody's events are forgotten: who writes is noted first, and every sweep looks after what was left behind."""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from backend.hand import Hand
from backend.memory import Fault, Memory, Proxy, nth
from services.backend import active
from services.backend.active import ActivePeople, Sweeper
from services.backend.relay import Relay
from services.kit.ids import person_id
from services.kit.sidecar import Item, SidecarError

PEOPLE = [person_id("tests", str(number)) for number in range(40)]


def noted(memory: Memory) -> set[str]:
    found: set[str] = set()
    for key, item in memory.state.items():
        if key.startswith("active/2"):
            found |= set(orjson.loads(item.data))
    return found


def replica(sidecar: object) -> tuple[Hand, Relay, ActivePeople, Sweeper]:
    """Return what a process of the backend runs."""
    hand = Hand(sidecar)
    relay, people = Relay(hand.sidecar, hand.log), ActivePeople(hand.sidecar)
    hand.log.before_commit, hand.log.after_commit = people.note, relay.notice
    return hand, relay, people, Sweeper(people, hand.log, relay)


async def written(sidecar: object, people: list[str]) -> None:
    """Commit as a process does that dies before it publishes."""
    hand, _, _, _ = replica(sidecar)
    hand.log.after_commit = lambda _, **__: None
    for person in people:
        hand.person = person
        await hand.create(f"of {person}")


async def test_a_persons_first_write_in_an_hour_is_noted_before_it_is_committed() -> None:
    memory = Memory()
    proxy = Proxy(memory, nth("save", 2, Fault.HELD))
    hand, relay, _, _ = replica(proxy)
    writing = asyncio.create_task(hand.create("one"))
    await proxy.held.wait()
    assert noted(memory) == {hand.person}
    assert not [key for key in memory.state if key.startswith("log/")]
    proxy.release.set()
    await writing
    proxy.calls.clear()
    await hand.create("two")
    assert proxy.calls["save"] == 1
    await relay.settle(5)


async def test_what_cannot_be_noted_is_not_committed() -> None:
    memory = Memory()
    proxy = Proxy(memory, lambda name, args: Fault.REFUSED if name == "save" and "active" in args[1] else None)
    hand, _, _, _ = replica(proxy)
    with pytest.raises(SidecarError):
        await hand.create("one")
    assert memory.state == {}


async def test_many_people_at_once_in_several_replicas_are_all_noted() -> None:
    memory = Memory()
    indexes = [ActivePeople(memory) for _ in range(4)]
    await asyncio.gather(
        *(index.note(person) for n, person in enumerate(PEOPLE) for index in (indexes[n % 4], indexes[0]))
    )
    assert noted(memory) == set(PEOPLE)


async def test_someone_is_noted_again_in_another_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    people = ActivePeople(memory)
    await people.note(PEOPLE[0])
    monkeypatch.setattr(active, "_hour", lambda _: "2030010100")
    await people.note(PEOPLE[0])
    assert len([key for key in memory.state if key.startswith("active/2")]) == 2


@pytest.mark.parametrize("died_hours_ago", [0, 1, 5, 30])
async def test_a_new_process_finds_what_a_dead_one_left(died_hours_ago: int) -> None:
    """However long everything was down: from the last full sweep on."""
    memory = Memory()
    await ActivePeople(memory).swept(datetime.now(UTC) - timedelta(hours=died_hours_ago))
    await written(memory, PEOPLE[:10])
    for key in [key for key in memory.state if key.startswith("active/2")]:
        _, _, shard = key.split("/")
        hour = active._hour(datetime.now(UTC) - timedelta(hours=died_hours_ago))
        memory.state[f"active/{hour}/{shard}"] = memory.state.pop(key)
    _, relay, _, sweeper = replica(memory)
    assert await sweeper.sweep() == 10
    await relay.settle(10)
    assert {event["partitionkey"] for _, event in memory.published} == set(PEOPLE[:10])
    assert await sweeper.sweep() == 0


async def test_a_sweep_counts_as_done_only_when_everyone_was_looked_at() -> None:
    memory = Memory()
    await ActivePeople(memory).swept(datetime.now(UTC) - timedelta(hours=3))
    before = memory.state["active/swept"]
    await written(memory, PEOPLE[:4])
    _, _, _, sweeper = replica(Proxy(memory, nth("get", 3, Fault.REFUSED)))
    with pytest.raises(SidecarError):
        await sweeper.sweep()
    assert memory.state["active/swept"] == before


async def test_one_broken_log_does_not_keep_a_sweep_from_the_others() -> None:
    memory = Memory()
    await written(memory, PEOPLE[:6])
    memory.state[f"log/{min(PEOPLE[:6])}"] = Item(b'{"broken"', "1")
    _, relay, _, sweeper = replica(memory)
    assert await sweeper.sweep() == 5
    await relay.settle(10)
    assert len({event["partitionkey"] for _, event in memory.published}) == 5


async def test_sweeps_go_on_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "_RETRY_SECONDS", 0.01)
    memory = Memory()
    await written(memory, PEOPLE[:3])
    _, relay, _, sweeper = replica(Proxy(memory, nth("get", 1, Fault.REFUSED)))
    running = asyncio.create_task(sweeper.run())
    while not memory.published:  # noqa: ASYNC110 - bounded by the test's own time
        await asyncio.sleep(0.01)
    running.cancel()
    await relay.settle(10)
    assert len({event["partitionkey"] for _, event in memory.published}) == 3


async def test_whoever_has_nothing_left_to_send_is_left_alone() -> None:
    memory = Memory()
    hand, relay, _, sweeper = replica(memory)
    await hand.create("one")
    await relay.settle(10)
    memory.published.clear()
    assert await sweeper.sweep() == 0
    assert memory.published == []
