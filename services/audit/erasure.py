"""Erasing a person from the trail: contents and salts go, places and hashes stay, so that the chain still holds.

The chain says first what is being erased, then the contents go: of the open page, then of the closed ones. In this
order a page that is closed meanwhile is closed without them, and the proof holds at every moment. To do it again is
to go on where it was cut off.
"""

import asyncio
import logging
from typing import Final

import orjson

from components.catalogue import STATE_STORE
from services.audit import chain
from services.audit.trail import PAGES_EPOCH, Trail
from services.kit.pages import Contended
from services.kit.sidecar import EtagMismatch, Sidecar

log = logging.getLogger(__name__)

_CHUNK: Final = 16
_ATTEMPTS: Final = 8


class Erasure:
    """Drops what the trail holds of a person; methods raise SidecarError where the store cannot be reached."""

    def __init__(self, sidecar: Sidecar, trail: Trail) -> None:
        self._sidecar = sidecar
        self._trail = trail

    async def erase(self, person: str, epoch: int) -> None:
        """Drop content and salt of the person's entries of every epoch up to `epoch`; on return they are gone."""
        await self._trail.erase(person, epoch)
        await self._scrub(self._trail.pages.key(person), epoch)
        number = (await self._trail.pages.open_page(person)).number
        for start in range(1, number, _CHUNK):
            await self._scrub_closed(person, range(start, min(start + _CHUNK, number)), epoch)
        # A writer that was cut off may have copied the open page, and not replaced it.
        await self._scrub(self._trail.pages.key(person, PAGES_EPOCH, number), epoch)
        log.info("erased up to epoch %d, on %d pages", epoch, number)

    async def _scrub_closed(self, person: str, numbers: range, epoch: int) -> None:
        pages = await self._trail.read(person, numbers)
        holding = [
            number for number, entries in pages.items() if entries and any(_holds(entry, epoch) for entry in entries)
        ]
        await asyncio.gather(*(self._scrub(self._trail.pages.key(person, PAGES_EPOCH, n), epoch) for n in holding))

    async def _scrub(self, key: str, epoch: int) -> None:
        """Rewrite one page, open or closed, as it was read; another writer's change is read first."""
        for _ in range(_ATTEMPTS):
            item = await self._sidecar.get(STATE_STORE, key)
            if not item:
                return
            document = orjson.loads(item.data)
            if not any(_holds(entry, epoch) for entry in document["entries"]):
                return
            document["entries"] = [chain.scrub(entry, epoch) for entry in document["entries"]]
            try:
                await self._sidecar.save(STATE_STORE, key, orjson.dumps(document), etag=item.etag)
            except EtagMismatch:
                continue
            return
        raise Contended(f"{key} kept changing")


def _holds(entry: dict[str, object], epoch: int) -> bool:
    return chain.is_erased(entry, epoch) and (entry.get("content") is not None or entry.get("salt") is not None)
