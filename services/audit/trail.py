"""The trail in the state store: a paged log per person, whose header says what was read of the backend's log.

Events' entries and the position after them are one write, so an effect happens exactly once, whichever replica takes
the events and however often. The pages keep one numbering for good: erasing drops contents, never pages.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from services.audit import chain
from services.audit.chain import Entry, Header, Record
from services.audit.metrics import ENTRIES
from services.audit.records import UnrecordableError, record
from services.kit.events import TaskEvent
from services.kit.pages import Draft, Page, PagedLog, PageMissing
from services.kit.position import Position, Verdict, count_beyond, read_log
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import utc

log = logging.getLogger(__name__)

PREFIX: Final = "audit"
PAGES_EPOCH: Final = 0
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError)  # what a tampered page is parsed to
_MOST_ENTRIES: Final = 100  # in one write, and of their contents so many bytes: a page stays within a sidecar message
_MOST_BYTES: Final = 256 * 1024


class Trail:
    """Every person's trail; methods raise SidecarError where the store or the backend cannot be reached."""

    def __init__(self, sidecar: Sidecar, pages: PagedLog | None = None) -> None:
        self._sidecar = sidecar
        self.pages = pages or PagedLog(sidecar, PREFIX)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, *events: TaskEvent) -> None:
        """Append the entries of one person's events that are new, after those that lie before them.

        UnrecordableError where one of them cannot be written; then none is.
        """
        person = events[0].person
        if any(event.person != person for event in events):
            raise ValueError("the events are not of one person")
        records = [record(event) for event in events]
        async with self._locks.setdefault(person, asyncio.Lock()):
            header = await self._append(person, records, over_gaps=False)
            left = [each for each in records if header.position.judge(each.epoch, each.seq) is not Verdict.OLD]
            if left:
                await self._fill(person, header, left)

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

    async def count_missing(self, person: str, position: Position) -> int | None:
        """Return how many events the backend's log has beyond a position; None where it does not say."""
        try:
            return await count_beyond(self._sidecar, person, position)
        except SidecarError as error:
            log.info("the trail is not held against the log: %s", error)
            return None

    async def _fill(self, person: str, header: Header, wanted: Sequence[Record]) -> None:
        """Take from the backend's log what lies before `wanted`; what it no longer has becomes a gap entry."""
        position, first = header.position, wanted[0]
        log.info("filling the gap after %d:%d before %d:%d", position.epoch, position.seq, first.epoch, first.seq)
        batch: list[Record] = []
        async for event in read_log(self._sidecar, person, position.epoch, position.seq):
            try:
                batch.append(record(event))
            except UnrecordableError as error:
                log.error("left out of the trail: %s", error)  # noqa: TRY400 - the message says it all
            if len(batch) == _MOST_ENTRIES:
                await self._append(person, batch, over_gaps=True)
                batch = []
        await self._append(person, [*batch, *wanted], over_gaps=True)

    async def _append(self, person: str, records: Sequence[Record], *, over_gaps: bool) -> Header:
        """Append in as few writes as the bounds allow; the header after the last of them."""
        for portion in _portions(records):
            header = await self._write(person, partial(_extended, portion, over_gaps))
        return header

    async def _write(self, person: str, step: Callable[[Header, str], tuple[Header, list[Entry]]]) -> Header:
        now = utc(datetime.now(UTC))

        async def decide(page: Page) -> Draft | None:
            header, entries = step(Header.of(page.header, person), now)
            return Draft(header.model_dump(), [entry.model_dump() for entry in entries]) if entries else None

        appended = await self.pages.commit(person, decide)
        for kind, count in Counter(entry["kind"] for entry in appended.entries).items():
            ENTRIES.labels(kind).inc(count)
        return Header.of(appended.page.header, person)


def _extended(records: Sequence[Record], over_gaps: bool, header: Header, now: str) -> tuple[Header, list[Entry]]:
    return chain.extend(header, records, now=now, over_gaps=over_gaps)


def _portions(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Yield the records in portions that each fit into one write; a record beyond the bound has one to itself."""
    start, size = 0, 0
    for number, each in enumerate(records):
        length = len(chain.canonical(each.content))
        if number > start and (size + length > _MOST_BYTES or number - start >= _MOST_ENTRIES):
            yield records[start:number]
            start, size = number, 0
        size += length
    yield records[start:]
