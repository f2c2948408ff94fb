"""The service as its sidecar sees it: the calls that come in, and what each is answered."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from recurring_events import Events
from recurring_fakes import FakeBackend, FakeSidecar

from services.kit.config import Config
from services.kit.events import TaskEvent
from services.recurring_task.app import build
from services.recurring_task.standing import PREFIX

CONFIG = Config(app_id="recurring-task", port=8003, app_api_token="app")


@pytest.fixture
async def app(sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FastAPI]:
    monkeypatch.setattr("services.kit.app.Sidecar", lambda _: sidecar)
    made = build(CONFIG)
    async with made.router.lifespan_context(made):
        yield made


async def call(
    app: FastAPI, method: str, path: str, body: object = None, *, caller: str = "", token: str = "app", **query: object
) -> tuple[int, Any]:
    """Make one request of the application; the answer's status and document."""
    sent: list[dict[str, Any]] = []
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"dapr-api-token": token, "dapr-caller-app-id": caller, "content-type": "application/json"}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(query).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8003),
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    content = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], json.loads(content) if content.startswith((b"{", b"[")) else content


def cloud_event(event: TaskEvent, **changes: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": "backend",
        "data": event.model_dump(mode="json") | changes,
    }


async def deliver_all(app: FastAPI, *events: object) -> list[str]:
    entries = [{"entryId": str(number), "event": event} for number, event in enumerate(events)]
    status, answer = await call(app, "POST", "/events/task-events", {"entries": entries})
    assert status == 200
    statuses = {each["entryId"]: str(each["status"]) for each in answer["statuses"]}
    return [statuses[str(number)] for number in range(len(events))]


async def deliver(app: FastAPI, event: object) -> str:
    return (await deliver_all(app, event))[0]


def poisoned(sidecar: FakeSidecar) -> list[dict[str, Any]]:
    return [json.loads(data) for key, data in sidecar.store.items() if key.startswith("poisoned/")]


async def test_it_subscribes_to_task_events(app: FastAPI) -> None:
    assert await call(app, "GET", "/dapr/subscribe") == (
        200,
        [
            {
                "pubsubname": "kafka-pubsub",
                "topic": "task-events",
                "route": "/events/task-events",
                "bulkSubscribe": {"enabled": True, "maxMessagesCount": 100, "maxAwaitDurationMs": 50},
            }
        ],
    )


async def test_it_is_ready_when_its_store_is(app: FastAPI, sidecar: FakeSidecar) -> None:
    assert (await call(app, "GET", "/readyz"))[0] == 200
    sidecar.away = {"state"}
    assert (await call(app, "GET", "/readyz"))[0] == 503


async def test_a_completion_becomes_a_request(app: FastAPI, events: Events, backend: FakeBackend) -> None:
    event = events.completed()
    assert await deliver(app, cloud_event(event)) == "SUCCESS"
    assert await deliver(app, cloud_event(event)) == "SUCCESS"
    assert len(backend.requests) == 1
    assert b'occurrences_total{outcome="created"}' in (await call(app, "GET", "/metrics"))[1]


async def test_events_of_no_concern_cost_no_call(app: FastAPI, events: Events, sidecar: FakeSidecar) -> None:
    given = [cloud_event(events.other()) for _ in range(100)]
    assert await deliver_all(app, *given) == ["SUCCESS"] * 100
    assert (sidecar.reads, sidecar.saves, sidecar.backend.requests) == ([f"{PREFIX}/{events.person}"], [], [])


async def test_after_a_completion_that_must_wait_the_later_ones_wait(
    app: FastAPI, events: Events, backend: FakeBackend
) -> None:
    given = [cloud_event(events.completed()) for _ in range(4)]
    backend.answers = [201, 503]
    assert await deliver_all(app, *given) == ["SUCCESS", "RETRY", "RETRY", "RETRY"]
    assert len(backend.requests) == 2
    assert await deliver_all(app, *given) == ["SUCCESS"] * 4
    assert len(backend.children) == 1


