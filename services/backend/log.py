"""The task log of every person in the state store, and the folded lists that this replica keeps of it.

A command is one read of the open page and one write of it with its ETag; a list is one read. Every replica so reads
its own writes and those of others.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.backend.snapshot import Snapshots, SnapshotUnfit
from services.backend.tasklist import PERSON, Commit, Reply, TaskList
from services.backend.workspace import Workspace
from services.kit.ids import uuid7
from services.kit.pages import Draft, Entry, Page, PagedLog, PageMissing
from services.kit.problems import Problem
from services.kit.sidecar import Sidecar

log = logging.getLogger(__name__)

LOG_PREFIX: Final = "log"
MAX_COMMIT_BYTES: Final = 2_000_000
_PEOPLE_KEPT: Final = 2_000
_TASKS_KEPT: Final = 400_000
_RELOADS: Final = 5

Command = Callable[[Workspace], Reply]


@dataclass(frozen=True, slots=True)
class Intent:
    """What surrounds a command: who acts, under which Idempotency-Key and request hash, as part of which change."""

    actor: str = PERSON
    key: str | None = None
    request: str | None = None
    change: UUID | None = None
    undoes: UUID | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: its reply, its commit (None where nothing was written), and the list after it."""

    reply: Reply
    commit: Commit | None
    tasks: TaskList

    @property
    def change(self) -> UUID | None:
        """The id of the change, None where there was none."""
        return self.commit.change if self.commit and self.commit.events else None


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


class TaskLog:
    """Every person's log; any method may raise SidecarError. `before_commit` and `after_commit` are the relay's."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.pages = PagedLog(sidecar, LOG_PREFIX)
        self.snapshots = Snapshots(sidecar, self.pages)
        self.before_commit: Callable[[str], Awaitable[None]] = _nothing
        self.after_commit: Callable[[str], None] = lambda _: None
        self._folded: OrderedDict[str, Folded] = OrderedDict()

    async def read(self, person: str) -> TaskList:
        """Return a person's list as the store has it now: one read, whatever its length."""
        return (await self.synced(person)).tasks

    async def synced(self, person: str) -> Folded:
        """Return a person's list with the open page that it agrees with."""
        folded = self.kept(person)
        await self._sync(folded, await self.pages.open_page(person, folded.page))
        return folded

    async def execute(self, person: str, command: Command, intent: Intent) -> Outcome:
        """Decide a command on the list as it is now, and append what it decides in one write.

        A key that was used before answers what it answered then; 422 under another request. 413 for a commit that is
        too large, and whatever problem the command raises: nothing is written then.
        """
        folded = self.kept(person)
        async with folded.commands:
            await self.before_commit(person)
            attempt = _Attempt(command, intent)

            async def decide(page: Page) -> Draft | None:
                await self._sync(folded, page)
                attempt.repeated = await self.repeated(folded.tasks, intent)
                return None if attempt.repeated else attempt.draft(folded, page)

            appended = await self.pages.commit(person, decide, await self.pages.open_page(person, folded.page))
            if attempt.repeated is not None:
                return Outcome(attempt.repeated.reply, attempt.repeated, folded.tasks)
            if not appended.entries:
                return Outcome(attempt.reply, None, folded.tasks)
            await self._sync(folded, appended.page)
        self.after_commit(person)
        return Outcome(attempt.reply, attempt.commit, folded.tasks)

    async def after(self, folded: Folded, since: int) -> AsyncIterator[list[Commit]]:
        """Yield the commits with events after the seq `since`, page by page; most often all stand on the open one."""
        person, page = folded.tasks.person, folded.page
        number, entries = page.number, page.entries
        while number > 1 and not _reaches_back(entries, since):
            number -= 1
            entries = await self.pages.closed_page(person, page.epoch, number)
        while True:
            yield [Commit.model_validate(e, extra="ignore") for e in entries if e["last"] > since and e["events"]]
            if number >= page.number:
                return
            number += 1
            entries = (
                page.entries if number == page.number else await self.pages.closed_page(person, page.epoch, number)
            )

    async def commits(self, tasks: TaskList, page: int) -> list[Commit]:
        """Return the commits of one page of a person's log, open or closed; PageMissing where it is gone."""
        known = self.kept(tasks.person).page
        if known.number == page and known.epoch == tasks.epoch:
            entries = known.entries
        else:
            entries = await self.pages.closed_page(tasks.person, tasks.epoch, page)
        return [Commit.model_validate(entry, extra="ignore") for entry in entries]

    async def update_header(self, person: str, change: Callable[[Page], dict[str, Any] | None]) -> None:
        """Give the open page the header that `change` returns for it; None leaves it as it is."""
        folded = self.kept(person)

        async def decide(page: Page) -> Draft | None:
            header = change(page)
            return None if header is None else Draft(header)

        async with folded.commands:
            page = await self.pages.open_page(person, folded.page)
            appended = await self.pages.commit(person, decide, page)
            await self._sync(folded, appended.page)

    def forget(self, person: str) -> None:
        """Drop what this replica keeps of a person."""
        self._folded.pop(person, None)

    async def repeated(self, tasks: TaskList, intent: Intent) -> Commit | None:
        """Return the commit that an intent's key was used for; None for a new one. 422 for another request."""
        use = tasks.keys.get(intent.key) if intent.key else None
        if use is None:
            return None
        if use.request != (intent.request or ""):
            raise Problem(422, "This Idempotency-Key was used for another request within the last 24 hours.")
        if use.partial:
            return None
        found = [commit for commit in await self.commits(tasks, use.page) if commit.id == use.commit]
        return found[0] if found else None

    def kept(self, person: str) -> Folded:
        """Return what this replica keeps of a person, as old as it may be."""
        folded = self._folded.get(person)
        if folded is None:
            folded = self._folded[person] = Folded(TaskList(person))
            self._evict(person)
        self._folded.move_to_end(person)
        return folded

    def _evict(self, newest: str) -> None:
        """Drop the lists that were not asked for the longest, until what is kept is within its bounds."""
        held = sum(len(folded.tasks.rows) for folded in self._folded.values())
        for person in list(self._folded):
            if len(self._folded) <= _PEOPLE_KEPT and held <= _TASKS_KEPT:
                return
            if person != newest and not self._folded[person].commands.locked():
                held -= len(self._folded.pop(person).tasks.rows)

    async def _sync(self, folded: Folded, page: Page) -> None:
        """Bring a list up to a page that was read; what it has already is skipped."""
        if page is folded.page or _stands(page) < _stands(folded.page):
            return
        if _epoch(page) == folded.tasks.epoch and _follows(folded.tasks, page):
            _apply(folded.tasks, page.entries, page.number)
            folded.page = page
            return
        async with folded.reload:
            await self._reload(folded, page)

    async def _reload(self, folded: Folded, page: Page) -> None:
        for _ in range(_RELOADS):
            try:
                folded.tasks = await self._caught_up(folded, page)
            except PageMissing:  # erased, or its snapshot replaced, while it was read
                folded.page = Page()
                folded.tasks = TaskList(folded.tasks.person)
                page = await self.pages.open_page(folded.tasks.person)
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
                tasks = await self.snapshots.load(person, page.epoch, snapshot)
                first = snapshot["page"]
            except SnapshotUnfit as error:
                log.warning("a snapshot is left aside, and the pages replayed: %s", error)
        closed = await self.pages.closed_pages(person, page.epoch, range(first, page.number))
        for number, entries in [*sorted(closed.items()), (page.number, page.entries)]:
            _apply(tasks, entries, number)
        return tasks


