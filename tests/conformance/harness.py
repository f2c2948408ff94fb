"""What the cases stand on: applications that record what they are asked, and clients of a sidecar's API."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import aiohttp
import grpc
from aiohttp import web
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import dapr_pb2_grpc, jobs_pb2, pubsub_pb2, state_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from yarl import URL

from components.conversation import Conversation, Provider
from components.embedded import Ports

HOST: Final = "127.0.0.1"
API_TOKEN: Final = "token-of-the-api"
APP_TOKEN: Final = "token-of-the-apps"
STORE: Final = "statestore"
PUBSUB: Final = "kafka-pubsub"
RELAY: Final = "relay-pubsub"
FIRST_WRITE: Final = common.StateOptions(concurrency=common.StateOptions.CONCURRENCY_FIRST_WRITE)
ECHO: Final = Conversation(provider=Provider.ECHO)
SECRETS: Final = {"webhook-signing": {"key": "s3cret"}, "database": {"connection-string": "hidden"}}

PATIENCE_SECONDS: Final = 120  # with what comes at once, but on a machine that is short of time

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


async def eventually(found: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Return what `found` returns as soon as it is true."""
    until = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s; last seen: {value!r}")
        await asyncio.sleep(0.01)


async def again(doing: Callable[[int], Awaitable[object]], done: Callable[[], object]) -> int:
    """Do something, numbered from 0, until something else is true: whoever joins takes part a while later."""
    until = time.monotonic() + PATIENCE_SECONDS
    for number in itertools.count():
        await doing(number)
        if done():
            return number + 1
        assert time.monotonic() < until, f"not after {number + 1} times"
        await asyncio.sleep(0.02)
    raise AssertionError


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

    def __init__(self, key: AppKey, port: int) -> None:
        self.key = key
        self.port = port
        self.subscriptions: list[dict[str, Any]] = []
        self.received: list[Received]
        self.answer: Handler
        self.raw: dict[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]]
        self.forget()
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None

    def at(self, path: str) -> list[Received]:
        """Return what came to that path, in order."""
        return [request for request in self.received if request.path == path]

    def events(self, path: str, key: str = "n") -> list[Any]:
        """Return `data[key]` of every CloudEvent at that path that has it; another case's may be of any form."""
        data = [request.json().get("data") for request in self.at(path)]
        return [item[key] for item in data if isinstance(item, dict) and key in item]

    def forget(self) -> None:
        """Begin anew: nothing received, everything answered with 200."""
        self.received = []
        self.answer = lambda _request: None
        self.raw = {}

    async def start(self) -> None:
        """Listen, if it does not."""
        if self._listener is not None:
            return
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


class Runtime(Protocol):
    """What offers Dapr's API to the applications: `mail` is the folder of the mail that it sent.

    An application and its sidecar are away each by itself, or both, as when a pod or a machine is lost.
    """

    name: str
    ports: dict[AppKey, Ports]

    @property
    def mail(self) -> Path: ...

    def logs(self) -> str:
        """Return what every process so far has written."""

    async def join(self, key: AppKey, subscriptions: list[dict[str, Any]], answer: Handler | None) -> FakeApp:
        """Return an application that listens, takes part with these subscriptions, and answers so from the first."""

    async def release(self, app: FakeApp) -> None:
        """Have done with an application at the end of a case."""

    async def away(self, app: FakeApp) -> None:
        """End the application alone."""

    async def back(self, app: FakeApp) -> None:
        """Start the application again."""

    async def lost(self, app: FakeApp) -> None:
        """End the application, and its sidecar in good order."""

    async def found(self, app: FakeApp) -> None:
        """Start both again, and wait until they take part."""


class Client:
    """The API of one sidecar, over gRPC (`stub` and the short forms) and HTTP (`http`)."""

    def __init__(self, grpc_port: int, http_port: int, token: str | None = API_TOKEN) -> None:
        self.base = f"http://{HOST}:{http_port}"
        self.metadata = (("dapr-api-token", token),) if token else ()
        self._headers = {"dapr-api-token": token} if token else {}
        self._channel = grpc.aio.insecure_channel(f"{HOST}:{grpc_port}")
        self.stub = dapr_pb2_grpc.DaprStub(self._channel)
        self.session = aiohttp.ClientSession(
            auto_decompress=False, timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        )

    async def close(self) -> None:
        await self.session.close()
        await self._channel.close()

    async def call(self, method: str, request: Any) -> Any:
        return await getattr(self.stub, method)(request, metadata=self.metadata, timeout=PATIENCE_SECONDS)

    async def unknown(self) -> None:
        """Call a method that no version of the API has."""
        await self._channel.unary_unary("/dapr.proto.runtime.v1.Dapr/Nosuch")(b"", metadata=self.metadata)

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
