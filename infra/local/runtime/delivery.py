"""One delivery of messages to an application, and what its answer means.

A partition waits behind a message that is to be tried again, so an answer says how many messages, from the first on,
are done.
"""

import logging
import re
from typing import Any, Final

import aiohttp
import orjson

from infra.local.runtime.applications import Application
from infra.local.runtime.cloudevents import CLOUD_EVENT, JSON, bulk_envelope, has_expired
from infra.local.runtime.invocation import HOP_BY_HOP
from infra.local.runtime.subscriptions import Subscription
from infra.local.runtime.topics import Message

log = logging.getLogger(__name__)

SUCCESS: Final = "SUCCESS"
DROP: Final = "DROP"
NOT_FOUND: Final = 404
RESERVED_HEADERS: Final = HOP_BY_HOP | {"content-type", "content-length", "host", "expect"}
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


async def deliver(application: Application, subscription: Subscription, partition: int, messages: list[Message]) -> int:
    """Deliver the messages of a partition and return how many of them are done."""
    live = [message for message in messages if not has_expired(message.event)]
    if not live:
        return len(messages)
    try:
        if subscription.bulk:
            done = await _deliver_bulk(application, subscription, partition, live)
        else:
            done = await _deliver_one(application, subscription, partition, live[0])
    except (aiohttp.ClientError, OSError) as error:
        log.debug("%s did not take an event of %s: %s", application.app_id, subscription.topic, error)
        return 0
    if done == len(live):
        return len(messages) if subscription.bulk else messages.index(live[0]) + 1
    return messages.index(live[done])


async def _deliver_one(application: Application, subscription: Subscription, partition: int, message: Message) -> int:
    headers = _headers(_metadata(subscription, partition, message))
    status, body = await application.post(subscription.route, CLOUD_EVENT, message.event, **headers)
    if not 200 <= status < 300:
        return _refused(application, subscription, status, body)
    verdict = _verdict(body)
    if verdict == DROP:
        log.warning("%s dropped an event of %s", application.app_id, subscription.topic)
    elif verdict != SUCCESS:
        log.info("%s asks for an event of %s again: %s", application.app_id, subscription.topic, verdict)
        return 0
    return 1


async def _deliver_bulk(
    application: Application, subscription: Subscription, partition: int, messages: list[Message]
) -> int:
    entries = [
        {
            "entryId": str(number),
            "event": orjson.Fragment(message.event),
            "contentType": CLOUD_EVENT,
            "metadata": _metadata(subscription, partition, message),
        }
        for number, message in enumerate(messages)
    ]
    body = bulk_envelope(entries, subscription.topic, subscription.pubsub)
    status, answer = await application.post(subscription.route, JSON, body, pubsubName=subscription.pubsub)
    if not 200 <= status < 300:
        return _refused(application, subscription, status, answer) and len(messages)
    return _done_in_bulk(answer, len(messages))


def _headers(metadata: dict[str, str]) -> dict[str, str]:
    """Return what of the metadata can be headers; a publisher must not be able to block a partition by its names."""
    return {
        name: value
        for name, value in metadata.items()
        if name.lower() not in RESERVED_HEADERS and _NAME.fullmatch(name) and value.isprintable()
    }


def _refused(application: Application, subscription: Subscription, status: int, body: bytes) -> int:
    """Return 1 when the refusal is final: daprd drops on 404, and retries on every other."""
    log.warning("%s answered %d to an event of %s: %.200s", application.app_id, status, subscription.topic, body)
    return 1 if status == NOT_FOUND else 0


def _verdict(body: bytes) -> str:
    """Return the status that the answer carries; an answer without one that can be read is a success."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return SUCCESS
    status = answer.get("status") if isinstance(answer, dict) else None
    return str(status) if status else SUCCESS


def _done_in_bulk(body: bytes, count: int) -> int:
    """Return how many entries from the first on are done; an entry without a status is not."""
    try:
        statuses: list[Any] = orjson.loads(body)["statuses"]
        verdicts = {str(status["entryId"]): status.get("status") for status in statuses}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return 0
    for number in range(count):
        if verdicts.get(str(number)) not in (SUCCESS, DROP):
            return number
    return count


def _metadata(subscription: Subscription, partition: int, message: Message) -> dict[str, str]:
    found = {
        **message.metadata,
        "__offset": str(message.offset),
        "__partition": str(partition),
        "__topic": subscription.topic,
        "__timestamp": str(int(message.published * 1000)),
        "pubsubName": subscription.pubsub,
    }
    key = message.metadata.get("partitionKey")
    return {**found, "__key": key} if key else found
