"""The relay of this replica: whose clients are connected here, what the topic brings them, and their heartbeats."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from services.frontend import messages
from services.frontend.backend import NOTHING, Backend
from services.frontend.feed import Entry
from services.frontend.hub import Hub
from services.kit.consumer import CloudEvent, Poisoned
from services.kit.events import CHAT_TYPE, NOTIFICATION_TYPE, EventType
from services.kit.sidecar import SidecarError

log = logging.getLogger(__name__)

_ASIDES: Final = frozenset({NOTIFICATION_TYPE, CHAT_TYPE})
_PEOPLE: Final = 200


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take, in seconds.

    `heartbeat` lies between two heartbeats, `hello` is how long the first message may take, `send` how long a client
    may take to read a message, `token` lies between two questions whether a personal access token is in force.
    """

    heartbeat: float = 5
    hello: float = 10
    send: float = 20
    token: float = 60


class Relay:
    """The hubs of the people who are connected here."""

    def __init__(self, backend: Backend, timing: Timing, max_clients: int) -> None:
        self.timing = timing
        self._backend = backend
        self._max_clients = max_clients
        self._hubs: dict[str, Hub] = {}

    @contextmanager
    def joined(self, person: str) -> Iterator[Hub]:
        """Enter the person's hub, which is there as long as somebody is in it; Closing 4429 when it is full.

        Its feed takes what is delivered from now on, so that what is read later leaves no gap.
        """
        hub = self._hubs.get(person) or self._hubs.setdefault(person, Hub(person, self._backend))
        if hub.members >= self._max_clients:
            raise messages.Closing(4429, f"A person may have {self._max_clients} connections.")
        hub.members += 1
        try:
            yield hub
        finally:
            hub.members -= 1
            if not hub.members:
                del self._hubs[person]

    async def take(self, event: CloudEvent) -> None:
        """Hand an update to the clients of its person; Poisoned when it cannot be read. Never waits for a client."""
        if not isinstance(event.data, dict):
            raise Poisoned("the event has no data")
        person = event.data.get("person")
        if not isinstance(person, str):
            raise Poisoned("the person is not an id")
        hub = self._hubs.get(person)
        if hub is None:
            return
        if event.type == EventType.TOKEN_REVOKED and isinstance(event.data.get("token"), dict):
            hub.revoke(str(event.data["token"].get("id")))
        if event.type in _ASIDES:
            hub.aside(messages.aside(event.type, _content(event)))
        elif "seq" in event.data:
            hub.deliver(_epoch(event.data), _entry(event.data))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send heartbeats as long as this is entered."""
        beating = asyncio.create_task(self._beat_for_ever())
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self.timing.heartbeat)
            people = list(self._hubs)
            try:
                await asyncio.gather(*(self._beat(people[i : i + _PEOPLE]) for i in range(0, len(people), _PEOPLE)))
            except Exception:
                log.exception("the heartbeat failed; the next one comes")

    async def _beat(self, people: Sequence[str]) -> None:
        taken = {person: hub.feed.taken for person in people if (hub := self._hubs.get(person))}
        try:
            heads = await self._backend.heads(people)
        except SidecarError as error:
            log.warning("heartbeats go out without heads: %s", error)
            heads = None
        for person in people:
            if hub := self._hubs.get(person):
                hub.beat(heads.get(person, NOTHING) if heads is not None else None, taken.get(person, 0))


def _content(event: CloudEvent) -> dict[str, Any]:
    content = event.data.get(event.type)
    if not isinstance(content, dict):
        raise Poisoned(f"the event has no {event.type}")
    return content


def _epoch(data: dict[str, Any]) -> int:
    epoch = data.get("epoch")
    if not isinstance(epoch, int) or epoch < 1:
        raise Poisoned(f"epoch must be a whole number from 1 on, not {epoch!r}")
    return epoch


def _entry(data: dict[str, Any]) -> Entry:
    try:
        return messages.entry(data)
    except ValueError as error:
        raise Poisoned(str(error)) from None
