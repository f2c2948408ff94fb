"""A service's application, served in the test's own event loop with the settings that it is served with for real."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import uvicorn
from fastapi import FastAPI

from harness.waiting import eventually
from services.kit.app import server_settings
from services.kit.config import Config


async def subscribed(config: Config) -> None:
    """Return once the sidecar of an application that listens has asked what it subscribes to, and seen to that."""

    async def is_ready() -> bool:
        async with http.get(f"http://127.0.0.1:{config.dapr_http_port}/v1.0/healthz") as answer:
            return answer.status == 204

    async with aiohttp.ClientSession() as http:
        await eventually(is_ready)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the test runner."""
        yield


@asynccontextmanager
async def serving(app: FastAPI, config: Config) -> AsyncIterator[uvicorn.Server]:
    """Serve `app` on the host and port of `config` as long as this is entered."""
    server = _Server(server_settings(app, config))
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started or task.done())
        if task.done():
            task.result()
            raise AssertionError("the application did not start; its log says why")
        yield server
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=0.5)
        while not task.done():
            # A connection that was made while the others were shut down would be waited for until the time-out.
            for connection in list(server.server_state.connections):
                connection.shutdown()
            await asyncio.wait({task}, timeout=0.05)
        await task
