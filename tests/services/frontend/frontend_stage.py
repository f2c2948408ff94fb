"""The frontend on a stage in tests: between what stands behind it and its WebSocket clients."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, Self
from uuid import uuid4

import aiohttp
from fastapi import FastAPI
from frontend_backend import Backend, Echo
from harness.runtime import Runtime
from harness.serving import serving
from harness.waiting import eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol
from yarl import URL

from components.catalogue import AUDIT, BACKEND, FRONTEND, NOTIFICATION, PUBSUB
from components.model import Topic
from services.frontend.app import build
from services.frontend.relay import Timing
from services.kit.config import Config
from services.kit.consumer import cloud_event
from services.kit.sidecar import Sidecar

QUICK = Timing(heartbeat=0.3, hello=0.5, send=1, token=0.2)


class Client:
    """A page's side of `/ws`: what it has seen, by the rules that a page follows."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.tasks: list[dict[str, Any]] = []
        self.epoch: int | None = None
        self.seq: int | None = None
        self.head: int | None = None
        self.closed: tuple[int, str] | None = None
        self.reading = asyncio.create_task(self._read())

    async def hello(self, epoch: int | None = None, since: int | None = None) -> Self:
        """Say where it stands."""
        self.epoch, self.seq = epoch, since
        await self.say({"type": "hello", "epoch": epoch, "since": since})
        return self

    async def say(self, message: object) -> None:
        """Send a message."""
        await self.socket.send(json.dumps(message))

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def events(self) -> list[dict[str, Any]]:
        """Return the events, in the order that they came."""
        return [event for message in self.told("events") for event in message["events"]]

    async def at(self, seq: int, epoch: int = 1) -> None:
        """Wait until it stands there; fails at once when the connection was closed before."""
        await eventually(lambda: (self.epoch, self.seq) == (epoch, seq) or self.closed)
        assert (self.epoch, self.seq) == (epoch, seq), self.closed

    async def settled(self) -> None:
        """Wait until it stands somewhere and has been told so."""
        await eventually(lambda: self.seq is not None and self.messages)

    async def end(self) -> tuple[int, str]:
        """Wait until the server has closed the connection; return code and reason."""
        await eventually(lambda: self.closed)
        assert self.closed is not None
        return self.closed

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        self.closed = (self.socket.close_code or 0, self.socket.close_reason or "")

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.tasks = (self.tasks if message["part"] > 1 else []) + message["tasks"]
            if message["last"]:
                self.epoch, self.seq = message["epoch"], message["seq"]
        for event in message.get("events", []):
            assert event["seq"] == (self.seq or 0) + 1, "a gap or a repetition"
            self.seq = event["seq"]
            self.tasks.append(event["task"])


class Stage:
    """The frontend, running behind the runtime between a backend, services that echo, and its clients."""

    def __init__(self, runtime: Runtime, timing: Timing = QUICK, **settings: object) -> None:
        self.runtime = runtime
        self.config = runtime.config(FRONTEND, **settings)
        self.backend = Backend()
        self.echo = Echo(BACKEND)
        self._timing = timing
        self._stack = AsyncExitStack()
        self._frontend = AsyncExitStack()
        self._callees = AsyncExitStack()

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.config.port}"

    async def __aenter__(self) -> Self:
        self.http = await self._stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        self.sidecar = await self._stack.enter_async_context(Sidecar(self.runtime.config(BACKEND)))
        await self.open_backend()
        for app_id in (AUDIT, NOTIFICATION):
            await self._stack.enter_async_context(serving(Echo(app_id).app(), self.runtime.config(app_id)))
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        await self.close_backend()
        await self._stack.aclose()

    async def open_backend(self) -> None:
        """Start the backend."""
        app = FastAPI()
        self.backend.install(app)
        app.mount("/", self.echo.app())
        await self._callees.enter_async_context(serving(app, self.runtime.config(BACKEND)))

    async def close_backend(self) -> None:
        """Stop the backend."""
        await self._callees.aclose()

    async def open(self) -> None:
        """Start the frontend and wait until updates reach it."""
        self.app = await self.replica(self.config)

    async def replica(self, config: Config) -> FastAPI:
        """Start one process of the frontend and wait until updates reach it; return its application."""
        app = build(config, self._timing)
        await self._frontend.enter_async_context(serving(app, config))
        person = uuid4().hex
        with app.state.relay.joined(person) as hub:

            async def probe() -> bool:
                await self.publish({"person": person, "epoch": 1, "seq": hub.feed.last.seq + 1})
                await asyncio.sleep(0.02)
                return bool(hub.feed.taken)

            await eventually(probe)
        return app

    async def close(self) -> None:
        """Stop the frontend."""
        await self._frontend.aclose()

    async def publish(self, *events: dict[str, Any], kind: str = "task.created") -> None:
        """Publish updates as the backend does."""
        documents = [cloud_event(uuid4().hex, kind, BACKEND, event["person"], event) for event in events]
        await self.sidecar.publish(PUBSUB, Topic.TASK_UPDATES, documents)

    async def client(self, token: str | None = None, *, origin: str | None = None, port: int | None = None) -> Client:
        """Connect a client that has not said hello yet."""
        protocols = [Subprotocol("tasks.v1"), *([Subprotocol(f"bearer.{token}")] if token else [])]
        socket = await self._stack.enter_async_context(
            connect(
                f"ws://127.0.0.1:{port or self.config.port}/ws",
                subprotocols=protocols,
                origin=Origin(origin) if origin else None,
                compression=None,
                max_size=2**20,
                close_timeout=1,
                proxy=None,
            )
        )
        client = Client(socket)
        self._stack.callback(client.reading.cancel)
        return client

    async def call(self, method: str, target: str, **options: Any) -> tuple[int, Any, Any]:
        """Call the gateway; return status, headers and the parsed body."""
        url = URL(f"{self.url}{target}", encoded=True)
        async with self.http.request(method, url, allow_redirects=False, **options) as answer:
            text = await answer.text()
            if answer.status >= 400 and answer.content_type != "application/problem+json":
                raise AssertionError(f"{answer.status} {answer.content_type}: {text}")
            return answer.status, answer.headers, json.loads(text) if text else None
