"""What a kill at any moment leaves behind: everything that was acknowledged, in order, and nothing by half."""

import asyncio
import itertools
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import grpc
import psutil
import pytest
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import jobs_pb2, state_pb2
from harness.waiting import never

from tests.conformance.embedded import Embedded
from tests.conformance.harness import PATIENCE_SECONDS, PUBSUB, STORE, FakeApp, eventually
from tests.conformance.platform import Platform

EVENTS = "task-events"
ROUTE = f"/events/{EVENTS}"


async def again(platform: Platform) -> Platform:
    """Kill the runtime, start it anew over the same folder, and return fresh clients."""
    await platform.disconnect()
    platform.runtime.kill()
    platform.runtime.start()
    return platform


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5])
async def test_acknowledged_writes_survive_a_kill_in_their_midst(platform: Platform, seconds: float) -> None:
    backend = platform.client("backend")
    acknowledged: dict[str, bytes] = {}
    numbers = itertools.count()

    async def write() -> None:
        while True:
            key, value = f"k{next(numbers)}", str(time.time_ns()).encode() * 50
            try:
                await backend.save(key, value)
            except grpc.aio.AioRpcError:
                return
            acknowledged[key] = value

    writers = [asyncio.create_task(write()) for _ in range(8)]
    await eventually(lambda: acknowledged)
    await asyncio.sleep(seconds)
    platform.runtime.kill()
    await asyncio.gather(*writers)
    reader = (await again(platform)).client("backend")
    for key, value in acknowledged.items():
        assert (await reader.get(key)).data == value


async def test_a_transaction_is_there_whole_or_not_at_all(platform: Platform) -> None:
    backend = platform.client("backend")
    acknowledged = -1

    async def write() -> None:
        nonlocal acknowledged
        for n in itertools.count():
            request = state_pb2.ExecuteStateTransactionRequest(storeName=STORE)
            for key in ("a", "b", "c"):
                item = common.StateItem(key=key, value=str(n).encode())
                request.operations.add(operationType="upsert", request=item)
            try:
                await backend.call("ExecuteStateTransaction", request)
            except grpc.aio.AioRpcError:
                return
            acknowledged = n

    writer = asyncio.create_task(write())
    await eventually(lambda: acknowledged > 20)
    platform.runtime.kill()
    await writer
    reader = (await again(platform)).client("backend")
    values = {int((await reader.get(key)).data) for key in ("a", "b", "c")}
    assert len(values) == 1
    assert values.pop() >= acknowledged


async def test_acknowledged_events_are_delivered_in_order_after_a_kill(platform: Platform) -> None:
    backend = platform.client("backend")
    acknowledged: list[int] = []

    async def publish() -> None:
        for n in itertools.count():
            try:
                await backend.publish(EVENTS, {"n": n}, key="one")
            except grpc.aio.AioRpcError:
                return
            acknowledged.append(n)

    publisher = asyncio.create_task(publish())
    await eventually(lambda: len(acknowledged) > 30)
    platform.runtime.kill()
    await publisher
    await again(platform)
    app = await platform.app("audit", topics={EVENTS: PUBSUB})
    await eventually(lambda: set(acknowledged) <= set(app.events(ROUTE)))
    assert app.events(ROUTE) == list(range(len(app.events(ROUTE))))


async def test_a_consumer_goes_on_where_it_was_after_a_kill(platform: Platform) -> None:
    app = await platform.app("audit", topics={EVENTS: PUBSUB})
    backend = platform.client("backend")
    for n in range(20):
        await backend.publish(EVENTS, {"n": n}, key="one")
    await eventually(lambda: len(app.events(ROUTE)) == 20)
    await eventually(lambda: kept_offset(platform) == 20)
    await again(platform)
    await platform.client("backend").publish(EVENTS, {"n": 20}, key="one")
    await eventually(lambda: app.events(ROUTE)[-1] == 20)
    assert app.events(ROUTE) == list(range(21))


