"""One person's clients in this replica, and the stretch of the log that they share."""

import asyncio
from collections.abc import AsyncGenerator

from services.frontend import messages
from services.frontend.backend import Backend, Page
from services.frontend.client import Client
from services.frontend.feed import Cursor, Entry, Feed, Missing, judge


class Hub:
    """Hands each client of a person what is new. Taking an event never waits for anyone.

    `members` counts the connections, also those whose hello has not come yet.
    """

    __slots__ = ("_backend", "_reading", "clients", "feed", "members", "person")

    def __init__(self, person: str, backend: Backend) -> None:
        self.person = person
        self.feed = Feed()
        self.members = 0
        self.clients: set[Client] = set()
        self._backend = backend
        self._reading = asyncio.Lock()

    def deliver(self, epoch: int, entry: Entry) -> None:
        """Take an event as it is delivered; an old one is skipped."""
        if self.feed.take(epoch, entry):
            self._wake()

    def aside(self, message: str) -> None:
        """Send all clients a message that has no place in the log."""
        for client in self.clients:
            client.aside(message)

    def revoke(self, token: str) -> None:
        """End the connections that were opened with a personal access token; `token` is its id."""
        for client in self.clients:
            if client.token == token:
                client.close(messages.revoked())

    def beat(self, head: Cursor | None, taken: int) -> None:
        """Send all clients a heartbeat; a client that `head` shows to be elsewhere catches up.

        `head` was asked for when `taken` events had been delivered: one delivered since may be ahead of it.
        """
        if head is not None and taken != self.feed.taken:
            head = max(head, self.feed.last)
        message = messages.heartbeat(head)
        for client in self.clients:
            client.beat(head, message)

    async def catch_up(self, cursor: Cursor) -> tuple[Entry, ...] | Missing:
        """Return what a client at `cursor` missed, or that it needs a snapshot; clients share what is read for one."""
        async with self._reading:
            if entries := self.feed.after(cursor):
                return entries
            taken, last = self.feed.taken, self.feed.last
            answer = await self._backend.log(self.person, cursor)
            self.feed.adopt(answer, taken)
            if self.feed.last != last:
                self._wake()  # an event that one client has read is an old one when it is delivered
            return judge(cursor, answer)

    def snapshot(self) -> AsyncGenerator[Page, None]:
        """Yield the person's tasks in pages."""
        return self._backend.snapshot(self.person)

    def _wake(self) -> None:
        for client in self.clients:
            client.wake()
