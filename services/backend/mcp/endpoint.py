"""`POST /mcp`: streamable HTTP, one request and one JSON answer at a time.

No session is kept, since any replica may get the next request; and nothing is streamed, since an answer that passes
two sidecars arrives whole. Who calls is told as for every other call, before the SDK sees anything.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.backend.mcp.server import CALL, server
from services.backend.tools.tool import Call
from services.kit.identity import authenticate
from services.kit.problems import Problem, not_json

PATH: Final = "/mcp"
_JSON: Final = "application/json"
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Endpoint:
    """The ASGI application at `/mcp`; GET, which would open a stream without an end, is a 405 as MCP allows."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of a client."""
        if scope["method"] != "POST":
            raise Problem(405, "Here is the method POST.", headers={"Allow": "POST"})
        headers, state = Headers(scope=scope), scope["app"].state
        authorization = headers.get("authorization")
        caller = await authenticate(HTTPConnection(scope), authorization)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise not_json()
        call = Call(state.tasks, state.platform.sidecar, caller, authorization)
        await state.mcp.handle_request({**scope, CALL: call}, receive, send)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Serve MCP as long as this is entered."""
    app.state.mcp = StreamableHTTPSessionManager(server(), json_response=True, stateless=True)
    async with app.state.mcp.run():
        yield


def route() -> Route:
    """Return the route of the endpoint."""
    return Route(PATH, Endpoint(), methods=list(METHODS), include_in_schema=False)
