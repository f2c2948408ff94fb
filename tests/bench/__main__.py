"""`python -m bench [PART…] [--quick] [--record]`: start the platform and the plain app, measure, print the tables.

RUNTIME says on which runtime, as for `make up`. PART is any of calls, cost, events, growth, mix, model, replicas; all
without one. `--record` writes each table into docs/ in place of the last one.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from harness.issuer import Issuer
from harness.platform import Platform
from harness.ports import free_ports

from bench import agents, cost, events, growth, mix, report, scenarios, talk
from bench.stage import DAPR, EMBEDDED, Stage, staged
from bench.timing import Sample, Table

_PATIENCE_SECONDS = 600

PARTS = ("calls", "cost", "events", "growth", "mix", "model", "replicas")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    calls: int = 500
    flow: int = 10_000
    scheduled: int = 9_000
    due: int = 1_000
    due_seconds: float = 50
    people: tuple[int, ...] = (10, 100, 1_000, 10_000)
    tasks: tuple[int, ...] = (10, 100, 1_000, 10_000)
    pages: tuple[int, ...] = (10, 100, 500, 2_000)
    mixing: int = 200
    seconds: float = 3
    rounds: int = 3


QUICK = Scale(
    calls=50,
    flow=1_000,
    scheduled=200,
    due=100,
    due_seconds=5,
    people=(10, 100),
    tasks=(10, 1_000),
    pages=(10, 100),
    mixing=40,
    seconds=1,
    rounds=2,
)


async def _calls(stage: Stage) -> list[Table]:
    lines = await scenarios.creating(stage)
    await scenarios.settled(stage)
    lines += await scenarios.reading(stage)
    lines += await scenarios.listing(stage, "some hundred tasks")
    lines += await agents.tools_and_tokens(stage)
    lines += await agents.words(stage)
    lines += await scenarios.recurring(stage)
    lines += await scenarios.importing(stage)
    await scenarios.settled(stage)
    lines += await scenarios.listing(stage, "10,000 tasks")
    return [Table.of("Calls, one after the other", lines)]


async def _events(stage: Stage, scale: Scale) -> list[Table]:
    lines = [*await events.publishing(stage), *await events.pushing(stage)]
    flow = await events.flowing(stage, scale.flow)
    lines += await events.reminding(stage, scale.scheduled, scale.due, scale.due_seconds)
    return [Table.of("Events", lines), flow]


async def _growth(stage: Stage, scale: Scale) -> list[Table]:
    return [
        await growth.tasks(stage, scale.tasks),
        await growth.pages(stage, scale.pages),
        await growth.people(stage, scale.people),
    ]


def _memory(platform: Platform) -> Table:
    """Return the proportional set size of each process in MB, the supervisor's too."""
    names = {process.pid: name for name, process in platform.children().items()}
    supervisor = psutil.Process(platform.process.pid if platform.process else None)
    sizes: Counter[str] = Counter()
    for process in (supervisor, *supervisor.children(recursive=True)):
        name = "supervisor" if process == supervisor else names.get(process.pid, process.name())
        sizes["postgresql" if name == "postgres" else name] += process.memory_full_info().pss
    sizes = Counter({name: size // 1_000_000 for name, size in sizes.items()})
    rows = [(name, str(size)) for name, size in sorted(sizes.items())]
    return Table("Memory, idle", ("process", "MB"), (*rows, ("all", str(sizes.total()))), "lr")


@contextmanager
def _platform(runtime: str, settings: dict[str, str]) -> Iterator[Platform]:
    with tempfile.TemporaryDirectory(prefix="task-platform-bench-") as name:
        Path(name).chmod(0o755)  # PostgreSQL is another user
        platform = Platform(Path(name), {"RUNTIME": runtime, **settings}, patience=_PATIENCE_SECONDS)
        try:
            platform.start()
            yield platform
        finally:
            platform.stop()


def _start(runtime: str) -> Table:
    """Return how long a second start takes, and what the processes hold then."""
    with _platform(runtime, {}) as platform:
        platform.stop()
        began = time.monotonic()
        platform.start()
        ready = time.monotonic() - began
        memory = _memory(platform)
    return Table(memory.title, memory.head, (*memory.rows, ("seconds until ready, second start", f"{ready:.1f}")), "lr")


async def _alone(platform: Platform, runtime: str, parts: Sequence[str], scale: Scale) -> list[Table]:
    async with staged(platform, runtime) as stage:
        tables = await _calls(stage) if "calls" in parts else []
        tables += await cost.costs(stage, scale.calls, scale.flow) if "cost" in parts else []
        return tables + (await _events(stage, scale) if "events" in parts else [])


async def _signed_in(runtime: str, parts: Sequence[str], scale: Scale, replicas: int) -> list[Table]:
    async with Issuer(free_ports(1)[0]) as issuer:
        settings = {name.upper(): value for name, value in issuer.settings.items()}
        settings |= {f"{app.upper()}_REPLICAS": str(replicas) for app in ("backend", "frontend")}
        entered = _platform(runtime, settings)
        platform = await asyncio.to_thread(entered.__enter__)
        try:
            async with staged(platform, runtime, issuer) as stage:
                return await _with_people(stage, parts, scale, replicas)
        finally:
            await asyncio.to_thread(entered.__exit__, None, None, None)


async def _with_people(stage: Stage, parts: Sequence[str], scale: Scale, replicas: int) -> list[Table]:
    tables = []
    if "mix" in parts:
        label = f", {replicas} of backend and frontend each" if replicas > 1 else ""
        tables.append(await mix.mixed(stage, scale.mixing, scale.seconds, scale.rounds, label))
    if "growth" in parts:
        tables += await _growth(stage, scale)
    return tables


async def _turns(platform: Platform, runtime: str) -> Sample:
    async with staged(platform, runtime) as stage:
        return await talk.turns(stage)


def _model(runtime: str) -> Table:
    """Return what a chat turn takes without a model, and on a second platform with one."""
    with _platform(runtime, {}) as platform:
        rules = asyncio.run(_turns(platform, runtime))
    with talk.conversing(runtime) as settings, _platform(runtime, settings) as platform:
        model = asyncio.run(_turns(platform, runtime))
    return Table.of(talk.TITLE, talk.lines(rules, model))


def _measured(runtime: str, parts: Sequence[str], scale: Scale) -> Iterator[Table]:
    if "calls" in parts:
        yield _start(runtime)
    if {"calls", "cost", "events"} & set(parts):
        with _platform(runtime, {}) as platform:
            yield from asyncio.run(_alone(platform, runtime, parts, scale))
    if "model" in parts:
        yield _model(runtime)
    if {"growth", "mix"} & set(parts):
        yield from asyncio.run(_signed_in(runtime, parts, scale, 1))
    if "replicas" in parts and runtime == DAPR:
        yield from asyncio.run(_signed_in(runtime, ("mix",), scale, 2))


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; everything without")
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--record", action="store_true", help="write the results into docs/")
    given = parser.parse_args()
    runtime = os.environ.get("RUNTIME", EMBEDDED)
    for table in _measured(runtime, given.parts or PARTS, QUICK if given.quick else Scale()):
        sys.stdout.write(table.markdown() + "\n\n")
        sys.stdout.flush()
        if given.record:
            report.record(runtime, table)


if __name__ == "__main__":
    main()
