"""Service invocation: the request goes to the callee as it came, and the answer back, neither one buffered."""

import itertools
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from infra.local.runtime.access import InvalidPathError, allowed, encode, normalize
from infra.local.runtime.applications import TOKEN_HEADER, Application
from infra.local.runtime.cloudevents import new_traceparent
from infra.local.runtime.errors import DaprError, invoke_denied, invoke_failed

log = logging.getLogger(__name__)

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
        "te",
        "trailer",
        "proxy-authorization",
        "proxy-authenticate",
    }
)
# What a caller may not say of itself, or what is meant for the runtime alone.
_OWN: Final = frozenset(
    {
        "host",
        "expect",
        TOKEN_HEADER,
        "dapr-app-id",
        "dapr-caller-app-id",
        "dapr-caller-namespace",
        "dapr-callee-app-id",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """An invocation as the caller asks for it: path and query raw, the body bytes or a stream of them."""

    callee: str
    method: str
    raw_path: str
    query: str
    headers: CIMultiDictProxy[str] | CIMultiDict[str]
    body: AsyncIterator[bytes] | bytes | None


class Invoker:
    """Finds the callee, asks whether the caller may, and calls it."""

    def __init__(self, applications: Sequence[Application]) -> None:
        self._replicas: dict[str, list[Application]] = defaultdict(list)
        for application in applications:
            self._replicas[application.app_id].append(application)
        self._turn = itertools.count()

    @asynccontextmanager
    async def invoke(self, caller: Application, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Call and yield the answer; DaprError when the call is refused or nobody answers."""
        path = self._permitted(caller, request)
        target = encode(path) + (f"?{request.query}" if request.query else "")
        headers = end_to_end(request.headers)
        headers["dapr-caller-app-id"] = caller.app_id
        headers["dapr-caller-namespace"] = "default"
        headers["dapr-callee-app-id"] = request.callee
        if "traceparent" not in headers:
            headers["traceparent"] = new_traceparent()
        response = await self._call(request, target, headers)
        try:
            yield response
        finally:
            response.close()

    def _permitted(self, caller: Application, request: Request) -> str:
        """Return the path to call, once it is known and the caller may."""
        callee = request.callee
        try:
            path = normalize(request.raw_path)
        except InvalidPathError as error:
            cause = f"rpc error: code = InvalidArgument desc = invalid method: {error}"
            raise invoke_failed(callee, cause) from error
        if callee not in self._replicas:
            raise invoke_failed(callee, f"couldn't find service: {callee}")
        if not allowed(caller.settings.invokes, callee, request.method, path):
            raise invoke_denied(caller.app_id, callee, path, request.method)
        return path

    async def _call(self, request: Request, target: str, headers: CIMultiDict[str]) -> aiohttp.ClientResponse:
        """Try the replicas in turn until one is there; what one has been sent goes to no other."""
        error: Exception | None = None
        for application in self._in_turn(request.callee):
            try:
                return await application.request(request.method, target, headers=headers, data=request.body)
            except aiohttp.ClientConnectorError as refusal:
                error = refusal
            except (aiohttp.ClientError, OSError) as failure:
                if isinstance(failure.__cause__, DaprError):  # the body itself was refused on its way
                    raise failure.__cause__ from failure
                error = failure
                break
        cause = f"rpc error: code = Internal desc = error invoking app channel: {error}"
        raise invoke_failed(request.callee, cause) from error

    def _in_turn(self, callee: str) -> list[Application]:
        replicas = self._replicas[callee]
        first = next(self._turn) % len(replicas)
        rotated = replicas[first:] + replicas[:first]
        return sorted(rotated, key=lambda replica: not replica.ready)


def end_to_end(headers: CIMultiDictProxy[str] | CIMultiDict[str]) -> CIMultiDict[str]:
    """Return the headers without those that concern one connection only, or that only the runtime sets."""
    nominated = {name.strip().lower() for value in headers.getall("Connection", []) for name in value.split(",")}
    dropped = HOP_BY_HOP | _OWN | nominated
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
