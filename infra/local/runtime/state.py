"""State, with the semantics of the PostgreSQL store: ETags, first-write, TTL, transactions.

Every app's keys stand under its app id (`app||key`), as with a sidecar.
"""

import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from grpc import StatusCode

from infra.local.runtime.database import Database
from infra.local.runtime.errors import DaprError, illegal_key

SEPARATOR: Final = "||"
LARGEST_TTL: Final = 2**31 - 1
SWEEP_CHUNK: Final = 500
READ_CHUNK: Final = 500
ETAG_MISMATCH: Final = "possible etag mismatch. error from state store"

_UPSERT = """
INSERT INTO state (store, key, value, etag, expires) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (store, key) DO UPDATE SET value = excluded.value, etag = excluded.etag, expires = excluded.expires
"""
_FIRST_WRITE = _UPSERT + "WHERE state.expires IS NOT NULL AND state.expires < ?"
_REPLACE = """
UPDATE state SET value = ?, etag = ?, expires = ?
WHERE store = ? AND key = ? AND etag = ? AND (expires IS NULL OR expires >= ?)
"""
_SELECT = "SELECT value, etag, expires FROM state WHERE store = ? AND key = ? AND (expires IS NULL OR expires >= ?)"

_SELECT_MANY = "SELECT key, value, etag, expires FROM state WHERE store = ? AND (expires IS NULL OR expires >= ?)"


class ETagMismatchError(Exception):
    """Somebody else wrote the key since the caller read it."""


class NothingWrittenError(Exception):
    """A first write without ETag met a key that exists."""


