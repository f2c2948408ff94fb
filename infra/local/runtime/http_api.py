"""The HTTP face of a sidecar: tokens, routes, and service invocation, which streams."""

import base64
import binascii
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from grpc import StatusCode

from infra.local.runtime.errors import DaprError
from infra.local.runtime.http_routes import ROUTES, Answer, Exchange
from infra.local.runtime.invocation import Request, end_to_end
from infra.local.runtime.sidecar import Sidecar

log = logging.getLogger(__name__)

UNGUARDED: Final = frozenset({"/v1.0/healthz", "/v1.0/healthz/outbound"})
BODILESS_STATUSES: Final = frozenset({204, 304})


def handler(sidecar: Sidecar) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Return what serves every request to the sidecar's HTTP port."""

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        raw_path, _, query = request.raw_path.partition("?")
        guarded = request.method != "GET" or raw_path.rstrip("/") not in UNGUARDED
        if guarded and not sidecar.authorized(request.headers.get("dapr-api-token")):
            return web.Response(status=401, text="invalid api token\n")
        try:
            callee, path = _callee(request, raw_path)
            if callee is not None:
                return await _invoke(sidecar, request, callee, path, query)
            return await _route(sidecar, request, raw_path)
        except DaprError as error:
            return web.Response(status=error.status, body=error.body(), content_type="application/json")

    return serve


async def _route(sidecar: Sidecar, request: web.BaseRequest, raw_path: str) -> web.Response:
    segments = [unquote(segment) for segment in raw_path.strip("/").split("/")]
    for (method, pattern), route in ROUTES.items():
        if method == request.method:
            arguments = _match(pattern, segments)
            if arguments is not None:
                body = await _body(request, sidecar.application.settings.max_body_bytes)
                exchange = Exchange(sidecar, arguments, request.query, request.headers, body)
                return _response(await route(exchange))
    message = f"{request.method} {raw_path} is not offered"
    raise DaprError(StatusCode.NOT_FOUND, "ERR_DIRECT_INVOKE", message, status=404)


def _match(pattern: tuple[str, ...], segments: list[str]) -> list[str] | None:
    """Return what stands for `{}` in the pattern, and for a `*` at its end, or None where it does not match."""
    if pattern[-1] == "*":
        if len(segments) < len(pattern):
            return None
        segments = [*segments[: len(pattern) - 1], "/".join(segments[len(pattern) - 1 :])]
    if len(pattern) != len(segments):
        return None
    pairs = list(zip(pattern, segments, strict=True))
    if any(expected not in ("{}", "*", segment) for expected, segment in pairs):
        return None
    return [segment for expected, segment in pairs if expected in ("{}", "*")]


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.body is not None:
        headers.setdefault("Content-Type", "application/json")
    return web.Response(status=answer.status, body=answer.body, headers=headers)


async def _body(request: web.BaseRequest, largest: int) -> bytes:
    chunks = [chunk async for chunk in _limited(request, largest)]
    return b"".join(chunks)


async def _limited(request: web.BaseRequest, largest: int) -> AsyncIterator[bytes]:
    """Yield the body as it comes; DaprError once it is larger than a sidecar would take."""
    if request.content_length is not None and request.content_length > largest:
        raise _too_large(largest)
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        yield chunk


def _too_large(largest: int) -> DaprError:
    message = f"failed to read request body: it is larger than {largest} bytes"
    return DaprError(StatusCode.INVALID_ARGUMENT, "ERR_BODY_READ", message, status=413)


def _callee(request: web.BaseRequest, raw_path: str) -> tuple[str | None, str]:
    """Return the application to invoke and the raw path, or None for a request to the sidecar itself.

    It is named by the header `dapr-app-id`, by `dapr-app-id` as the user of basic authentication, or in the path.
    """
    named = request.headers.get("dapr-app-id") or _from_basic(request.headers.get("Authorization", ""))
    if named:
        return named, raw_path
    parts = raw_path.split("/", 5)
    if parts[1:3] == ["v1.0", "invoke"]:
        if len(parts) < 6 or parts[4] != "method":
            message = "failed getting app id either from the URL path or the header dapr-app-id"
            raise DaprError(StatusCode.NOT_FOUND, "ERR_DIRECT_INVOKE", message)
        return unquote(parts[3]), parts[5]
    return None, raw_path


def _from_basic(header: str) -> str:
    if not header.startswith("Basic "):
        return ""
    with suppress(binascii.Error, UnicodeDecodeError):
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        if user.lower() == "dapr-app-id":
            return password
    return ""


async def _invoke(sidecar: Sidecar, request: web.BaseRequest, callee: str, path: str, query: str) -> web.StreamResponse:
    largest = sidecar.application.settings.max_body_bytes
    body = _limited(request, largest) if request.body_exists else None
    if request.content_length is not None and request.content_length > largest:
        raise _too_large(largest)
    invocation = Request(callee, request.method, path, query, request.headers, body)
    async with sidecar.services.invoker.invoke(sidecar.application, invocation) as answer:
        return await _relay(request, answer)


async def _relay(request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Send status, headers and body on, each chunk as it comes."""
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=end_to_end(answer.headers))
    await response.prepare(request)
    if request.method != "HEAD" and answer.status not in BODILESS_STATUSES:
        try:
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
        except (aiohttp.ClientError, ConnectionError) as error:
            log.info("an answer of %s broke off: %s", answer.url, error)
            if request.transport is not None:
                request.transport.close()  # the caller must not take what came so far for all of it
    return response
