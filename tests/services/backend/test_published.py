"""What the backend publishes, as a consumer behind the real runtime gets it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from harness.runtime import Runtime
from harness.serving import serving
from harness.waiting import eventually
from starlette.requests import Request

from backend.client import Client, People
from backend.hand import Hand
from components.catalogue import AUDIT, BACKEND
from services.backend.relay import Relay
from services.kit.position import Position, Verdict
from services.kit.sidecar import Sidecar

pytestmark = pytest.mark.asyncio(loop_scope="module")

Events = dict[str, list[dict[str, Any]]]


def recorder(events: Events, subscriptions: list[dict[str, Any]]) -> FastAPI:
    """Return an application that keeps what it is sent, by person."""
    app = FastAPI()

    @app.get("/dapr/subscribe")
    async def subscribe() -> list[dict[str, Any]]:
        return subscriptions

    @app.post("/events/{topic}")
    async def take(request: Request, topic: str) -> dict[str, Any]:
        body = await request.json()
        entries = body.get("entries")
        for event in [entry["event"] for entry in entries] if entries is not None else [body]:
            events[event["data"]["person"]].append(event)
        if entries is None:
            return {"status": "SUCCESS"}
        return {"statuses": [{"entryId": entry["entryId"], "status": "SUCCESS"} for entry in entries]}

    return app


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def events(runtime: Runtime) -> AsyncIterator[Events]:
    """Return what is delivered to audit, in the order of its arrival, by person."""
    found: Events = defaultdict(list)
    config = runtime.config(AUDIT)
    announced = [{"pubsubname": "kafka-pubsub", "topic": "task-events", "route": "/events/task-events"}]
    async with serving(recorder(found, announced), config):
        yield found


def taken(events: list[dict[str, Any]]) -> list[int]:
    """Return the seqs that a consumer takes; a gap fails."""
    position, found = Position(), []
    for event in events:
        data = event["data"]
        verdict = position.judge(data["epoch"], data["seq"])
        assert verdict is not Verdict.GAP
        if verdict is Verdict.NEXT:
            position = position.at(data["epoch"], data["seq"])
            found.append(data["seq"])
    return found


async def write(me: Client, count: int) -> None:
    for number in range(count):
        await me.create(f"task {number}")


async def test_every_persons_events_arrive_in_their_order(served: People, events: Events) -> None:
    callers = [served.new() for _ in range(5)]
    await asyncio.gather(*(write(me, 20) for me in callers))
    for me in callers:
        person = served.person(me)
        await eventually(lambda person=person: len(taken(events[person])) == 20)
        assert taken(events[person]) == list(range(1, 21))


async def test_an_event_carries_the_key_and_the_change_of_its_request(
    served: People, me: Client, events: Events
) -> None:
    created = await me.post("/api/tasks", {"title": "t"}, Idempotency_Key="mine")
    person = served.person(me)
    (event,) = await eventually(lambda: events[person])
    data = event["data"]
    assert (data["key"], data["change"], data["task"]["id"]) == ("mine", created.json["change"], created.id)
    assert event["id"] == f"{person}:{data['epoch']}:1"
    assert (event["type"], event["specversion"]) == ("task.created", "1.0")


async def test_two_replicas_that_relay_one_log_at_once_leave_no_gap(
    served: People, me: Client, events: Events, runtime: Runtime
) -> None:
    person = served.person(me)
    async with Sidecar(runtime.config(BACKEND)) as sidecar:
        others = [Hand(sidecar, person) for _ in range(2)]
        relays = [Relay(sidecar, other.log) for other in others]
        for round_ in range(10):
            await asyncio.gather(me.create(f"mine {round_}"), *(other.create(f"other {round_}") for other in others))
            for relay in relays:
                relay.notice(person)
        await eventually(lambda: len(taken(events[person])) == 30)
        for relay in relays:
            await relay.settle(5)
    assert taken(events[person]) == list(range(1, 31))
    assert (await me.get("/api/tasks")).json["total"] == 30
