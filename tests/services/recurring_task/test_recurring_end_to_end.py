"""Backend, event stream and recurring-task together: completing a recurring task brings its next occurrence."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from harness.runtime import Runtime
from harness.serving import serving
from harness.waiting import eventually

from services.backend.app import build as build_backend
from services.kit.identity import LOCAL_PERSON
from services.kit.ids import uuid7
from services.kit.position import read_log
from services.kit.sidecar import Sidecar
from services.recurring_task.app import build
from services.recurring_task.occurrences import Occurrences
from services.recurring_task.standing import Standing, Standings


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[aiohttp.ClientSession]:
    """The backend's API, with recurring-task running beside it."""
    backend, recurring = runtime.config("backend"), runtime.config("recurring-task")
    headers = {"dapr-api-token": backend.app_api_token or ""}
    async with (
        serving(build_backend(backend), backend),
        serving(build(recurring), recurring),
        aiohttp.ClientSession(f"http://127.0.0.1:{backend.port}", headers=headers) as session,
    ):
        yield session


async def call(api: aiohttp.ClientSession, method: str, path: str, **body: object) -> tuple[int, Any]:
    async with api.request(method, path, json=body or None) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_the_next_occurrence_appears(api: aiohttp.ClientSession) -> None:
    task_id = str(uuid7())
    status, _ = await call(
        api,
        "POST",
        "/api/tasks",
        id=task_id,
        title="Pay rent",
        tags=["home"],
        due={"date": "2030-01-31"},
        recurrence={"rrule": "FREQ=MONTHLY;BYMONTHDAY=-1"},
        reminders=[{"before": "P1D"}],
    )
    assert status == 201
    status, done = await call(api, "POST", f"/api/tasks/{task_id}/complete")
    assert status == 200

    async def child() -> dict[str, Any] | None:
        status, document = await call(api, "GET", f"/api/tasks/{done['next_id']}")
        return dict(document) if status == 200 else None

    found = await eventually(child)
    assert found is not None
    assert (found["title"], found["tags"], found["occurrence"]) == ("Pay rent", ["home"], 2)
    assert found["due"] == found["nominal"] == {"date": "2030-02-28"}
    assert found["reminders"][0]["at"].startswith("2030-02-27T09:00")


async def test_a_replay_from_the_log_brings_back_nothing_that_was_deleted(
    api: aiohttp.ClientSession, runtime: Runtime
) -> None:
    task_id = str(uuid7())
    daily = {"due": {"date": "2030-01-31"}, "recurrence": {"rrule": "FREQ=DAILY"}}
    await call(api, "POST", "/api/tasks", id=task_id, title="Water the plants", **daily)
    _, done = await call(api, "POST", f"/api/tasks/{task_id}/complete")
    child = f"/api/tasks/{done['next_id']}"

    async def there() -> bool:
        return (await call(api, "GET", child))[0] == 200

    await eventually(there)
    assert (await call(api, "DELETE", child))[0] == 204
    async with Sidecar(runtime.config("recurring-task")) as sidecar:
        standings = Standings(sidecar)
        standings.put(LOCAL_PERSON, Standing())  # as if nothing had been handled yet
        head = [event async for event in read_log(sidecar, LOCAL_PERSON, 0, 0)][-1]
        await Occurrences(sidecar, standings).take(head)
        handled = (await standings.get(LOCAL_PERSON)).position
    assert (handled.epoch, handled.seq) == (head.epoch, head.seq)
    assert not await there()
