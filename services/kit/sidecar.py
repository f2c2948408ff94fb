"""The one way out of a service: its Dapr sidecar.

A thin, typed shell over the gRPC stub and the HTTP invocation API. The SDK's own client is not used because it waits
for the sidecar inside its constructor, and because Dapr 1.16 offers bulk publishing and jobs only under names that its
newer versions no longer call (see docs/decisions/0004-dapr-access.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import aiohttp
import grpc
import grpc.aio
import orjson
from dapr.proto import api_service_v1, api_v1, common_v1
from google.protobuf.any_pb2 import Any as ProtoAny
from google.protobuf.duration_pb2 import Duration

from services.kit import conversation, trace
from services.kit.config import Config
from services.kit.metrics import PUBLISHED, SIDECAR_CALLS

_FIRST_WRITE: Final = common_v1.StateOptions.CONCURRENCY_FIRST_WRITE
_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_CHANNEL_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_http_proxy", 0),
)


class SidecarError(Exception):
    """A call to the sidecar did not succeed; whether it took effect is not known."""


class EtagMismatch(SidecarError):
    """The key has changed since it was read; nothing was written."""


class PublishFailed(SidecarError):
    """Some events were not taken; `failed` holds their ids."""

    def __init__(self, topic: str, failed: frozenset[str]) -> None:
        super().__init__(f"{len(failed)} events were not taken by {topic}")
        self.failed = failed


@dataclass(frozen=True, slots=True)
class Item:
    """What the state store holds under a key; both are empty where it holds nothing."""

    data: bytes
    etag: str

    def __bool__(self) -> bool:
        return bool(self.etag or self.data)


@dataclass(frozen=True, slots=True)
class Job:
    """A job: at `due`, POST /job/{name} gets `data` as JSON, again every `interval` seconds until it succeeds."""

    name: str
    due: datetime
    data: Mapping[str, Any]
    interval: float
    max_retries: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What an invoked service answered."""

    status: int
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - another service's document
        """Return the body, parsed."""
        return orjson.loads(self.body)


