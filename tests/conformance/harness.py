"""What the cases stand on: applications that record what they are asked, a runtime process, and clients of its API."""

import asyncio
import itertools
import json
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import grpc
from aiohttp import web
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import dapr_pb2_grpc, jobs_pb2, pubsub_pb2, state_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from yarl import URL

from components.embedded import Ports, RuntimeSettings, render

HOST: Final = "127.0.0.1"
API_TOKEN: Final = "token-of-the-api"
APP_TOKEN: Final = "token-of-the-apps"
STORE: Final = "statestore"
PUBSUB: Final = "kafka-pubsub"
RELAY: Final = "relay-pubsub"
FIRST_WRITE: Final = common.StateOptions(concurrency=common.StateOptions.CONCURRENCY_FIRST_WRITE)
SECRETS: Final = {"webhook-signing": {"key": "s3cret"}, "database": {"connection-string": "hidden"}}

T = TypeVar("T")
AppKey = tuple[str, int]
APPS: Final[tuple[AppKey, ...]] = (
    ("backend", 0),
    ("frontend", 0),
    ("frontend", 1),
    ("notification", 0),
    ("recurring-task", 0),
    ("audit", 0),
    ("audit", 1),
)


def free_port() -> int:
    """Return a port that nobody listens on, below those that the system gives to outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port


async def eventually(found: Callable[[], T], seconds: float = 10) -> T:
    """Return what `found` returns as soon as it is true."""
    until = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s; last seen: {value!r}")
        await asyncio.sleep(0.01)


async def never(found: Callable[[], object], seconds: float = 0.5) -> None:
    """Fail as soon as `found` is true within that time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert not found(), f"this must not be: {found()!r}"
        await asyncio.sleep(0.01)


def unique(prefix: str = "x") -> str:
    """Return a name that no other case uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


@dataclass
class Received:
    """One request that an application got."""

    method: str
    path: str
    query: str
    headers: Any
    body: bytes
    at: float = field(default_factory=time.time)

    def json(self) -> Any:
        return json.loads(self.body)


Answer = web.StreamResponse | int | dict[str, Any] | None
Handler = Callable[[Received], Answer]


class FakeApp:
    """An application: records every request and answers as `answer` says (a status, a JSON body, None for 200)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.subscriptions: list[dict[str, Any]] = []
        self.received: list[Received] = []
        self.answer: Handler = lambda _request: None
        self.raw: dict[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]] = {}
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None

    def at(self, path: str) -> list[Received]:
        """Return what came to that path, in order."""
        return [request for request in self.received if request.path == path]

    def events(self, path: str, key: str = "n") -> list[Any]:
        """Return `data[key]` of every CloudEvent that came to that path."""
        return [request.json()["data"].get(key) for request in self.at(path)]

    async def start(self) -> None:
        self._server = web.Server(
            self._serve,
            handler_cancellation=True,
            auto_decompress=False,
            max_line_size=2**16,
            max_field_size=2**16,
            max_headers=300,
        )
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, HOST, self.port, reuse_address=True)

    async def stop(self) -> None:
        if self._listener is None or self._server is None:
            return
        self._listener.close()
        await self._server.shutdown(0.01)  # 0 would wait for ever
        self._listener = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path in self.raw:
            return await self.raw[request.path](request)
        if request.path == "/dapr/subscribe":
            return web.json_response(self.subscriptions)
        path, _, query = request.raw_path.partition("?")
        received = Received(request.method, path, query, request.headers.copy(), await request.content.read())
        answer = self.answer(received)
        self.received.append(received)
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, dict):
            return web.json_response(answer)
        return web.Response(status=answer or 200)


