"""Triggers jobs when they are due: one timer, however many jobs wait.

Only the jobs of the next minute are in memory. A job whose application is away waits for it, without using up its
tries; its row changes only after the application has answered, so that a crash means one trigger more, never one
less.
"""

import asyncio
import heapq
import itertools
import logging
import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import aiohttp
import orjson
from dapr.proto.runtime.v1.jobs_pb2 import Job
from google.protobuf import struct_pb2

from infra.local.runtime.applications import Application
from infra.local.runtime.jobs import JobStore, StoredJob, after_failure, after_success
from infra.local.runtime.protobuf_json import document

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60.0
CONCURRENT_TRIGGERS: Final = 32
STOP_SECONDS: Final = 1.0
NOT_FOUND: Final = 404

Waiting = tuple[float, str, str, int]


class Scheduler:
    """The timer, and the triggers under way."""

    def __init__(self, store: JobStore, applications: Sequence[Application]) -> None:
        self._store = store
        self._replicas: dict[str, list[Application]] = defaultdict(list)
        for application in applications:
            self._replicas[application.app_id].append(application)
        self._turn = itertools.count()
        self._heap: list[Waiting] = []
        self._loaded_until = float("-inf")
        self._changed = asyncio.Event()
        self._pending: dict[str, deque[Waiting]] = defaultdict(deque)
        self._running: dict[str, set[Waiting]] = defaultdict(set)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        store.scheduled = self._scheduled

    async def run(self) -> None:
        """Trigger what falls due, for ever."""
        while True:
            self._changed.clear()
            now = time.time()
            if now >= self._loaded_until - WINDOW_SECONDS / 2:
                self._load(now + WINDOW_SECONDS)
            while self._heap and self._heap[0][0] <= now:
                waiting = heapq.heappop(self._heap)
                self._pending[waiting[1]].append(waiting)
                self._pump(waiting[1])
            until = min([self._loaded_until - WINDOW_SECONDS / 2, *(self._heap[0][:1] if self._heap else ())])
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), max(0.0, until - time.time()))

    async def up(self, application: Application) -> None:
        """Trigger what has been waiting for the application."""
        self._pump(application.app_id)

    async def stop(self) -> None:
        """Begin nothing more; give triggers under way a moment to end."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _load(self, until: float) -> None:
        for waiting in self._store.due_between(self._loaded_until, until):
            heapq.heappush(self._heap, waiting)
        self._loaded_until = until

    def _scheduled(self, job: StoredJob) -> None:
        if job.due < self._loaded_until:
            heapq.heappush(self._heap, (job.due, job.app, job.name, job.revision))
            self._changed.set()

    def _pump(self, app_id: str) -> None:
        """Start triggers of the app, as many at once as are allowed."""
        pending, running = self._pending[app_id], self._running[app_id]
        ready = any(replica.ready for replica in self._replicas[app_id])
        while ready and pending and len(running) < CONCURRENT_TRIGGERS and not self._stopping:
            waiting = pending.popleft()
            if waiting in running:
                continue
            running.add(waiting)
            task = asyncio.create_task(self._trigger(waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _trigger(self, waiting: Waiting) -> None:
        due, app_id, name, revision = waiting
        try:
            job = self._store.find(app_id, name)
            if job is not None and (job.revision, job.due) == (revision, due):
                await self._call(job, waiting)
        except sqlite3.Error as error:
            log.error("job %s of %s waits for the database: %s", name, app_id, error)  # noqa: TRY400
            await asyncio.sleep(1)
            self._pending[app_id].append(waiting)
        finally:
            self._running[app_id].discard(waiting)
            self._pump(app_id)

    async def _call(self, job: StoredJob, waiting: Waiting) -> None:
        replicas = [replica for replica in self._replicas[job.app] if replica.ready]
        if not replicas:
            self._pending[job.app].append(waiting)
            return
        application = replicas[next(self._turn) % len(replicas)]
        try:
            status, _ = await application.post(
                f"/job/{quote(job.name, safe='')}", "application/json", body_of(job.message())
            )
        except aiohttp.ClientConnectorError:
            self._retry_soon(waiting)
            return
        except (aiohttp.ClientError, OSError) as error:
            log.warning("job %s of %s failed: %s", job.name, job.app, error)
            status = 0
        await self._answered(job, status)

    def _retry_soon(self, waiting: Waiting) -> None:
        """Try again in a moment: the application is going down, and has not seen the job."""
        asyncio.get_running_loop().call_later(0.1, self._again, waiting)

    def _again(self, waiting: Waiting) -> None:
        self._pending[waiting[1]].append(waiting)
        self._pump(waiting[1])

    async def _answered(self, job: StoredJob, status: int) -> None:
        if 200 <= status < 300 or status == NOT_FOUND:
            if status == NOT_FOUND:
                log.error("%s knows no job %s, which is over now (404)", job.app, job.name)
            following = after_success(job)
        else:
            log.warning("job %s of %s failed with status %d", job.name, job.app, status)
            following = after_failure(job, time.time())
        await self._store.advance(job, following)
        if following is not None:
            self._scheduled(following)


def body_of(job: Job) -> bytes:
    """Return the body of a trigger: JSON for a protobuf Value, the bytes as they are for anything else."""
    value = struct_pb2.Value()
    if job.data.Unpack(value):
        return orjson.dumps(document(value)) if value.WhichOneof("kind") else b""
    return bytes(job.data.value).strip()