def _epoch(page: Page) -> int:
    """Return the epoch of the log that a page belongs to; 0 where there is none, or it was erased."""
    return 0 if "erased" in page.header else page.epoch


def _follows(tasks: TaskList, page: Page) -> bool:
    """Tell whether a list holds everything that stands before a page."""
    return _reaches_back(page.entries, tasks.seq) or (not page.entries and page.header.get("head") == tasks.seq)


def _reaches_back(entries: list[Entry], since: int) -> bool:
    """Tell whether a page holds the event after `since`, or only earlier ones before those it holds."""
    return bool(entries) and entries[0]["last"] - len(entries[0]["events"]) <= since


def _stands(page: Page) -> tuple[int, bool, int]:
    return page.epoch, "erased" in page.header, page.header.get("head", 0)


def _apply(tasks: TaskList, entries: list[Entry], number: int) -> None:
    for entry in entries:
        if entry["last"] > tasks.seq or (not entry["events"] and entry["last"] == tasks.seq):
            tasks.apply(Commit.model_validate(entry, extra="ignore"), number)


class _Attempt:
    """One command on its way into the log, under one commit id however often it is decided anew."""

    def __init__(self, command: Command, intent: Intent) -> None:
        self._command = command
        self._intent = intent
        self._id = str(uuid7())
        self._change = intent.change or uuid7()
        self.reply = Reply()
        self.commit: Commit | None = None
        self.repeated: Commit | None = None

    def draft(self, folded: Folded, page: Page) -> Draft | None:
        """Decide on the list, which `page` is the end of; None where there is nothing to write."""
        tasks = folded.tasks
        work = Workspace(tasks, datetime.now(UTC))
        self.reply = self._command(work)
        if not work.events and self._intent.key is None:
            return None
        self.commit = self._made(work)
        entry = self.commit.model_dump(mode="json")
        if (size := len(orjson.dumps(entry))) > MAX_COMMIT_BYTES:
            raise Problem(413, f"This change takes {size} bytes; at most {MAX_COMMIT_BYTES} fit. Split it.")
        known = folded.cursors.onto(page.header, tasks.epoch) if tasks.epoch else {}
        header = known | {"head": self.commit.last, "bytes": known.get("bytes", 0) + size}
        return Draft(header, [entry], tasks.epoch or max(int(work.now.timestamp() * 1000), page.epoch + 1))

    def _made(self, work: Workspace) -> Commit:
        intent = self._intent
        return Commit(
            id=self._id,
            at=work.now,
            change=self._change,
            actor=intent.actor,
            key=intent.key,
            request=intent.request,
            undoes=intent.undoes,
            partial=intent.partial,
            reply=self.reply,
            last=work.next_seq - 1,
            events=tuple(work.events),
        )


async def _nothing(_person: str) -> None:
    """Stand in for a relay."""