class Sidecar:
    """An open connection to this process's sidecar; every method may raise SidecarError."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{config.dapr_grpc_port}", options=_CHANNEL_OPTIONS)
        self._stub: Any = api_service_v1.DaprStub(self._channel)  # type: ignore[no-untyped-call]
        self.base_url = f"http://127.0.0.1:{config.dapr_http_port}"
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        await self._channel.close()

    # State

    async def get(self, store: str, key: str) -> Item:
        """Read one key."""
        answer = await self._call("GetState", api_v1.GetStateRequest(store_name=store, key=key))
        return Item(answer.data, answer.etag)

    async def get_many(self, store: str, keys: Sequence[str], *, parallelism: int = 10) -> dict[str, Item]:
        """Read many keys in one call; keys that hold nothing are left out."""
        if not keys:
            return {}
        request = api_v1.GetBulkStateRequest(store_name=store, keys=keys, parallelism=parallelism)
        answer = await self._call("GetBulkState", request)
        if failed := [item for item in answer.items if item.error]:
            raise SidecarError(f"GetBulkState of {failed[0].key}: {failed[0].error}")
        return {item.key: Item(item.data, item.etag) for item in answer.items if item.etag or item.data}

    async def save(self, store: str, key: str, data: bytes, *, etag: str | None = None, ttl: int | None = None) -> None:
        """Write one key if it still has `etag` (empty: if there is no such key); with None, whatever is there.

        `ttl` is in seconds. A stale ETag raises EtagMismatch; a key that is there already, plain SidecarError.
        """
        item = common_v1.StateItem(key=key, value=data)
        if etag is not None:
            item.options.concurrency = _FIRST_WRITE
            if etag:
                item.etag.value = etag
        if ttl is not None:
            item.metadata["ttlInSeconds"] = str(ttl)
        await self._call("SaveState", api_v1.SaveStateRequest(store_name=store, states=[item]))

    async def delete(self, store: str, key: str) -> None:
        """Delete one key; one that is not there is no error."""
        await self._call("DeleteState", api_v1.DeleteStateRequest(store_name=store, key=key))

    async def delete_many(self, store: str, keys: Iterable[str]) -> None:
        """Delete several keys; not atomic."""
        states = [common_v1.StateItem(key=key) for key in keys]
        if states:
            await self._call("DeleteBulkState", api_v1.DeleteBulkStateRequest(store_name=store, states=states))

    # Pub/sub

    async def publish(self, pubsub: str, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Publish CloudEvents (with `id` and `partitionkey`) in their order; PublishFailed names those not taken."""
        entries = [
            api_v1.BulkPublishRequestEntry(
                entry_id=event["id"],
                event=orjson.dumps(event),
                content_type="application/cloudevents+json",
                metadata={"partitionKey": event["partitionkey"]},
            )
            for event in events
        ]
        request = api_v1.BulkPublishRequest(pubsub_name=pubsub, topic=topic, entries=entries)
        answer = await self._call("BulkPublishEventAlpha1", request)
        failed = frozenset(entry.entry_id for entry in answer.failedEntries)
        PUBLISHED.labels(topic).inc(len(entries) - len(failed))
        if failed:
            raise PublishFailed(topic, failed)

    # Jobs

    async def schedule(self, job: Job) -> None:
        """Schedule a job, in place of one of the same name."""
        policy = common_v1.JobFailurePolicyConstant(
            interval=Duration(seconds=int(job.interval), nanos=int(job.interval % 1 * 1e9)),
            max_retries=job.max_retries,
        )
        request = api_v1.ScheduleJobRequest(
            job=api_v1.Job(
                name=job.name,
                due_time=job.due.isoformat().replace("+00:00", "Z"),
                data=ProtoAny(type_url="type.googleapis.com/bytes", value=orjson.dumps(job.data)),
                failure_policy=common_v1.JobFailurePolicy(constant=policy),
            ),
            overwrite=True,
        )
        await self._call("ScheduleJobAlpha1", request)

    async def unschedule(self, name: str) -> None:
        """Delete a job; one that is not there is no error."""
        await self._call("DeleteJobAlpha1", api_v1.DeleteJobRequest(name=name))

    # Secrets and bindings

    async def secret(self, store: str, name: str) -> dict[str, str]:
        """Read a secret: its keys and values."""
        answer = await self._call("GetSecret", api_v1.GetSecretRequest(store_name=store, key=name))
        return dict(answer.data)

    async def bind(self, name: str, operation: str, data: bytes, metadata: Mapping[str, str]) -> bytes:
        """Invoke an output binding and return what it answered."""
        request = api_v1.InvokeBindingRequest(name=name, operation=operation, data=data, metadata=metadata)
        answer = await self._call("InvokeBinding", request, timeout=30)
        return bytes(answer.data)

    # Conversation

    async def converse(
        self,
        name: str,
        said: Sequence[conversation.Utterance],
        functions: Sequence[conversation.Function] = (),
        *,
        timeout: float = 30,  # noqa: ASYNC109 - passed on to the client
    ) -> conversation.Utterance:
        """Hand the language model of a component all that was said; return what it says, or wants called."""
        request = conversation.request(name, said, functions)
        return conversation.answer(await self._call("ConverseAlpha2", request, timeout=timeout))

    # Invocation and health

    async def invoke(
        self,
        app_id: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,  # noqa: ANN401 - a JSON document
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,  # noqa: ASYNC109 - passed on to the client
    ) -> Reply:
        """Call another service by its app id. Its answer, whatever the status, is the result; none is SidecarError."""
        sent = {**(headers or {}), **self.headers()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        url = f"{self.base_url}/v1.0/invoke/{app_id}/method{path}"
        data = orjson.dumps(body) if body is not None else None
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self.http.request(method, url, params=query, data=data, headers=sent, timeout=limit) as answer:
                SIDECAR_CALLS.labels("invoke", str(answer.status)).inc()
                return Reply(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            SIDECAR_CALLS.labels("invoke", "error").inc()
            raise SidecarError(f"{method} {path} of {app_id}: {error or type(error).__name__}") from error

    def headers(self) -> dict[str, str]:
        """Return what every HTTP call to the sidecar carries: the API token and the trace."""
        headers = {"traceparent": trace.traceparent()}
        if self._config.dapr_api_token:
            headers["dapr-api-token"] = self._config.dapr_api_token
        return headers

    async def healthy(self) -> bool:
        """Tell whether the sidecar answers and its components are ready."""
        try:
            async with self.http.get(
                f"{self.base_url}/v1.0/healthz/outbound",
                headers=self.headers(),
                timeout=aiohttp.ClientTimeout(total=2),
            ) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _call(self, operation: str, request: Any, *, timeout: float = 5) -> Any:  # noqa: ANN401, ASYNC109
        metadata = tuple(self.headers().items())
        try:
            answer = await getattr(self._stub, operation)(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            SIDECAR_CALLS.labels(operation, error.code().name).inc()
            if error.code() is grpc.StatusCode.ABORTED:
                raise EtagMismatch(f"{operation}: {error.details()}") from error
            raise SidecarError(f"{operation}: {error.code().name}: {error.details()}") from error
        SIDECAR_CALLS.labels(operation, "OK").inc()
        return answer
