"""What happens to a request before a handler sees it, as plain ASGI: trace, metrics, app token, size of the body."""

import hmac
import logging
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import trace
from services.kit.metrics import REQUESTS
from services.kit.problems import Problem, render

log = logging.getLogger("access")

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_QUIET_SECONDS: Final = 1.0
_CLIENT_GONE: Final = 499  # nobody is there to read it; the number is nginx's


class Observe:
    """Enter the caller's trace, count and time each request by its route, and log those that failed or were slow."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        trace.enter(Headers(scope=scope).get("traceparent"))
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        await self._observe(scope, receive, send)

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Who leaves before the answer begins is counted as 499, whatever is said to them."""
        status, begun, gone, started = 500, False, False, time.perf_counter()

        async def heard() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        async def observed(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = _CLIENT_GONE if gone else message["status"], True
            await send(message)

        try:
            await self._app(scope, heard, observed)
        except ClientDisconnect:
            gone = True
        finally:
            status = _CLIENT_GONE if gone and not begun else status
            self._record(scope, status, time.perf_counter() - started)

    @staticmethod
    def _record(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        REQUESTS.labels(scope["method"], route, str(status)).observe(seconds)
        if status >= 500 or seconds > _QUIET_SECONDS:
            log.warning("%s %s %d in %.0f ms", scope["method"], route, status, seconds * 1000)


class RequireAppToken:
    """Refuse what does not come through the sidecar: it alone knows the app token.

    `public` are the prefixes that people reach directly; there are none but the frontend's.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, guarded: tuple[str, ...] | None = None) -> None:
        self._app = app
        self._token = (token or "").encode()
        self._guarded = guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer it 401."""
        if scope["type"] != "http" or not self._token or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("dapr-api-token", "").encode()
        if hmac.compare_digest(given, self._token):
            await self._app(scope, receive, send)
            return
        await render(Problem(401, "This address takes calls of its sidecar alone."))(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        if path in OPEN_PATHS:
            return True
        return self._guarded is not None and not path.startswith(self._guarded)


class LimitBody:
    """Answer 413 to a body that is larger than `limit` bytes, whether or not it says so beforehand."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit:
            await render(self._refusal())(scope, receive, send)
            return
        taken, refused, started = 0, False, False

        async def counted() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                refused = True
                raise self._refusal()
            return message

        async def sent(message: Message) -> None:
            nonlocal started
            if not refused or started:  # else the application's own words for what we answer below
                started = True
                await send(message)

        await self._app(scope, counted, sent)
        if refused and not started:
            await render(self._refusal())(scope, receive, send)

    def _refusal(self) -> Problem:
        return Problem(413, f"The body may have at most {self._limit} bytes.")
