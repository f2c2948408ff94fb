"""The whole runtime: what is built from the settings, in which order it starts and how it ends."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import grpc
from aiohttp import web

from components.embedded import EmbeddedApp, RuntimeSettings
from infra.local.runtime import grpc_api, http_api, server, state
from infra.local.runtime.applications import Application, new_session
from infra.local.runtime.database import Database
from infra.local.runtime.errors import StartupError
from infra.local.runtime.invocation import Invoker
from infra.local.runtime.jobs import JobStore
from infra.local.runtime.pubsub import PubSub
from infra.local.runtime.registry import Registry
from infra.local.runtime.scheduler import Scheduler
from infra.local.runtime.sidecar import Services, Sidecar
from infra.local.runtime.topics import Broker

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
STATE_SWEEP_SECONDS: Final = 60.0
TOPIC_SWEEP_SECONDS: Final = 3600.0
GRPC_STOP_SECONDS: Final = 0.3


async def run(settings: RuntimeSettings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; raise StartupError, having changed nothing, when that is not possible."""
    database = Database(settings.data)
    try:
        await _serve(settings, database, stop)
    finally:
        await database.close()


async def _serve(settings: RuntimeSettings, database: Database, stop: asyncio.Event) -> None:
    session = new_session()
    applications = [Application(app, settings.app_token, session) for app in settings.apps]
    registry = Registry(settings)
    pubsub = PubSub(settings, registry, Broker(database, settings.partitions))
    jobs = JobStore(database)
    services = Services(settings, registry, database, pubsub, jobs, Invoker(applications))
    scheduler = Scheduler(jobs, applications)
    faces = _Faces()
    try:
        for application in applications:
            await faces.open(Sidecar(application, services))
        log.info("ready: %s", ", ".join(_address(app) for app in settings.apps))
        background = [
            *(application.watch(pubsub.up, scheduler.up, pubsub.down) for application in applications),
            scheduler.run(),
            pubsub.commit_offsets(),
            _every(STATE_SWEEP_SECONDS, lambda: state.sweep(database)),
            _every(TOPIC_SWEEP_SECONDS, pubsub.sweep),
        ]
        await _until(stop, background)
        await asyncio.gather(scheduler.stop(), pubsub.stop(), faces.close())
    finally:
        await faces.close()
        await session.close()


async def _until(stop: asyncio.Event, background: list[Coroutine[Any, Any, None]]) -> None:
    """Run everything until `stop` is set; what should run for ever and does not is an error."""
    tasks = [asyncio.create_task(coroutine) for coroutine in background]
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({stopped, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, *tasks):
        task.cancel()
    await asyncio.gather(stopped, *tasks, return_exceptions=True)
    for task in done - {stopped}:
        task.result()


async def _every(seconds: float, sweep: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await sweep()
        except Exception:
            log.exception("a sweep failed; the next is in %.0f s", seconds)


def _address(app: EmbeddedApp) -> str:
    return f"{app.app_id} (gRPC {app.grpc_port}, HTTP {app.http_port})"


class _Faces:
    """The open ports."""

    def __init__(self) -> None:
        self._grpc: list[Any] = []
        self._http: list[web.Server] = []
        self._listeners: list[asyncio.Server] = []

    async def open(self, sidecar: Sidecar) -> None:
        """Open both ports of one application."""
        app = sidecar.application.settings
        _check_free(app.app_id, app.grpc_port)
        rpc = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", app.max_body_bytes),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
                ("grpc.http2.bdp_probe", 0),
            )
        )
        rpc.add_generic_rpc_handlers((grpc_api.handlers(sidecar),))
        try:
            rpc.add_insecure_port(f"{HOST}:{app.grpc_port}")
        except RuntimeError as error:  # somebody took it since it was looked at
            raise _taken(app.app_id, app.grpc_port, error) from error
        await rpc.start()
        self._grpc.append(rpc)
        http = server.server(http_api.handler(sidecar))
        try:
            listener = await asyncio.get_running_loop().create_server(http, HOST, app.http_port)
        except OSError as error:
            raise _taken(app.app_id, app.http_port, error.strerror) from error
        self._http.append(http)
        self._listeners.append(listener)

    async def close(self) -> None:
        """Refuse new calls and end those under way."""
        servers, self._grpc = self._grpc, []
        listeners, self._listeners = self._listeners, []
        http, self._http = self._http, []
        for listener in listeners:
            listener.close()
        await asyncio.gather(
            *(rpc.stop(GRPC_STOP_SECONDS) for rpc in servers),
            *(face.shutdown(GRPC_STOP_SECONDS) for face in http),
        )


def _check_free(app_id: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise _taken(app_id, port, error.strerror) from error


def _taken(app_id: str, port: int, cause: object) -> StartupError:
    return StartupError(f"port {port} of {app_id} is taken: {cause}. Stop what listens there, or set another port")
