"""CloudEvents as daprd makes them from what an application publishes."""

import base64
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from infra.local.runtime.errors import cloud_event_invalid

CLOUD_EVENT: Final = "application/cloudevents+json"
JSON: Final = "application/json"
EVENT_TYPE: Final = "com.dapr.event.sent"
BULK_EVENT_TYPE: Final = "com.dapr.event.sent.bulk"

Envelope = dict[str, Any]


def media_type(content_type: str) -> str:
    """Return the type alone, lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def envelope(
    data: bytes,
    content_type: str,
    *,
    app_id: str,
    topic: str,
    pubsub: str,
    traceparent: str,
    metadata: dict[str, str],
) -> bytes:
    """Return the encoded CloudEvent: the payload as it is when it is one already, wrapped when it is not."""
    if media_type(content_type) == CLOUD_EVENT:
        event = _complete(data, traceparent)
    else:
        event = _wrap(data, content_type, app_id, traceparent, metadata)
    event["topic"] = topic
    event["pubsubname"] = pubsub
    ttl = metadata.get("ttlInSeconds", "")
    if ttl.isdigit():
        event["expiration"] = _timestamp(datetime.now(UTC) + timedelta(seconds=int(ttl)))
    return orjson.dumps(event)


def has_expired(event: bytes) -> bool:
    """Tell whether the event's time to live is over."""
    if b'"expiration"' not in event:
        return False
    expiration = orjson.loads(event).get("expiration")
    try:
        return datetime.fromisoformat(expiration) < datetime.now(UTC)
    except (TypeError, ValueError):
        return False


def bulk_envelope(entries: list[Envelope], topic: str, pubsub: str) -> bytes:
    """Return the body of a bulk delivery: entries of `entryId`, `event`, `contentType`, `metadata`."""
    return orjson.dumps(
        {
            "id": str(uuid.uuid4()),
            "type": BULK_EVENT_TYPE,
            "topic": topic,
            "pubsubname": pubsub,
            "metadata": {"pubsubName": pubsub},
            "entries": entries,
        }
    )


def _complete(data: bytes, traceparent: str) -> Envelope:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise cloud_event_invalid() from error
    if not isinstance(event, dict):
        raise cloud_event_invalid()
    event.setdefault("time", _timestamp(datetime.now(UTC)))
    if "traceid" not in event:
        event["traceid"] = traceparent
        event["traceparent"] = traceparent
    event.setdefault("tracestate", "")
    for name, default in (("source", "Dapr"), ("type", EVENT_TYPE), ("specversion", "1.0")):
        if event.get(name) is None:
            event[name] = default
    return event


def _wrap(data: bytes, content_type: str, app_id: str, traceparent: str, metadata: dict[str, str]) -> Envelope:
    given = {name.lower(): value for name, value in metadata.items() if value}
    trace = given.get("cloudevent.traceparent") or given.get("cloudevent.traceid") or traceparent
    content_type = content_type or "text/plain"
    event: Envelope = {
        "id": given.get("cloudevent.id") or str(uuid.uuid4()),
        "specversion": "1.0",
        "datacontenttype": content_type,
        "source": given.get("cloudevent.source") or app_id,
        "type": given.get("cloudevent.type") or EVENT_TYPE,
        "traceid": trace,
        "traceparent": trace,
        "tracestate": given.get("cloudevent.tracestate", ""),
        "time": _timestamp(datetime.now(UTC)),
        **_payload(data, media_type(content_type)),
    }
    if "cloudevent.subject" in given:
        event["subject"] = given["cloudevent.subject"]
    return event


def _payload(data: bytes, content_type: str) -> Envelope:
    if content_type == "application/octet-stream":
        return {"data_base64": base64.b64encode(data).decode()}
    if content_type == JSON:
        try:
            return {"data": orjson.loads(data)}
        except orjson.JSONDecodeError:
            pass
    return {"data": data.decode(errors="replace")}


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def new_traceparent() -> str:
    """Return a fresh trace context of the W3C form, not sampled."""
    trace = uuid.uuid4().hex
    return f"00-{trace}-{uuid.uuid4().hex[:16]}-00"
