"""The notification service as an application."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI

from components.catalogue import NOTIFICATION
from components.model import Topic
from services.kit.app import Blueprint, Platform, create_app
from services.kit.config import Config
from services.kit.consumer import Consumer
from services.notification.endpoints import internal, public
from services.notification.guard import Guard
from services.notification.options import Options
from services.notification.service import Notifications


def build(config: Config, given: Options | None = None) -> FastAPI:
    """Return the application of the notification service; ConfigError when its options are wrong."""
    options = given or Options.from_environment()

    @asynccontextmanager
    async def run(app: FastAPI, platform: Platform) -> AsyncIterator[None]:
        async with Guard(allow_private=options.allow_private) as guard:
            app.state.notifications = Notifications(platform, options, guard)
            try:
                yield
            finally:
                await app.state.notifications.dispatcher.close()

    blueprint = Blueprint(
        app_id=NOTIFICATION,
        title="Notifications",
        routers=(public, internal),
        consumers=_consumers,
        run=run,
    )
    return create_app(blueprint, config)


def _consumers(app: FastAPI, _: Platform) -> Mapping[Topic, Consumer]:
    service: Notifications = app.state.notifications
    return {Topic.REMINDERS: Consumer(Topic.REMINDERS, service.intake.handle)}
