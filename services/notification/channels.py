"""The three ways to reach a person. A channel tries once and says what came of it; others decide when to try again."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson

from components.catalogue import EMAIL_BINDING, NOTIFICATION, PUBSUB
from components.model import Topic
from services.kit.consumer import cloud_event
from services.kit.events import NOTIFICATION_TYPE, NotificationUpdate
from services.kit.sidecar import Sidecar, SidecarError
from services.notification.guard import Guard, Refused
from services.notification.metrics import ATTEMPTS
from services.notification.models import Channel, Result, Settings
from services.notification.signing import Keys, signed_headers
from services.notification.text import Text, html_body

log = logging.getLogger(__name__)

_EMAIL_SECONDS: Final = 20
_TRANSIENT: Final = frozenset({408, 429})
_SMTP_REPLY: Final = re.compile(r"\b[45]\d\d [45]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `id` stays the same however often, `type` and `data` are for programs, `text` is for people.

    `notification` is what the open pages get.
    """

    id: str
    person: str
    type: str
    text: Text
    data: Mapping[str, Any]
    notification: Mapping[str, Any]


class Channels:
    """The senders of every channel."""

    def __init__(self, sidecar: Sidecar, guard: Guard, keys: Keys) -> None:
        self._sidecar = sidecar
        self._guard = guard
        self._keys = keys
        self._senders = {
            Channel.IN_APP: self._in_app,
            Channel.EMAIL: self._email,
            Channel.WEBHOOK: self._webhook,
        }
        self._one_mail = asyncio.Lock()

    async def send(self, channel: Channel, message: Message, settings: Settings) -> Result:
        """Try one channel once; whatever goes wrong is in the result."""
        try:
            result = await self._senders[channel](message, settings)
        except SidecarError as error:
            log.warning("%s: %s", channel, error)
            result = Result(error="the platform could not send it just now")
        ATTEMPTS.labels(channel.value, "failed" if result.error else "delivered").inc()
        return result

    async def _in_app(self, message: Message, _: Settings) -> Result:
        update = NotificationUpdate(person=message.person, notification=dict(message.notification))
        event = cloud_event(
            f"{message.id}:notification",
            NOTIFICATION_TYPE,
            NOTIFICATION,
            message.person,
            update.model_dump(mode="json"),
        )
        await self._sidecar.publish(PUBSUB, Topic.TASK_UPDATES, [event])
        return Result()

    async def _email(self, message: Message, settings: Settings) -> Result:
        if not settings.email.address:
            return Result(error="there is no e-mail address in the settings", permanent=True)
        metadata = {"emailTo": settings.email.address, "subject": message.text.subject}
        try:
            # Dapr's binding keeps what one request says in a place that all of its requests share: two at once could
            # send a person's mail to another.
            async with self._one_mail, asyncio.timeout(_EMAIL_SECONDS):
                body = html_body(message.text, message.id)
                await self._sidecar.bind(EMAIL_BINDING, "create", body, metadata)
        except TimeoutError:
            return Result(error=f"the mail server did not answer within {_EMAIL_SECONDS} seconds")
        except SidecarError as error:
            log.warning("email: %s", error)
            reply = _SMTP_REPLY.search(str(error))
            return Result(error=f"the mail server did not take it{f' ({reply[0]})' if reply else ''}")
        return Result()

    async def _webhook(self, message: Message, settings: Settings) -> Result:
        if not settings.webhook.url:
            return Result(error="there is no webhook URL in the settings", permanent=True)
        body = orjson.dumps({"type": message.type, "timestamp": message.data["at"], "data": message.data})
        key = await self._keys.of(message.person)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "task-platform-webhooks/1",
            **signed_headers(key, message.id, int(time.time()), body),
        }
        try:
            return _judged(await self._guard.post(settings.webhook.url, body, headers))
        except Refused as refusal:
            return Result(error=f"the webhook URL {refusal}", permanent=True)
        except aiohttp.ClientConnectorCertificateError:
            return Result(error="the receiver's TLS certificate is not valid for its name")
        except TimeoutError:
            return Result(error="the receiver did not answer in time")
        except (aiohttp.ClientError, OSError) as error:
            log.info("webhook: %s", error)
            return Result(error="the receiver cannot be reached, or does not speak HTTP")


def _judged(status: int) -> Result:
    """Return what an HTTP status means: 2xx is a delivery; of the others, those that may pass are tried again."""
    if 200 <= status < 300:
        return Result()
    if status == 410:
        return Result(
            error="the receiver answered 410 Gone, so the webhook was switched off", permanent=True, gone=True
        )
    if 300 <= status < 400:
        return Result(error=f"the receiver answered {status}; redirects are not followed", permanent=True)
    return Result(error=f"the receiver answered {status}", permanent=status < 500 and status not in _TRANSIENT)
