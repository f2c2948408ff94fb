"""What is measured, running: the platform on either runtime, the plain app beside it, and a way into each."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import yaml
from harness.issuer import Issuer
from harness.platform import Platform
from harness.ports import free_ports
from websockets.asyncio.client import connect

from components.catalogue import BACKEND, FRONTEND, PUBSUB
from components.dapr import DATABASE_SECRET
from services.kit.config import Config
from services.kit.sidecar import Sidecar

READY_SECONDS = 120
EMBEDDED = "embedded"
DAPR = "dapr"
PLAIN_DATABASE = "plain"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the parts of a running platform are; `dsn` and `brokers` are empty on the embedded runtime."""

    backend: Config
    frontend: Config
    dsn: str = ""
    brokers: str = ""


@dataclass(slots=True)
class Stage:
    """The platform and the plain app, both running, and a way into each.

    `backend` is the backend's own port, `gateway` the public address, `sidecar` the frontend's way to the backend,
    `state` the backend's way to the store. With an `issuer` everyone signs in; without, everyone is one person.
    """

    platform: Platform
    http: aiohttp.ClientSession
    place: Place
    plain: str
    state: Sidecar
    sidecar: Sidecar
    issuer: Issuer | None
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def backend(self) -> str:
        """The backend's own address."""
        return f"http://127.0.0.1:{self.place.backend.port}"

    @property
    def app_token(self) -> str:
        """What the sidecar shows to its service."""
        return self.place.backend.app_api_token or ""

    @property
    def gateway(self) -> str:
        """The public address."""
        return self.platform.url

    async def call(self, method: str, url: str, person: str | None = None, **options: Any) -> Any:
        """Make a call and return its JSON; an error ends the benchmark."""
        headers = self.headers(person)
        if url.startswith(self.backend):
            headers["dapr-api-token"] = self.app_token
        async with self.http.request(method, url, headers=headers, **options) as answer:
            body = await answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {url}: {answer.status} {body[:300]!r}")
            return orjson.loads(body) if body else None

    def headers(self, person: str | None) -> dict[str, str]:
        """Return what signs a person in."""
        if self.issuer is None or person is None:
            return {}
        if person not in self.tokens:
            self.tokens[person] = self.issuer.token(person, lasts=7200)
        return {"Authorization": f"Bearer {self.tokens[person]}"}

    def client(self, person: str | None = None, url: str | None = None) -> connect:
        """Return a WebSocket connection, to be entered."""
        return connect(
            url or self.platform.websocket, max_size=None, proxy=None, additional_headers=self.headers(person)
        )


@asynccontextmanager
async def staged(platform: Platform, runtime: str, issuer: Issuer | None = None) -> AsyncIterator[Stage]:
    """Enter with a platform that runs; the plain app is started over a database of its own, and ended on leaving."""
    place = _place(platform, runtime)
    if place.dsn:
        await _database(place.dsn)
    with _plain(platform.folder, place.dsn) as plain:
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
            Sidecar(place.backend) as state,
            Sidecar(place.frontend) as sidecar,
        ):
            await _answering(http, plain + "/tasks?limit=1")
            yield Stage(platform, http, place, plain, state, sidecar, issuer)


def _place(platform: Platform, runtime: str) -> Place:
    if runtime == EMBEDDED:
        settings = json.loads((platform.folder / "data" / "runtime.json").read_text())
        return Place(_embedded(settings, BACKEND), _embedded(settings, FRONTEND))
    folder = platform.folder / "data" / "engines" / "dapr"
    secrets = json.loads((folder / "secrets.json").read_text())
    pubsub = yaml.safe_load((folder / "resources" / f"{PUBSUB}.yaml").read_text())
    brokers = next(item["value"] for item in pubsub["spec"]["metadata"] if item["name"] == "brokers")
    dsn = secrets[DATABASE_SECRET.name][DATABASE_SECRET.key]
    return Place(_daprd(platform, BACKEND), _daprd(platform, FRONTEND), dsn, brokers)


def _embedded(settings: Mapping[str, Any], app_id: str) -> Config:
    app = next(app for app in settings["apps"] if app["app_id"] == app_id)
    return Config(
        app_id=app_id,
        port=app["app_port"],
        dapr_http_port=app["http_port"],
        dapr_grpc_port=app["grpc_port"],
        dapr_api_token=settings["api_token"],
        app_api_token=settings["app_token"],
    )


def _daprd(platform: Platform, app_id: str) -> Config:
    """Read from a sidecar's process what it was started with."""
    process = platform.children()[f"daprd-{app_id}"]
    line, environment = process.cmdline(), process.environ()
    flags = dict(pairwise(line))
    return Config(
        app_id=app_id,
        port=int(flags["--app-port"]),
        dapr_http_port=int(flags["--dapr-http-port"]),
        dapr_grpc_port=int(flags["--dapr-grpc-port"]),
        dapr_api_token=environment["DAPR_API_TOKEN"],
        app_api_token=environment["APP_API_TOKEN"],
    )


def parameters(dsn: str) -> dict[str, str]:
    """Return the parts of a connection string."""
    return dict(part.split("=", 1) for part in dsn.split())


async def _database(dsn: str) -> None:
    """Make a database for the plain app beside the platform's, on the same server."""
    given = parameters(dsn)
    connection = await asyncpg.connect(
        host=given["host"],
        port=int(given["port"]),
        user=given["user"],
        password=given["password"],
        database=given["dbname"],
    )
    try:
        await connection.execute(f"CREATE DATABASE {PLAIN_DATABASE}")
    finally:
        await connection.close()


@contextmanager
def _plain(folder: Path, dsn: str) -> Iterator[str]:
    url = f"sqlite+aiosqlite:///{folder / 'plain.db'}"
    if dsn:
        given = parameters(dsn)
        where = f"{given['host']}:{given['port']}/{PLAIN_DATABASE}"
        url = f"postgresql+asyncpg://{given['user']}:{given['password']}@{where}"
    port = free_ports(1)[0]
    process = subprocess.Popen([sys.executable, "-m", "bench.plain", str(port), url])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def _answering(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
