"""Consuming topics: the subscriptions that Dapr asks for, and the promise that nothing is lost and nothing blocks.

A handler that returns has taken the event. One that raises Poisoned could never take it: the event goes to the
service's own record, is counted, and dropped. Any other error is about now, not about the event: Dapr tries again.

Events that come in bulk are taken person by person: those of one in their order, and none after one that has to come
again; those of several at once.
"""

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from components.catalogue import STATE_STORE
from components.model import Service, Subscription, Topic
from services.kit import trace
from services.kit.ids import uuid7
from services.kit.metrics import CONSUMED, EVENT_LAG
from services.kit.sidecar import Sidecar, SidecarError

log = logging.getLogger(__name__)

_POISONED_DAYS: Final = 30
_PEOPLE_AT_ONCE: Final = 16

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
    traceparent: str | None = None
    data: Any = None


class BulkEntry(BaseModel):
    """One event of a bulk delivery; `entry_id` is what its answer is given under."""

    entry_id: str = Field(alias="entryId")
    event: Any = None

    @property
    def key(self) -> str:
        """The event's partition key: a person, within whose events the order counts."""
        key = self.event.get("partitionkey") if isinstance(self.event, dict) else None
        return key if isinstance(key, str) else ""


class BulkDelivery(BaseModel):
    """What the sidecar posts to a subscription in bulk."""

    entries: list[BulkEntry]


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


def _read(delivered: object) -> CloudEvent:
    """Return the event that was delivered, as bytes or as a document."""
    try:
        if isinstance(delivered, bytes):
            return CloudEvent.model_validate_json(delivered)
        return CloudEvent.model_validate(delivered)
    except ValidationError as error:
        raise Poisoned(f"not a CloudEvent: {shape(error)}") from None


@dataclass(frozen=True, slots=True)
class Consumer:
    """How a service takes the events of one topic.

    `handle_together` takes several of one person at less cost than one by one, all or none. Where it raises, whatever
    it is, each is handled by itself, and finds out what is wrong with which.
    """

    topic: Topic
    handle: Callable[[CloudEvent], Awaitable[None]]
    handle_together: Callable[[Sequence[CloudEvent]], Awaitable[None]] | None = None


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
            receiver = self._bulk_receiver if subscription.bulk else self._receiver
            router.add_route(subscription.route, receiver(consumer), methods=["POST"])
        return router

    async def _subscriptions(self) -> list[dict[str, Any]]:
        return [_announcement(subscription) for subscription in self._service.subscribes]

    def _receiver(self, consumer: Consumer) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            return _json({"status": await self._take(consumer, await request.body())})

        return receive

    def _bulk_receiver(self, consumer: Consumer) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            body = await request.body()
            try:
                delivery = BulkDelivery.model_validate_json(body)
            except ValidationError as error:
                # Nothing can be said of its entries; what is dropped with it is read from the log, at the next event.
                status = await self._poisoned(consumer.topic, body, f"not a bulk delivery: {shape(error)}")
                return Response(status_code=404 if status == "DROP" else 503)
            statuses = await self._take_all(consumer, delivery.entries)
            return _json({"statuses": [{"entryId": entry, "status": status} for entry, status in statuses.items()]})

        return receive

    async def _take_all(self, consumer: Consumer, entries: Sequence[BulkEntry]) -> dict[str, str]:
        """Return what is to be said of each entry, by its id."""
        people: defaultdict[str, list[BulkEntry]] = defaultdict(list)
        for entry in entries:
            people[entry.key].append(entry)
        slots = asyncio.Semaphore(_PEOPLE_AT_ONCE)

        async def take(given: Sequence[BulkEntry]) -> list[str]:
            async with slots:
                return await self._take_in_order(consumer, [entry.event for entry in given])

        taken = await asyncio.gather(*(take(given) for given in people.values()))
        return {
            entry.entry_id: status
            for given, statuses in zip(people.values(), taken, strict=True)
            for entry, status in zip(given, statuses, strict=True)
        }

    async def _take_in_order(self, consumer: Consumer, events: Sequence[object]) -> list[str]:
        if len(events) > 1 and await self._taken_together(consumer, events):
            CONSUMED.labels(consumer.topic.value, "SUCCESS").inc(len(events))
            return ["SUCCESS"] * len(events)
        statuses: list[str] = []
        for event in events:
            statuses.append(await self._take(consumer, event))
            if statuses[-1] == "RETRY":
                break
        return statuses + ["RETRY"] * (len(events) - len(statuses))

    async def _taken_together(self, consumer: Consumer, events: Sequence[object]) -> bool:
        if consumer.handle_together is None:
            return False
        try:
            read = [_read(event) for event in events]
            _enter(read[0])
            await consumer.handle_together(read)
        except Exception as error:  # noqa: BLE001 - whatever it is, each event by itself says it again
            log.info("%d events are taken one by one: %s", len(events), type(error).__name__)
            return False
        for event in read:
            _observe_lag(consumer.topic, event)
        return True

    async def _take(self, consumer: Consumer, delivered: object) -> str:
        status = await self._outcome(consumer, delivered)
        CONSUMED.labels(consumer.topic.value, status).inc()
        return status

    async def _outcome(self, consumer: Consumer, delivered: object) -> str:
        trace.event_id.set("")
        try:
            event = _read(delivered)
            _enter(event)
            _observe_lag(consumer.topic, event)
            await consumer.handle(event)
        except Poisoned as error:
            body = delivered if isinstance(delivered, bytes) else to_json(delivered)
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


def _announcement(subscription: Subscription) -> dict[str, Any]:
    announced: dict[str, Any] = {
        "pubsubname": subscription.component,
        "topic": subscription.topic.value,
        "route": subscription.route,
    }
    if bulk := subscription.bulk:
        announced["bulkSubscribe"] = {
            "enabled": True,
            "maxMessagesCount": bulk.max_events,
            "maxAwaitDurationMs": bulk.max_wait_ms,
        }
    return announced


def _enter(event: CloudEvent) -> None:
    """Let what is logged and called from now on be about this event."""
    if event.traceparent:
        trace.enter(event.traceparent)
    trace.event_id.set(event.id)


def _observe_lag(topic: Topic, event: CloudEvent) -> None:
    if event.time:
        EVENT_LAG.labels(topic.value).observe(max(0.0, (datetime.now(UTC) - event.time).total_seconds()))


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
