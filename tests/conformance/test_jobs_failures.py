"""Jobs: what the application's answer does, and what becomes of a job whose application is away."""

import asyncio
import time
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from dapr.proto.common.v1.common_pb2 import JobFailurePolicy, JobFailurePolicyConstant, JobFailurePolicyDrop
from google.protobuf.duration_pb2 import Duration
from harness.waiting import never

from tests.conformance.differences import differs
from tests.conformance.harness import Client, FakeApp, eventually, unique
from tests.conformance.platform import Platform
from tests.conformance.test_jobs import ended, runs


@pytest_asyncio.fixture(loop_scope="session")
async def app(platform: Platform) -> FakeApp:
    """The application whose jobs are triggered."""
    return await platform.app("backend")


def constant(seconds: float, retries: int | None = None) -> JobFailurePolicy:
    interval = Duration()
    interval.FromMilliseconds(int(seconds * 1000))
    return JobFailurePolicy(constant=JobFailurePolicyConstant(interval=interval, max_retries=retries))


@pytest.mark.parametrize("status", [400, 409, 500, 503, 302])
async def test_a_failed_trigger_is_tried_again_by_its_policy(app: FakeApp, backend: Client, status: int) -> None:
    name = unique("job")
    app.answer = lambda request: status if runs(app, name) < 5 and name in request.path else None
    await backend.schedule(name, due_time="50ms", failure_policy=constant(0.05))
    await eventually(lambda: runs(app, name) == 6)
    await never(lambda: runs(app, name) > 6, 0.3)


async def test_retries_end_after_their_number(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    app.answer = lambda request: 500 if name in request.path else None
    await backend.schedule(name, due_time="50ms", failure_policy=constant(0.05, retries=2))
    await eventually(lambda: runs(app, name) == 3)
    await never(lambda: runs(app, name) > 3, 0.4)


async def test_drop_tries_once(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    app.answer = lambda request: 500 if name in request.path else None
    policy = JobFailurePolicy(drop=JobFailurePolicyDrop())
    await backend.schedule(name, due_time="50ms", failure_policy=policy)
    await eventually(lambda: runs(app, name) == 1)
    await never(lambda: runs(app, name) > 1, 1.5)


async def test_the_default_is_three_retries_a_second_apart(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    app.answer = lambda request: 500 if name in request.path else None
    await backend.schedule(name, due_time="50ms")
    await eventually(lambda: runs(app, name) == 4)
    times = [trigger.at for trigger in app.at(f"/job/{name}")]
    assert times[3] - times[0] > 2.9
    await never(lambda: runs(app, name) > 4, 1.3)


async def test_404_ends_a_job(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    app.answer = lambda request: 404 if name in request.path else None
    await backend.schedule(name, due_time="50ms", failure_policy=constant(0.05))
    await eventually(lambda: runs(app, name) == 1)
    await never(lambda: runs(app, name) > 1, 0.3)


async def test_a_failed_tick_of_a_schedule_leaves_the_next_ones(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    app.answer = lambda request: 500 if name in request.path and runs(app, name) == 0 else None
    policy = JobFailurePolicy(drop=JobFailurePolicyDrop())
    await backend.schedule(name, schedule="@every 100ms", repeats=3, failure_policy=policy)
    await eventually(lambda: runs(app, name) == 3)
    await never(lambda: runs(app, name) > 3, 0.3)


async def test_a_job_waits_for_its_app_without_losing_tries(platform: Platform, app: FakeApp, backend: Client) -> None:
    policy = JobFailurePolicy(drop=JobFailurePolicyDrop())
    for ahead in (8, 60):
        name, due = unique("job"), time.time() + ahead
        await backend.schedule(name, due_time=datetime.fromtimestamp(due, UTC).isoformat(), failure_policy=policy)
        await platform.lost("backend")
        if time.time() < due:
            break
        await platform.found("backend")
    else:
        raise AssertionError("a minute was not enough")
    await asyncio.sleep(due - time.time())
    await platform.found("backend")
    await eventually(lambda: runs(app, name) == 1)


async def test_a_job_whose_app_alone_is_away(platform: Platform, app: FakeApp, backend: Client) -> None:
    name = unique("job")
    policy = JobFailurePolicy(drop=JobFailurePolicyDrop())
    await platform.away("backend")
    await backend.schedule(name, due_time="50ms", failure_policy=policy)
    waits = differs(platform.runtime, "app-away-jobs", embedded=True, daprd=False)
    if not waits:
        await ended(backend, name)
    await never(lambda: runs(app, name), 2)
    await platform.back("backend")
    if waits:
        await eventually(lambda: runs(app, name) == 1)
    else:
        await never(lambda: runs(app, name), 2)
