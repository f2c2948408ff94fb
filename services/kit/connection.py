"""The server's side of an HTTP connection, with an end to what a head may hold.

uvicorn keeps a head in memory however long it becomes, waits for its end for ever, and words what it cannot read in a
form of its own.
"""

import asyncio
import logging
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from services.kit.heads import too_large
from services.kit.problems import Problem, render

log = logging.getLogger("access")

HEAD_SECONDS: Final = 30.0
_LARGEST_HEAD: Final = 64 * 1024


class Protocol(HttpToolsProtocol):
    """Cuts off a head without an end, lets no large one become a WebSocket, and answers problem documents."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        self._in_head = True
        self._head = 0
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for no head any more."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        self._start_head_timer()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._in_head = False
        self._stop_head_timer()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too large."""
        self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > _LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(Problem(431, f"The head of a request may have at most {_LARGEST_HEAD} bytes."))

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says nothing that may not be said better
        """Refuse what cannot be read, as uvicorn asks for."""
        self._refuse(too_large(len(self.url), ()) or Problem(400, "This is not HTTP/1.1, or has an end too early."))

    def _should_upgrade(self) -> bool:
        return super()._should_upgrade() and not too_large(len(self.url), self.headers)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the application answers, and a client may ask for what it likes."""

    def _start_head_timer(self) -> None:
        """Let a head take so long to come to its end."""
        self._stop_head_timer()
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._on_head_timeout)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_head_timeout(self) -> None:
        if getattr(self.cycle, "response_complete", True):
            self.transport.close()
            return
        self._start_head_timer()  # an earlier request of this connection is still being answered

    def _refuse(self, problem: Problem) -> None:
        answer = render(problem)
        lines = [STATUS_LINE[problem.status], b"connection: close\r\n"]
        lines += [name + b": " + value + b"\r\n" for name, value in answer.raw_headers]
        self.transport.write(b"".join(lines) + b"\r\n" + bytes(answer.body))
        self.transport.close()
        log.info("a request that cannot be read: %d", problem.status)
