"""Jobs: when they fire, and what the application gets."""

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import pytest_asyncio
from dapr.proto.runtime.v1 import jobs_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Value
from harness import waiting
from harness.waiting import never

from tests.conformance.differences import differs
from tests.conformance.harness import APP_TOKEN, PATIENCE_SECONDS, Client, FakeApp, Runtime, again, eventually, unique
from tests.conformance.platform import Platform
from tests.conformance.test_state import refused

JOBS = "/v1.0-alpha1/jobs"


@pytest_asyncio.fixture(loop_scope="session")
async def app(platform: Platform) -> FakeApp:
    """The application whose jobs are triggered."""
    return await platform.app("backend")


def runs(app: FakeApp, name: str) -> int:
    return len(app.at(f"/job/{name}"))


def soon(seconds: float = 0.3) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def before_its_time(backend: Client, change: Callable[[str], Awaitable[object]]) -> tuple[str, float]:
    """Schedule a job, and change it before it is due, however slow that is; return its name and that time."""
    for ahead in (0.5, 4, 60):
        name, due = unique("job"), time.time() + ahead
        await backend.schedule(name, due_time=datetime.fromtimestamp(due, UTC).isoformat())
        await change(name)
        if time.time() < due:
            return name, due
    raise AssertionError("a minute was not enough")


async def ended(backend: Client, name: str) -> None:
    """Return once there is no such job any more."""

    async def is_gone() -> bool:
        try:
            await backend.call("GetJobAlpha1", jobs_pb2.GetJobRequest(name=name))
        except grpc.aio.AioRpcError:
            return True
        return False

    await waiting.eventually(is_gone, PATIENCE_SECONDS)


async def test_a_job_fires_when_it_is_due_and_only_once(app: FakeApp, backend: Client) -> None:
    name, due = unique("job"), time.time() + 0.5
    await backend.schedule(name, due_time=datetime.fromtimestamp(due, UTC).isoformat(), data=b'  {"a": 1}\n')
    await eventually(lambda: runs(app, name))
    trigger = app.at(f"/job/{name}")[0]
    assert trigger.at >= due
    assert (trigger.method, trigger.body) == ("POST", b'{"a": 1}')
    assert trigger.headers["Content-Type"] == "application/json"
    assert trigger.headers["dapr-api-token"] == APP_TOKEN
    await never(lambda: runs(app, name) > 1, 0.3)
    await refused(grpc.StatusCode.INTERNAL, backend.call("GetJobAlpha1", jobs_pb2.GetJobRequest(name=name)))


@pytest.mark.parametrize("due", ["200ms", "0.2s", "PT0S", "2020-01-01T00:00:00Z", "-5s"])
async def test_forms_of_the_due_time(app: FakeApp, backend: Client, due: str) -> None:
    name = unique("job")
    await backend.schedule(name, due_time=due)
    await eventually(lambda: runs(app, name) == 1)


async def test_a_repeating_job_ends_after_its_repeats(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    await backend.schedule(name, schedule="@every 100ms", repeats=3)
    await eventually(lambda: runs(app, name) == 3)
    await never(lambda: runs(app, name) > 3, 0.4)


async def test_a_due_time_is_the_first_tick_of_a_schedule(app: FakeApp, backend: Client) -> None:
    name, begun = unique("job"), time.time()
    await backend.schedule(name, schedule="@every 200ms", due_time="400ms", repeats=2)
    await eventually(lambda: runs(app, name) == 2)
    first, second = (trigger.at - begun for trigger in app.at(f"/job/{name}"))
    assert first >= 0.39
    assert second >= 0.59


async def test_a_schedule_ends_with_its_ttl(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    await backend.schedule(name, schedule="@every 1s", ttl="2500ms")
    await ended(backend, name)
    await eventually(lambda: runs(app, name))
    await never(lambda: runs(app, name) > 2, 1.2)


async def test_cron_has_seconds_first(app: FakeApp, backend: Client) -> None:
    name, begun = unique("job"), int(time.time())
    await backend.schedule(name, schedule="* * * * * *", repeats=2)
    await eventually(lambda: runs(app, name) == 2, 50)  # of minutes there would be one at most
    first, second = (trigger.at for trigger in app.at(f"/job/{name}"))
    assert first >= begun + 1
    assert second >= begun + 2


@pytest.mark.parametrize(
    "job",
    [
        {"due_time": "soon"},
        {"due_time": "2020-01-01"},
        {"due_time": "R2/PT1S"},
        {"schedule": "* * * * *"},
        {"schedule": "@sometimes"},
        {"schedule": "@every never"},
        {"schedule": "99 * * * * *"},
        {"schedule": "@every 1s", "repeats": 0},
        {"due_time": "1s", "repeats": 2},
        {"due_time": "1s", "ttl": "5s"},
        {"schedule": "@every 1s", "due_time": "10s", "ttl": "2020-01-01T00:00:00Z"},
    ],
    ids=str,
)
async def test_what_cannot_be_scheduled_is_refused(backend: Client, job: dict[str, Any]) -> None:
    message = await refused(grpc.StatusCode.INTERNAL, backend.schedule(unique("job"), **job))
    assert message.startswith("failed to schedule job due to: ")


@pytest.mark.parametrize("name", ["Ünicode", "a/b", "-", "a..b"])
async def test_names_are_dns_names(backend: Client, name: str) -> None:
    await refused(grpc.StatusCode.INTERNAL, backend.schedule(name, due_time="1h"))


async def test_a_job_needs_a_name_and_a_time(backend: Client) -> None:
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.schedule("", due_time="1s")) == "Name is empty"
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.schedule(unique("job"))) == "Schedule is empty"
    empty = backend.call("ScheduleJobAlpha1", jobs_pb2.ScheduleJobRequest())
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, empty) == "Job is empty"


