"""The frontend service: the gateway, the relay and the pages, put together."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.routing import Route, WebSocketRoute

from components.catalogue import FRONTEND
from components.model import Topic
from services.frontend.backend import Backend
from services.frontend.contract import mount_assets, pages
from services.frontend.endpoint import connect
from services.frontend.gateway import Gateway
from services.frontend.origins import RequirePublicAddress, public_origins
from services.frontend.pages import Pages
from services.frontend.relay import Relay, Timing
from services.frontend.routes import Routes
from services.frontend.security import SecurityHeaders
from services.frontend.sign_in import SignIn
from services.kit.app import Blueprint, Platform, create_app
from services.kit.config import Config
from services.kit.consumer import Consumer
from services.kit.heads import LimitHead

SIDECAR_PATHS: Final = ("/dapr/", "/events/", "/job/", "/internal/")
_MAX_CLIENTS: Final = 50
_MAX_CLIENTS_OF_NOBODY: Final = 10_000  # with AUTH=none every caller is one person


def build(config: Config, timing: Timing | None = None) -> FastAPI:
    """Return the service's application; ConfigError when its public addresses or its sign-in are wrong."""
    origins = public_origins(config)
    sign_in = SignIn.of(config)
    timing = timing or Timing()
    page = Pages(called=sign_in.origins)

    @asynccontextmanager
    async def run(app: FastAPI, platform: Platform) -> AsyncIterator[None]:
        most = _MAX_CLIENTS if config.auth == "oidc" else _MAX_CLIENTS_OF_NOBODY
        app.state.relay = Relay(Backend(platform.sidecar), timing, most)
        async with app.state.relay.running():
            yield

    def guard(app: FastAPI) -> None:
        app.add_middleware(RequirePublicAddress, origins=origins, private=SIDECAR_PATHS)
        app.add_middleware(LimitHead)

    app = create_app(
        Blueprint(
            app_id=FRONTEND,
            title="Frontend",
            routers=(_public(), pages(), APIRouter(routes=[sign_in.route(), *page.routes()])),
            consumers=_consumers,
            run=run,
            guarded=SIDECAR_PATHS,
            extra=(mount_assets, guard, page.lead_back),
        ),
        config,
    )
    app.add_middleware(SecurityHeaders)
    return app


def _public() -> APIRouter:
    routes = Routes()
    return APIRouter(
        routes=[
            Route("/api/{path:path}", Gateway(routes, "/api/{path}")),
            Route("/mcp", Gateway(routes, "/mcp")),
            Route("/mcp/", Gateway(routes, "/mcp")),
            WebSocketRoute("/ws", connect),
        ]
    )


def _consumers(app: FastAPI, _: Platform) -> Mapping[Topic, Consumer]:
    relay: Relay = app.state.relay
    return {Topic.TASK_UPDATES: Consumer(Topic.TASK_UPDATES, relay.take)}
