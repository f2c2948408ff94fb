"""The database and what is kept in it: group commit, sweeps, partitions."""

import asyncio
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from infra.local.runtime import state
from infra.local.runtime.database import Database
from infra.local.runtime.state import StateStore, Write
from infra.local.runtime.topics import SWEEP_CHUNK, Broker, NewMessage


def put(key: str, db: sqlite3.Connection) -> str:
    db.execute("INSERT INTO state VALUES ('s', ?, x'00', 'e', NULL)", (key,))
    return key


def put_and_fail(key: str, db: sqlite3.Connection) -> NoReturn:
    put(key, db)
    raise LookupError(key)


async def test_an_operation_that_fails_undoes_itself_alone(database: Database) -> None:
    works = [partial(put_and_fail if n % 3 == 0 else put, f"k{n}") for n in range(60)]
    outcomes = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    kept = {row[0] for row in database.read("SELECT key FROM state")}
    assert kept == {f"k{n}" for n in range(60) if n % 3}
    for n, outcome in enumerate(outcomes):
        assert outcome == f"k{n}" if n % 3 else isinstance(outcome, LookupError)


async def test_a_constraint_that_is_broken_is_the_writers_own_error(database: Database) -> None:
    first, second, third = await asyncio.gather(
        *(database.write(partial(put, key)) for key in ("a", "a", "b")), return_exceptions=True
    )
    assert (first, third) == ("a", "b")
    assert isinstance(second, sqlite3.IntegrityError)


async def test_a_caller_that_goes_away_does_not_stop_the_writer(database: Database) -> None:
    task = asyncio.create_task(database.write(partial(put, "left")))
    await asyncio.sleep(0)
    task.cancel()
    await database.write(partial(put, "stayed"))
    assert {row[0] for row in database.read("SELECT key FROM state")} == {"left", "stayed"}


async def test_the_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        database.read("DELETE FROM state")


async def test_what_was_queued_is_written_before_the_close(tmp_path: Path) -> None:
    database = Database(tmp_path)
    writes = [asyncio.create_task(database.write(partial(put, f"k{n}"))) for n in range(500)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    database = Database(tmp_path)
    assert database.read("SELECT count(*) FROM state") == [(500,)]
    await database.close()


async def test_the_sweep_deletes_what_has_expired(database: Database) -> None:
    count = state.SWEEP_CHUNK + 50
    store = StateStore(database, "s", "app")
    await store.save([Write(f"k{n}", b"x", metadata={"ttlInSeconds": "1"}) for n in range(count)])
    await store.save([Write("kept", b"x", metadata={"ttlInSeconds": "600"}), Write("plain", b"x")])
    await state.sweep(database)
    assert database.read("SELECT count(*) FROM state") == [(count + 2,)]
    await database.write(lambda db: db.execute("UPDATE state SET expires = 1 WHERE key GLOB 'app||k[0-9]*'"))
    await state.sweep(database)
    assert {row[0] for row in database.read("SELECT key FROM state")} == {"app||kept", "app||plain"}


def message(key: str = "", size: int = 1) -> NewMessage:
    return NewMessage(b"x" * size, {"partitionKey": key} if key else {})


async def offsets(broker: Broker, partition: tuple[int, int]) -> list[int]:
    return [found.offset for found in broker.fetch(partition, 0, 10_000)]


async def test_the_sweep_keeps_what_a_group_has_not_consumed_and_the_last(database: Database) -> None:
    broker = Broker(database, 1)
    await broker.publish("t", [message() for _ in range(SWEEP_CHUNK + 20)])
    topic = await broker.topic("t")
    partition = (topic.id, 0)
    await database.write(lambda db: db.execute("UPDATE message SET published = ?", (time.time() - 7200,)))
    await broker.commit({("live", partition): SWEEP_CHUNK + 5, ("gone", partition): 3})
    await broker.sweep(10_000, ["live"])
    assert len(await offsets(broker, partition)) == SWEEP_CHUNK + 20
    await broker.sweep(3600, ["live"])
    assert await offsets(broker, partition) == list(range(SWEEP_CHUNK + 5, SWEEP_CHUNK + 20))
    await broker.sweep(3600, [])
    assert await offsets(broker, partition) == [SWEEP_CHUNK + 19]
    await broker.publish("t", [message()])
    assert broker.end(partition) == SWEEP_CHUNK + 21


async def test_a_topic_keeps_its_partitions_when_the_setting_changes(database: Database) -> None:
    first = await Broker(database, 3).topic("t")
    again = await Broker(database, 50).topic("t")
    assert again == first


async def test_a_key_always_has_the_same_partition(database: Database) -> None:
    broker = Broker(database, 8)
    await broker.publish("t", [message("one") for _ in range(10)])
    await broker.publish("t", [message("one") for _ in range(10)])
    topic = await broker.topic("t")
    counts = [len(await offsets(broker, (topic.id, number))) for number in range(8)]
    assert sorted(counts) == [0] * 7 + [20]


async def test_messages_without_a_key_are_spread(database: Database) -> None:
    broker = Broker(database, 4)
    await broker.publish("t", [message() for _ in range(40)])
    topic = await broker.topic("t")
    assert [len(await offsets(broker, (topic.id, number))) for number in range(4)] == [10] * 4


async def test_a_fetch_is_bounded_in_bytes_but_never_empty(database: Database) -> None:
    broker = Broker(database, 1)
    await broker.publish("t", [message(size=3 * 1024 * 1024) for _ in range(3)])
    topic = await broker.topic("t")
    assert len(broker.fetch((topic.id, 0), 0, 100)) == 1
    assert broker.fetch((topic.id, 0), 3, 100) == []


async def test_listeners_are_told_of_their_partition_until_they_leave(database: Database) -> None:
    broker = Broker(database, 2)
    topic = await broker.topic("t")
    told: list[int] = []
    leave = [broker.listen((topic.id, number), partial(told.append, number)) for number in range(2)]
    await broker.publish("t", [message(), message()])
    assert sorted(told) == [0, 1]
    leave[0]()
    await broker.publish("t", [message(), message()])
    assert sorted(told) == [0, 1, 1]
