"""What is measured: each figure of the platform beside a bare call of the sidecar and beside the plain way."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import orjson
from websockets.asyncio.client import ClientConnection, connect

from bench.timing import Line, Sample, sample, timed
from components.catalogue import BACKEND, STATE_STORE
from services.kit.sidecar import Sidecar

CALLS = 200
MANY = 10_000
REMINDERS = 100
PAUSE = 0.04
_ROUND = 25


@dataclass(slots=True)
class Stage:
    """The platform and the plain app, both running, and a way into each.

    `backend` is the backend's own port, `gateway` the public address, `sidecar` the frontend's way to the backend.
    """

    http: aiohttp.ClientSession
    backend: str
    gateway: str
    plain: str
    app_token: str
    state: Sidecar
    sidecar: Sidecar

    async def call(self, method: str, url: str, **options: Any) -> Any:
        """Make a call and return its JSON; an error ends the benchmark."""
        headers = {"dapr-api-token": self.app_token} if url.startswith(self.backend) else {}
        async with self.http.request(method, url, headers=headers, **options) as answer:
            body = await answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {url}: {answer.status} {body[:300]!r}")
            return orjson.loads(body) if body else None


async def creating(stage: Stage) -> list[Line]:
    """Create: the platform's commit beside a bare ETag save of a page's size, and the plain INSERT; with each hop."""
    value = orjson.dumps({"filler": "x" * 16_000})

    async def bare(_: int) -> None:
        item = await stage.state.get(STATE_STORE, "bench/save")
        await stage.state.save(STATE_STORE, "bench/save", value, etag=item.etag)

    def create(base: str) -> Callable[[int], Awaitable[object]]:
        return lambda n: stage.call("POST", f"{base}/tasks", json=_task(n))

    own, plain, saved, sidecar, gateway = await _alternating(
        create(f"{stage.backend}/api"),
        create(stage.plain),
        bare,
        lambda n: stage.sidecar.invoke(BACKEND, "POST", "/api/tasks", body=_task(n)),
        create(f"{stage.gateway}/api"),
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
    own_id = (await stage.call("POST", f"{stage.backend}/api/tasks", json=_task(1)))["id"]
    plain_id = (await stage.call("POST", f"{stage.plain}/tasks", json=_task(1)))["id"]

    async def bare(_: int) -> None:
        await stage.state.get(STATE_STORE, "bench/save")

    own, plain, got = await _alternating(
        lambda _: stage.call("GET", f"{stage.backend}/api/tasks/{own_id}"),
        lambda _: stage.call("GET", f"{stage.plain}/tasks/{plain_id}"),
        bare,
    )
    through_sidecar = await timed(CALLS, lambda _: stage.sidecar.invoke(BACKEND, "GET", f"/api/tasks/{own_id}"))
    gateway = await timed(CALLS, lambda _: stage.call("GET", f"{stage.gateway}/api/tasks/{own_id}"))
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
        own, plain = await _alternating(
            lambda _, query=query: stage.call("GET", f"{stage.backend}/api/tasks?{query}"),  # type: ignore[misc]
            lambda _, query=query: stage.call("GET", f"{stage.plain}/tasks?{query}"),  # type: ignore[misc]
            count=100,
        )
        lines.append(Line(name, own, (("plain", plain),), "≤ 1× plain, p95 ≤ 50"))
    return lines


async def importing(stage: Stage) -> list[Line]:
    """Import 10,000 tasks: one request each."""
    tasks = [_task(n) for n in range(MANY)]
    file = orjson.dumps([task | {"id": str(uuid4())} for task in tasks])
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
        task = await stage.call("POST", f"{stage.backend}/api/tasks", json=body)
        done = await stage.call("POST", f"{stage.backend}/api/tasks/{task['id']}/complete")
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


async def pushing(stage: Stage) -> list[Line]:
    """From the answer to a change until a WebSocket client has its event; below zero counts as zero."""
    waits, whole = [], []
    async with _client(stage) as socket:
        await _greeted(socket)
        for number in range(CALLS):
            began = time.perf_counter()
            created, arrived = await asyncio.gather(_create(stage, number), _arrival(socket, "task.created"))
            waits.append(max(0.0, arrived - created))
            whole.append(arrived - began)
    return [
        Line("commit → WebSocket", sample(waits), (), "p95 ≤ 100"),
        Line("request → WebSocket", sample(whole)),
    ]


async def _create(stage: Stage, number: int) -> float:
    await stage.call("POST", f"{stage.backend}/api/tasks", json=_task(number))
    return time.perf_counter()


async def reminding(stage: Stage) -> list[Line]:
    """From a reminder's time until a WebSocket client hears of it."""
    lateness: list[float] = []
    first = datetime.now(UTC) + timedelta(seconds=4)
    async with _client(stage) as socket:
        await _greeted(socket)
        for number in range(REMINDERS):
            at = first + timedelta(milliseconds=50 * number)
            await stage.call(
                "POST", f"{stage.backend}/api/tasks", json=_task(number) | {"reminders": [{"at": at.isoformat()}]}
            )
        while len(lateness) < REMINDERS:
            for event in await _events(socket):
                if event["type"] == "reminder.due":
                    due = next(r["at"] for r in event["task"]["reminders"] if r["status"] != "scheduled")
                    lateness.append((datetime.now(UTC) - datetime.fromisoformat(due)).total_seconds())
    return [Line("reminder lateness, at the client", sample(lateness), (), "p99 ≤ 1,000")]


def _client(stage: Stage) -> connect:
    return connect(stage.gateway.replace("http", "ws", 1) + "/ws", max_size=None, proxy=None)


async def _greeted(socket: ClientConnection) -> None:
    await socket.send(orjson.dumps({"type": "hello", "epoch": None, "since": None}).decode())
    async with asyncio.timeout(60):
        while True:
            message = orjson.loads(await socket.recv())
            if message["type"] == "snapshot" and message["last"]:
                return


async def _events(socket: ClientConnection) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        while True:
            message = orjson.loads(await socket.recv())
            if message["type"] == "events":
                return list(message["events"])


async def _arrival(socket: ClientConnection, kind: str) -> float:
    while True:
        if any(event["type"] == kind for event in await _events(socket)):
            return time.perf_counter()


async def _alternating(
    *calls: Callable[[int], Awaitable[object]], count: int = CALLS, pause: float = 0
) -> list[Sample]:
    """Time several calls in turn, in rounds, so that the machine's moods meet all of them alike."""
    rounds: list[list[float]] = [[] for _ in calls]
    for start in range(0, count, _ROUND):
        for found, call in zip(rounds, calls, strict=True):
            part = await timed(min(_ROUND, count - start), call, pause=pause)
            found += [value / 1000 for value in part.values]
    return [sample(found) for found in rounds]


def _task(number: int) -> dict[str, Any]:
    words = ("report", "groceries", "call the bank", "review", "plan the trip")
    return {
        "title": f"{words[number % 5]} {number}",
        "description": "Some words on what is to be done, as people write them. " * 2,
        "priority": ("none", "low", "medium", "high", "urgent")[number % 5],
        "tags": ["home"] if number % 2 else ["work", "later"],
    }
