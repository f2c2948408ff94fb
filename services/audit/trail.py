"""The trail in the state store: a paged log per person, whose header says what was read of the backend's log.

An event's entry and the position after it are one write, so an effect happens exactly once, whichever replica takes
the event and however often. The pages keep one numbering for good: erasing drops contents, never pages.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from weakref import WeakValueDictionary

from services.audit import chain
from services.audit.chain import Entry, Header, Record
from services.audit.metrics import ENTRIES
from services.audit.records import UnrecordableError, record
from services.kit.events import TaskEvent
from services.kit.pages import Draft, Page, PagedLog, PageMissing
from services.kit.position import Verdict, read_log
from services.kit.sidecar import Sidecar
from services.kit.task import utc

log = logging.getLogger(__name__)

PREFIX: Final = "audit"
PAGES_EPOCH: Final = 0
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError)  # what a tampered page is parsed to
_BATCH: Final = 16  # entries in one write: of the longest, so many stay below the 4 MB of a sidecar message


class Trail:
    """Every person's trail; methods raise SidecarError where the store or the backend cannot be reached."""

    def __init__(self, sidecar: Sidecar, pages: PagedLog | None = None) -> None:
        self._sidecar = sidecar
        self.pages = pages or PagedLog(sidecar, PREFIX)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, event: TaskEvent) -> None:
        """Append the event's entry if it is new, after those that lie before it; or raise UnrecordableError."""
        record_ = record(event)
        async with self._locks.setdefault(event.person, asyncio.Lock()):
            header = await self._append(event.person, [record_], over_gaps=False)
            if header.position.judge(record_.epoch, record_.seq) is not Verdict.OLD:
                await self._fill(event.person, header, record_)

    async def erase(self, person: str, epoch: int) -> None:
        """Say in the chain that every epoch up to `epoch` is erased; from then on its events are dropped."""
        await self._write(person, lambda header, now: chain.erase(header, epoch, now=now))

    async def read(self, person: str, numbers: Sequence[int]) -> dict[int, list[dict[str, Any]] | None]:
        """Read closed pages in one call; one that is missing or cannot be read is None."""
        try:
            return dict(await self.pages.closed_pages(person, PAGES_EPOCH, numbers))
        except (PageMissing, *UNREADABLE) as error:
            if len(numbers) == 1:
                log.error("page %d of the trail is damaged: %r", numbers[0], error)  # noqa: TRY400 - no fault of ours
                return {numbers[0]: None}
        found: dict[int, list[dict[str, Any]] | None] = {}
        for number in numbers:
            found |= await self.read(person, [number])
        return found

    async def _fill(self, person: str, header: Header, wanted: Record) -> None:
        """Take from the backend's log what lies before `wanted`; what it no longer has becomes a gap entry."""
        position = header.position
        log.info("filling the gap after %d:%d before %d:%d", position.epoch, position.seq, wanted.epoch, wanted.seq)
        batch: list[Record] = []
        async for event in read_log(self._sidecar, person, position.epoch, position.seq):
            try:
                batch.append(record(event))
            except UnrecordableError as error:
                log.error("left out of the trail: %s", error)  # noqa: TRY400 - the message says it all
            if len(batch) == _BATCH:
                await self._append(person, batch, over_gaps=True)
                batch = []
        await self._append(person, [*batch, wanted], over_gaps=True)

    async def _append(self, person: str, records: Sequence[Record], *, over_gaps: bool) -> Header:
        return await self._write(
            person, lambda header, now: chain.extend(header, records, now=now, over_gaps=over_gaps)
        )

    async def _write(self, person: str, step: Callable[[Header, str], tuple[Header, list[Entry]]]) -> Header:
        now = utc(datetime.now(UTC))

        async def decide(page: Page) -> Draft | None:
            header, entries = step(Header.of(page.header, person), now)
            return Draft(header.model_dump(), [entry.model_dump() for entry in entries]) if entries else None

        appended = await self.pages.commit(person, decide)
        for kind, count in Counter(entry["kind"] for entry in appended.entries).items():
            ENTRIES.labels(kind).inc(count)
        return Header.of(appended.page.header, person)
