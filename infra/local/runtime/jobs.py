"""Jobs as they are kept: one row each, per app id, with the moment at which it is due next."""

import random
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from dapr.proto.runtime.v1.jobs_pb2 import Job
from grpc import StatusCode

from infra.local.runtime.database import Database
from infra.local.runtime.errors import job_error, job_field_empty
from infra.local.runtime.schedules import point_in_time, schedule

_COLUMNS: Final = "app, name, revision, due, tick, count, attempts, expires, job"
_UNCHECKED: Final = str.maketrans("", "", "_:- ")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 253
SHORTEST_RETRY_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job and where it stands; times are in seconds since the epoch.

    `tick` is the time that the schedule says, `due` the time of the next try, `count` the ticks that are over,
    `attempts` the failures at this tick. `revision` is another one each time the job is scheduled.
    """

    app: str
    name: str
    revision: int
    due: float
    tick: float
    count: int
    attempts: int
    expires: float | None
    job: bytes

    def message(self) -> Job:
        """Return what the application scheduled."""
        return Job.FromString(self.job)


class JobStore:
    """Every job of every app; `scheduled` is told of each that is made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.scheduled: Callable[[StoredJob], None] = lambda _job: None

    async def schedule(self, app_id: str, job: Job, *, overwrite: bool) -> None:
        """Keep a job; one of that name must not exist unless it is to be overwritten."""
        if not job.name:
            raise job_field_empty("Name")
        if not job.HasField("schedule") and not job.HasField("due_time"):
            raise job_field_empty("Schedule")
        try:
            stored = _new(app_id, job, time.time())
            kept = stored is None or await self._database.write(partial(_insert, stored, overwrite))
        except (ValueError, sqlite3.Error) as error:
            cause = f"rpc error: code = Unknown desc = {error}"
            raise job_error("schedule", StatusCode.INTERNAL, cause) from error
        if not kept:
            cause = f"rpc error: code = AlreadyExists desc = job already exists: '{_full_name(app_id, job.name)}'"
            raise job_error("schedule", StatusCode.ALREADY_EXISTS, cause)
        if stored is not None:
            self.scheduled(stored)

    def get(self, app_id: str, name: str) -> Job:
        """Return the job of that name."""
        if not name:
            raise job_field_empty("Name")
        stored = self.find(app_id, name)
        if stored is None:
            cause = f"rpc error: code = NotFound desc = job not found: {name}"
            raise job_error("get", StatusCode.INTERNAL, cause)
        return stored.message()

    def find(self, app_id: str, name: str) -> StoredJob | None:
        """Return the job of that name, or None."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM job WHERE app = ? AND name = ?",  # noqa: S608 - a constant
            (app_id, name),
        )
        return StoredJob(*rows[0]) if rows else None

    def names(self, app_id: str) -> list[Job]:
        """Return every job of the app."""
        rows = self._database.read("SELECT job FROM job WHERE app = ? ORDER BY name", (app_id,))
        return [Job.FromString(row[0]) for row in rows]

    def due_between(self, start: float, end: float) -> list[tuple[float, str, str, int]]:
        """Return due time, app, name and revision of the jobs due in [start, end)."""
        return self._database.read(
            "SELECT due, app, name, revision FROM job WHERE due >= ? AND due < ? ORDER BY due", (start, end)
        )

    async def delete(self, app_id: str, name: str) -> None:
        """Delete the job of that name, if there is one."""
        if not name:
            raise job_field_empty("Name")
        await self._delete("DELETE FROM job WHERE app = ? AND name = ?", (app_id, name))

    async def delete_by_prefix(self, app_id: str, prefix: str) -> None:
        """Delete the app's jobs whose names begin with that."""
        statement = "DELETE FROM job WHERE app = ? AND substr(name, 1, length(?)) = ?"
        await self._delete(statement, (app_id, prefix, prefix))

    async def _delete(self, statement: str, parameters: tuple[str, ...]) -> None:
        try:
            await self._database.write(lambda db: db.execute(statement, parameters))
        except sqlite3.Error as error:
            raise job_error("delete", StatusCode.INTERNAL, error) from error

    async def advance(self, job: StoredJob, following: StoredJob | None) -> None:
        """Move a triggered job on, or remove it; nothing happens if it was scheduled anew meanwhile."""
        key = (job.app, job.name, job.revision)
        where = "WHERE app = ? AND name = ? AND revision = ?"
        if following is None:
            await self._database.write(lambda db: db.execute(f"DELETE FROM job {where}", key))  # noqa: S608
            return
        values = (following.due, following.tick, following.count, following.attempts)
        statement = f"UPDATE job SET due = ?, tick = ?, count = ?, attempts = ? {where}"  # noqa: S608
        await self._database.write(lambda db: db.execute(statement, values + key))


