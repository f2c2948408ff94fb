"""The task log of every person in the state store.

A command is one read of the open page and one write of it with its ETag; a list is one read. Every replica so reads
its own writes and those of others.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from services.backend.commit import Attempt, Command, Intent, Outcome
from services.backend.folding import Folded, Folder, reaches_back
from services.backend.snapshot import Snapshots
from services.backend.tasklist import KEY_HOURS, Commit, TaskList
from services.kit.pages import Draft, Entry, Page, PagedLog
from services.kit.problems import invalid
from services.kit.sidecar import Sidecar, SidecarError

LOG_PREFIX: Final = "log"


class AfterCommit(Protocol):
    """Hears of each commit of this replica; `certain` is False where its outcome is not known."""

    def __call__(self, person: str, /, *, certain: bool = True) -> None:
        """Take the news; must not wait."""


class TaskLog:
    """Every person's log; any method may raise SidecarError. `before_commit` and `after_commit` are the relay's."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.pages = PagedLog(sidecar, LOG_PREFIX)
        self.snapshots = Snapshots(sidecar, self.pages)
        self._folder = Folder(self.pages, self.snapshots)
        self.before_commit: Callable[[str], Awaitable[None]] = _nobody_before
        self.after_commit: AfterCommit = _nobody_after

    async def read(self, person: str) -> TaskList:
        """Return a person's list as the store has it now: one read, whatever its length."""
        return (await self.synced(person)).tasks

    async def synced(self, person: str) -> Folded:
        """Return a person's list with the open page that it agrees with."""
        folded = self._folder.kept(person)
        await self._folder.current(folded)
        return folded

    def kept(self, person: str) -> Folded:
        """Return what this replica keeps of a person, as old as it may be."""
        return self._folder.kept(person)

    def forget(self, person: str) -> None:
        """Drop what this replica keeps of a person."""
        self._folder.forget(person)

    async def execute(self, person: str, command: Command, intent: Intent) -> Outcome:
        """Decide a command on the list as it is now, and append what it decides in one write.

        A key that was used before answers what it answered then; 422 under another request. 413 for a commit that is
        too large, and whatever problem the command raises: nothing is written then. SidecarError: it is not known
        whether it was written; the same key tells.
        """
        folded = self._folder.kept(person)
        attempt = Attempt(command, intent)

        async def decide(page: Page) -> Draft | None:
            await self._folder.bring_to(folded, page)
            attempt.repeated = await self.repeated(folded, intent)
            return None if attempt.repeated else attempt.draft(folded, page)

        async with folded.commands:
            await self.before_commit(person)
            page = await self.pages.open_page(person, folded.page)
            try:
                appended = await self.pages.commit(person, decide, page)
                if attempt.repeated is not None:
                    return Outcome(attempt.repeated.reply, attempt.repeated, folded.tasks)
                if not appended.entries:
                    return Outcome(attempt.reply, None, folded.tasks)
                await self._folder.bring_to(folded, appended.page)
            except SidecarError:
                self.after_commit(person, certain=False)
                raise
        self.after_commit(person)
        return Outcome(attempt.reply, attempt.commit, folded.tasks)

    async def update_header(self, person: str, change: Callable[[Page], dict[str, Any] | None]) -> None:
        """Give the open page the header that `change` returns for it; None leaves it as it is."""
        folded = self._folder.kept(person)

        async def decide(page: Page) -> Draft | None:
            header = change(page)
            return None if header is None else Draft(header)

        async with folded.commands:
            page = await self.pages.open_page(person, folded.page)
            appended = await self.pages.commit(person, decide, page)
            await self._folder.bring_to(folded, appended.page)

    async def after(self, folded: Folded, since: int) -> AsyncIterator[list[Commit]]:
        """Yield the commits with events after the seq `since`, page by page; most often all stand on the open one."""
        person, page = folded.tasks.person, folded.page
        number, entries = await self._page_after(person, page, since)
        while True:
            yield [Commit.model_validate(e, extra="ignore") for e in entries if e["last"] > since and e["events"]]
            if number >= page.number:
                return
            number += 1
            entries = await self._entries(person, page, number)

    async def _page_after(self, person: str, page: Page, since: int) -> tuple[int, list[Entry]]:
        """Return number and entries of the last page that begins at the event after `since` or before it."""
        if page.number == 1 or reaches_back(page.entries, since):
            return page.number, page.entries
        low, high = 1, page.number - 1
        entries = await self._entries(person, page, low)
        while low < high:
            middle = (low + high + 1) // 2
            found = await self._entries(person, page, middle)
            if reaches_back(found, since):
                low, entries = middle, found
            else:
                high = middle - 1
        return low, entries

    async def _entries(self, person: str, page: Page, number: int) -> list[Entry]:
        if number == page.number:
            return page.entries
        return await self.pages.closed_page(person, page.epoch, number)

    async def commits(self, folded: Folded, number: int) -> list[Commit]:
        """Return the commits of one page of a log, open or closed; PageMissing where it is gone."""
        entries = await self._entries(folded.tasks.person, folded.page, number)
        return [Commit.model_validate(entry, extra="ignore") for entry in entries]

    async def repeated(self, folded: Folded, intent: Intent) -> Commit | None:
        """Return the commit that an intent's key was used for; None for a new one. 422 for another request."""
        use = folded.tasks.keys.get(intent.key) if intent.key else None
        if use is None or use.at < datetime.now(UTC) - timedelta(hours=KEY_HOURS):
            return None
        if use.request != (intent.request or ""):
            raise invalid("Idempotency-Key", "was used for another request within the last 24 hours; give a new one")
        if use.partial:
            return None
        found = [commit for commit in await self.commits(folded, use.page) if commit.id == use.commit]
        return found[0] if found else None


async def _nobody_before(_person: str) -> None:
    """Stand in for a relay."""


def _nobody_after(_person: str, *, certain: bool = True) -> None:
    """Stand in for a relay."""