@pytest.mark.parametrize("away", ["invoke", "state"])
async def test_what_cannot_be_done_now_is_tried_again(
    app: FastAPI, events: Events, backend: FakeBackend, sidecar: FakeSidecar, away: str
) -> None:
    event = cloud_event(events.completed())
    sidecar.away = {away}
    assert await deliver(app, event) == "RETRY"
    sidecar.away = set()
    assert await deliver(app, event) == "SUCCESS"
    assert len(backend.requests) == 1


async def test_a_backend_that_fails_is_tried_again(app: FastAPI, events: Events, backend: FakeBackend) -> None:
    backend.answers = [503]
    event = cloud_event(events.completed())
    assert [await deliver(app, event) for _ in range(2)] == ["RETRY", "SUCCESS"]


async def test_what_can_never_be_read_is_recorded_and_dropped(
    app: FastAPI, events: Events, sidecar: FakeSidecar
) -> None:
    event = events.completed()
    bodies = [
        "no event",
        {"id": 1},
        cloud_event(event) | {"data": None},
        cloud_event(event, seq=0),
        cloud_event(event, type="task.unheard-of"),
        cloud_event(event, person="../../readiness"),
        cloud_event(event, task={"id": "?"}),
    ]
    assert [await deliver(app, body) for body in bodies] == ["DROP"] * len(bodies)
    assert len(poisoned(sidecar)) == len(bodies)
    assert await deliver(app, cloud_event(event)) == "SUCCESS"


async def test_a_poisoned_event_is_not_dropped_before_it_is_recorded(
    app: FastAPI, events: Events, sidecar: FakeSidecar
) -> None:
    sidecar.away = {"state"}
    assert await deliver(app, "no event") == "RETRY"
    sidecar.away = set()
    bad = cloud_event(events.completed("FREQ=NEVERLY"))
    assert await deliver(app, bad) == "DROP"
    assert "FREQ must be one of" in poisoned(sidecar)[0]["reason"]


async def test_the_backend_erases_a_person(app: FastAPI, events: Events, sidecar: FakeSidecar) -> None:
    path = f"/internal/people/{events.person}"
    await deliver(app, cloud_event(events.completed()))
    assert (await call(app, "DELETE", path, caller="backend", epoch=1))[0] == 204
    assert json.loads(sidecar.store[f"{PREFIX}/{events.person}"])["position"] == {"epoch": 0, "seq": 0, "erased": 1}
    assert (await call(app, "DELETE", path, caller="backend", epoch=1))[0] == 204


async def test_nobody_else_does(app: FastAPI, person: str) -> None:
    path = f"/internal/people/{person}"
    assert (await call(app, "DELETE", path, caller="frontend", epoch=1))[0] == 403
    assert (await call(app, "DELETE", path, epoch=1))[0] == 403
    assert (await call(app, "DELETE", path, caller="backend", token="", epoch=1))[0] == 401


@pytest.mark.parametrize("epoch", ["0", "-1", "x", str(2**53)])
async def test_an_epoch_is_a_number(app: FastAPI, person: str, epoch: str) -> None:
    assert (await call(app, "DELETE", f"/internal/people/{person}", caller="backend", epoch=epoch))[0] == 422


async def test_a_person_is_a_hash(app: FastAPI) -> None:
    assert (await call(app, "DELETE", "/internal/people/me", caller="backend", epoch=1))[0] == 422


async def test_an_erasure_that_cannot_be_written_is_refused(app: FastAPI, person: str, sidecar: FakeSidecar) -> None:
    sidecar.away = {"state"}
    assert (await call(app, "DELETE", f"/internal/people/{person}", caller="backend", epoch=1))[0] == 503


async def test_the_standings_are_written_when_it_stops(
    events: Events, sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.app.Sidecar", lambda _: sidecar)
    made = build(CONFIG)
    async with made.router.lifespan_context(made):
        await deliver(made, cloud_event(events.completed()))
        assert sidecar.saves == []
    assert sidecar.saves == [f"{PREFIX}/{events.person}"]