def after_success(job: StoredJob) -> StoredJob | None:
    """Return the job at its next tick, or None when it was the last."""
    message = job.message()
    count = job.count + 1
    if not message.HasField("schedule") or (message.HasField("repeats") and count >= message.repeats):
        return None
    try:
        tick = schedule(message.schedule).after(job.tick)
    except ValueError:  # a date that never comes again
        return None
    if job.expires is not None and tick > job.expires:
        return None
    return replace(job, due=tick, tick=tick, count=count, attempts=0)


def after_failure(job: StoredJob, now: float) -> StoredJob | None:
    """Return the job at its next try, by its failure policy, or at its next tick when it is given up."""
    policy = job.message().failure_policy
    attempts = job.attempts + 1
    constant = policy.constant
    if policy.WhichOneof("policy") == "constant" and (
        not constant.HasField("max_retries") or constant.max_retries >= attempts
    ):
        interval = max(constant.interval.ToNanoseconds() / 1e9, SHORTEST_RETRY_SECONDS)
        return replace(job, due=now + interval, attempts=attempts)
    return after_success(job)


def _new(app_id: str, job: Job, now: float) -> StoredJob | None:
    """Return the job as it is first kept, or None when its time to live ends before its first tick."""
    _check(job)
    if not job.HasField("failure_policy"):
        job.failure_policy.constant.interval.FromSeconds(1)
        job.failure_policy.constant.max_retries = 3
    begin = point_in_time(job.due_time, now) if job.HasField("due_time") else now
    tick = begin if job.HasField("due_time") else schedule(job.schedule).after(now)
    expires = None
    if job.HasField("ttl"):
        expires = point_in_time(job.ttl, begin)
        if job.HasField("due_time") and begin > expires:
            raise ValueError("ttl must be greater than due time")
        if tick > expires:
            return None
    revision = random.getrandbits(62)
    return StoredJob(app_id, job.name, revision, tick, tick, 0, 0, expires, job.SerializeToString())


def _check(job: Job) -> None:
    bare = job.name.translate(_UNCHECKED).lower()
    if not all(len(part) <= _LONGEST_NAME and _NAME.fullmatch(part) for part in bare.split("||")):
        raise ValueError(f"job name is invalid {job.name!r}: it has to be a lower case DNS name")
    if job.HasField("repeats") and job.repeats < 1:
        raise ValueError("defined repeats must be greater than 0")
    if job.HasField("schedule"):
        schedule(job.schedule)
    elif job.repeats > 1:
        raise ValueError("job must have a schedule to repeat")
    elif job.HasField("ttl"):
        raise ValueError("job must have a schedule to have a ttl")


def _full_name(app_id: str, name: str) -> str:
    return f"app||default||{app_id}||{name}"


def _insert(job: StoredJob, overwrite: bool, db: sqlite3.Connection) -> bool:
    verb = "REPLACE" if overwrite else "IGNORE"
    row = (
        job.app,
        job.name,
        job.revision,
        job.due,
        job.tick,
        job.count,
        job.attempts,
        job.expires,
        job.job,
    )
    marks = ", ".join("?" * len(row))
    return db.execute(f"INSERT OR {verb} INTO job ({_COLUMNS}) VALUES ({marks})", row).rowcount == 1  # noqa: S608
