"""The audit service as a process: fed by the event stream, asked over HTTP, told to erase by the backend."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from audit_cases import event, events
from audit_stands import BackendLog
from fastapi import FastAPI
from harness.runtime import Runtime, start
from harness.serving import serving
from harness.waiting import eventually
from prometheus_client import REGISTRY

from components.catalogue import AUDIT, BACKEND, FRONTEND, PUBSUB
from services.audit.app import build
from services.audit.trail import Trail
from services.kit.config import Config
from services.kit.consumer import cloud_event
from services.kit.events import TaskEvent
from services.kit.identity import Caller, unauthorized
from services.kit.sidecar import Sidecar

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOPIC = "task-events"
INTERNAL = "/internal/people"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A runtime of this module's own: in the shared one other tests' events would wait here for a backend."""
    started = start(tmp_path_factory.mktemp("audit"))
    yield started
    started.stop()


class Named:
    """Takes the bearer token for the person's id, so that a test can be anyone."""

    async def authenticate(self, authorization: str | None) -> Caller:
        if not authorization:
            raise unauthorized("Send a bearer token.")
        person = authorization.removeprefix("Bearer ")
        return Caller(person=person, subject=person, name=person)


@dataclass
class Service:
    """The running service, as the gateway, the backend and the event stream reach it."""

    app: FastAPI
    config: Config
    backend: Sidecar
    frontend: Sidecar

    async def publish(self, *given: TaskEvent) -> None:
        await self.publish_raw(
            *(cloud_event(e.id, e.type, BACKEND, e.person, e.model_dump(mode="json")) for e in given)
        )

    async def publish_raw(self, *given: dict[str, Any]) -> None:
        await self.backend.publish(PUBSUB, TOPIC, given)

    async def get(self, path: str, person: str = "", **query: str | list[str]) -> tuple[int, Any]:
        headers = {"dapr-api-token": self.config.app_api_token or "", "Authorization": f"Bearer {person}"}
        if not person:
            del headers["Authorization"]
        url = f"http://127.0.0.1:{self.config.port}{path}"
        pairs = [(k, one) for k, v in query.items() for one in ([v] if isinstance(v, str) else v)]
        async with self.app.state.platform.sidecar.http.get(url, params=pairs, headers=headers) as answer:
            kind = "application/json" if answer.status < 300 else "application/problem+json"
            assert answer.content_type == kind
            return answer.status, await answer.json(content_type=None)

    async def erase(self, person: str, epoch: int | str) -> int:
        reply = await self.backend.invoke(AUDIT, "DELETE", f"{INTERNAL}/{person}", query={"epoch": str(epoch)})
        return reply.status

    def seqs(self, person: str, *wanted: int) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            _, page = await self.get("/api/audit", person, limit="500")
            return [item["seq"] for item in page["items"]] == sorted(wanted, reverse=True)

        return check


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backend(runtime: Runtime) -> AsyncIterator[BackendLog]:
    log = BackendLog()
    async with serving(log.app(), runtime.config(BACKEND)), Sidecar(runtime.config(AUDIT)) as sidecar:
        await eventually(lambda: log.answers(sidecar))
        yield log


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(runtime: Runtime, backend: BackendLog) -> AsyncIterator[Service]:
    config = runtime.config(AUDIT)
    app = build(config)
    async with (
        serving(app, config),
        Sidecar(runtime.config(BACKEND)) as from_backend,
        Sidecar(runtime.config(FRONTEND)) as from_frontend,
    ):
        app.state.authenticator = Named()
        yield Service(app, config, from_backend, from_frontend)


async def test_published_events_are_audited(service: Service, person: str) -> None:
    await service.publish(*events(person, 70))
    await eventually(service.seqs(person, *range(1, 71)))
    status, proof = await service.get("/api/audit/verify", person)
    assert (status, proof["ok"], proof["entries"]) == (200, True, 70)
    assert set(proof) == {"ok", "entries", "head"}
    _, page = await service.get("/api/audit", person)
    assert page["items"][0]["hash"] == proof["head"]