def kept_offset(platform: Platform[Embedded]) -> int:
    """Return where the consumers of the one key go on after a kill: the offset that the database holds."""
    with closing(sqlite3.connect(platform.runtime.settings.data / "runtime.db")) as database:
        return int(database.execute("SELECT max(next) FROM consumer_offset").fetchone()[0] or 0)


async def test_an_event_that_was_being_handled_comes_again_after_a_kill(platform: Platform) -> None:
    app = await platform.app("audit", topics={EVENTS: PUBSUB})
    app.answer = lambda request: 500 if request.path == ROUTE else None
    await platform.client("backend").publish(EVENTS, {"n": 1})
    await eventually(lambda: app.events(ROUTE))
    await again(platform)
    app.answer = lambda _request: None
    before = len(app.events(ROUTE))
    await eventually(lambda: len(app.events(ROUTE)) == before + 1)


async def test_jobs_survive_a_kill_and_overdue_ones_fire_at_once(platform: Platform) -> None:
    app = await platform.app("backend")
    backend = platform.client("backend")
    due = datetime.now(UTC) + timedelta(seconds=4)
    await backend.schedule("overdue", due_time=due.isoformat(), data=b"late")
    await backend.schedule("later", due_time="1h")
    await backend.schedule("deleted", due_time=due.isoformat())
    await backend.call("DeleteJobAlpha1", jobs_pb2.DeleteJobRequest(name="deleted"))
    platform.runtime.kill()
    await platform.disconnect()
    assert not app.received
    await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
    platform.runtime.start()
    await eventually(lambda: app.at("/job/overdue"))
    assert app.at("/job/overdue")[0].body == b"late"
    await never(lambda: app.at("/job/deleted") or len(app.at("/job/overdue")) > 1)
    job = await platform.client("backend").call("GetJobAlpha1", jobs_pb2.GetJobRequest(name="later"))
    assert job.job.due_time == "1h"


async def test_a_job_whose_answer_is_lost_fires_again(platform: Platform) -> None:
    app: FakeApp = await platform.app("backend")
    app.answer = lambda request: 500 if request.path == "/job/once" else None
    await platform.client("backend").schedule("once", due_time="10ms")
    await eventually(lambda: app.at("/job/once"))
    app.answer = lambda _request: None
    before = len(app.at("/job/once"))
    await again(platform)
    await eventually(lambda: len(app.at("/job/once")) == before + 1)


async def test_a_stop_is_clean_and_keeps_offsets(platform: Platform) -> None:
    app = await platform.app("audit", topics={EVENTS: PUBSUB})
    await platform.client("backend").publish(EVENTS, {"n": 1})
    await eventually(lambda: app.events(ROUTE) == [1])
    await platform.disconnect()
    assert platform.runtime.terminate() == 0
    platform.runtime.start()
    await platform.client("backend").publish(EVENTS, {"n": 2})
    await eventually(lambda: app.events(ROUTE)[-1] == 2)
    assert app.events(ROUTE) == [1, 2]


async def test_a_stop_does_not_wait_for_a_hanging_app(platform: Platform) -> None:
    app = await platform.app("audit", topics={EVENTS: PUBSUB})
    reached = asyncio.Event()

    async def hang(_request: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    app.raw[ROUTE] = hang  # type: ignore[assignment]
    await platform.client("backend").publish(EVENTS, {"n": 1})
    await asyncio.wait_for(reached.wait(), PATIENCE_SECONDS)
    await platform.disconnect()
    assert platform.runtime.terminate() == 0


async def test_thousands_of_waiting_jobs_cost_nothing(platform: Platform) -> None:
    backend = platform.client("backend")
    for begin in range(0, 3000, 100):
        await asyncio.gather(*(backend.schedule(f"w{n}", due_time="1h") for n in range(begin, begin + 100)))
    process = platform.runtime.process
    assert process is not None
    for _ in range(30):  # what is left of the scheduling itself may take a moment
        used = cpu_seconds(process.pid)
        await asyncio.sleep(1)
        if cpu_seconds(process.pid) - used < 0.1:
            return
    raise AssertionError("a runtime whose jobs only wait is busy")


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