async def test_an_existing_name_is_refused_unless_overwritten(app: FakeApp, backend: Client) -> None:
    name = unique("job")
    await backend.schedule(name, due_time="1h", data=b"1")
    message = await refused(grpc.StatusCode.ALREADY_EXISTS, backend.schedule(name, due_time="1h"))
    assert "job already exists" in message
    await backend.schedule(name, due_time=soon(), data=b"2", overwrite=True)
    await eventually(lambda: runs(app, name) == 1)
    assert app.at(f"/job/{name}")[0].body == b"2"


async def test_an_overwritten_job_does_not_fire_at_its_first_time(app: FakeApp, backend: Client) -> None:
    name, due = await before_its_time(backend, lambda name: backend.schedule(name, due_time="1h", overwrite=True))
    await never(lambda: runs(app, name), due - time.time() + 0.4)


async def test_a_deleted_job_does_not_fire(app: FakeApp, backend: Client) -> None:
    async def delete(name: str) -> None:
        await backend.call("DeleteJobAlpha1", jobs_pb2.DeleteJobRequest(name=name))

    name, due = await before_its_time(backend, delete)
    await never(lambda: runs(app, name), due - time.time() + 0.4)
    await delete(name)


async def test_get_returns_what_was_scheduled(backend: Client) -> None:
    name = unique("job")
    await backend.schedule(name, schedule="@daily", repeats=3, ttl="240h", data=b'{"x":1}')
    job = (await backend.call("GetJobAlpha1", jobs_pb2.GetJobRequest(name=name))).job
    assert (job.name, job.schedule, job.repeats, job.ttl) == (name, "@daily", 3, "240h")
    assert job.data.value == b'{"x":1}'
    assert job.failure_policy.constant.max_retries == 3
    message = await refused(
        grpc.StatusCode.INTERNAL, backend.call("GetJobAlpha1", jobs_pb2.GetJobRequest(name=unique("job")))
    )
    assert "job not found" in message


async def test_apps_have_jobs_of_their_own(platform: Platform, app: FakeApp, backend: Client) -> None:
    name, notification = unique("job"), platform.client("notification")
    other = await platform.app("notification")
    await backend.schedule(name, due_time="300ms")
    await notification.schedule(name, due_time="1h")
    await eventually(lambda: runs(app, name) == 1)
    assert runs(other, name) == 0
    assert (await notification.call("GetJobAlpha1", jobs_pb2.GetJobRequest(name=name))).job.due_time == "1h"


