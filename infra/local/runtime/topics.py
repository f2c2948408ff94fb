"""Durable topics: partitions of ordered messages, and how far each consumer group has come in them.

Topics belong to the broker, not to a component: two components publish to and consume the same topic, as two
components that name one Kafka cluster do.
"""

import itertools
import sqlite3
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import orjson

from infra.local.runtime.database import Database

LARGEST_FETCH_BYTES: Final = 4 * 1024 * 1024
SWEEP_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class NewMessage:
    """An event on its way in; messages of one `key` keep their order."""

    event: bytes
    metadata: dict[str, str]

    @property
    def key(self) -> str:
        """The partition key, empty when any partition will do."""
        return self.metadata.get("partitionKey") or self.metadata.get("__key") or ""


@dataclass(frozen=True, slots=True)
class Message:
    """An event of a partition, at its offset; `published` is in seconds since the epoch."""

    offset: int
    published: float
    metadata: dict[str, str]
    event: bytes


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic; its number of partitions is fixed when it is made."""

    id: int
    name: str
    partitions: int


Partition = tuple[int, int]


class Broker:
    """Every topic of the data folder."""

    def __init__(self, database: Database, partitions: int) -> None:
        self._database = database
        self._partitions = partitions
        self._topics: dict[str, Topic] = {
            name: Topic(number, name, count)
            for number, name, count in database.read("SELECT id, name, partitions FROM topic")
        }
        self._turn = itertools.count()
        self._listeners: dict[Partition, list[Callable[[], None]]] = defaultdict(list)

    async def topic(self, name: str) -> Topic:
        """Return the topic, made now if it is new."""
        found = self._topics.get(name)
        if found is None:
            found = await self._database.write(partial(_make_topic, name, self._partitions))
            self._topics[name] = found
        return found

    async def publish(self, name: str, messages: Sequence[NewMessage]) -> None:
        """Append all messages, or none, and wake who waits for them."""
        topic = await self.topic(name)
        placed = [(self._place(message.key, topic.partitions), message) for message in messages]
        await self._database.write(partial(_append, topic.id, placed))
        for number in {number for number, _ in placed}:
            for wake in self._listeners[topic.id, number]:
                wake()

    def listen(self, partition: Partition, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` after every commit to the partition; return what ends that."""
        listeners = self._listeners[partition]
        listeners.append(wake)
        return lambda: listeners.remove(wake)

    def fetch(self, partition: Partition, offset: int, limit: int) -> list[Message]:
        """Return up to `limit` messages from `offset` on, fewer when they are large, at least one if any."""
        cursor = self._database.cursor(
            "SELECT offset, published, metadata, event FROM message "
            "WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?",
            (*partition, offset, limit),
        )
        messages: list[Message] = []
        size = 0
        for number, published, metadata, event in cursor:
            size += len(event)
            if messages and size > LARGEST_FETCH_BYTES:
                break
            messages.append(Message(number, published, orjson.loads(metadata), event))
        cursor.close()
        return messages

    def end(self, partition: Partition) -> int:
        """Return the offset that the next message will have."""
        found: int = self._database.read(_END, partition)[0][0]
        return found

    def committed(self, group: str, topic: Topic) -> dict[int, int]:
        """Return the next offset by partition, of those where the group has one."""
        rows: list[tuple[int, int]] = self._database.read(
            "SELECT partition, next FROM consumer_offset WHERE consumer_group = ? AND topic = ?",
            (group, topic.id),
        )
        return dict(rows)

    async def commit(self, offsets: dict[tuple[str, Partition], int]) -> None:
        """Keep how far groups have come."""
        rows = [(group, *partition, offset) for (group, partition), offset in offsets.items()]
        statement = "INSERT OR REPLACE INTO consumer_offset VALUES (?, ?, ?, ?)"
        await self._database.write(lambda db: db.executemany(statement, rows))

    async def sweep(self, retention_seconds: float, groups: Iterable[str]) -> None:
        """Delete what is older than that, except what one of `groups` has yet to consume, and each last message."""
        before = time.time() - retention_seconds
        live = list(groups)
        for topic in list(self._topics.values()):
            for number in range(topic.partitions):
                bound = self._sweep_bound((topic.id, number), live)
                statement = partial(_delete_consumed, topic.id, number, bound, before)
                while await self._database.write(statement) == SWEEP_CHUNK:
                    pass

    def _sweep_bound(self, partition: Partition, groups: list[str]) -> int:
        """Return the first offset that has to stay; the last message always does, since it marks the end."""
        marks = ", ".join("?" * len(groups))
        rows = self._database.read(
            f"SELECT next FROM consumer_offset WHERE topic = ? AND partition = ? AND consumer_group IN ({marks})",  # noqa: S608 - marks only
            (*partition, *groups),
        )
        offsets: list[int] = [row[0] for row in rows]
        return min([self.end(partition) - 1, *offsets])

    def _place(self, key: str, partitions: int) -> int:
        return zlib.crc32(key.encode()) % partitions if key else next(self._turn) % partitions


_END = "SELECT coalesce(max(offset) + 1, 0) FROM message WHERE topic = ? AND partition = ?"


def _make_topic(name: str, partitions: int, db: sqlite3.Connection) -> Topic:
    db.execute("INSERT OR IGNORE INTO topic (name, partitions) VALUES (?, ?)", (name, partitions))
    number, count = db.execute("SELECT id, partitions FROM topic WHERE name = ?", (name,)).fetchone()
    return Topic(number, name, count)


def _append(topic: int, placed: Sequence[tuple[int, NewMessage]], db: sqlite3.Connection) -> None:
    now = time.time()
    for number, message in placed:
        end = db.execute(_END, (topic, number)).fetchone()[0]
        row = (topic, number, end, now, orjson.dumps(message.metadata), message.event)
        db.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", row)


def _delete_consumed(topic: int, number: int, bound: int, before: float, db: sqlite3.Connection) -> int:
    statement = (
        "DELETE FROM message WHERE topic = ? AND partition = ? AND offset IN (SELECT offset FROM message "
        "WHERE topic = ? AND partition = ? AND offset < ? AND published < ? ORDER BY offset LIMIT ?)"
    )
    return db.execute(statement, (topic, number, topic, number, bound, before, SWEEP_CHUNK)).rowcount
