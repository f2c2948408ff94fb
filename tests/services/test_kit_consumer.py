"""How a service answers its sidecar's deliveries: event by event, and many at once."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.types import Message

from components.catalogue import AUDIT, CATALOGUE, PUBSUB
from components.model import Bulk, Subscription, Topic
from services.kit import trace
from services.kit.consumer import CloudEvent, Consumer, Consumers, Poisoned, cloud_event
from services.kit.sidecar import Sidecar, SidecarError

TOPIC = Topic.TASK_EVENTS
TRACE = "00-{:032x}-00000000000000ab-01"


@dataclass
class Records:
    """The sidecar, as far as a consumer needs it: it keeps what is saved; `away`, it keeps nothing."""

    saved: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    async def save(self, store: str, key: str, data: bytes, *, ttl: int) -> None:
        assert store
        assert key.startswith("poisoned/")
        assert ttl
        if self.away:
            raise SidecarError("the store is away")
        self.saved.append(json.loads(data))


class Handler:
    """Takes events; an event whose data names a `fault` goes wrong that way. `seen` are those that did not."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.tried: list[str] = []
        self.together: list[list[str]] = []

    async def one(self, event: CloudEvent) -> None:
        self.tried.append(event.id)
        self._check(event)
        self.seen.append(event.id)

    async def many(self, events: Sequence[CloudEvent]) -> None:
        self.together.append([event.id for event in events])
        for event in events:
            self._check(event)
        self.seen += [event.id for event in events]

    @staticmethod
    def _check(event: CloudEvent) -> None:
        match event.data.get("fault"):
            case "poisoned":
                raise Poisoned("as the test wants it")
            case "away":
                raise SidecarError("as the test wants it")
            case "broken":
                raise ZeroDivisionError