async def test_jobs_can_be_listed_and_deleted_by_prefix(runtime: Runtime, backend: Client) -> None:
    prefix = unique("job")
    if not differs(runtime, "jobs-list", embedded=True, daprd=False):
        await refused(grpc.StatusCode.UNKNOWN, backend.call("ListJobsAlpha1", jobs_pb2.ListJobsRequestAlpha1()))
        return
    for n in range(3):
        await backend.schedule(f"{prefix}-{n}", due_time="1h")
    await backend.schedule(f"{prefix}x", due_time="1h")

    async def names() -> set[str]:
        listed = await backend.call("ListJobsAlpha1", jobs_pb2.ListJobsRequestAlpha1())
        return {job.name for job in listed.jobs if job.name.startswith(prefix)}

    assert len(await names()) == 4
    request = jobs_pb2.DeleteJobsByPrefixRequestAlpha1(name_prefix=f"{prefix}-")
    await backend.call("DeleteJobsByPrefixAlpha1", request)
    assert await names() == {f"{prefix}x"}


async def test_a_value_arrives_as_json(app: FakeApp, backend: Client) -> None:
    name, data = unique("job"), AnyMessage()
    data.Pack(Value(string_value="text"))
    request = jobs_pb2.ScheduleJobRequest(job=jobs_pb2.Job(name=name, due_time="50ms", data=data))
    await backend.call("ScheduleJobAlpha1", request)
    await eventually(lambda: runs(app, name))
    assert app.at(f"/job/{name}")[0].body == b'"text"'


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("1", b"1"),
        ("1.0", b"1"),
        ("-2.50", b"-2.5"),
        ("1e3", b"1000"),
        ('{"a": [1.0, "x"]}', b'{"a":[1,"x"]}'),
        ("true", b"true"),
        ("null", b"null"),
    ],
)
async def test_data_arrives_as_it_was_sent(app: FakeApp, backend: Client, sent: str, arrives: bytes) -> None:
    name, kept = unique("job"), unique("job")
    for job, due in ((name, "50ms"), (kept, "1h")):
        body = f'{{"dueTime": "{due}", "data": {sent}}}'
        assert (await backend.http("POST", f"{JOBS}/{job}", data=body))[0] == 204
    await eventually(lambda: runs(app, name))
    assert app.at(f"/job/{name}")[0].body.replace(b" ", b"") == arrives
    _, answer, _ = await backend.http("GET", f"{JOBS}/{kept}")
    assert b'"value":' + arrives in answer.replace(b" ", b"")


async def test_http_schedules_gets_and_deletes(app: FakeApp, backend: Client) -> None:
    name, gone = unique("job"), unique("job")
    body = {"dueTime": "100ms", "data": {"a": [1, "x"]}}
    assert (await backend.http("POST", f"{JOBS}/{name}", json=body))[0] == 204
    await eventually(lambda: runs(app, name))
    assert app.at(f"/job/{name}")[0].json() == {"a": [1, "x"]}
    policy = {"constant": {"interval": "2s", "maxRetries": 7}}
    await backend.http("POST", f"{JOBS}/{gone}", json={"schedule": "@yearly", "data": 1, "failurePolicy": policy})
    status, answer, _ = await backend.http("GET", f"{JOBS}/{gone}")
    found = json.loads(answer)
    assert (status, found.get("schedule"), found.get("failurePolicy")) == (200, "@yearly", policy), found
    assert (await backend.http("POST", f"{JOBS}/{gone}", json={"dueTime": "1h"}))[0] == 409
    assert (await backend.http("DELETE", f"{JOBS}/{gone}"))[0] == 204
    assert (await backend.http("GET", f"{JOBS}/{gone}"))[0] == 500
    status, _, _ = await backend.http("POST", f"{JOBS}/{gone}", json={"name": "other", "dueTime": "1h"})
    assert status == 400


async def test_hundreds_due_at_once_all_fire(app: FakeApp, backend: Client) -> None:
    prefix, due = unique("job"), soon(1.5)
    for n in range(300):
        await backend.schedule(f"{prefix}-{n}", due_time=due)

    def fired() -> list[str]:
        return [request.path for request in app.received if prefix in request.path]

    await eventually(lambda: len(fired()) >= 300)
    assert len(set(fired())) == len(fired()) == 300


async def test_replicas_share_the_jobs(platform: Platform) -> None:
    apps = [await platform.app("audit", n) for n in range(2)]
    prefix, audit = unique("job"), platform.client("audit")

    def fired(app: FakeApp) -> int:
        return sum(prefix in request.path for request in app.received)

    count = await again(
        lambda n: audit.schedule(f"{prefix}-{n}", due_time="50ms"),
        lambda: all(map(fired, apps)),
    )
    await eventually(lambda: sum(map(fired, apps)) == count)
