"""The relay: what is committed is published, in order and without a gap, whoever has to do it.

One worker for each person with something to send. It starts behind the log's `published` cursor, so that events a dead
process left behind come first, and tells the store how far it came with the next commit, or when it has been idle.
"""

import asyncio
import contextvars
import logging
import time
from datetime import UTC, datetime
from typing import Any, Final

from components.catalogue import PUBSUB
from components.model import Topic
from services.backend.folding import Cursors, Folded
from services.backend.log import TaskLog
from services.backend.publication import envelope, jobs_to_drop, jobs_to_set, reminder_event, task_events
from services.backend.snapshot import encoded, is_worth
from services.kit.metrics import PUBLISH_LAG, RELAY_PENDING
from services.kit.pages import Page, PageMissing
from services.kit.sidecar import PublishFailed, Sidecar, SidecarError

log = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 0.5
_FLUSH_SECONDS: Final = 5.0
_FIRST_BACKOFF: Final = 0.1
_LAST_BACKOFF: Final = 5.0
_BULK: Final = 100
_PARALLEL: Final = 32
_PARALLEL_JOBS: Final = 16


class Relay:
    """Publishes the logs of the people that it is told of."""

    def __init__(self, sidecar: Sidecar, tasks: TaskLog) -> None:
        self._sidecar = sidecar
        self._log = tasks
        self._wake: dict[str, asyncio.Event] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._doubted: set[str] = set()
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._job_slots = asyncio.Semaphore(_PARALLEL_JOBS)

    def notice(self, person: str, /, *, certain: bool = True) -> None:
        """Send what this person's log has to send, now; not `certain`: read first what it has."""
        if not certain:
            self._doubted.add(person)
        if person in self._workers:
            self._wake[person].set()
            return
        self._wake[person] = asyncio.Event()
        self._workers[person] = asyncio.create_task(
            self._work(person), name=f"relay {person}", context=contextvars.Context()
        )
        RELAY_PENDING.set(len(self._workers))

    async def settle(self, seconds: float) -> None:
        """Let the workers finish, for so long; what they leave is found by the next sweep."""
        for wake in self._wake.values():
            wake.set()
        if self._workers:
            _, late = await asyncio.wait(self._workers.values(), timeout=seconds)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, person: str) -> None:
        backoff, flushed = _FIRST_BACKOFF, time.monotonic()
        wake = self._wake[person]
        try:
            while True:
                wake.clear()
                try:
                    await self._drain(person)
                    idle = not await _signalled(wake, _IDLE_SECONDS)
                    if idle or time.monotonic() - flushed > _FLUSH_SECONDS:
                        await self._flush(person)
                        flushed = time.monotonic()
                    if idle and not wake.is_set():
                        return
                    backoff = _FIRST_BACKOFF
                except SidecarError as error:
                    log.warning("the relay waits %.1f s: %s", backoff, error)
                    await asyncio.sleep(backoff)
                    backoff = min(backoff * 2, _LAST_BACKOFF)
        except Exception:
            log.exception("the relay of %s failed; the next commit or sweep goes on", person)
        finally:
            del self._workers[person], self._wake[person]
            RELAY_PENDING.set(len(self._workers))

    async def _drain(self, person: str) -> None:
        folded = self._log.kept(person)
        if person in self._doubted or not folded.tasks.epoch:
            folded = await self._log.synced(person)
            self._doubted.discard(person)
        if not folded.tasks.epoch:
            return
        _adopt(folded)
        # Neither holds the other back; what failed of either is tried again once both have ended.
        both = (self._publish_all(folded), self._schedule_all(folded))
        for failure in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(failure, PageMissing):  # erased, by another replica perhaps
                self._doubted.add(person)
            if failure is not None:
                raise failure

    async def _publish_all(self, folded: Folded) -> None:
        tasks, cursors = folded.tasks, folded.cursors
        async for commits in self._log.after(folded, cursors.published):
            events = [e for c in commits for e in task_events(tasks.person, tasks.epoch, c, cursors.published)]
            for start in range(0, len(events), _BULK):
                batch = events[start : start + _BULK]
                envelopes = [envelope(event) for event in batch]
                reminders = [envelope(copy) for event in batch if (copy := reminder_event(event))]
                async with self._slots:
                    await asyncio.gather(
                        self._publish(Topic.TASK_UPDATES, envelopes),  # first: people look at what it brings
                        self._publish(Topic.TASK_EVENTS, envelopes),
                        self._publish(Topic.REMINDERS, reminders),
                    )
                if folded.cursors is not cursors:
                    return
                cursors.published = max(cursors.published, batch[-1].seq)
                PUBLISH_LAG.observe(max(0.0, (datetime.now(UTC) - batch[0].at).total_seconds()))

    async def _publish(self, topic: Topic, envelopes: list[dict[str, Any]]) -> None:
        """Publish in order; from the first that was not taken on again, so that each follows its predecessor."""
        while envelopes:
            try:
                await self._sidecar.publish(PUBSUB, topic, envelopes)
            except PublishFailed as error:
                first = next((n for n, e in enumerate(envelopes) if e["id"] in error.failed), 0)
                if first == 0:
                    raise
                envelopes = envelopes[first:]
            else:
                return

    async def _schedule_all(self, folded: Folded) -> None:
        tasks, cursors = folded.tasks, folded.cursors
        async for commits in self._log.after(folded, cursors.jobs):
            events = [e for c in commits for e in c.events if e.seq > cursors.jobs]
            if not events:
                continue
            sets = [job for e in events for job in jobs_to_set(tasks.person, tasks.epoch, e)]
            drops = [name for e in events for name in jobs_to_drop(tasks.person, tasks.epoch, e)]
            await asyncio.gather(*(self._job(self._sidecar.schedule(job)) for job in sets))
            await asyncio.gather(*(self._job(self._sidecar.unschedule(name)) for name in drops))
            if folded.cursors is not cursors:
                return
            cursors.jobs = max(cursors.jobs, events[-1].seq)

    async def _job(self, call: Any) -> None:  # noqa: ANN401 - a coroutine
        async with self._job_slots:
            await call

    async def _flush(self, person: str) -> None:
        """Tell the store how far this log was relayed, and write a snapshot when it is time for one."""
        folded = self._log.kept(person)
        page, cursors = folded.page, folded.cursors
        if not folded.tasks.epoch:
            return
        if is_worth(page):
            await self._snapshot(folded)
        elif cursors.onto(page.header, page.epoch) != page.header:
            await self._update(person, cursors, {})

    async def _snapshot(self, folded: Folded) -> None:
        """Write a snapshot; the header names its chunks before, so that an erasure finds them."""
        person, page, cursors = folded.tasks.person, folded.page, folded.cursors
        chunks = encoded(folded.tasks)
        known = [s for s in page.header.get("snapshots", []) if s[0] != page.number]
        replaced = page.header.get("snapshot")
        await self._update(person, cursors, {"snapshots": [*known, [page.number, len(chunks)]]})
        pointer = await self._log.snapshots.write(folded.tasks, page, chunks)
        left = [s for s in known if replaced is None or s[0] != replaced["page"]]
        await self._update(person, cursors, {"snapshot": pointer})
        if replaced:
            await self._log.snapshots.discard(person, page.epoch, replaced["page"], replaced["chunks"])
            await self._update(person, cursors, {"snapshots": [*left, [page.number, len(chunks)]]})

    async def _update(self, person: str, cursors: Cursors, values: dict[str, Any]) -> None:
        def change(now: Page) -> dict[str, Any] | None:
            if now.epoch != cursors.epoch or "erased" in now.header:
                return None
            return cursors.onto(now.header, now.epoch) | values

        await self._log.update_header(person, change)


def _adopt(folded: Folded) -> None:
    """Begin where the store says that the log was relayed to, unless this replica knows better."""
    header, epoch = folded.page.header, folded.tasks.epoch
    if folded.cursors.epoch != epoch:
        folded.cursors = Cursors(epoch, header.get("published", 0), header.get("jobs", 0))
    known = folded.cursors.onto(header, epoch)
    folded.cursors.published, folded.cursors.jobs = known["published"], known["jobs"]


async def _signalled(wake: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return False
    return True
