"""The backend: its routes, and what it keeps running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI

from components.catalogue import BACKEND
from services.backend.active import ActivePeople, Sweeper
from services.backend.api import changes, chat, events, internal, me, occurrences, quick, tasks, tokens, transfer
from services.backend.chat.assistant import Assistant
from services.backend.chat.model import ModelProvider
from services.backend.chat.rules import RuleProvider
from services.backend.erase import Eraser
from services.backend.log import TaskLog
from services.backend.mcp import endpoint as mcp
from services.backend.relay import Relay
from services.backend.tokens import TokenDesk
from services.kit.app import Blueprint, Platform, create_app
from services.kit.config import Config
from services.kit.identity import authenticator

_SETTLE_SECONDS = 4.0


@asynccontextmanager
async def _run(app: FastAPI, platform: Platform) -> AsyncIterator[None]:
    log = TaskLog(platform.sidecar)
    relay = Relay(platform.sidecar, log)
    people = ActivePeople(platform.sidecar)
    log.before_commit, log.after_commit = people.note, relay.notice
    app.state.tasks = log
    app.state.relay = relay
    app.state.tokens = TokenDesk(platform.sidecar, log)
    app.state.authenticator = authenticator(platform.config, platform.sidecar.http, app.state.tokens)
    app.state.eraser = Eraser(platform.sidecar, log, app.state.tokens)
    provider = ModelProvider(platform.sidecar) if platform.config.conversation else RuleProvider()
    app.state.assistant = Assistant(log, platform.sidecar, provider)
    sweeping = asyncio.create_task(Sweeper(people, log, relay).run(), name="sweep")
    try:
        async with mcp.running(app):
            yield
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        await app.state.assistant.progress.settle(_SETTLE_SECONDS)
        await relay.settle(_SETTLE_SECONDS)


def build(config: Config) -> FastAPI:
    """Return the backend's application."""
    # Fixed paths come before those with an id in their place.
    families = (changes, events, quick, transfer, tasks, occurrences, chat, me, tokens, internal)
    routers = [family.router for family in families]
    routers.append(APIRouter(routes=[mcp.route()]))
    return create_app(Blueprint(BACKEND, "Task platform", routers=routers, run=_run), config)
