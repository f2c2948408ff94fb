"""The HTTP API other than invocation: each route reads its JSON, calls the sidecar and words the answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from dapr.proto.runtime.v1.jobs_pb2 import Job
from google.protobuf import json_format, struct_pb2
from grpc import StatusCode

from infra.local.runtime.cloudevents import JSON, media_type, new_traceparent
from infra.local.runtime.errors import DaprError, malformed
from infra.local.runtime.metadata import describe
from infra.local.runtime.protobuf_json import document
from infra.local.runtime.pubsub import Entry
from infra.local.runtime.sidecar import Sidecar
from infra.local.runtime.state import Value, Write


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, read: the parts of its path that the route leaves open, query, headers and body."""

    sidecar: Sidecar
    arguments: list[str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body, read as JSON."""
        try:
            found: object = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise malformed(f"failed deserializing HTTP body: {error}") from error
        return found

    @property
    def metadata(self) -> dict[str, str]:
        """The query parameters that begin with `metadata.`."""
        prefix = "metadata."
        return {name.removeprefix(prefix): value for name, value in self.query.items() if name.startswith(prefix)}

    @property
    def traceparent(self) -> str:
        """The caller's trace context, or a new one."""
        return self.headers.get("traceparent") or new_traceparent()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; by default nothing, with 204."""

    status: int = 204
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[Exchange], Awaitable[Answer]]
NOTHING: Final = Answer()


def _json(value: object) -> Answer:
    return Answer(200, orjson.dumps(value))


async def get_state(exchange: Exchange) -> Answer:
    """Answer the value with its ETag, or 204."""
    store, key = exchange.arguments
    found = exchange.sidecar.state(store).get(key)
    if found is None:
        return NOTHING
    metadata = {f"metadata.{name}": value for name, value in found.metadata.items()}
    return Answer(200, found.data, {"ETag": found.etag, **metadata})


async def save_state(exchange: Exchange) -> Answer:
    """Write a list of `key`, `value`, `etag`, `options`, `metadata`."""
    store = exchange.sidecar.state(exchange.arguments[0])
    items = _list_of_objects(exchange.json())
    if not all(item.get("key") for item in items):
        raise malformed('"key" is a required field')
    try:
        await store.save([_write(item, exchange.metadata, delete=False) for item in items])
    except DaprError as error:
        raise _conflict(error) from error
    return NOTHING


async def delete_state(exchange: Exchange) -> Answer:
    """Delete one key, `If-Match` its ETag."""
    store, key = exchange.arguments
    concurrency = exchange.query.get("concurrency", "")
    write = Write(key, None, exchange.headers.get("If-Match", ""), concurrency)
    try:
        await exchange.sidecar.state(store).delete(write)
    except DaprError as error:
        raise _conflict(error) from error
    return NOTHING


async def get_bulk_state(exchange: Exchange) -> Answer:
    """Answer a list of `key`, `data`, `etag` for `keys`."""
    store = exchange.sidecar.state(exchange.arguments[0])
    keys = [str(key) for key in _object(exchange.json()).get("keys") or []]
    values = store.get_many(keys)
    return _json([{"key": key, **_item(values.get(key))} for key in keys])


def _item(found: Value | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {"data": orjson.Fragment(found.data), "etag": found.etag, "metadata": found.metadata}


async def transact(exchange: Exchange) -> Answer:
    """Apply all `operations` or none."""
    store = exchange.sidecar.state(exchange.arguments[0])
    writes = []
    for operation in _list_of_objects(_object(exchange.json()).get("operations") or []):
        kind = operation.get("operation")
        if kind not in ("upsert", "delete"):
            message = f"operation type {kind} not supported"
            raise DaprError(StatusCode.INVALID_ARGUMENT, "ERR_NOT_SUPPORTED_STATE_OPERATION", message)
        item = _object(operation.get("request"))
        writes.append(_write(item, exchange.metadata, delete=kind == "delete"))
    if writes:
        await store.transact(writes)
    return NOTHING


async def publish(exchange: Exchange) -> Answer:
    """Publish the body as one event."""
    name, topic = exchange.arguments
    content_type = exchange.headers.get("Content-Type", "")
    entry = Entry("", exchange.body, content_type, exchange.metadata)
    sidecar = exchange.sidecar
    await sidecar.services.pubsub.publish(sidecar.application, name, topic, [entry], exchange.traceparent)
    return NOTHING


async def publish_bulk(exchange: Exchange) -> Answer:
    """Publish a list of `entryId`, `event`, `contentType`, `metadata`."""
    name, topic = exchange.arguments
    entries = [_entry(item, exchange.metadata) for item in _list_of_objects(exchange.json())]
    sidecar = exchange.sidecar
    await sidecar.services.pubsub.publish_bulk(sidecar.application, name, topic, entries, exchange.traceparent)
    return NOTHING


async def invoke_binding(exchange: Exchange) -> Answer:
    """Invoke an output binding with `operation`, `metadata`, `data`."""
    request = _object(exchange.json())
    data = orjson.dumps(request.get("data"))
    metadata = _strings(request.get("metadata"))
    await exchange.sidecar.invoke_binding(exchange.arguments[0], str(request.get("operation") or ""), metadata, data)
    return NOTHING


async def get_secret(exchange: Exchange) -> Answer:
    """Answer keys and values of one secret."""
    return _json(exchange.sidecar.secret(*exchange.arguments))


async def get_bulk_secret(exchange: Exchange) -> Answer:
    """Answer every secret that the app is given."""
    return _json(exchange.sidecar.secrets(exchange.arguments[0]))


async def schedule_job(exchange: Exchange) -> Answer:
    """Schedule a job of `schedule`, `dueTime`, `repeats`, `ttl`, `data`, `failurePolicy`, `overwrite`."""
    request = dict(_object(exchange.json()))
    if request.get("name"):
        raise DaprError(StatusCode.INVALID_ARGUMENT, "DAPR_SCHEDULER_JOB_NAME", "Set the job name in the url only")
    has_data, data = "data" in request, request.pop("data", None)  # null is data too
    overwrite = request.pop("overwrite", None) is True
    try:
        job = json_format.ParseDict(request | {"name": exchange.arguments[0]}, Job())
        if has_data:
            job.data.Pack(json_format.ParseDict(data, struct_pb2.Value()))
    except json_format.ParseError as error:
        raise malformed(f"failed deserializing HTTP body: {error}") from error
    sidecar = exchange.sidecar
    await sidecar.services.jobs.schedule(sidecar.app_id, job, overwrite=overwrite)
    return NOTHING


async def get_job(exchange: Exchange) -> Answer:
    """Answer one job."""
    job = exchange.sidecar.services.jobs.get(exchange.sidecar.app_id, exchange.arguments[0])
    try:
        return _json(document(job))
    except TypeError as error:  # data of a type that JSON has no form for
        raise DaprError(StatusCode.INTERNAL, "ERR_INTERNAL", str(error)) from error


async def delete_job(exchange: Exchange) -> Answer:
    """Delete one job, if it is there."""
    await exchange.sidecar.services.jobs.delete(exchange.sidecar.app_id, exchange.arguments[0])
    return NOTHING


async def get_metadata(exchange: Exchange) -> Answer:
    """Describe the sidecar; the rules of a subscription are a list here, and not a message that holds one."""
    found = document(describe(exchange.sidecar))
    for subscription in found.get("subscriptions", []):
        subscription["rules"] = subscription["rules"]["rules"]
    return _json(found)


async def set_metadata(exchange: Exchange) -> Answer:
    """Keep an attribute for as long as the runtime runs."""
    exchange.sidecar.extended_metadata[exchange.arguments[0]] = exchange.body.decode(errors="replace")
    return NOTHING


async def healthz(exchange: Exchange) -> Answer:
    """Answer 204 once the application listens and has subscribed."""
    if exchange.sidecar.application.ready:
        return NOTHING
    raise DaprError(StatusCode.INTERNAL, "ERR_HEALTH_NOT_READY", "dapr is not ready: [app]")


async def healthz_outbound(_exchange: Exchange) -> Answer:
    """Answer 204: the building blocks can be used, whether or not the application is there."""
    return NOTHING


def _routes() -> dict[tuple[str, tuple[str, ...]], Route]:
    """Return the routes; the first that matches is taken."""
    table: list[tuple[str, str, Route]] = [
        ("GET", "v1.0/healthz", healthz),
        ("GET", "v1.0/healthz/outbound", healthz_outbound),
        ("POST PUT", "v1.0/state/{}/bulk", get_bulk_state),
        ("POST PUT", "v1.0/state/{}/transaction", transact),
        ("GET", "v1.0/state/{}/{}", get_state),
        ("DELETE", "v1.0/state/{}/{}", delete_state),
        ("POST PUT", "v1.0/state/{}", save_state),
        ("POST PUT", "v1.0-alpha1/publish/bulk/{}/*", publish_bulk),
        ("POST PUT", "v1.0/publish/bulk/{}/*", publish_bulk),
        ("POST PUT", "v1.0/publish/{}/*", publish),
        ("POST PUT", "v1.0/bindings/{}", invoke_binding),
        ("GET", "v1.0/secrets/{}/bulk", get_bulk_secret),
        ("GET", "v1.0/secrets/{}/{}", get_secret),
        ("POST", "v1.0-alpha1/jobs/{}", schedule_job),
        ("GET", "v1.0-alpha1/jobs/{}", get_job),
        ("DELETE", "v1.0-alpha1/jobs/{}", delete_job),
        ("POST", "v1.0/jobs/{}", schedule_job),
        ("GET", "v1.0/jobs/{}", get_job),
        ("DELETE", "v1.0/jobs/{}", delete_job),
        ("GET", "v1.0/metadata", get_metadata),
        ("PUT", "v1.0/metadata/{}", set_metadata),
    ]
    return {
        (method, tuple(pattern.split("/"))): route for methods, pattern, route in table for method in methods.split()
    }


ROUTES: Final = _routes()


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed("failed deserializing HTTP body: an object is expected")
    return value


def _list_of_objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise malformed("failed deserializing HTTP body: a list is expected")
    return [_object(item) for item in value]


def _strings(value: object) -> dict[str, str]:
    return {name: str(text) for name, text in _object(value or {}).items()}


def _write(item: dict[str, Any], metadata: dict[str, str], *, delete: bool) -> Write:
    options = _object(item.get("options") or {})
    return Write(
        str(item.get("key") or ""),
        None if delete else orjson.dumps(item.get("value")),
        str(item.get("etag") or ""),
        str(options.get("concurrency") or ""),
        _strings(item.get("metadata")) | metadata,
    )


def _entry(item: dict[str, Any], shared: dict[str, str]) -> Entry:
    content_type = str(item.get("contentType") or "")
    event = item.get("event")
    is_text = isinstance(event, str) and not media_type(content_type).endswith("json")
    data = str(event).encode() if is_text else orjson.dumps(event)
    identity = str(item.get("entryId") or "")
    return Entry(identity, data, content_type or JSON, _strings(item.get("metadata")) | shared)


def _conflict(error: DaprError) -> DaprError:
    """Return the error as HTTP has it: an ETag conflict is 409, any other failure of the store 500."""
    if error.code in (StatusCode.ABORTED, StatusCode.INVALID_ARGUMENT):
        return error
    return DaprError(error.code, error.error_code, error.message, status=500)