class Service:
    """A service that consumes one topic, as its sidecar calls it."""

    def __init__(self, consumer: Consumer, bulk: Bulk | None, records: Records) -> None:
        subscription = Subscription(topic=TOPIC, component=PUBSUB, bulk=bulk)
        service = CATALOGUE[AUDIT].model_copy(update={"subscribes": (subscription,)})
        sidecar: Sidecar = records  # type: ignore[assignment]
        self._app = FastAPI()
        self._app.include_router(Consumers(service, sidecar, {TOPIC: consumer}).router())

    async def call(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await self._app(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent)
        return sent[0]["status"], json.loads(content) if content else None

    async def deliver(self, *given: object) -> list[str]:
        """Deliver events in bulk; what is said of each, in their order."""
        entries = [{"entryId": f"e{n}", "event": event, "metadata": {}} for n, event in enumerate(given)]
        body = json.dumps({"id": "x", "topic": TOPIC, "entries": entries}).encode()
        status, answer = await self.call("POST", f"/events/{TOPIC}", body)
        assert status == 200
        statuses = {each["entryId"]: each["status"] for each in answer["statuses"]}
        assert len(statuses) == len(answer["statuses"]) == len(given)
        return [statuses[f"e{n}"] for n in range(len(given))]


def event(person: str, number: int, fault: str = "", **values: object) -> dict[str, Any]:
    return cloud_event(f"{person}:{number}", "task.updated", "backend", person, {"fault": fault}) | values


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def singly(handler: Handler, records: Records) -> Service:
    """A service that takes bulk deliveries, and handles each event by itself."""
    return Service(Consumer(TOPIC, handler.one), Bulk(max_wait_ms=20), records)


@pytest.fixture
def together(handler: Handler, records: Records) -> Service:
    """A service that takes bulk deliveries, and handles a person's events in one go."""
    return Service(Consumer(TOPIC, handler.one, handler.many), Bulk(max_wait_ms=20), records)


async def test_it_announces_how_events_are_to_come(records: Records, handler: Handler) -> None:
    consumer = Consumer(TOPIC, handler.one)
    announced = {"pubsubname": PUBSUB, "topic": "task-events", "route": "/events/task-events"}
    plain, bulk = Service(consumer, None, records), Service(consumer, Bulk(max_events=7, max_wait_ms=9), records)
    assert await plain.call("GET", "/dapr/subscribe") == (200, [announced])
    settings = {"enabled": True, "maxMessagesCount": 7, "maxAwaitDurationMs": 9}
    assert await bulk.call("GET", "/dapr/subscribe") == (200, [announced | {"bulkSubscribe": settings}])


async def test_an_event_by_itself(records: Records, handler: Handler) -> None:
    service = Service(Consumer(TOPIC, handler.one), None, records)
    for given, status in (
        (event("a", 1), "SUCCESS"),
        (event("a", 2, "poisoned"), "DROP"),
        (event("a", 3, "away"), "RETRY"),
        (event("a", 4, "broken"), "RETRY"),
        ("no event", "DROP"),
    ):
        answer = await service.call("POST", f"/events/{TOPIC}", json.dumps(given).encode())
        assert answer == (200, {"status": status})
    assert handler.seen == ["a:1"]
    assert [record["event"] for record in records.saved] == ["a:2", None]


async def test_each_persons_events_are_taken_in_their_order(singly: Service, handler: Handler) -> None:
    given = [event(person, number) for number in range(20) for person in "abc"]
    assert await singly.deliver(*given) == ["SUCCESS"] * 60
    for person in "abc":
        assert [seen for seen in handler.seen if seen.startswith(person)] == [f"{person}:{n}" for n in range(20)]


async def test_people_do_not_wait_for_each_other(records: Records) -> None:
    met = asyncio.Barrier(3)

    async def meet(_: CloudEvent) -> None:
        await met.wait()

    service = Service(Consumer(TOPIC, meet), Bulk(max_wait_ms=20), records)
    async with asyncio.timeout(30):
        assert await service.deliver(*(event(person, 1) for person in "abc")) == ["SUCCESS"] * 3


@pytest.mark.parametrize("fault", ["away", "broken"])
@pytest.mark.parametrize("kind", ["singly", "together"])
async def test_after_one_that_has_to_come_again_no_later_one_of_its_person_is_taken(
    request: pytest.FixtureRequest, handler: Handler, fault: str, kind: str
) -> None:
    service: Service = request.getfixturevalue(kind)
    given = [event("a", 1), event("b", 1), event("a", 2, fault), event("b", 2), event("a", 3)]
    assert await service.deliver(*given) == ["SUCCESS", "SUCCESS", "RETRY", "SUCCESS", "RETRY"]
    assert sorted(handler.seen) == ["a:1", "b:1", "b:2"]
    assert "a:3" not in handler.tried


@pytest.mark.parametrize("kind", ["singly", "together"])
async def test_a_poisoned_event_is_recorded_and_stops_nobody(
    request: pytest.FixtureRequest, records: Records, handler: Handler, kind: str
) -> None:
    service: Service = request.getfixturevalue(kind)
    given = [event("a", 1), event("a", 2, "poisoned"), event("a", 3), "no event", {"id": 1}, event("b", 1)]
    assert await service.deliver(*given) == ["SUCCESS", "DROP", "SUCCESS", "DROP", "DROP", "SUCCESS"]
    assert sorted(handler.seen) == ["a:1", "a:3", "b:1"]
    assert sorted((record["event"] or "", record["topic"]) for record in records.saved) == [
        ("", "task-events"),
        ("", "task-events"),
        ("a:2", "task-events"),
    ]
    assert all("fault" not in json.dumps(record) for record in records.saved)


async def test_what_cannot_be_recorded_has_to_come_again(singly: Service, records: Records, handler: Handler) -> None:
    records.away = True
    assert await singly.deliver(event("a", 1, "poisoned"), event("a", 2)) == ["RETRY", "RETRY"]
    assert handler.seen == []


async def test_a_number_that_the_record_cannot_hold_is_poisoned_all_the_same(singly: Service, records: Records) -> None:
    assert await singly.deliver(event("a", 1, "poisoned", more=2**80)) == ["DROP"]
    assert records.saved[0]["bytes"] > 0


async def test_a_persons_events_are_taken_together(together: Service, handler: Handler) -> None:
    given = [event("a", 1), event("b", 1), event("a", 2), event("c", 1), event("c", 2), event("a", 3)]
    assert await together.deliver(*given) == ["SUCCESS"] * 6
    assert sorted(handler.together) == [["a:1", "a:2", "a:3"], ["c:1", "c:2"]]
    assert handler.tried == ["b:1"]


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"entries": [{"event": 1}]}', b"[" * 10_000])
async def test_a_delivery_that_cannot_be_read_is_recorded_and_dropped(
    singly: Service, records: Records, body: bytes
) -> None:
    path = f"/events/{TOPIC}"
    assert (await singly.call("POST", path, body))[0] == 404
    assert records.saved[0]["reason"].startswith("not a bulk delivery")
    records.away = True
    assert (await singly.call("POST", path, body))[0] == 503


async def test_work_is_told_apart_by_trace_and_event(records: Records) -> None:
    seen: set[tuple[str, str, str]] = set()
    both = asyncio.Barrier(2)

    async def note(given: CloudEvent) -> None:
        if given.id.endswith(":1"):
            await both.wait()
        seen.add((given.id, trace.event_id.get(), trace.trace_id.get()))

    service = Service(Consumer(TOPIC, note), Bulk(max_wait_ms=20), records)
    numbered = [("a", 1), ("b", 1), ("a", 2)]
    given = [event(*each, traceparent=TRACE.format(n)) for n, each in enumerate(numbered, 1)]
    async with asyncio.timeout(30):
        assert await service.deliver(*given) == ["SUCCESS"] * 3
    assert seen == {(f"{p}:{n}", f"{p}:{n}", f"{number:032x}") for number, (p, n) in enumerate(numbered, 1)}


async def test_every_event_is_counted(together: Service) -> None:
    before = {outcome: _counted(outcome) for outcome in ("SUCCESS", "RETRY", "DROP")}
    await together.deliver(
        event("a", 1), event("a", 2), event("b", 1, "poisoned"), event("c", 1, "away"), event("c", 2)
    )
    # What is not tried is not counted: it comes again with the one that stopped it.
    assert {outcome: _counted(outcome) - count for outcome, count in before.items()} == {
        "SUCCESS": 2,
        "RETRY": 1,
        "DROP": 1,
    }


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("events_consumed_total", {"topic": TOPIC, "outcome": outcome}) or 0
