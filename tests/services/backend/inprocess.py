"""The backend's application called in process, without a socket, over a store in memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import quote

import orjson
import pytest
from fastapi import FastAPI
from multidict import CIMultiDict
from starlette.types import Message

from backend.client import Answer, check_problem
from backend.memory import Memory
from components.catalogue import BACKEND
from components.conversation import Provider
from services.backend import relay
from services.backend.app import build
from services.kit import app as kit_app
from services.kit.config import Config


class _Sidecar:
    """Stands where an application opens its connection to the sidecar."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.http = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


@asynccontextmanager
async def replica(memory: Memory, conversation: Provider | None = None) -> AsyncIterator[FastAPI]:
    """Return a running application over a store that others may share, by rules or with a language model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kit_app, "Sidecar", lambda _: _Sidecar(memory))
        patch.setattr(relay, "_IDLE_SECONDS", 0.005)  # so that a replica ends at once
        app = build(Config(app_id=BACKEND, port=8001, conversation=conversation))
        async with app.router.lifespan_context(app):
            yield app


class Running:
    """A replica kept by a task of its own, for tests that start it in one task and end it in another."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._ended = asyncio.Event()

    async def start(self) -> FastAPI:
        """Return the application once it runs."""
        started: asyncio.Future[FastAPI] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(started))
        await asyncio.wait([started, self._task], return_when=asyncio.FIRST_COMPLETED)
        return started.result() if started.done() else self._task.result()

    async def _run(self, started: asyncio.Future[FastAPI]) -> FastAPI:
        async with replica(self._memory) as app:
            started.set_result(app)
            await self._ended.wait()
        return app

    async def stop(self) -> None:
        """End it, and wait until it has."""
        self._ended.set()
        await self._task


async def call(
    app: FastAPI, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Call an application as a server does; every error has to be a problem document."""
    data = b"" if body is None else orjson.dumps(body)
    given = {"content-type": "application/json", **(headers or {})}
    raw, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": raw,
        "raw_path": quote(raw).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8001),
    }
    sent: list[Message] = []
    received = iter([{"type": "http.request", "body": data, "more_body": False}])

    async def receive() -> Message:
        found = next(received, None)
        if found is None:
            await asyncio.Event().wait()
        return found or {}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    head = CIMultiDict((name.decode(), value.decode()) for name, value in sent[0]["headers"])
    answer = Answer(sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:]))
    if answer.status >= 400:
        check_problem(answer)
    return answer