class Client:
    """The API of one sidecar, over gRPC (`stub` and the short forms) and HTTP (`http`)."""

    def __init__(self, grpc_port: int, http_port: int, token: str | None = API_TOKEN) -> None:
        self.base = f"http://{HOST}:{http_port}"
        self.metadata = (("dapr-api-token", token),) if token else ()
        self._headers = {"dapr-api-token": token} if token else {}
        self._channel = grpc.aio.insecure_channel(f"{HOST}:{grpc_port}")
        self.stub = dapr_pb2_grpc.DaprStub(self._channel)
        self.session = aiohttp.ClientSession(auto_decompress=False)

    async def close(self) -> None:
        await self.session.close()
        await self._channel.close()

    async def call(self, method: str, request: Any) -> Any:
        return await getattr(self.stub, method)(request, metadata=self.metadata)

    async def http(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[int, bytes, Any]:
        """Return status, body and headers of the answer."""
        sent = {**self._headers, **(headers or {})}
        url = URL(self.base + path, encoded=True)
        async with self.session.request(method, url, headers=sent, **options) as response:
            return response.status, await response.read(), response.headers

    async def get(self, key: str, store: str = STORE) -> Any:
        return await self.call("GetState", state_pb2.GetStateRequest(store_name=store, key=key))

    async def save(self, key: str, value: bytes, *, etag: str = "", store: str = STORE, **item: Any) -> None:
        found = common.StateItem(key=key, value=value, **item)
        if etag:
            found.etag.value = etag
        await self.save_all([found], store)

    async def save_all(self, items: Iterable[common.StateItem], store: str = STORE) -> None:
        await self.call("SaveState", state_pb2.SaveStateRequest(store_name=store, states=items))

    async def delete(self, key: str, *, etag: str = "") -> None:
        request = state_pb2.DeleteStateRequest(store_name=STORE, key=key)
        if etag:
            request.etag.value = etag
        await self.call("DeleteState", request)

    async def publish(
        self,
        topic: str,
        data: object,
        *,
        key: str = "",
        content_type: str = "application/json",
        pubsub: str = PUBSUB,
        metadata: dict[str, str] | None = None,
    ) -> None:
        given = dict(metadata or {})
        if key:
            given["partitionKey"] = key
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        request = pubsub_pb2.PublishEventRequest(
            pubsub_name=pubsub, topic=topic, data=body, data_content_type=content_type, metadata=given
        )
        await self.call("PublishEvent", request)

    async def schedule(self, name: str, *, overwrite: bool = False, data: bytes = b"{}", **job: Any) -> None:
        message = jobs_pb2.Job(name=name, data=AnyMessage(value=data), **job)
        await self.call("ScheduleJobAlpha1", jobs_pb2.ScheduleJobRequest(job=message, overwrite=overwrite))


class Embedded:
    """The embedded runtime as a process of its own, over a data folder that outlives it."""

    def __init__(self, folder: Path, apps: tuple[AppKey, ...] = APPS, **changes: Any) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._apps = apps
        self._changes = {"retry_seconds": 0.05, **changes}
        self._log = itertools.count()
        self._served = False
        self.choose_ports()

    def choose_ports(self) -> None:
        """Give every application three ports that nobody listens on."""
        self.ports = {app: Ports(app=free_port(), http=free_port(), grpc=free_port()) for app in self._apps}
        settings = render(self.folder / "data", self.ports, secrets=SECRETS, api_token=API_TOKEN, app_token=APP_TOKEN)
        self.settings: RuntimeSettings = settings.model_copy(update=self._changes)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "settings.json"
        settings.write_text(self.settings.model_dump_json())
        command = [sys.executable, "-m", "infra.local.runtime", str(settings)]
        with (self.folder / f"runtime-{next(self._log)}.log").open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        return self.process

    def start(self) -> None:
        """Start the process and return when its last port answers; its first start may have to look for other ports."""
        while not self._starts():
            log = self.logs().splitlines()[-1:]
            assert not self._served, f"the runtime did not start again: {log}"
            assert "is taken" in str(log), f"the runtime did not start: {log}"
            self.choose_ports()
        self._served = True

    def _starts(self) -> bool:
        process = self.spawn()
        last = list(self.ports.values())[-1]
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, last.http)) == 0:
                    return True
            time.sleep(0.02)
        return False

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self, seconds: float = 5) -> int:
        """Ask the process to end and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def logs(self) -> str:
        """Return what every process so far has written."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("runtime-*.log")))


class Platform:
    """A runtime with its applications and clients, for one case."""

    def __init__(self, runtime: Embedded) -> None:
        self.runtime = runtime
        self._apps: dict[AppKey, FakeApp] = {}
        self._clients: dict[tuple[str, int, str | None], Client] = {}

    def client(self, app_id: str, replica: int = 0, token: str | None = API_TOKEN) -> Client:
        """Return the API as that application sees it."""
        key = (app_id, replica, token)
        if key not in self._clients:
            ports = self.runtime.ports[app_id, replica]
            self._clients[key] = Client(ports.grpc, ports.http, token)
        return self._clients[key]

    async def app(
        self,
        app_id: str,
        replica: int = 0,
        *,
        topics: dict[str, str] | None = None,
        answer: Handler | None = None,
        **subscription: Any,
    ) -> FakeApp:
        """Start an application subscribed to `topics` (topic to pub/sub component) and wait until it takes part."""
        app = FakeApp(self.runtime.ports[app_id, replica].app)
        app.answer = answer or app.answer
        app.subscriptions = [
            {"pubsubname": pubsub, "topic": topic, "route": f"/events/{topic}", **subscription}
            for topic, pubsub in (topics or {}).items()
        ]
        self._apps[app_id, replica] = app
        await self.up(app_id, replica)
        return app

    async def up(self, app_id: str, replica: int = 0) -> None:
        """Start the application again and wait until the sidecar has seen it."""
        await self._apps[app_id, replica].start()
        await self._health(app_id, replica, 204)

    async def down(self, app_id: str, replica: int = 0) -> None:
        """Stop the application and wait until the sidecar has seen that."""
        await self._apps[app_id, replica].stop()
        await self._health(app_id, replica, 500)

    async def disconnect(self) -> None:
        """End every client; the next is made anew."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def close(self, *, wait: bool = True) -> None:
        """End applications and clients, and unless told otherwise wait until the sidecars have seen it."""
        for (app_id, replica), app in self._apps.items():
            await (self.down(app_id, replica) if wait else app.stop())
        await self.disconnect()

    async def _health(self, app_id: str, replica: int, expected: int) -> None:
        client = self.client(app_id, replica)
        until = time.monotonic() + 30
        while (await client.http("GET", "/v1.0/healthz"))[0] != expected:
            assert time.monotonic() < until, f"{app_id} is not seen: {self.runtime.logs()}"
            await asyncio.sleep(0.01)
