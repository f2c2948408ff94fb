"""The HTTP server of the sidecars: it takes bodies as they are, and repeats nothing of a request it cannot read."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from infra.local.runtime.errors import malformed

log = logging.getLogger(__name__)

LARGEST_LINE: Final = 64 * 1024  # of the request, and of each header
MOST_HEADERS: Final = 256


def server(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> web.Server:
    """Return a server whose every request goes to `handler`, which is cancelled when its client goes away."""
    return _Server(
        handler,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        max_line_size=LARGEST_LINE,
        max_field_size=LARGEST_LINE,
        max_headers=MOST_HEADERS,
    )


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """One connection. The parser's errors quote what they could not read, which may be somebody's token."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to a request that failed."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        log.warning("a request cannot be read: %s", type(exc).__name__)
        refusal = malformed(f"the request cannot be read: {type(exc).__name__}")
        answer = web.Response(status=refusal.status, body=refusal.body(), content_type="application/json")
        answer.force_close()
        return answer
