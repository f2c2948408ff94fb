"""What an application subscribes to: it says so itself, at `GET /dapr/subscribe`."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from multidict import CIMultiDict
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from infra.local.runtime.applications import Application

log = logging.getLogger(__name__)

DEFAULT_BULK = 100


class _Routes(BaseModel):
    default: str = ""
    rules: list[object] = []


class _Bulk(BaseModel):
    enabled: bool = False
    count: Annotated[int, Field(alias="maxMessagesCount", ge=0)] = DEFAULT_BULK


class _Announced(BaseModel):
    pubsub: Annotated[str, Field(alias="pubsubname")]
    topic: str
    route: str = ""
    routes: _Routes = _Routes()
    bulk: Annotated[_Bulk, Field(alias="bulkSubscribe")] = _Bulk()
    dead_letter: Annotated[str, Field(alias="deadLetterTopic")] = ""


_ANNOUNCED = TypeAdapter(list[_Announced])


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic, delivered to one route; `bulk` is the most messages in one delivery, 0 for one by one."""

    pubsub: str
    topic: str
    route: str
    bulk: int


async def announced(application: Application) -> list[Subscription]:
    """Ask the application; an answer of 404 means none.

    Raises ValueError for an answer that cannot be read, aiohttp.ClientError when there is none.
    """
    headers = CIMultiDict({"Content-Type": "application/json", "dapr-app-id": application.app_id})
    async with application.request("GET", "/dapr/subscribe", headers=headers) as response:
        if response.status == HTTPStatus.NOT_FOUND:
            return []
        if not response.ok:
            raise ValueError(f"/dapr/subscribe of {application.app_id} answered {response.status}")
        body = await response.read()
    try:
        found = _ANNOUNCED.validate_json(body or b"[]")
    except ValidationError as error:
        raise ValueError(f"/dapr/subscribe of {application.app_id} cannot be read: {error}") from error
    for item in found:
        if item.routes.rules or item.dead_letter:
            log.error("%s: routing rules and dead-letter topics are not offered, and ignored", item.topic)
    return [_subscription(item) for item in found if item.route or item.routes.default]


def _subscription(item: _Announced) -> Subscription:
    route = "/" + (item.routes.default or item.route).lstrip("/")
    bulk = (item.bulk.count or DEFAULT_BULK) if item.bulk.enabled else 0
    return Subscription(item.pubsub, item.topic, route, bulk)
