"""The recurring-task service, put together."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from components.catalogue import RECURRING_TASK
from components.model import Topic
from services.kit import trace
from services.kit.app import Blueprint, Platform, create_app
from services.kit.config import Config
from services.kit.consumer import CloudEvent, Consumer, Poisoned, parsed
from services.kit.events import TaskEvent
from services.recurring_task.endpoints import PERSON, router
from services.recurring_task.occurrences import Occurrences
from services.recurring_task.standing import Standings


def build(config: Config) -> FastAPI:
    """Return the recurring-task service's application."""
    return create_app(
        Blueprint(app_id=RECURRING_TASK, title="Recurring tasks", routers=(router,), consumers=_consumers, run=_run),
        config,
    )


@asynccontextmanager
async def _run(app: FastAPI, platform: Platform) -> AsyncIterator[None]:
    standings = Standings(platform.sidecar)
    app.state.occurrences = Occurrences(platform.sidecar, standings)
    async with standings.flushing():
        yield


def _consumers(app: FastAPI, _: Platform) -> Mapping[Topic, Consumer]:
    occurrences: Occurrences = app.state.occurrences

    async def take(delivered: CloudEvent) -> None:
        event = parsed(TaskEvent, delivered.data)
        if not re.fullmatch(PERSON, event.person):
            raise Poisoned(f"{event.person[:128]!r} is no person's id")
        trace.person.set(event.person)
        await occurrences.take(event)

    return {Topic.TASK_EVENTS: Consumer(Topic.TASK_EVENTS, take)}
