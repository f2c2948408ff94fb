"""The platform on the real engines, where they are built: it starts, keeps what it was told, and ends."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from harness.engines import need_engines, reachable_folder
from harness.platform import Platform
from harness.waiting import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A platform with two backends and two frontends."""
    need_engines()
    with reachable_folder() as folder:
        found = Platform(folder, {"RUNTIME": "dapr", "BACKEND_REPLICAS": "2", "FRONTEND_REPLICAS": "2"})
        yield found
        found.stop()


def call(platform: Platform, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(platform.url + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def test_a_recurring_task_goes_through_every_engine_and_outlives_a_restart(platform: Platform) -> None:
    platform.start()
    task = {"title": "Water", "due": {"date": "2030-01-01"}, "recurrence": {"rrule": "FREQ=DAILY", "mode": "from_due"}}
    first = call(platform, "/api/tasks", task)["id"]
    call(platform, f"/api/tasks/{first}/complete", {})

    def dues() -> list[str]:
        return [item["due"]["date"] for item in call(platform, "/api/tasks")["items"]]

    await eventually(lambda: "2030-01-02" in dues())
    await eventually(lambda: len(call(platform, "/api/audit")["items"]) == 3)
    before = dues()
    platform.stop()
    platform.start()
    assert dues() == before
    assert len(call(platform, "/api/audit")["items"]) == 3
