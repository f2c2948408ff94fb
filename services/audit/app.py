"""The audit service, put together."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from components.catalogue import AUDIT
from components.model import Topic
from services.audit.endpoints import router
from services.audit.erasure import Erasure
from services.audit.records import UnrecordableError
from services.audit.trail import Trail
from services.kit import trace
from services.kit.app import Blueprint, Platform, create_app
from services.kit.config import Config
from services.kit.consumer import CloudEvent, Consumer, Poisoned, parsed
from services.kit.events import TaskEvent

_PERSON: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


def build(config: Config) -> FastAPI:
    """Return the audit service's application."""
    return create_app(
        Blueprint(app_id=AUDIT, title="Audit", routers=(router,), consumers=_consumers, run=_run),
        config,
    )


@asynccontextmanager
async def _run(app: FastAPI, platform: Platform) -> AsyncIterator[None]:
    app.state.trail = Trail(platform.sidecar)
    app.state.erasure = Erasure(platform.sidecar, app.state.trail)
    yield


def _consumers(app: FastAPI, _: Platform) -> Mapping[Topic, Consumer]:
    trail: Trail = app.state.trail

    async def take(delivered: CloudEvent) -> None:
        await take_together([delivered])

    async def take_together(delivered: Sequence[CloudEvent]) -> None:
        events = [_event(each) for each in delivered]
        trace.person.set(events[0].person)
        try:
            await trail.take(*events)
        except UnrecordableError as error:
            raise Poisoned(str(error)) from None

    return {Topic.TASK_EVENTS: Consumer(Topic.TASK_EVENTS, take, take_together)}


def _event(delivered: CloudEvent) -> TaskEvent:
    event = parsed(TaskEvent, delivered.data)
    if not _PERSON.fullmatch(event.person):
        raise Poisoned(f"{event.person[:128]!r} is no person's id")
    return event
