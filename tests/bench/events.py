"""Events: how long after a commit they are where they are wanted, and how fast they go at best."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from websockets.asyncio.client import ClientConnection

from bench import sockets
from bench.samples import task
from bench.stage import Stage
from bench.timing import Line, Table, sample
from components.catalogue import PUBSUB, STATE_STORE
from components.model import Topic
from services.kit.consumer import cloud_event
from services.kit.identity import LOCAL_PERSON

CALLS = 200
PAUSE = 0.03
BULK = 100
_PATIENCE_SECONDS = 300


async def pushing(stage: Stage) -> list[Line]:
    """From the answer to a change until a WebSocket client has its event; below zero counts as zero."""
    waits, whole = [], []
    async with stage.client() as socket:
        await sockets.greeted(socket)
        for number in range(CALLS):
            began = time.perf_counter()
            created, arrived = await asyncio.gather(_create(stage, number), _arrival(socket))
            waits.append(max(0.0, arrived - created))
            whole.append(arrived - began)
            await asyncio.sleep(PAUSE)
    return [
        Line("commit → WebSocket", sample(waits), (), "p95 ≤ 150"),
        Line("request → WebSocket", sample(whole)),
    ]


async def publishing(stage: Stage) -> list[Line]:
    """From the answer to a change until a consumer of the topic has its event; below zero counts as zero."""
    if not stage.place.brokers:
        return []
    waits = []
    async with _consumer(stage) as consumer:
        for number in range(CALLS):
            key = uuid4().hex

            async def arrival(wanted: str = key) -> float:
                async for record in consumer:
                    if wanted.encode() in record.value:
                        break
                return time.perf_counter()

            created, arrived = await asyncio.gather(_create(stage, number, key), arrival())
            waits.append(max(0.0, arrived - created))
            await asyncio.sleep(PAUSE)
    return [Line("commit → Kafka", sample(waits), (), "p95 ≤ 100")]


async def _create(stage: Stage, number: int, title: str = "") -> float:
    body = task(number) | ({"title": title} if title else {})
    await stage.call("POST", f"{stage.backend}/api/tasks", json=body)
    return time.perf_counter()


async def _arrival(socket: ClientConnection) -> float:
    while True:
        if any(event["type"] == "task.created" for event in await sockets.events(socket)):
            return time.perf_counter()


async def reminding(stage: Stage, scheduled: int, due: int, seconds: float) -> list[Line]:
    """From a reminder's time until a client hears of it, with `scheduled` others waiting for days.

    The `due` ones fall due one after the other within so many seconds.
    """
    started = time.perf_counter()
    await _schedule(stage, [datetime.now(UTC) + timedelta(days=2, seconds=n) for n in range(scheduled)])
    each = (time.perf_counter() - started) / scheduled
    lateness: list[float] = []
    async with stage.client() as socket:
        await sockets.greeted(socket)
        first = datetime.now(UTC) + timedelta(seconds=5 + 2 * each * due)
        await _schedule(stage, [first + timedelta(seconds=seconds * n / due) for n in range(due)])
        if datetime.now(UTC) > first:
            raise RuntimeError("the jobs were not set before they fell due; the machine is too busy for this")
        while len(lateness) < due:
            for event in await sockets.events(socket):
                if event["type"] == "reminder.due":
                    at = next(r["at"] for r in event["task"]["reminders"] if r["status"] != "scheduled")
                    lateness.append((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    name = f"reminder lateness at the client, {scheduled + due:,} scheduled, {due / seconds:.0f} a second"
    return [Line(name, sample(lateness), (), "p99 ≤ 1,000")]


async def _schedule(stage: Stage, times: list[datetime]) -> None:
    for start in range(0, len(times), 250):
        operations = [
            {"op": "create", "task": task(n) | {"reminders": [{"at": at.isoformat()}]}}
            for n, at in enumerate(times[start : start + 250])
        ]
        await stage.call("POST", f"{stage.backend}/api/tasks/batch", json={"operations": operations})
    await _jobs_set(stage)


async def _jobs_set(stage: Stage) -> None:
    """Return once the log says that every job of it is set."""
    key = f"log/{LOCAL_PERSON}"
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            header = orjson.loads((await stage.state.get(STATE_STORE, key)).data)["header"]
            if header.get("jobs") == header["head"]:
                return
            await asyncio.sleep(0.1)


async def flowing(stage: Stage, count: int) -> Table:
    """An import of `count` tasks, and how fast its events go on: to the topic, and into the trail, that has them all.

    Beside it the same events by the sidecar alone, and by a Kafka client that knows nothing of Dapr; they are of a
    person whom nobody watches.
    """
    rows = []
    if stage.place.brokers:
        events = [
            cloud_event(f"x:{n}", "task.created", "backend", "x" * 32, {"task": task(n)}) for n in range(count // 4)
        ]
        rows += [
            ("events by a Kafka client, one partition", *await _directly(stage, events)),
            ("events by the sidecar in bulks of 100, one partition", *await _by_the_sidecar(stage, events)),
        ]
    head = (await stage.call("GET", f"{stage.gateway}/api/tasks?limit=1"))["seq"]
    file = orjson.dumps([task(n) | {"id": str(uuid4())} for n in range(count)])
    async with _consumer(stage) as consumer:
        started = time.perf_counter()
        published = asyncio.create_task(_published(consumer, count)) if consumer else None
        await stage.call("POST", f"{stage.backend}/api/tasks/import?format=json", data=file)
        rows.append(("tasks imported", *_rate(count, time.perf_counter() - started)))
        if published:
            rows.append(("their events on the topic", *_rate(count, await published - started)))
        await trailed(stage, head + count)
        rows.append(("their entries in the trail", *_rate(count, time.perf_counter() - started)))
    return Table(f"How fast {count:,} events go", ("what", "a second", "all after s"), tuple(rows), "lrr")


def _rate(count: int, seconds: float) -> tuple[str, str]:
    return f"{count / seconds:,.0f}", f"{seconds:.1f}"


async def _directly(stage: Stage, events: list[dict[str, object]]) -> tuple[str, str]:
    producer = AIOKafkaProducer(bootstrap_servers=stage.place.brokers, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        started = time.perf_counter()
        sent = [await producer.send(Topic.TASK_UPDATES.value, orjson.dumps(event), key=b"x") for event in events]
        await asyncio.gather(*sent)
        return _rate(len(events), time.perf_counter() - started)
    finally:
        await producer.stop()


async def _by_the_sidecar(stage: Stage, events: list[dict[str, object]]) -> tuple[str, str]:
    started = time.perf_counter()
    for start in range(0, len(events), BULK):
        await stage.state.publish(PUBSUB, Topic.TASK_UPDATES, events[start : start + BULK])
    return _rate(len(events), time.perf_counter() - started)


async def _published(consumer: AIOKafkaConsumer, count: int) -> float:
    seen = 0
    async for record in consumer:
        seen += b"task.created" in record.value
        if seen >= count:
            break
    return time.perf_counter()


async def trailed(stage: Stage, head: int) -> None:
    """Return once the trail has come as far as `head`."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            trail = (await stage.call("GET", f"{stage.gateway}/api/audit?limit=1"))["items"]
            if trail and trail[0]["seq"] >= head:
                return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _consumer(stage: Stage) -> AsyncIterator[AIOKafkaConsumer]:
    """Enter with a consumer of `task-events` from now on; with None where there is no Kafka."""
    if not stage.place.brokers:
        yield None
        return
    consumer = AIOKafkaConsumer(
        Topic.TASK_EVENTS.value, bootstrap_servers=stage.place.brokers, auto_offset_reset="latest", fetch_max_wait_ms=10
    )
    await consumer.start()
    try:
        await consumer.seek_to_end()
        await asyncio.gather(*(consumer.position(part) for part in consumer.assignment()))
        yield consumer
    finally:
        await consumer.stop()
