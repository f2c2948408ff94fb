"""The gateway: a public call goes on, by Dapr service invocation, to the service that the catalogue names for it.

Bodies are streamed both ways, so that an import of 32 MB or an answer without an end costs no memory here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final, NamedTuple
from urllib.parse import quote

import aiohttp
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from yarl import URL

from services.frontend.forwarding import is_doubtful, request_headers, response_headers, sidecar_problem
from services.frontend.routes import Routes
from services.kit.identity import authenticate, personal_token
from services.kit.metrics import SIDECAR_CALLS
from services.kit.problems import Problem, unavailable
from services.kit.sidecar import Sidecar

log = logging.getLogger(__name__)

# An answer of the assistant takes long to begin, and an open stream may stay silent.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=300)
_ERROR_BYTES: Final = 64 * 1024
_QUERY_SAFE: Final = "/?:@!$&'()*+,;=-._~%"
_AUTOMATIC_HEADERS: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class ClientGone(Exception):
    """The client went away before its body was read."""


class Body:
    """The body of a request as it comes in, to be read once; `refusal` is why it was not read to its end."""

    def __init__(self, receive: Receive, *, empty: bool) -> None:
        self._receive = receive
        self._begun = False
        self._read = asyncio.Event()
        self.refusal: Exception | None = None
        if empty:
            self._read.set()

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Begin to read. The HTTP client repeats a call on a stale connection; a body that is gone forbids that."""
        if self._begun:
            raise aiohttp.ClientConnectionError("the connection broke when the body was already on its way")
        self._begun = True
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            try:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
            except (Problem, ClientGone) as error:
                self.refusal = error
                raise
            more = message.get("more_body", False)
            if chunk := message.get("body"):
                yield chunk
        self._read.set()

    async def client_gone(self) -> None:
        """Return once the client has gone away after its body was read."""
        await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Entry(NamedTuple):
    """What a call that comes in is counted under."""

    path: str


class Gateway:
    """The ASGI application behind `/api` and `/mcp`; `entry` is the pattern of its address."""

    def __init__(self, routes: Routes, entry: str) -> None:
        self._routes = routes
        self._entry = Entry(entry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on and its answer back; raises the problem that stands for an answer that never came."""
        scope["route"] = self._entry
        headers = Headers(scope=scope)
        if scope["raw_path"] == b"/mcp/":  # some clients end the address so
            scope["raw_path"] = b"/mcp"
        callee = self._routes.find(scope["method"], scope["raw_path"])
        authorization = headers.get("authorization")
        # Whether a personal token is in force is for the callee to ask the store; that it is one can be seen here.
        if personal_token(authorization) is None and scope["path"].startswith("/api/"):
            await authenticate(HTTPConnection(scope), authorization)
        length = headers.get("content-length", "0" if "transfer-encoding" not in headers else None)
        body = Body(receive, empty=length == "0")
        passing = asyncio.ensure_future(_pass(scope, None if length == "0" else body, send, callee))
        leaving = asyncio.ensure_future(body.client_gone())
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
        except (aiohttp.ClientError, TimeoutError) as error:
            _refuse(body, callee, error)
        finally:
            passing.cancel()
            leaving.cancel()
            await asyncio.gather(passing, leaving, return_exceptions=True)


async def _pass(scope: Scope, body: Body | None, send: Send, callee: str) -> None:
    sidecar: Sidecar = scope["app"].state.platform.sidecar
    path, query = scope["raw_path"].decode("ascii"), quote(scope["query_string"], safe=_QUERY_SAFE)
    async with sidecar.http.request(
        scope["method"],
        URL(f"{sidecar.base_url}/v1.0/invoke/{callee}/method{path}{query and '?'}{query}", encoded=True),
        data=body,
        headers=[*request_headers(scope["headers"]), *sidecar.headers().items()],
        skip_auto_headers=_AUTOMATIC_HEADERS,
        allow_redirects=False,
        timeout=_TIMEOUT,
    ) as answer:
        SIDECAR_CALLS.labels("gateway", str(answer.status)).inc()
        first = b""
        if is_doubtful(answer.status, answer.headers):
            first = await answer.content.read(_ERROR_BYTES)
            if problem := sidecar_problem(answer.status, first):
                log.warning("%s of %s answered %d: %.500s", scope["method"], callee, answer.status, first)
                raise problem
        await _answer(answer, first, send)


async def _answer(answer: aiohttp.ClientResponse, first: bytes, send: Send) -> None:
    """Stream an answer to the client, who sees the connection cut when the callee breaks off."""
    start = {"type": "http.response.start", "status": answer.status, "headers": response_headers(answer.raw_headers)}
    await send(start)
    if first:
        await send({"type": "http.response.body", "body": first, "more_body": True})
    try:
        async for chunk in answer.content.iter_any():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except (aiohttp.ClientError, TimeoutError) as error:
        log.warning("an answer broke off: %s", error or type(error).__name__)
        return
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _refuse(body: Body, callee: str, error: Exception) -> None:
    SIDECAR_CALLS.labels("gateway", "error").inc()
    if isinstance(body.refusal, Problem):
        raise body.refusal
    if body.refusal:
        return
    log.warning("%s cannot be reached: %s", callee, error or type(error).__name__)
    raise unavailable(
        "The service cannot be reached just now. Whether the call took effect is not known: "
        "repeat it with the same Idempotency-Key."
    ) from error