async def test_doubled_replayed_and_reordered_events_are_audited_once(
    service: Service, backend: BackendLog, person: str
) -> None:
    given = backend.logs[person] = events(person, 8)
    for taken in (given[0], given[0], given[3], given[2], given[1], *given, *reversed(given)):
        await service.publish(taken)
    await eventually(service.seqs(person, *range(1, 9)))
    await service.publish(*given, last := event(person, 9))
    backend.logs[person] = [*given, last]
    await eventually(service.seqs(person, *range(1, 10)))
    assert (await service.get("/api/audit/verify", person))[1]["ok"]


async def test_a_gap_waits_until_the_backend_answers(service: Service, backend: BackendLog, person: str) -> None:
    backend.logs[person] = events(person, 4)
    backend.status = 503
    await service.publish(backend.logs[person][3])
    await eventually(lambda: [called for called, _, _ in backend.calls].count(person) > 2)
    assert (await service.get("/api/audit", person))[1]["items"] == []
    backend.status = 200
    await eventually(service.seqs(person, 1, 2, 3, 4))


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {},
        {"epoch": 0},
        {"seq": 0},
        {"type": "task.unheard"},
        {"person": "a/b||c"},
        {"person": ""},
        {"person": "p" * 129},
        {"at": "2026-01-01T00:00:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
    ],
)
async def test_a_poisoned_event_is_dropped_and_blocks_nobody(service: Service, person: str, data: object) -> None:
    good = event(person, 1)
    poisoned = good.model_dump(mode="json") | data if isinstance(data, dict) and data else data
    before = dropped()
    await service.publish_raw(cloud_event(f"{person}:bad", "task.updated", BACKEND, person, poisoned))
    await service.publish(good)
    await eventually(service.seqs(person, 1))
    assert dropped() == before + 1


async def test_events_that_come_together_are_written_together(service: Service, person: str) -> None:
    before = saves()
    await service.publish(*events(person, 400))

    async def proved() -> bool:
        _, proof = await service.get("/api/audit/verify", person)
        return bool(proof["ok"] and proof["entries"] == 400)

    await eventually(proved)
    # At least a hundred in a delivery, each of them one write and perhaps the copy of a full page.
    assert saves() - before <= 8


def saves() -> float:
    return REGISTRY.get_sample_value("sidecar_calls_total", {"operation": "SaveState", "outcome": "OK"}) or 0


def dropped() -> float:
    return REGISTRY.get_sample_value("events_consumed_total", {"topic": TOPIC, "outcome": "DROP"}) or 0


async def test_an_event_that_cannot_be_written_on_is_dropped(service: Service, person: str) -> None:
    odd = event(person, 1).model_dump(mode="json") | {"was": {"title": 2**80}}
    given = cloud_event(f"{person}:1:1", "task.updated", BACKEND, person, odd)
    body = json.dumps({"entries": [{"entryId": "0", "event": given}]})
    headers = {"dapr-api-token": service.config.app_api_token or ""}
    url = f"http://127.0.0.1:{service.config.port}/events/{TOPIC}"
    async with service.backend.http.post(url, data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"statuses": [{"entryId": "0", "status": "DROP"}]})


async def test_after_a_poisoned_event_the_log_mends_the_trail(
    service: Service, backend: BackendLog, person: str
) -> None:
    given = backend.logs[person] = events(person, 3)
    poisoned = given[1].model_dump(mode="json") | {"new_field": 1}
    await service.publish(given[0])
    await service.publish_raw(cloud_event(given[1].id, "task.updated", BACKEND, person, poisoned))
    await service.publish(given[2])
    await eventually(service.seqs(person, 1, 2, 3))


async def test_the_backend_erases_a_person(service: Service, person: str) -> None:
    await service.publish(*events(person, 5))
    await eventually(service.seqs(person, *range(1, 6)))
    assert [await service.erase(person, 1) for _ in range(2)] == [204, 204]
    await service.publish(*events(person, 6), event(person, 1, epoch=2))

    async def shown() -> bool:
        _, page = await service.get("/api/audit", person)
        return [item["erased"] for item in page["items"]] == [False, False, True, True, True, True, True]

    await eventually(shown)
    _, page = await service.get("/api/audit", person)
    assert [item["type"] for item in page["items"]] == ["task.updated", "trail.erased", *[None] * 5]
    assert (await service.get("/api/audit/verify", person))[1]["ok"]


@pytest.mark.parametrize("epoch", ["0", "-1", "x", "", "9" * 20])
async def test_an_odd_epoch_is_a_422(service: Service, person: str, epoch: str) -> None:
    assert await service.erase(person, epoch) == 422


