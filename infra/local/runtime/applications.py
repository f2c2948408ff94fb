"""The applications behind the runtime: how they are called, and whether they are there.

A sidecar waits for its application's port before it asks what the application subscribes to, and asks again when
the application has been restarted. Here an idle connection is held to each: its end is the sign that the process is
gone, at once and without polling.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from components.embedded import EmbeddedApp

log = logging.getLogger(__name__)

LISTEN_POLL_SECONDS: Final = 0.1
TOKEN_HEADER: Final = "dapr-api-token"  # noqa: S105 - the name of a header
AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

Listener = Callable[["Application"], Awaitable[None]]


def new_session() -> aiohttp.ClientSession:
    """Return the client that every call to an application goes through.

    It keeps idle connections for less time than servers do, so that it rarely writes to one being closed.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
        auto_decompress=False,
        skip_auto_headers=AUTOMATIC_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Application:
    """One process of an application: its settings, whether it listens, and a way to call it."""

    def __init__(self, settings: EmbeddedApp, token: str | None, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.ready = False
        self._token = token
        self._session = session

    @property
    def app_id(self) -> str:
        """The id shared by all replicas."""
        return self.settings.app_id

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: CIMultiDict[str],
        data: aiohttp.payload.Payload | object = None,
    ) -> "aiohttp.client._RequestContextManager":
        """Call the application; `target` is path and query, sent as they are."""
        if self._token:
            headers[TOKEN_HEADER] = self._token
        url = URL(f"http://127.0.0.1:{self.settings.app_port}{target}", encoded=True)
        return self._session.request(method, url, headers=headers, data=data, allow_redirects=False)

    async def post(self, target: str, content_type: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Post a body and return status and body of the answer; aiohttp.ClientError when there is none."""
        sent = CIMultiDict({**headers, "Content-Type": content_type})
        async with self.request("POST", target, headers=sent, data=body) as response:
            return response.status, await response.read()

    async def watch(self, up: Listener, ready: Listener, down: Listener) -> None:
        """Follow the process for ever: call `up` when it begins to listen, then `ready`, and `down` when it ends."""
        while True:
            reader, writer = await self._connect()
            await up(self)
            self.ready = True
            await ready(self)
            log.info("%s (replica %d) is up", self.app_id, self.settings.replica)
            try:
                await self._until_gone(reader, writer)
            finally:
                self.ready = False
                await down(self)
            log.info("%s (replica %d) is down", self.app_id, self.settings.replica)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", self.settings.app_port)
            except OSError:
                await asyncio.sleep(LISTEN_POLL_SECONDS)

    async def _until_gone(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wait until the port refuses; a server that merely drops idle connections is still there."""
        while True:
            with suppress(OSError):
                await reader.read(1)
            writer.close()
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.settings.app_port)
            except OSError:
                return
