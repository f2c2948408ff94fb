"""The relay: everything committed is published, in order and without a gap, whoever dies, pauses or refuses."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from harness.waiting import eventually

from backend.hand import Hand, due_in, soon
from backend.memory import Fault, Memory, Proxy, nth
from components.model import Topic
from services.backend import relay as relay_module
from services.backend.relay import Relay
from services.kit.position import Position, Verdict
from services.kit.sidecar import PublishFailed, SidecarError

TOPICS = (Topic.TASK_EVENTS, Topic.TASK_UPDATES)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(relay_module, "_FIRST_BACKOFF", 0.01)


def received(memory: Memory, topic: Topic) -> list[int]:
    """Return the seqs on a topic in their order."""
    return [event["data"]["seq"] for name, event in memory.published if name == topic]


def consumed(seqs: Sequence[int]) -> list[int]:
    """Return what a consumer takes: the next one only, old ones skipped, a gap never."""
    position, taken = Position(epoch=1), []
    for seq in seqs:
        verdict = position.judge(1, seq)
        assert verdict is not Verdict.GAP, f"{seq} follows {position.seq}"
        if verdict is Verdict.NEXT:
            position = position.at(1, seq)
            taken.append(seq)
    return taken


def whole(memory: Memory, count: int) -> bool:
    """Tell whether both topics carry every event, each after its predecessor."""
    return all(consumed(received(memory, topic)) == list(range(1, count + 1)) for topic in TOPICS)


async def drained(relay: Relay, person: str) -> None:
    relay.notice(person)
    await eventually(lambda: not relay._workers)


async def published(hand: Hand) -> int:
    header = (await Hand(hand.sidecar, hand.person).log.synced(hand.person)).page.header
    return int(header.get("published", 0))


async def test_every_event_is_published_in_order_on_both_topics() -> None:
    memory = Memory()
    hand = Hand(memory)
    relay = Relay(memory, hand.log)
    hand.log.after_commit = relay.notice
    for number in range(150):
        await hand.create(f"{number}")
    await eventually(lambda: not relay._workers)
    for topic in TOPICS:
        assert received(memory, topic) == list(range(1, 151))
    assert await published(hand) == 150


async def test_an_event_is_a_cloud_event_of_its_person() -> None:
    memory = Memory()
    hand = Hand(memory)
    task_id = await hand.create("one")
    epoch = (await hand.tasks()).epoch
    await drained(Relay(memory, hand.log), hand.person)
    event: Mapping[str, Any] = memory.published[0][1]
    assert event["id"] == f"{hand.person}:{epoch}:1"
    assert (event["partitionkey"], event["type"], event["specversion"]) == (hand.person, "task.created", "1.0")
    assert event["data"]["task"]["id"] == str(task_id)
    assert event["data"]["actor"] == "person"


async def test_what_a_dead_process_committed_goes_out_first() -> None:
    memory = Memory()
    dead = Hand(memory)
    for number in range(70):
        await dead.create(f"{number}")
    alive = Hand(memory)
    relay = Relay(memory, alive.log)
    alive.log.after_commit = relay.notice
    await alive.create("new")
    await eventually(lambda: not relay._workers)
    assert whole(memory, 71)


async def test_how_far_it_came_is_told_with_the_next_commit() -> None:
    memory = Memory()
    hand = Hand(memory)
    relay = Relay(memory, hand.log)
    await hand.create("one")
    await relay._drain(hand.person)
    assert await published(hand) == 0
    await hand.create("two")
    assert await published(hand) == 1


async def test_how_far_it_came_is_told_after_a_short_idle_time() -> None:
    memory = Memory()
    hand = Hand(memory)
    relay = Relay(memory, hand.log)
    for number in range(64):
        await hand.create(f"{number}")
    await drained(relay, hand.person)
    assert await published(hand) == 64
    memory.published.clear()
    await drained(Relay(memory, Hand(memory).log), hand.person)
    assert memory.published == []


class Choosy(Memory):
    """A broker that does not take some of the events, some of the times."""

    def __init__(self, refusals: Sequence[set[int]]) -> None:
        super().__init__()
        self.refusals = iter(refusals)

    async def publish(self, pubsub: str, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
        refused = next(self.refusals, set())
        taken = [e for e in events if e["data"]["seq"] not in refused]
        await super().publish(pubsub, topic, taken)
        if len(taken) < len(events):
            raise PublishFailed(topic, frozenset(e["id"] for e in events if e["data"]["seq"] in refused))


@pytest.mark.parametrize(
    "refusals", [[{1}], [{3}, {5}], [{2, 4}] * 3, [{5}] * 4, [{1, 2, 3, 4, 5}] * 6, [{2}, {4}, {2}]]
)
async def test_events_that_the_broker_refuses_are_published_again_from_the_first_on(refusals: list[set[int]]) -> None:
    memory = Choosy(refusals)
    hand = Hand(memory)
    for number in range(6):
        await hand.create(f"{number}")
    await drained(Relay(memory, hand.log), hand.person)
    for topic in TOPICS:
        seqs = received(memory, topic)
        last = {seq: len(seqs) - seqs[::-1].index(seq) for seq in seqs}
        assert sorted(last) == [1, 2, 3, 4, 5, 6]
        assert sorted(last, key=lambda seq: last[seq]) == [1, 2, 3, 4, 5, 6]
    assert await published(hand) == 6


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED])
@pytest.mark.parametrize("operation", ["publish", "schedule", "unschedule", "save", "get_many"])
@pytest.mark.parametrize("number", [1, 2])
async def test_a_fault_at_any_step_loses_nothing(operation: str, number: int, fault: Fault) -> None:
    memory = Memory()
    hand = Hand(memory)
    task_id = await hand.create("one", reminders=[{"at": soon(hours=1).isoformat()}])
    for n in range(70):
        await hand.create(f"{n}")
    await hand.patch(task_id, reminders=[{"at": soon(hours=2).isoformat()}])
    proxy = Proxy(memory, nth(operation, number, fault))
    other = Hand(proxy)
    await drained(Relay(proxy, other.log), hand.person)
    assert whole(memory, 72)
    assert await published(hand) == 72
    assert [job.due for job in memory.jobs.values()] == [(await hand.here(task_id)).reminders[0].at]


@pytest.mark.parametrize("operation", ["get", "publish", "schedule", "get_many", "save"])
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_two_relays_at_once_and_one_of_them_paused_at_each_of_its_steps(operation: str, number: int) -> None:
    memory = Memory()
    hand = Hand(memory)
    for n in range(80):
        await hand.create(f"{n}", due=due_in(days=1), reminders=[{"before": "PT1H"}] if n % 20 == 0 else [])
    proxy = Proxy(memory, nth(operation, number, Fault.HELD))
    slow, quick = Relay(proxy, Hand(proxy).log), Relay(memory, hand.log)
    slow.notice(hand.person)
    with suppress(TimeoutError):
        await asyncio.wait_for(proxy.held.wait(), 0.3)
    await drained(quick, hand.person)
    for n in range(5):
        await hand.create(f"later {n}")
    await drained(quick, hand.person)
    proxy.release.set()
    await eventually(lambda: not slow._workers)
    assert whole(memory, 85)
    assert await published(hand) == 85
    assert len(memory.jobs) == 4


async def test_slow_jobs_hold_no_event_back() -> None:
    memory = Memory()
    hand = Hand(memory)
    await hand.create("one", reminders=[{"at": soon(hours=1).isoformat()}])
    proxy = Proxy(memory, nth("schedule", 1, Fault.HELD))
    relay = Relay(proxy, Hand(proxy).log)
    relay.notice(hand.person)
    await proxy.held.wait()
    await eventually(lambda: received(memory, Topic.TASK_UPDATES) == [1])
    assert memory.jobs == {}
    proxy.release.set()
    await eventually(lambda: not relay._workers)
    assert len(memory.jobs) == 1


async def test_with_the_broker_away_changes_are_accepted_and_events_follow() -> None:
    memory = Memory()
    away = True

    def rule(name: str, _: Any) -> Fault | None:
        return Fault.REFUSED if away and name == "publish" else None

    proxy = Proxy(memory, rule)
    hand = Hand(proxy)
    relay = Relay(proxy, hand.log)
    hand.log.after_commit = relay.notice
    for number in range(20):
        await hand.create(f"{number}", reminders=[{"at": soon(hours=1).isoformat()}])
    await eventually(lambda: proxy.calls["publish"] > 6)
    await eventually(lambda: len(memory.jobs) == 20)
    assert memory.published == []
    away = False
    await eventually(lambda: not relay._workers)
    assert whole(memory, 20)


async def test_settling_sends_what_was_committed_last() -> None:
    memory = Memory()
    hand = Hand(memory)
    relay = Relay(memory, hand.log)
    hand.log.after_commit = relay.notice
    await hand.create("last words")
    await relay.settle(5)
    assert whole(memory, 1)
    assert await published(hand) == 1


async def test_settling_ends_in_time_also_with_the_broker_away() -> None:
    memory = Memory()
    proxy = Proxy(memory, lambda name, _: Fault.REFUSED if name == "publish" else None)
    hand = Hand(proxy)
    relay = Relay(proxy, hand.log)
    await hand.create("one")
    relay.notice(hand.person)
    await asyncio.wait_for(relay.settle(0.2), 60)
    assert not relay._workers
    with suppress(SidecarError):
        await Relay(memory, Hand(memory).log)._drain(hand.person)
    assert whole(memory, 1)
