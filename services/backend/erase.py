"""Erasing a person everywhere: the log becomes a tombstone, and what its epoch held is deleted, here and elsewhere.

The erasure is a job before it is anything else, so that it goes on whatever is cut off; and it is done again a minute
later, since a replica that was paused may have copied a page meanwhile.
"""

import asyncio
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from pydantic import Field

from components.catalogue import BACKEND, CATALOGUE
from services.backend.chat.threads import Threads
from services.backend.log import TaskLog
from services.backend.publication import job_name
from services.backend.tasklist import TaskList
from services.backend.tokens import TokenDesk
from services.kit.pages import Page
from services.kit.sidecar import Job, Sidecar, SidecarError
from services.kit.task import Frozen, ReminderStatus

log = logging.getLogger(__name__)

ERASE_JOB: Final = CATALOGUE[BACKEND].jobs[1]
AGAIN: Final = timedelta(seconds=60)
_PARALLEL: Final = 16
_MARGIN: Final = 16  # pages that may be written while an erasure begins


class EraseTrigger(Frozen):
    """What an erasure's job carries: everything of this person up to this epoch goes.

    `pages` and `bytes` say how large its log was: a tombstone may make way for a new log before the second time.
    """

    person: str = Field(pattern=r"^[0-9a-f]{32}$")
    epoch: int
    pages: int = 0
    snapshots: tuple[tuple[int, int], ...] = ()


class Eraser:
    """Erases people."""

    def __init__(self, sidecar: Sidecar, tasks: TaskLog, tokens: TokenDesk) -> None:
        self._sidecar = sidecar
        self._log = tasks
        self._tokens = tokens
        self._threads = Threads(sidecar)

    async def begin(self, person: str) -> bool:
        """Erase a person now; False where something could not be reached and the job goes on with it.

        SidecarError: nothing was begun.
        """
        folded = await self._log.synced(person)
        now = datetime.now(UTC)
        # Who has no log (any more) may still have settings: everything up to now goes.
        epoch = folded.tasks.epoch or max(int(now.timestamp() * 1000), folded.page.epoch + 1)
        extent = _extent(folded.page)
        trigger = EraseTrigger(person=person, epoch=epoch, pages=extent.pages + _MARGIN, snapshots=extent.snapshots)
        name = ERASE_JOB.prefix + hashlib.blake2b(f"{person}/{epoch}".encode(), digest_size=16).hexdigest()
        job = Job(name, now + AGAIN, trigger.model_dump(), ERASE_JOB.interval_seconds)
        await self._sidecar.schedule(job)
        reminders = _scheduled(folded.tasks)
        try:
            await self.erase(trigger)
            await self._unschedule(reminders)
        except SidecarError as error:
            log.warning("the erasure goes on in its job: %s", error)
            return False
        return True

    async def erase(self, trigger: EraseTrigger) -> None:
        """Erase what there is of a person up to an epoch; SidecarError where something could not be reached."""
        person, epoch = trigger.person, trigger.epoch
        page = await self._log.pages.replace(person, lambda page: _tombstone(page, epoch))
        self._log.forget(person)
        await self._tokens.erase(person, epoch)
        extents = [_Extent(trigger.pages, trigger.snapshots)] + ([_extent(page)] if page.epoch == epoch else [])
        await self._log.pages.delete_closed(person, epoch, 1 + max(extent.pages for extent in extents))
        for at, chunks in {snapshot for extent in extents for snapshot in extent.snapshots}:
            await self._log.snapshots.discard(person, epoch, at, chunks)
        await self._threads.erase(person, epoch)
        await asyncio.gather(
            *(
                self._erase_at(edge.callee, person, epoch)
                for edge in CATALOGUE[BACKEND].invokes
                if edge.path == "/internal/people/*"
            )
        )

    async def _erase_at(self, app_id: str, person: str, epoch: int) -> None:
        answer = await self._sidecar.invoke(app_id, "DELETE", f"/internal/people/{person}", query={"epoch": str(epoch)})
        if answer.status >= 300:
            raise SidecarError(f"{app_id} answered {answer.status} to the erasure")

    async def _unschedule(self, names: list[str]) -> None:
        for start in range(0, len(names), _PARALLEL):
            await asyncio.gather(*(self._sidecar.unschedule(name) for name in names[start : start + _PARALLEL]))


class _Extent(NamedTuple):
    """How far the keys of an epoch reach: its pages, and page and chunks of every snapshot that may be there."""

    pages: int
    snapshots: tuple[tuple[int, int], ...]


def _extent(page: Page) -> _Extent:
    """Return the extent of the log that a page ends, or that its tombstone tells of."""
    snapshots = tuple((at, chunks) for at, chunks in page.header.get("snapshots", ()))
    return _Extent(page.header.get("pages", page.number), snapshots)


def _tombstone(page: Page, epoch: int) -> Page | None:
    """Return what takes the place of a log's open page; None where it is there, or a newer log is."""
    if page.epoch > epoch or ("erased" in page.header and page.epoch == epoch):
        return None
    extent = _extent(page) if page.epoch == epoch else _Extent(0, ())
    header: dict[str, Any] = {"erased": epoch, "pages": extent.pages, "snapshots": extent.snapshots}
    return Page(number=1, epoch=epoch, header=header, etag=page.etag)


def _scheduled(tasks: TaskList) -> list[str]:
    return [
        job_name(tasks.person, tasks.epoch, row.task, reminder)
        for row in tasks.rows.values()
        for reminder in row.task.reminders
        if reminder.status is ReminderStatus.SCHEDULED
    ]
