"""The application factory: what makes a FastAPI app one of the platform's services."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from components.catalogue import CATALOGUE, STATE_STORE
from components.model import Service, Topic
from services.kit import logs, methods, problems
from services.kit.config import Config, ConfigError
from services.kit.consumer import Consumer, Consumers
from services.kit.heads import AnswerHead, RefuseEncoded
from services.kit.identity import authenticator
from services.kit.metrics import expose
from services.kit.middleware import LimitBody, Observe, RequireAppToken
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.tokens import TokensOfBackend

log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 8


@dataclass(slots=True)
class Platform:
    """What a running service has in hand."""

    config: Config
    service: Service
    sidecar: Sidecar


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What makes one service different from the others.

    `consumers` gives the handlers of its topics, made when the service starts. `run` is entered once the sidecar
    connection is there, and left before it closes: what a service keeps running in the background lives in it.
    `guarded` are the path prefixes that need the app token; None means all of them.
    """

    app_id: str
    title: str
    routers: Sequence[APIRouter] = ()
    consumers: Callable[[FastAPI, Platform], Mapping[Topic, Consumer]] | None = None
    run: Callable[[FastAPI, Platform], AbstractAsyncContextManager[None]] | None = None
    guarded: tuple[str, ...] | None = None
    extra: Sequence[Callable[[FastAPI], None]] = field(default_factory=tuple)


def create_app(blueprint: Blueprint, config: Config) -> FastAPI:
    """Return the service's application: its routes, health, metrics, errors, and the calls of its sidecar."""
    service = CATALOGUE[blueprint.app_id]
    app = FastAPI(
        title=blueprint.title,
        version="1",
        lifespan=_lifespan(blueprint, config, service),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    methods.install(app)
    plain = app.openapi
    app.openapi = lambda: problems.with_problem_schema(plain())  # type: ignore[method-assign]
    app.state.config = config
    for router in blueprint.routers:
        app.include_router(router)
    _add_health(app, service)
    for extend in blueprint.extra:
        extend(app)
    app.add_middleware(LimitBody, limit=service.max_body_bytes)
    app.add_middleware(RequireAppToken, token=config.app_api_token, guarded=blueprint.guarded)
    app.add_middleware(RefuseEncoded)
    app.add_middleware(AnswerHead)
    app.add_middleware(Observe)
    return app


def _lifespan(
    blueprint: Blueprint, config: Config, service: Service
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Sidecar(config) as sidecar:
            platform = Platform(config, service, sidecar)
            app.state.platform = platform
            app.state.authenticator = authenticator(config, sidecar.http, TokensOfBackend(sidecar))
            if blueprint.run is None:
                _add_consumers(app, blueprint, platform)
                yield
                return
            async with blueprint.run(app, platform):
                _add_consumers(app, blueprint, platform)
                yield

    return lifespan


def _add_consumers(app: FastAPI, blueprint: Blueprint, platform: Platform) -> None:
    handlers = blueprint.consumers(app, platform) if blueprint.consumers else {}
    app.include_router(Consumers(platform.service, platform.sidecar, handlers).router())


def _add_health(app: FastAPI, service: Service) -> None:
    async def live(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> Response:
        waiting_for = await _not_ready(request.app.state.platform)
        if waiting_for:
            return JSONResponse({"status": "waiting", "for": waiting_for}, 503, {"Retry-After": "1"})
        return JSONResponse({"status": "ready", "service": service.app_id})

    app.add_route("/healthz", live)
    app.add_route("/readyz", ready)
    app.add_route("/metrics", expose)


async def _not_ready(platform: Platform) -> str | None:
    if not await platform.sidecar.healthy():
        return "the Dapr sidecar"
    if platform.service.state:
        try:
            await asyncio.wait_for(platform.sidecar.get(STATE_STORE, "readiness"), 2)
        except (SidecarError, TimeoutError):
            return "the state store"
    return None


def server_settings(app: FastAPI, config: Config) -> uvicorn.Config:
    """Return how a service's application is served: over HTTP/1.1, and WebSocket where it is public."""
    return uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        loop="uvloop",
        http="services.kit.connection:Protocol",
        ws="services.kit.websocket:Protocol" if CATALOGUE[config.app_id].public else "none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        timeout_keep_alive=75,
        server_header=False,
        date_header=True,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # its windows would cost every idle client 40 kB
    )


def serve(build: Callable[[Config], FastAPI], app_id: str) -> None:
    """Run a service until SIGTERM or SIGINT; wrong settings end it with one line and exit code 2."""
    try:
        config = Config.from_environment(app_id, CATALOGUE[app_id].port)
        app = build(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    logs.configure(app_id, config.log_level)
    server = uvicorn.Server(server_settings(app, config))
    server.run()
    if not server.started:
        sys.exit(3)