class BadOptionError(Exception):
    """An option of an operation cannot be read."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is stored under a key: bytes, ETag, and the metadata `ttlExpireTime` where it expires."""

    data: bytes
    etag: str
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one key; `value` None deletes it. An empty ETag is none."""

    key: str
    value: bytes | None
    etag: str = ""
    concurrency: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


class StateStore:
    """One state component as one app sees it."""

    def __init__(self, database: Database, store: str, app_id: str) -> None:
        self._database = database
        self._store = store
        self._prefix = app_id + SEPARATOR

    def get(self, key: str) -> Value | None:
        """Return what the key holds, or None."""
        rows = self._database.read(_SELECT, (self._store, self._key(key), time.time()))
        return _value(*rows[0]) if rows else None

    def get_many(self, keys: Sequence[str]) -> dict[str, Value]:
        """Return what the keys hold, without those that hold nothing."""
        found: dict[str, Value] = {}
        for begin in range(0, len(keys), READ_CHUNK):
            chunk = [self._key(key) for key in keys[begin : begin + READ_CHUNK]]
            marks = ", ".join("?" * len(chunk))
            query = f"{_SELECT_MANY} AND key IN ({marks})"
            for key, *columns in self._database.read(query, (self._store, time.time(), *chunk)):
                found[key.removeprefix(self._prefix)] = _value(*columns)
        return found

    async def save(self, writes: Sequence[Write]) -> None:
        """Write each key, independently of the others; raise the errors of those that failed."""
        failures = await self._independently(writes)
        if failures:
            message = f"failed saving state in state store {self._store}: {_join(failures)}"
            raise _state_error("ERR_STATE_SAVE", message, failures)

    async def delete(self, write: Write) -> None:
        """Delete one key."""
        failures = await self._independently([write])
        if failures:
            message = f"failed deleting state with key {write.key}: {_join(failures)}"
            raise _state_error("ERR_STATE_DELETE", message, failures)

    async def delete_bulk(self, writes: Sequence[Write]) -> None:
        """Delete each key, independently of the others."""
        failures = await self._independently(writes)
        if failures:
            message = f"failed deleting state in state store {self._store}: {_join(failures)}"
            raise _state_error("ERR_STATE_BULK_DELETE", message, failures)

    async def transact(self, writes: Sequence[Write]) -> None:
        """Apply all writes, or none."""
        keys = [self._key(write.key) for write in writes]
        try:
            await self._database.write(partial(_apply_all, self._store, keys, writes))
        except (ETagMismatchError, NothingWrittenError, BadOptionError, sqlite3.Error) as error:
            message = f"error while executing state transaction: {error}"
            raise DaprError(StatusCode.INTERNAL, "ERR_STATE_TRANSACTION", message) from error

    async def _independently(self, writes: Sequence[Write]) -> list[Exception]:
        keys = [self._key(write.key) for write in writes]
        try:
            return await self._database.write(partial(_apply_each, self._store, keys, writes))
        except sqlite3.Error as error:
            return [error]

    def _key(self, key: str) -> str:
        if SEPARATOR in key:
            raise illegal_key(key)
        return self._prefix + key


async def sweep(database: Database) -> None:
    """Delete what has expired, some rows at a time so that nobody waits for long."""
    statement = (
        "DELETE FROM state WHERE rowid IN (SELECT rowid FROM state WHERE expires IS NOT NULL AND expires < ? LIMIT ?)"
    )
    deleted = SWEEP_CHUNK
    while deleted == SWEEP_CHUNK:
        deleted = await database.write(lambda db: db.execute(statement, (time.time(), SWEEP_CHUNK)).rowcount)


def _apply_each(store: str, keys: Sequence[str], writes: Sequence[Write], db: sqlite3.Connection) -> list[Exception]:
    failures: list[Exception] = []
    for key, write in zip(keys, writes, strict=True):
        try:
            _apply(store, key, write, db)
        except (ETagMismatchError, NothingWrittenError, BadOptionError) as error:
            failures.append(error)
    return failures


def _apply_all(store: str, keys: Sequence[str], writes: Sequence[Write], db: sqlite3.Connection) -> None:
    for key, write in zip(keys, writes, strict=True):
        _apply(store, key, write, db)


def _apply(store: str, key: str, write: Write, db: sqlite3.Connection) -> None:
    if write.concurrency not in ("", "first-write", "last-write"):
        raise BadOptionError(f"unrecognized concurrency model '{write.concurrency}'")
    etag = _etag(write.etag)
    if write.value is None:
        _delete(store, key, etag, db)
        return
    if not write.value:
        raise BadOptionError('null value in column "value" violates not-null constraint')
    now = time.time()
    expires = _expiry(write.metadata, now)
    row = (store, key, write.value, str(uuid.uuid4()), expires)
    if etag:
        replacing = (write.value, row[3], expires, store, key, etag, now)
        if not db.execute(_REPLACE, replacing).rowcount:
            raise ETagMismatchError(ETAG_MISMATCH)
    elif write.concurrency == "first-write":
        if not db.execute(_FIRST_WRITE, (*row, now)).rowcount:
            raise NothingWrittenError("no item was updated")
    else:
        db.execute(_UPSERT, row)


def _delete(store: str, key: str, etag: str, db: sqlite3.Connection) -> None:
    if not etag:
        db.execute("DELETE FROM state WHERE store = ? AND key = ?", (store, key))
    elif not db.execute("DELETE FROM state WHERE store = ? AND key = ? AND etag = ?", (store, key, etag)).rowcount:
        raise ETagMismatchError(ETAG_MISMATCH)


def _etag(text: str) -> str:
    """Return the ETag in the form it is stored in; one that cannot be ours matches nothing."""
    if not text:
        return ""
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise ETagMismatchError(f"{ETAG_MISMATCH}: invalid UUID {text!r}") from error


def _expiry(metadata: dict[str, str], now: float) -> float | None:
    text = metadata.get("ttlInSeconds", "")
    if not text:
        return None
    try:
        seconds = int(text)
    except ValueError as error:
        raise BadOptionError(f"error parsing TTL: incorrect value for metadata 'ttlInSeconds': {text!r}") from error
    if not -1 <= seconds <= LARGEST_TTL:
        raise BadOptionError("error parsing TTL: incorrect value for metadata 'ttlInSeconds': must be -1 or greater")
    return now + seconds if seconds > 0 else None


def _value(data: bytes, etag: str, expires: float | None) -> Value:
    if expires is None:
        return Value(data, etag, {})
    moment = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Value(data, etag, {"ttlExpireTime": moment})


def _join(failures: list[Exception]) -> str:
    return "\n".join(str(failure) for failure in failures)


def _state_error(error_code: str, message: str, failures: list[Exception]) -> DaprError:
    mismatch = any(isinstance(failure, ETagMismatchError) for failure in failures)
    return DaprError(StatusCode.ABORTED if mismatch else StatusCode.INTERNAL, error_code, message)
