"""Calls: each of the platform beside a bare call of the sidecar and beside the plain way; and each hop of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import orjson

from bench.samples import task
from bench.stage import Stage
from bench.timing import Line, alternating, sample, timed
from components.catalogue import BACKEND, STATE_STORE

CALLS = 200
MANY = 10_000
PAUSE = 0.04


async def creating(stage: Stage) -> list[Line]:
    """Create: the platform's commit beside a bare ETag save of a page's size, and the plain INSERT; with each hop."""
    value = orjson.dumps({"filler": "x" * 16_000})

    async def bare(_: int) -> None:
        item = await stage.state.get(STATE_STORE, "bench/save")
        await stage.state.save(STATE_STORE, "bench/save", value, etag=item.etag)

    def create(base: str) -> Callable[[int], Awaitable[object]]:
        return lambda n: stage.call("POST", f"{base}/tasks", json=task(n))

    own, plain, saved, sidecar, gateway = await alternating(
        create(f"{stage.backend}/api"),
        create(stage.plain),
        bare,
        lambda n: stage.sidecar.invoke(BACKEND, "POST", "/api/tasks", body=task(n)),
        create(f"{stage.gateway}/api"),
        count=CALLS,
        pause=PAUSE,
    )
    hurried = await timed(CALLS, create(f"{stage.backend}/api"))
    return [
        Line("create", own, (("bare get and ETag save", saved), ("plain", plain)), "≤ 2× bare"),
        Line("create, through the sidecar", sidecar, (("backend", own),)),
        Line("create, through the gateway", gateway, (("backend", own),)),
        Line("create, back to back (its events share the two cores)", hurried, (("backend", own),)),
    ]


async def reading(stage: Stage) -> list[Line]:
    """Get one task: beside a bare get of the sidecar, and the plain SELECT; with each hop."""
    own_id = (await stage.call("POST", f"{stage.backend}/api/tasks", json=task(1)))["id"]
    plain_id = (await stage.call("POST", f"{stage.plain}/tasks", json=task(1)))["id"]

    async def bare(_: int) -> None:
        await stage.state.get(STATE_STORE, "bench/save")

    own, plain, got, through_sidecar, gateway = await alternating(
        lambda _: stage.call("GET", f"{stage.backend}/api/tasks/{own_id}"),
        lambda _: stage.call("GET", f"{stage.plain}/tasks/{plain_id}"),
        bare,
        lambda _: stage.sidecar.invoke(BACKEND, "GET", f"/api/tasks/{own_id}"),
        lambda _: stage.call("GET", f"{stage.gateway}/api/tasks/{own_id}"),
        count=2 * CALLS,
    )
    return [
        Line("get", own, (("bare get", got), ("plain", plain)), "≤ 2× plain"),
        Line("get, through the sidecar", through_sidecar, (("backend", own),)),
        Line("get, through the gateway", gateway, (("backend", own),)),
    ]


async def listing(stage: Stage, label: str) -> list[Line]:
    """List and search: beside the same of the plain app."""
    queries = {
        f"list, first 100 of {label}": "limit=100",
        f"list, filtered by priority, of {label}": "limit=100&priority=high",
        f"search of {label}": "limit=100&q=report",
    }
    lines = []
    for name, query in queries.items():
        own, plain = await alternating(
            lambda _, query=query: stage.call("GET", f"{stage.backend}/api/tasks?{query}"),  # type: ignore[misc]
            lambda _, query=query: stage.call("GET", f"{stage.plain}/tasks?{query}"),  # type: ignore[misc]
            count=100,
        )
        lines.append(Line(name, own, (("plain", plain),), "≤ 1× plain, p95 ≤ 50"))
    return lines


async def importing(stage: Stage) -> list[Line]:
    """Import 10,000 tasks: one request each."""
    tasks = [task(n) for n in range(MANY)]
    file = orjson.dumps([each | {"id": str(uuid4())} for each in tasks])
    started = time.perf_counter()
    report = await stage.call("POST", f"{stage.backend}/api/tasks/import?format=json", data=file)
    own = sample([time.perf_counter() - started])
    if report["created"] != MANY:
        raise RuntimeError(f"of {MANY} tasks {report['created']} were created: {report['problems'][:3]}")
    started = time.perf_counter()
    await stage.call("POST", f"{stage.plain}/import", json=tasks)
    return [Line("import of 10,000 tasks", own, (("plain", sample([time.perf_counter() - started])),))]


async def settled(stage: Stage) -> None:
    """Wait until the last event has come to its last consumer."""
    async with asyncio.timeout(300):
        while True:
            head = (await stage.call("GET", f"{stage.gateway}/api/tasks?limit=1"))["seq"]
            trail = (await stage.call("GET", f"{stage.gateway}/api/audit?limit=1"))["items"]
            if trail and trail[0]["seq"] >= head:
                return
            await asyncio.sleep(0.5)


async def recurring(stage: Stage) -> list[Line]:
    """From the answer to `complete` until the next occurrence can be read."""
    waits = []
    for _ in range(30):
        body = {"title": "again", "due": {"date": "2030-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}
        made = await stage.call("POST", f"{stage.backend}/api/tasks", json=body)
        done = await stage.call("POST", f"{stage.backend}/api/tasks/{made['id']}/complete")
        waits.append(await _until_there(stage, UUID(done["next_id"])))
    return [Line("complete → next occurrence there", sample(waits), (), "≤ 1 s")]


async def _until_there(stage: Stage, task_id: UUID) -> float:
    started = time.perf_counter()
    headers = {"dapr-api-token": stage.app_token}
    while True:
        async with stage.http.get(f"{stage.backend}/api/tasks/{task_id}", headers=headers) as answer:
            if answer.status == 200:
                return time.perf_counter() - started
        if time.perf_counter() - started > 30:
            raise RuntimeError(f"the occurrence {task_id} did not come")
        await asyncio.sleep(0.002)
