"""Where this service stands with each person: their time zone, and the last event of theirs that it has handled.

Memory is ahead of the store: a standing is written once its person is quiet, or after many events. What a crash
forgets is replayed from the backend's log and changes nothing, since an occurrence has one id however often it is
asked for. Only an erasure is written at once.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from components.catalogue import STATE_STORE
from services.kit.consumer import shape
from services.kit.events import TaskEvent
from services.kit.position import Position
from services.kit.sidecar import EtagMismatch, Sidecar, SidecarError
from services.kit.task import Frozen, Profile

log = logging.getLogger(__name__)

PREFIX: Final = "recurring"
QUIET_SECONDS: Final = 2.0
MAX_UNWRITTEN: Final = 256
_TICK_SECONDS: Final = 1.0
_PEOPLE_KEPT: Final = 20_000
_ATTEMPTS: Final = 8
_AT_ONCE: Final = 16


class Standing(Frozen):
    """The position in a person's log, and the time zone that the events up to it leave them in."""

    position: Position = Position()
    time_zone: str = Profile().time_zone

    def after(self, event: TaskEvent) -> "Standing":
        """Return the standing once an event has been handled; a new epoch begins without a profile."""
        known = self.time_zone if event.epoch == self.position.epoch else Profile().time_zone
        return Standing(
            position=self.position.at(event.epoch, event.seq),
            time_zone=event.profile.time_zone if event.profile else known,
        )

    def without(self, epoch: int) -> "Standing":
        """Return the standing after every epoch up to `epoch` was erased."""
        position = self.position.without(epoch)
        return Standing(position=position, time_zone=self.time_zone if position.epoch else Profile().time_zone)

    def merged(self, other: "Standing") -> "Standing":
        """Return the one of two that is further on, without what either knows to be erased."""
        ahead = max(self, other, key=lambda standing: (standing.position.epoch, standing.position.seq))
        return ahead.without(max(self.position.erased, other.position.erased))


@dataclass(slots=True)
class _Kept:
    """A standing in memory: how many of its changes the store does not have, and when the last was made."""

    standing: Standing
    unwritten: int = 0
    changed: float = 0.0

    def is_ripe(self, now: float) -> bool:
        return bool(self.unwritten) and (self.unwritten >= MAX_UNWRITTEN or now - self.changed >= QUIET_SECONDS)


class Standings:
    """Everybody's standing; `get` and `erase` raise SidecarError where the store cannot be reached."""

    def __init__(self, sidecar: Sidecar, *, people_kept: int = _PEOPLE_KEPT) -> None:
        self._sidecar = sidecar
        self._people_kept = people_kept
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(self, person: str) -> Standing:
        """Return a person's standing; the initial one for somebody new."""
        kept = self._kept.get(person)
        if kept is None:
            stored, _ = await self._read(person)
            kept = self._keep(person, _Kept(stored))
        self._kept.move_to_end(person)
        return kept.standing

    def put(self, person: str, standing: Standing) -> None:
        """Change a person's standing in memory; the store follows."""
        kept = self._kept.get(person) or self._keep(person, _Kept(standing))
        kept.standing = standing
        kept.unwritten += 1
        kept.changed = time.monotonic()

    async def erase(self, person: str, epoch: int) -> None:
        """Forget a person up to `epoch`; on return the store holds the epoch's number alone."""
        standing = await self.get(person)
        self.put(person, standing.without(epoch))
        await self._write(person)

    async def flush(self, now: float | None = None) -> None:
        """Write the standings that are ripe at a reading of the monotonic clock; all that are unwritten without one."""
        ripe = [person for person, kept in self._kept.items() if (kept.unwritten if now is None else kept.is_ripe(now))]
        for start in range(0, len(ripe), _AT_ONCE):
            await asyncio.gather(*(self._try_write(person) for person in ripe[start : start + _AT_ONCE]))

    @asynccontextmanager
    async def flushing(self) -> AsyncIterator[None]:
        """Keep the store following as long as this is entered, and bring it up to date on leaving."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.flush()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self.flush(time.monotonic())
            except Exception:
                log.exception("the standings cannot be written; the next try comes")

    async def _try_write(self, person: str) -> None:
        try:
            await self._write(person)
        except SidecarError as error:
            log.warning("a standing cannot be written now, will be tried again: %s", error)

    async def _write(self, person: str) -> None:
        for _ in range(_ATTEMPTS):
            kept = self._kept.get(person)
            if kept is None:
                return
            written = kept.unwritten
            stored, etag = await self._read(person)
            kept.standing = kept.standing.merged(stored)
            if kept.standing != stored:
                try:
                    await self._sidecar.save(
                        STATE_STORE, _key(person), kept.standing.model_dump_json().encode(), etag=etag
                    )
                except EtagMismatch:
                    continue
            kept.unwritten -= written
            return
        raise SidecarError(f"{_key(person)} kept changing")

    async def _read(self, person: str) -> tuple[Standing, str]:
        item = await self._sidecar.get(STATE_STORE, _key(person))
        if not item.data:
            return Standing(), item.etag
        try:
            return Standing.model_validate_json(item.data), item.etag
        except ValidationError as error:
            log.error("%s cannot be read, and is begun anew: %s", _key(person), shape(error))  # noqa: TRY400 - no fault of ours
            return Standing(), item.etag

    def _keep(self, person: str, kept: _Kept) -> _Kept:
        self._kept[person] = kept
        while len(self._kept) > self._people_kept:
            self._kept.popitem(last=False)
        return kept


def _key(person: str) -> str:
    return f"{PREFIX}/{person}"
