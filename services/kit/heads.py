"""What is decided by a request's head alone, as plain ASGI: its method, its encoding, its size."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.problems import Problem, render

# Whoever passes a call on may write a byte as three: the sidecars take heads of 64 kB.
_LONGEST_URL: Final = 8 * 1024
_LONGEST_HEADER: Final = 8 * 1024
_LARGEST_HEADERS: Final = 16 * 1024
_MOST_HEADERS: Final = 100


class AnswerHead:
    """Answer HEAD as GET would be answered, without the body, wherever no handler of its own is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":  # what follows, be it endless, is not waited for
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        inner = {**scope, "method": "GET"}
        await self._app(inner, receive, headed)
        scope["route"] = inner.get("route")


class RefuseEncoded:
    """Answer 415 to a body that is compressed: a small one may hold more than any limit allows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http" and _is_encoded(Headers(scope=scope)):
            refusal = Problem(415, "Send the body as it is, not compressed.", headers={"Accept-Encoding": "identity"})
            await render(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_encoded(headers: Headers) -> bool:
    encodings = ",".join(headers.getlist("content-encoding")).lower().split(",")
    return any(encoding.strip() not in {"", "identity"} for encoding in encodings)


class LimitHead:
    """Answer 414 or 431 to a head that a sidecar or a service behind this one might not take."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or upgrade, or refuse it."""
        if scope["type"] in {"http", "websocket"}:
            refusal = too_large(len(scope["raw_path"]) + len(scope["query_string"]), scope["headers"])
            if refusal:
                await render(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def too_large(url: int, headers: Sequence[tuple[bytes, bytes]]) -> Problem | None:
    """Return the refusal of a head by the length of its URL and its headers; None where it may pass."""
    if url > _LONGEST_URL:
        return Problem(414, f"Path and query may have at most {_LONGEST_URL} bytes.")
    sizes = [len(name) + len(value) for name, value in headers]
    if len(sizes) > _MOST_HEADERS:
        return Problem(431, f"A request may have at most {_MOST_HEADERS} headers.")
    if sum(sizes) > _LARGEST_HEADERS or max(sizes, default=0) > _LONGEST_HEADER:
        return Problem(431, f"A header may have at most {_LONGEST_HEADER} bytes, and all of them {_LARGEST_HEADERS}.")
    return None
