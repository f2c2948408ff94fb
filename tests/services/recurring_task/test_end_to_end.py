"""Backend, event stream and recurring-task together: completing a recurring task brings its next occurrence."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from harness.runtime import Runtime
from harness.serving import serving
from harness.waiting import eventually

from services.backend.app import build as build_backend
from services.kit.ids import uuid7
from services.recurring_task.app import build


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

    async def child() -> Any:
        status, found = await call(api, "GET", f"/api/tasks/{done['next_id']}")
        return found if status == 200 else None

    found = await eventually(child)
    assert (found["title"], found["tags"], found["occurrence"]) == ("Pay rent", ["home"], 2)
    assert found["due"] == found["nominal"] == {"date": "2030-02-28"}
    assert found["reminders"][0]["at"].startswith("2030-02-27T09:00")
