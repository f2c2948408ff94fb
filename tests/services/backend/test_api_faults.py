"""The store or the broker away: what a caller sees, and what follows when they are back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from harness.ports import free_ports
from harness.runtime import Runtime, start
from harness.serving import serving
from harness.waiting import eventually

from backend.client import Client, People, people
from backend.memory import Fault, Proxy
from components.catalogue import BACKEND
from services.backend.app import build

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alone(runtime: Runtime) -> AsyncIterator[People]:
    """Return callers of a backend whose sidecar is not there."""
    port, http, grpc = free_ports(3)
    config = runtime.config(BACKEND, port=port, dapr_http_port=http, dapr_grpc_port=grpc)
    async with serving(build(config), config), people(config) as found:
        yield found


CALLS = [
    ("GET", "/api/tasks", None),
    ("POST", "/api/tasks", {"title": "t"}),
    ("POST", "/api/undo", None),
    ("GET", "/api/tags", None),
    ("GET", "/api/me", None),
    ("DELETE", "/api/me", None),
    ("GET", "/api/tasks/export", None),
    ("POST", "/api/tasks/import?format=todo.txt", b"buy milk"),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_with_the_store_away_every_call_says_when_to_come_back(
    alone: People, method: str, path: str, body: object
) -> None:
    answer = await alone.known("me").call(method, path, body)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1


async def test_it_is_alive_but_not_ready(alone: People) -> None:
    me = alone.known("me")
    assert (await me.get("/healthz")).status == 200
    async with me._http.get(me.base + "/readyz") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def create_until_accepted(me: Client) -> None:
    async def accepted() -> bool:
        return (await me.post("/api/tasks", {"title": "after"}, Idempotency_Key="after")).status == 201

    await eventually(accepted)


@pytest.mark.slow
async def test_a_runtime_that_comes_back_is_found_again(tmp_path: Path) -> None:
    """Killed and started over the same data: nothing acknowledged is lost, and every event is delivered in order."""
    first = await asyncio.to_thread(start, tmp_path)
    config = first.config(BACKEND)
    async with serving(build(config), config), people(config) as found:
        me = found.known("me")
        for number in range(5):
            await me.create(f"before {number}")
        first.process.kill()
        first.process.wait()
        assert (await me.post("/api/tasks", {"title": "after"}, Idempotency_Key="after")).status == 503
        second = await asyncio.to_thread(again, first)
        try:
            await create_until_accepted(me)
            assert await me.titles() == [*(f"before {n}" for n in range(5)), "after"]
        finally:
            await asyncio.to_thread(second.stop)


def again(runtime: Runtime) -> Runtime:
    """Start the runtime over the same folder and ports."""
    import subprocess
    import sys

    from harness import runtime as harness

    settings = runtime.log.with_name("settings.json")
    with runtime.log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.runtime", str(settings)], stdout=output, stderr=subprocess.STDOUT
        )
    started = harness.Runtime(runtime.settings, process, runtime.log)
    harness._wait(started)
    return started


async def test_with_the_broker_away_changes_are_accepted(runtime: Runtime) -> None:
    config = runtime.config(BACKEND)
    app = build(config)
    async with serving(app, config), people(config) as found:
        away = True
        proxy = Proxy(app.state.platform.sidecar, lambda name, _: Fault.REFUSED if away and name == "publish" else None)
        app.state.relay._sidecar = proxy
        me = found.known("me")
        await asyncio.gather(*(me.create(f"{n}") for n in range(10)))
        await eventually(lambda: proxy.calls["publish"] > 3)
        assert app.state.relay._workers
        away = False
        await eventually(lambda: not app.state.relay._workers)
