"""The one file that everything durable lives in: SQLite in WAL mode, written by one thread with group commit.

Whoever writes hands over a function; the thread runs all functions that wait in one transaction, each under its
own savepoint, and answers after the commit has reached the disk. So a write costs one flush however many
writers there are, a failed operation undoes itself alone, and what was answered survives a kill at any moment.
Reads take microseconds and run where they are asked for.
"""

import asyncio
import fcntl
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from infra.local.runtime.errors import StartupError

log = logging.getLogger(__name__)

APPLICATION_ID: Final = 0x44617072
SCHEMA_VERSION: Final = 1
LARGEST_GROUP: Final = 256

SCHEMA: Final = f"""
BEGIN;
CREATE TABLE state (
    store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, etag TEXT NOT NULL, expires REAL,
    PRIMARY KEY (store, key)
);
CREATE INDEX state_expires ON state (expires) WHERE expires IS NOT NULL;
CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL);
CREATE TABLE message (
    topic INTEGER NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    published REAL NOT NULL, metadata BLOB NOT NULL, event BLOB NOT NULL,
    PRIMARY KEY (topic, partition, offset)
) WITHOUT ROWID;
CREATE TABLE consumer_offset (
    consumer_group TEXT NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, topic, partition)
) WITHOUT ROWID;
CREATE TABLE job (
    app TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, due REAL NOT NULL, tick REAL NOT NULL,
    count INTEGER NOT NULL, attempts INTEGER NOT NULL, expires REAL, job BLOB NOT NULL,
    PRIMARY KEY (app, name)
);
CREATE INDEX job_due ON job (due);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

Row = tuple[Any, ...]
T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


class Database:
    """The open file; `read` on the event loop, `write` from any coroutine of it."""

    def __init__(self, folder: Path) -> None:
        """Open or create `runtime.db` in `folder`; raise StartupError when that cannot be done safely."""
        self._lock = _lock(folder)
        path = folder / "runtime.db"
        try:
            self._writer = _connect(path)
            self._reader = sqlite3.connect(path, isolation_level=None)
            self._reader.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise StartupError(
                f"{path} cannot be used: {error}. Nothing was changed; move the file away to start "
                "afresh, or restore a copy"
            ) from error
        self._queue: queue.SimpleQueue[tuple[Work, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def read(self, sql: str, parameters: Row = ()) -> list[Any]:
        """Return every row of a query over what is committed, each a tuple of its columns."""
        return self._reader.execute(sql, parameters).fetchall()

    def cursor(self, sql: str, parameters: Row = ()) -> sqlite3.Cursor:
        """Return an open query; the caller closes it before it gives up control."""
        return self._reader.execute(sql, parameters)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the writer and return its result once it is on disk; its exception undoes it."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((work, future))
        return await future

    async def close(self) -> None:
        """Finish what is queued, and close the file."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._reader.close()
        self._writer.close()
        self._lock.close()

    def _run(self) -> None:
        """Commit groups until None arrives."""
        going = True
        while going:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    going = False
                    break
                group.append(item)
            self._loop.call_soon_threadsafe(_resolve, self._commit(group))

    def _commit(self, group: list[tuple[Work, "asyncio.Future[Any]"]]) -> list[Outcome]:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(work, future) for work, future in group]
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            log.error("the database refused a write: %s", error)  # noqa: TRY400 - the cause is in the text
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            return [(future, None, error) for _, future in group]
        return outcomes

    def _attempt(self, work: Work, future: "asyncio.Future[Any]") -> Outcome:
        self._writer.execute("SAVEPOINT operation")
        try:
            result = work(self._writer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's, not the group's
            self._writer.execute("ROLLBACK TO operation")
            self._writer.execute("RELEASE operation")
            return future, None, error
        self._writer.execute("RELEASE operation")
        return future, result, None


def _resolve(outcomes: list[Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():  # the caller went away
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _lock(folder: Path) -> IO[str]:
    """Return the open lock file that keeps a second runtime out of the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / "runtime.lock").open("w")
    except OSError as error:
        raise StartupError(
            f"the data folder {folder} cannot be written: {error.strerror}. Name another folder or change its rights"
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StartupError(
            f"another runtime uses the data folder {folder}. Stop it first, or name another folder"
        ) from error
    return handle


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file for writing, create its tables when it is new, and refuse what is not ours."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    application, version, tables = (
        connection.execute(query).fetchone()[0]
        for query in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_master",
        )
    )
    if tables and application != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is another program's database")
    if tables and version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"its version is {version}, and this runtime reads {SCHEMA_VERSION}")
    if tables:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {verdict.splitlines()[-1]}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    if not tables:
        connection.executescript(SCHEMA)
    return connection
