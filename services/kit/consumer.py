"""Consuming topics: the subscriptions that Dapr asks for, and the promise that nothing is lost and nothing blocks.

A handler that returns has taken the event. One that raises Poisoned could never take it: the event goes to the
service's own record, is counted, and dropped. Any other error is about now, not about the event: Dapr tries again.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from components.catalogue import STATE_STORE
from components.model import Service, Topic
from services.kit import trace
from services.kit.ids import uuid7
from services.kit.metrics import CONSUMED, EVENT_LAG
from services.kit.sidecar import Sidecar, SidecarError

log = logging.getLogger(__name__)

_POISONED_DAYS: Final = 30


M = TypeVar("M", bound=BaseModel)


class Poisoned(Exception):
    """An event that can never be handled; the message says why."""


def shape(error: ValidationError) -> str:
    """Return where and how a document is wrong, without a word of what it says."""
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['type']}" for e in error.errors()[:10])


def parsed(model: type[M], document: object) -> M:
    """Return an event's document as a model, whatever newer fields it has; Poisoned where it is not one."""
    try:
        return model.model_validate(document, extra="ignore")
    except ValidationError as error:
        raise Poisoned(f"not a {model.__name__}: {shape(error)}") from None


class CloudEvent(BaseModel):
    """A CloudEvent 1.0 as the sidecar delivers it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    type: str
    source: str = ""
    time: AwareDatetime | None = None
    data: Any = None


def cloud_event(event_id: str, type_: str, source: str, person: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent 1.0 for publishing; its `partitionkey` is the person, whose events keep their order."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "type": type_,
        "source": source,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": person,
        "traceparent": trace.traceparent(),
        "data": data,
    }


def _delivered(body: bytes) -> CloudEvent:
    try:
        return CloudEvent.model_validate_json(body)
    except ValidationError as error:
        raise Poisoned(f"not a CloudEvent: {shape(error)}") from None


@dataclass(frozen=True, slots=True)
class Consumer:
    """How a service takes the events of one topic."""

    topic: Topic
    handle: Callable[[CloudEvent], Awaitable[None]]


class Consumers:
    """The subscriptions of one service, as the two kinds of calls that its sidecar makes."""

    def __init__(self, service: Service, sidecar: Sidecar, consumers: Mapping[Topic, Consumer]) -> None:
        self._service = service
        self._sidecar = sidecar
        self._consumers = consumers

    def router(self) -> APIRouter:
        """Return the routes: `GET /dapr/subscribe`, and one POST for every topic."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/dapr/subscribe", self._subscriptions, methods=["GET"])
        for subscription in self._service.subscribes:
            consumer = self._consumers[subscription.topic]
            router.add_route(subscription.route, self._receiver(consumer), methods=["POST"])
        return router

    async def _subscriptions(self) -> list[dict[str, str]]:
        return [{"pubsubname": s.component, "topic": s.topic.value, "route": s.route} for s in self._service.subscribes]

    def _receiver(self, consumer: Consumer) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            status = await self._take(consumer, await request.body())
            CONSUMED.labels(consumer.topic.value, status).inc()
            return Response(orjson.dumps({"status": status}), media_type="application/json")

        return receive

    async def _take(self, consumer: Consumer, body: bytes) -> str:
        try:
            event = _delivered(body)
            trace.event_id.set(event.id)
            if event.time:
                EVENT_LAG.labels(consumer.topic.value).observe(
                    max(0.0, (datetime.now(UTC) - event.time).total_seconds())
                )
            await consumer.handle(event)
        except Poisoned as error:
            return await self._poisoned(consumer.topic, body, str(error))
        except SidecarError as error:
            log.warning("cannot take the event now, will be tried again: %s", error)
            return "RETRY"
        except ValidationError as error:
            log.error("taking the event needs what cannot be read, will be tried again: %s", shape(error))  # noqa: TRY400 - a trace would tell what a person wrote
            return "RETRY"
        except Exception:
            log.exception("taking the event failed, will be tried again")
            return "RETRY"
        return "SUCCESS"

    async def _poisoned(self, topic: Topic, body: bytes, reason: str) -> str:
        log.error("poisoned event on %s dropped: %s", topic.value, reason)
        if not self._service.state:
            return "DROP"
        now = datetime.now(UTC)
        # Its content may be a person's, whom an erasure could not find here: what is kept leads to it in the stream.
        record = {
            "topic": topic.value,
            "event": trace.event_id.get() or None,
            "at": now.isoformat(),
            "reason": reason[:2000],
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        key = f"poisoned/{now:%Y-%m-%d}/{uuid7()}"
        try:
            await self._sidecar.save(STATE_STORE, key, orjson.dumps(record), ttl=_POISONED_DAYS * 86_400)
        except SidecarError as failure:
            log.warning("the poisoned event cannot be recorded now, will be tried again: %s", failure)
            return "RETRY"
        return "DROP"
