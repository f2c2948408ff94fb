"""A mix of callers as a task app meets them: mostly integrations that read single tasks, few people who write.

The shares follow the load test that Vikunja has published: 80 % integrations, of which most are single reads, and 3 %
interactive writes, while people's pages are connected and wait to be told.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

from bench import sockets
from bench.samples import task
from bench.stage import Stage
from bench.timing import Sample, Table, sample

SHARES: Mapping[str, int] = {"get": 70, "list": 15, "search": 8, "filter": 4, "create": 3}
TASKS = 30
LIMIT = 50
_FLIGHT = 16


@dataclass(slots=True)
class Target:
    """Something to load: its address, how a call for a person is made, and the ids of everybody's tasks."""

    name: str
    base: str
    call: Callable[..., Awaitable[Any]]
    ids: dict[str, list[str]]
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rates: list[float] = field(default_factory=list)

    async def one(self, kind: str, person: str) -> None:
        """Make one call of a kind for a person."""
        match kind:
            case "get":
                await self.call("GET", f"{self.base}/tasks/{random.choice(self.ids[person])}", person)
            case "create":
                made = await self.call("POST", f"{self.base}/tasks", person, json=task(random.randrange(1000)))
                self.ids[person].append(made["id"])
            case _:
                query = {"list": "", "search": "&q=report", "filter": "&priority=high"}[kind]
                await self.call("GET", f"{self.base}/tasks?limit={LIMIT}{query}", person)

    async def load(self, seconds: float) -> None:
        """Keep so many calls in flight for so long."""
        end, people, kinds = time.perf_counter() + seconds, list(self.ids), list(SHARES)
        done = 0

        async def caller() -> None:
            nonlocal done
            while (started := time.perf_counter()) < end:
                kind = random.choices(kinds, list(SHARES.values()))[0]
                await self.one(kind, random.choice(people))
                self.times[kind].append(time.perf_counter() - started)
                done += 1

        await asyncio.gather(*(caller() for _ in range(_FLIGHT)))
        self.rates.append(done / seconds)

    def sample(self, kind: str) -> Sample:
        """Return how long the calls of a kind took."""
        return sample(self.times[kind])


async def mixed(stage: Stage, people: int, seconds: float, rounds: int, label: str) -> Table:
    """Load the gateway, the backend's port and the plain app in turn, each for `seconds` a round; with pages connected.

    The plain app signs nobody in and tells nobody.
    """
    names = [f"mix-{n}" for n in range(people)]
    ids, plain_ids = await _filled(stage, names)
    targets = [
        Target("gateway", f"{stage.gateway}/api", stage.call, ids),
        Target("backend's port", f"{stage.backend}/api", stage.call, ids),
        Target("plain app", stage.plain, _plainly(stage), plain_ids),
    ]
    told: list[float] = []
    async with asyncio.TaskGroup() as group:
        listeners = [group.create_task(_listen(stage, name, told)) for name in names[: people // 4]]
        await asyncio.sleep(1)
        for number in range(rounds + 1):
            for target in targets:
                await target.load(seconds)
            if number == 0:  # what it takes to get warm
                told.clear()
                for target in targets:
                    target.rates.clear()
                    target.times.clear()
        for listener in listeners:
            listener.cancel()
    return _table(targets, sample(told), label)


def _table(targets: list[Target], told: Sample, label: str) -> Table:
    head = ("", "calls a second", *(f"{kind} p50 / p95 ms" for kind in SHARES), "event → page p50 / p95 ms")
    rows = []
    for number, target in enumerate(targets):
        cells = [target.name, f"{sum(target.rates) / len(target.rates):,.0f}"]
        cells += [f"{s.p50:.1f} / {s.quantile(0.95):.1f}" for s in map(target.sample, SHARES)]
        cells.append(f"{told.p50:.0f} / {told.quantile(0.95):.0f}" if number == 0 and told.values else "")
        rows.append(tuple(cells))
    return Table(f"The mix, {_FLIGHT} calls in flight{label}", head, tuple(rows), "l" + "r" * (len(head) - 1))


async def _filled(stage: Stage, names: list[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    operations = [{"op": "create", "task": task(n)} for n in range(TASKS)]
    call, own, plain = _plainly(stage), {}, {}
    for name in names:
        await stage.call("POST", f"{stage.gateway}/api/tasks/batch", name, json={"operations": operations})
        await call("POST", f"{stage.plain}/import", name, json=[task(n) for n in range(TASKS)])
        own[name] = await _ids(stage.call, f"{stage.gateway}/api", name)
        plain[name] = await _ids(call, stage.plain, name)
    return own, plain


async def _ids(call: Callable[..., Awaitable[Any]], base: str, name: str) -> list[str]:
    return [item["id"] for item in (await call("GET", f"{base}/tasks?limit=500", name))["items"]]


def _plainly(stage: Stage) -> Callable[..., Awaitable[Any]]:
    """Return how the plain app is called: who calls, it believes."""

    async def call(method: str, url: str, person: str, **options: Any) -> Any:
        return await stage.call(method, f"{url}{'&' if '?' in url else '?'}person={person}", **options)

    return call


async def _listen(stage: Stage, name: str, told: list[float]) -> None:
    """Be a page: note how old each creation is when it is heard of."""
    async with stage.client(name) as socket:
        await sockets.greeted(socket)
        await _note(socket, told)


async def _note(socket: ClientConnection, told: list[float]) -> None:
    async for text in socket:
        message = orjson.loads(text)
        for event in message["events"] if message["type"] == "events" else ():
            if event["type"] == "task.created":
                at = datetime.fromisoformat(event["task"]["created_at"])
                told.append((datetime.now(UTC) - at).total_seconds())
