"""What a task, a read and an event cost: processor time by process, and bytes in the store and in the stream.

Processor time is what is carried forward to more people: unlike a wall clock it hardly depends on what else runs.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg
import orjson
import psutil

from bench.events import trailed
from bench.samples import task
from bench.stage import Stage, parameters
from bench.timing import Table

_GROUPS = {"postgres": "postgresql", "java": "kafka"}
_FLIGHT = 4
_SETTLE_SECONDS = 3.0


async def costs(stage: Stage, calls: int, imported: int) -> list[Table]:
    """Processor time of each process, and bytes written, for one of each kind of work with what it sets going."""
    ids: list[str] = []
    tasks = f"{stage.gateway}/api/tasks"

    async def create(number: int) -> None:
        ids.append((await stage.call("POST", tasks, json=task(number)))["id"])

    async def take_in() -> None:
        file = orjson.dumps([task(n) | {"id": str(uuid4())} for n in range(imported)])
        await stage.call("POST", f"{tasks}/import?format=json", data=file)

    works: dict[str, tuple[int, Callable[[], Awaitable[object]]]] = {
        "nothing, for a second": (10, lambda: asyncio.sleep(10)),
        "a create": (calls, lambda: _many(create, calls)),
        "a get": (calls, lambda: _many(lambda n: stage.call("GET", f"{tasks}/{ids[n]}"), calls)),
        "a list of 100": (calls, lambda: _many(lambda _: stage.call("GET", tasks), calls)),
        "a task imported": (imported, take_in),
    }
    time_spent, written = {}, {}
    for name, (count, work) in works.items():
        await asyncio.sleep(_SETTLE_SECONDS)
        worked, held = _worked(stage), await _bytes(stage)
        await work()
        await _settled(stage)
        now = _worked(stage)
        time_spent[name] = {each: 1000 * (seconds - worked[each]) / count for each, seconds in now.items()}
        written[name] = {each: (size - held.get(each, 0)) / count for each, size in (await _bytes(stage)).items()}
    return [_table("Processor time, ms", time_spent, 2), _table("Bytes written", written, 0)]


async def _settled(stage: Stage) -> None:
    head = (await stage.call("GET", f"{stage.gateway}/api/tasks?limit=1"))["seq"]
    if head:
        await trailed(stage, head)


def _table(title: str, found: dict[str, dict[str, float]], digits: int) -> Table:
    names = sorted({name for each in found.values() for name in each})
    rows = [(name, *(f"{max(0.0, each.get(name, 0)):,.{digits}f}" for each in found.values())) for name in names]
    if digits:
        rows.append(("all", *(f"{sum(each.values()):,.{digits}f}" for each in found.values())))
    return Table(title, ("for", *found), tuple(rows), "l" + "r" * len(found))


def _worked(stage: Stage) -> Counter[str]:
    """Return the seconds of processor time that each process has had."""
    platform = stage.platform
    names = {process.pid: name for name, process in platform.children().items()}
    found: Counter[str] = Counter()
    if platform.process is None:
        return found
    for process in psutil.Process(platform.process.pid).children(recursive=True):
        try:
            times = process.cpu_times()
            name = names.get(process.pid, process.name())
        except psutil.NoSuchProcess:
            continue
        found[_GROUPS.get(name, name)] += times.user + times.system  # type: ignore[assignment]
    return found


async def _many(call: Callable[[int], Awaitable[object]], count: int) -> None:
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await call(number)

    await asyncio.gather(*(caller() for _ in range(_FLIGHT)))


async def _bytes(stage: Stage) -> dict[str, int]:
    data = stage.platform.folder / "data"
    if not stage.place.dsn:
        return {"runtime.db": sum(path.stat().st_size for path in data.glob("runtime.db*"))}
    given = parameters(stage.place.dsn)
    connection = await asyncpg.connect(
        host=given["host"],
        port=int(given["port"]),
        user=given["user"],
        password=given["password"],
        database=given["dbname"],
    )
    try:
        rows = await connection.fetch(
            "SELECT split_part(key, '||', 1) AS app, sum(pg_column_size(t.*)) AS size FROM tasks_state t GROUP BY 1"
        )
        wal = await connection.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
    finally:
        await connection.close()
    stored = {f"PostgreSQL, kept for {row['app']}": int(row["size"]) for row in rows}
    return {**stored, "PostgreSQL's log (WAL)": int(wal), "Kafka": _size(data / "engines" / "kafka")}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.log") if path.is_file())
