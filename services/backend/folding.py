"""The folded lists that a replica keeps, and how they are brought to what the store has.

A list and the open page that it agrees with belong together. A page that was read is newer than the list where others
wrote, older where a write of ours overtook the read, or where the store itself went back (a restored backup): then the
list follows it.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from services.backend.snapshot import Snapshots, SnapshotUnfit
from services.backend.tasklist import Commit, TaskList
from services.kit.pages import Entry, Page, PagedLog, PageMissing
from services.kit.problems import Problem

log = logging.getLogger(__name__)

_PEOPLE_KEPT: Final = 2_000
_TASKS_KEPT: Final = 400_000
_RELOADS: Final = 5


@dataclass(slots=True)
class Cursors:
    """The last event of an epoch that was published, and the last whose reminder jobs were scheduled."""

    epoch: int = 0
    published: int = 0
    jobs: int = 0

    def onto(self, header: dict[str, Any], epoch: int) -> dict[str, Any]:
        """Return a header that is as far as these cursors, if they are of its epoch."""
        if epoch != self.epoch:
            return header
        ahead = {name: max(header.get(name, 0), getattr(self, name)) for name in ("published", "jobs")}
        return header | ahead


@dataclass(slots=True)
class Folded:
    """A folded list, the page it was last held against, and the locks of its commands and of its reloading.

    `cursors` say how far this replica has relayed the log of that epoch; the store may be told later.
    """

    tasks: TaskList
    page: Page = field(default_factory=Page)
    commands: asyncio.Lock = field(default_factory=asyncio.Lock)
    reload: asyncio.Lock = field(default_factory=asyncio.Lock)
    cursors: Cursors = field(default_factory=Cursors)

    def is_behind(self, page: Page) -> bool:
        """Tell whether this list has more than a page that was read."""
        return _stands(page) < _stands(self.page)

    def clear(self) -> None:
        """Start over."""
        self.page = Page()
        self.tasks = TaskList(self.tasks.person)
        self.cursors = Cursors()


class Folder:
    """Keeps the lists that were asked for last, within bounds."""

    def __init__(self, pages: PagedLog, snapshots: Snapshots) -> None:
        self._pages = pages
        self._snapshots = snapshots
        self._kept: OrderedDict[str, Folded] = OrderedDict()

    def kept(self, person: str) -> Folded:
        """Return what this replica keeps of a person, as old as it may be."""
        folded = self._kept.get(person)
        if folded is None:
            folded = self._kept[person] = Folded(TaskList(person))
            self._evict(person)
        self._kept.move_to_end(person)
        return folded

    def forget(self, person: str) -> None:
        """Drop what this replica keeps of a person."""
        self._kept.pop(person, None)

    def _evict(self, newest: str) -> None:
        """Drop the lists that were not asked for the longest, until what is kept is within its bounds."""
        held = sum(len(folded.tasks.rows) for folded in self._kept.values())
        for person in list(self._kept):
            if len(self._kept) <= _PEOPLE_KEPT and held <= _TASKS_KEPT:
                return
            if person != newest and not self._kept[person].commands.locked():
                held -= len(self._kept.pop(person).tasks.rows)

    async def current(self, folded: Folded) -> None:
        """Bring a list to what the store has now: one read; a second where it seems to be ahead of the store."""
        person = folded.tasks.person
        page = await self._pages.open_page(person, folded.page)
        if folded.is_behind(page):
            page = await self._pages.open_page(person, folded.page)
        await self.bring_to(folded, page)

    async def bring_to(self, folded: Folded, page: Page) -> None:
        """Bring a list to a page, be it newer or older than the list."""
        if page is folded.page:
            return
        if folded.is_behind(page):
            log.warning("the store has less of the log of %s than was seen before; following it", folded.tasks.person)
            folded.clear()
        elif _epoch(page) == folded.tasks.epoch and _follows(folded.tasks, page):
            _apply(folded.tasks, page.entries, page.number)
            folded.page = page
            return
        async with folded.reload:
            if not folded.is_behind(page):
                await self._reload(folded, page)

    async def _reload(self, folded: Folded, page: Page) -> None:
        for _ in range(_RELOADS):
            try:
                folded.tasks = await self._caught_up(folded, page)
            except PageMissing:  # erased, or its snapshot replaced, while it was read
                folded.clear()
                page = await self._pages.open_page(folded.tasks.person)
            else:
                folded.page = page
                return
        raise Problem(503, "This list is being rewritten; try again.", headers={"Retry-After": "1"})

    async def _caught_up(self, folded: Folded, page: Page) -> TaskList:
        tasks, person = folded.tasks, folded.tasks.person
        first = folded.page.number
        if tasks.epoch != _epoch(page) or not tasks.epoch:
            tasks, first = TaskList(person, _epoch(page)), 1
        snapshot = page.header.get("snapshot")
        if snapshot and snapshot["seq"] > tasks.seq:
            try:
                tasks = await self._snapshots.load(person, page.epoch, snapshot)
                first = snapshot["page"]
            except SnapshotUnfit as error:
                log.warning("a snapshot is left aside, and the pages replayed: %s", error)
        closed = await self._pages.closed_pages(person, page.epoch, range(first, page.number))
        for number, entries in [*sorted(closed.items()), (page.number, page.entries)]:
            _apply(tasks, entries, number)
        return tasks


def reaches_back(entries: list[Entry], since: int) -> bool:
    """Tell whether a page holds the event after `since`, or only later ones stand behind those it begins with."""
    return bool(entries) and bool(entries[0]["last"] - len(entries[0]["events"]) <= since)


def _epoch(page: Page) -> int:
    """Return the epoch of the log that a page belongs to; 0 where there is none, or it was erased."""
    return 0 if "erased" in page.header else page.epoch


def _follows(tasks: TaskList, page: Page) -> bool:
    """Tell whether a list holds everything that stands before a page."""
    return reaches_back(page.entries, tasks.seq) or (not page.entries and page.header.get("head") == tasks.seq)


def _stands(page: Page) -> tuple[int, bool, int]:
    return page.epoch, "erased" in page.header, page.header.get("head", 0)


def _apply(tasks: TaskList, entries: list[Entry], number: int) -> None:
    for entry in entries:
        if entry["last"] > tasks.seq or (not entry["events"] and entry["last"] == tasks.seq):
            tasks.apply(Commit.model_validate(entry, extra="ignore"), number)
