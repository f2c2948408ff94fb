"""One connected client: what waits to be sent to it, and the loop that sends it, always in the log's order.

Events do not wait in a queue of its own: the client holds a cursor, and takes what follows from the feed that all
clients of its person share. So an idle client costs next to nothing, and a slow one no more than a fast one.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from services.frontend import messages
from services.frontend.feed import Cursor, Entry, Missing, batches, plan
from services.kit.sidecar import SidecarError

if TYPE_CHECKING:
    from services.frontend.hub import Hub

log = logging.getLogger(__name__)

MAX_ASIDES: Final = 100
_UNKNOWN: Final = Cursor(-1, -1)


class Client:
    """A client at `cursor` (None: it has nothing), whose messages go out through `send`.

    `token` is the id of the personal access token that it came with.
    """

    __slots__ = ("_asides", "_away", "_head", "_heartbeat", "_hub", "_pong", "_send", "_wake", "cursor", "end", "token")

    def __init__(
        self, hub: "Hub", cursor: Cursor | None, send: Callable[[str], Awaitable[None]], token: str | None = None
    ) -> None:
        self.cursor = cursor
        self.token = token
        self.end: messages.Closing | None = None
        self._hub = hub
        self._send = send
        self._head: Cursor | None = _UNKNOWN
        self._heartbeat: str | None = None
        self._pong = False
        self._away = False
        self._asides: deque[str] = deque()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again what there is to send."""
        self._wake.set()

    def close(self, end: messages.Closing) -> None:
        """Stop sending; the first reason counts."""
        self.end = self.end or end
        self.wake()

    def pong(self) -> None:
        """Answer a ping; several that came together get one answer."""
        self._pong = True
        self.wake()

    def aside(self, message: str) -> None:
        """Send a message that has no place in the log; too many that wait end the connection."""
        if len(self._asides) >= MAX_ASIDES:
            self.close(messages.too_slow())
            return
        self._asides.append(message)
        self.wake()

    def beat(self, head: Cursor | None, message: str) -> None:
        """Send a heartbeat, the latest one alone. `head` is where the log ends, None while the backend is away."""
        self._heartbeat = message
        self._away = head is None
        if head is not None:
            self._head = head
        self.wake()

    async def run(self) -> None:
        """Send until the connection is to be closed; raises Closing."""
        await self._advance()
        if not self._away and self.cursor is not None:
            self._heartbeat = messages.heartbeat(self.cursor)
        while True:
            await self._send_waiting()
            await self._wake.wait()
            self._wake.clear()
            await self._advance()

    async def _advance(self) -> None:
        """Bring the client to the end of its log. While the backend is away it waits where it is."""
        while (step := plan(self.cursor, self._head, self._hub.feed)) != ():
            self._check()
            if not isinstance(step, Missing):
                await self._send_events(step)
            elif self._away:
                return
            else:
                try:
                    await self._catch_up(step)
                except SidecarError as error:
                    log.warning("cannot catch up now, the next heartbeat tries again: %s", error)
                    self._away = True
        self._head = None  # it has been reached; what comes next goes beyond it

    async def _catch_up(self, missing: Missing) -> None:
        self._head = None
        if missing is Missing.LOG and self.cursor is not None:
            found = await self._hub.catch_up(self.cursor)
            if not isinstance(found, Missing):
                await self._send_events(found)
                return
        number = 0
        async with aclosing(self._hub.snapshot()) as pages:
            async for page in pages:
                number += 1
                await self._send(messages.snapshot(page.at, page.tasks, number, last=page.last))
                if page.last:
                    self.cursor = page.at

    async def _send_events(self, entries: tuple[Entry, ...]) -> None:
        for portion in batches(entries):
            await self._send(messages.events(portion))
            if self.cursor is not None:
                self.cursor = self.cursor._replace(seq=portion[-1].seq)

    async def _send_waiting(self) -> None:
        self._check()
        if self._pong:
            self._pong = False
            await self._send(messages.PONG)
        while self._asides:
            await self._send(self._asides.popleft())
        if self._heartbeat:
            message, self._heartbeat = self._heartbeat, None
            await self._send(message)

    def _check(self) -> None:
        if self.end:
            raise self.end