async def test_nobody_but_the_backend_erases(service: Service, person: str) -> None:
    reply = await service.frontend.invoke(AUDIT, "DELETE", f"{INTERNAL}/{person}", query={"epoch": "1"})
    assert reply.status == 403
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{service.config.port}{INTERNAL}/{person}?epoch=1"
        token = service.config.app_api_token or ""
        for headers, status in (({}, 401), ({"dapr-api-token": token}, 403)):
            async with http.delete(url, headers=headers) as answer:
                assert answer.status == status


async def test_everyone_sees_their_own(service: Service, person: str) -> None:
    await service.publish(event(person, 1))
    await eventually(service.seqs(person, 1))
    assert (await service.get("/api/audit", person[::-1]))[1] == {"items": [], "next_cursor": None}
    assert (await service.get("/api/audit"))[0] == 401
    assert (await service.get("/api/audit/verify"))[0] == 401


async def test_filters_and_cursors_over_http(service: Service, person: str) -> None:
    await service.publish(*events(person, 3))
    await eventually(service.seqs(person, 1, 2, 3))
    _, first = await service.get("/api/audit", person, limit="2")
    _, rest = await service.get("/api/audit", person, limit="2", cursor=first["next_cursor"])
    assert [item["seq"] for item in first["items"] + rest["items"]] == [3, 2, 1]
    _, some = await service.get(
        "/api/audit", person, type=["task.updated", "task.deleted"], since="2026-05-01T12:00:02Z"
    )
    assert [item["seq"] for item in some["items"]] == [3, 2]
    assert some["items"][0]["changes"] == [{"field": "title", "before": "title 2", "after": "title 3"}]
    _, others = await service.get("/api/audit", person, actor=["backend", "recurring-task"])
    assert others["items"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("actor", ""),
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "many"),
        ("cursor", ""),
        ("cursor", "nonsense"),
        ("cursor", "x" * 65),
        ("type", "task.unheard"),
        ("task_id", "7"),
        ("since", "yesterday"),
        ("since", "2026"),
        ("since", "2026-05-01T12:00:00"),
        ("until", "0001-01-01T00:00:00+14:00"),
        ("since", "9999-12-31T23:59:59-12:00"),
    ],
)
async def test_a_wrong_parameter_is_a_422_that_names_it(service: Service, person: str, name: str, value: str) -> None:
    status, problem = await service.get("/api/audit", person, **{name: value})
    assert (status, problem["status"]) == (422, 422)
    assert {error["field"] for error in problem["errors"]} <= {name, f"{name}.0"}


async def test_with_the_store_away_it_is_a_503(
    service: Service, runtime: Runtime, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail: Trail = service.app.state.trail
    async with Sidecar(runtime.config(AUDIT, dapr_grpc_port=1)) as away:
        monkeypatch.setattr(trail, "pages", Trail(away).pages)
        for path in ("/api/audit", "/api/audit/verify"):
            status, problem = await service.get(path, person)
            assert (status, problem["title"]) == (503, "Service Unavailable")


async def test_the_openapi_document_tells_of_errors(service: Service) -> None:
    document = service.app.openapi()
    assert set(document["paths"]) == {"/api/audit", "/api/audit/verify"}
    for path in document["paths"].values():
        responses = path["get"]["responses"]
        assert set(responses) == {"200", "401", "403", "422", "503"}
        assert all(list(responses[s]["content"]) == ["application/problem+json"] for s in ("401", "403", "422", "503"))
    assert "ProblemDetails" in document["components"]["schemas"]
    names = [parameter["name"] for parameter in document["paths"]["/api/audit"]["get"]["parameters"]]
    assert names == ["task_id", "type", "actor", "since", "until", "limit", "cursor"]


async def test_the_service_is_ready_and_counts(service: Service, person: str) -> None:
    entries = REGISTRY.get_sample_value("audit_entries_total", {"kind": "event"}) or 0
    await service.publish(event(person, 1))
    await eventually(service.seqs(person, 1))
    assert REGISTRY.get_sample_value("audit_entries_total", {"kind": "event"}) == entries + 1
    async with service.backend.http.get(f"http://127.0.0.1:{service.config.port}/readyz") as answer:
        assert answer.status == 200
