"""Consuming topics: the subscriptions that Dapr asks for, and the promise that nothing is lost and nothing blocks.

A handler that returns has taken the event. One that raises Poisoned could never take it: the event goes to the
service's own record, is counted, and dropped. Any other error is about now, not about the event: Dapr tries again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

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
_POISONED_BYTES: Final = 64 * 1024


class Poisoned(Exception):
    """An event that can never be handled; the message says why."""


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
            event = CloudEvent.model_validate_json(body)
            trace.event_id.set(event.id)
            if event.time:
                EVENT_LAG.labels(consumer.topic.value).observe(
                    max(0.0, (datetime.now(UTC) - event.time).total_seconds())
                )
            await consumer.handle(event)
        except (Poisoned, ValidationError) as error:
            return await self._poisoned(consumer.topic, body, error)
        except SidecarError as error:
            log.warning("cannot take the event now, will be tried again: %s", error)
            return "RETRY"
        except Exception:
            log.exception("taking the event failed, will be tried again")
            return "RETRY"
        return "SUCCESS"

    async def _poisoned(self, topic: Topic, body: bytes, error: Exception) -> str:
        log.error("poisoned event on %s dropped: %s", topic.value, error)
        if not self._service.state:
            return "DROP"
        now = datetime.now(UTC)
        record = {
            "topic": topic.value,
            "at": now.isoformat(),
            "reason": str(error)[:2000],
            "body": body[:_POISONED_BYTES].decode("utf-8", "replace"),
        }
        key = f"poisoned/{now:%Y-%m-%d}/{uuid7()}"
        try:
            await self._sidecar.save(STATE_STORE, key, orjson.dumps(record), ttl=_POISONED_DAYS * 86_400)
        except SidecarError as failure:
            log.warning("the poisoned event cannot be recorded now, will be tried again: %s", failure)
            return "RETRY"
        return "DROP"
