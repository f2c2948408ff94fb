"""Growth: the same calls while there are more people, more tasks of one person, and more pages connected."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import uuid4

import orjson
import psutil
from websockets.asyncio.client import ClientConnection

from bench import sockets
from bench.samples import task
from bench.stage import Stage
from bench.timing import Table, sample, timed
from components.catalogue import FRONTEND

CALLS = 100
PER_PERSON = 20  # pages of one person
_FLIGHT = 8


async def people(stage: Stage, sizes: Sequence[int]) -> Table:
    """More people, with three tasks each: calls of people picked by chance, whom the backend may have to read anew."""
    rows, known = [], 0
    url = f"{stage.backend}/api/tasks"
    for size in sizes:
        rate = await _join(stage, range(known, size))
        known = size
        await asyncio.sleep(2)
        create = await timed(CALLS, lambda n, of=size: stage.call("POST", url, _someone(of), json=task(n)))  # type: ignore[misc]
        listed = await timed(CALLS, lambda _, of=size: stage.call("GET", f"{url}?limit=100", _someone(of)))  # type: ignore[misc]
        cells = (f"{each.p50:.2f} / {each.quantile(0.95):.2f}" for each in (create, listed))
        rows.append((f"{size:,}", *cells, f"{rate:,.0f}", f"{_memory(stage, 'backend'):,.0f}"))
    head = ("people", "create p50 / p95 ms", "list p50 / p95 ms", "commits a second while they join", "backend MB")
    return Table("More people", head, tuple(rows), "rrrrr")


async def _join(stage: Stage, numbers: range) -> float:
    """Let people join, eight at a time; how many commits there were a second."""
    operations = [{"op": "create", "task": task(n)} for n in range(3)]
    waiting = iter(numbers)

    async def join() -> None:
        for number in waiting:
            url = f"{stage.backend}/api/tasks/batch"
            await stage.call("POST", url, f"people-{number}", json={"operations": operations})

    started = time.perf_counter()
    await asyncio.gather(*(join() for _ in range(_FLIGHT)))
    return len(numbers) / (time.perf_counter() - started)


def _someone(count: int) -> str:
    return f"people-{random.randrange(count)}"


async def tasks(stage: Stage, sizes: Sequence[int]) -> Table:
    """More tasks of one person."""
    rows = []
    url = f"{stage.backend}/api/tasks"
    for size in sizes:
        person = f"tasks-{size}"
        ids = [str(uuid4()) for _ in range(size)]
        file = orjson.dumps([task(n) | {"id": each} for n, each in enumerate(ids)])
        started = time.perf_counter()
        await stage.call("POST", f"{url}/import?format=json", person, data=file)
        imported = time.perf_counter() - started
        await asyncio.sleep(1 + size / 1000)
        create = await timed(CALLS, lambda n, who=person: stage.call("POST", url, who, json=task(n)), pause=0.01)  # type: ignore[misc]
        get = await timed(CALLS, lambda _, who=person, i=ids[0]: stage.call("GET", f"{url}/{i}", who))  # type: ignore[misc]
        listed = await timed(CALLS, lambda _, who=person: stage.call("GET", f"{url}?limit=100", who))  # type: ignore[misc]
        found = await timed(CALLS, lambda _, who=person: stage.call("GET", f"{url}?limit=100&q=report", who))  # type: ignore[misc]
        cells = (f"{each.p50:.2f}" for each in (create, get, listed, found))
        rows.append((f"{size:,}", *cells, f"{1000 * imported / size:.2f}"))
    head = ("tasks", "create p50 ms", "get p50 ms", "list p50 ms", "search p50 ms", "import ms a task")
    return Table("More tasks of one person", head, tuple(rows), "rrrrrr")


async def pages(stage: Stage, sizes: Sequence[int]) -> Table:
    """More pages connected, twenty of each person: how long after a commit all of a person's pages know of it."""
    rows = []
    before = _memory(stage, FRONTEND)
    async with AsyncExitStack() as stack:
        connected: dict[str, list[ClientConnection]] = {}
        for size in sizes:
            started = time.perf_counter()
            for number in range(sum(map(len, connected.values())), size):
                name = f"page-{number // PER_PERSON}"
                if name not in connected:  # the first change of all would come as a snapshot
                    await stage.call("POST", f"{stage.backend}/api/tasks", name, json=task(number))
                socket = await stack.enter_async_context(stage.client(name))
                await sockets.greeted(socket)
                connected.setdefault(name, []).append(socket)
            took = time.perf_counter() - started
            waits = [wait for n in range(30) for wait in await _change(stage, connected, n)]
            each = 1000 * (_memory(stage, FRONTEND) - before) / size
            told = sample(waits)
            rows.append((f"{size:,}", f"{told.p50:.0f} / {told.quantile(0.95):.0f}", f"{each:.0f}", f"{took:.1f}"))
    head = ("pages", "commit → page p50 / p95 ms", "frontend kB a page", "connecting s")
    return Table("More pages connected", head, tuple(rows), "rrrr")


async def _change(stage: Stage, connected: dict[str, list[ClientConnection]], number: int) -> list[float]:
    """Let somebody create a task; how long after the answer each of their pages heard of it, in seconds."""
    person = random.choice(list(connected))
    new = task(number) | {"title": str(uuid4())}
    arrivals = [asyncio.create_task(_arrival(socket, new["title"])) for socket in connected[person]]
    await stage.call("POST", f"{stage.backend}/api/tasks", person, json=new)
    answered = time.perf_counter()
    return [max(0.0, at - answered) for at in await asyncio.gather(*arrivals)]


async def _arrival(socket: ClientConnection, title: str) -> float:
    while not any(event["task"]["title"] == title for event in await sockets.events(socket)):
        pass
    return time.perf_counter()


def _memory(stage: Stage, name: str) -> float:
    """Return the proportional set size of a process in MB."""
    process: psutil.Process = stage.platform.children()[name]
    return float(process.memory_full_info().pss) / 1e6
