"""The server's side of a WebSocket, with an end that comes for certain.

uvicorn closes a connection by waiting until what was written has been sent. A client that reads nothing would keep it,
and what is buffered for it, for ever; and one that has begun to close would make the server's own shutdown fail.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_LINGER_SECONDS: Final = 12  # longer than uvicorn waits for the answer to its close
_SHUTDOWN_SECONDS: Final = 2


class Protocol(WebSocketsSansIOProtocol):
    """Cuts a connection that does not come to its end by itself."""

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message on; a text that is none ends the connection, which is no error of ours."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    async def send(self, message: "ASGISendEvent") -> None:
        """Send what the application says; an upgrade that it refused is at its end, which is no error of ours."""
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            self.handshake_complete = True

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Give the client some time to take what is left for it."""
        super().on_task_complete(task)
        self._cut_off_after(_LINGER_SECONDS)

    def shutdown(self) -> None:
        """Tell the client to come back, as the process ends."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.abort()
            return
        self._cut_off_after(_SHUTDOWN_SECONDS)

    def _cut_off_after(self, seconds: float) -> None:
        if not self.disconnected:
            self.loop.call_later(seconds, self.transport.abort)


def _is_text(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
