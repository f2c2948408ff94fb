"""What is done to the platform. A strike returns once it is over; what it stopped has to come back by itself."""

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from secrets import token_hex

import aiohttp
import psutil
from harness.person import Person
from harness.waiting import eventually

from faults.stage import PATIENCE_SECONDS, Stage

_BACKENDS = ("backend", "backend-2")
_SIDECARS = ("backend", "frontend", "audit", "recurring-task", "notification", "backend-2", "frontend-2")


@dataclass(frozen=True, slots=True)
class Durations:
    """How many seconds the broker is away, a replica is paused, and the disk stays full once that is noticed."""

    broker: float
    pause: float
    disk: float


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of strike; `strike` is told which one this is, from 0, so that replicas and services take turns."""

    name: str
    does: str
    strike: Callable[[Stage, Durations, int], Awaitable[None]]
    needs_disk: bool = False


async def kill_backend(stage: Stage, _: Durations, number: int) -> None:
    await stage.end(_BACKENDS[number % len(_BACKENDS)], signal.SIGKILL)


async def kill_sidecar(stage: Stage, _: Durations, number: int) -> None:
    await stage.end(f"daprd-{_SIDECARS[number % len(_SIDECARS)]}", signal.SIGKILL)


async def restart_scheduler(stage: Stage, _: Durations, _number: int) -> None:
    await stage.end("scheduler", signal.SIGTERM)


async def stop_broker(stage: Stage, durations: Durations, _number: int) -> None:
    """End the broker; the one that the supervisor starts is kept from beginning until the time is over."""
    await stage.end("kafka", signal.SIGTERM)
    with paused(await eventually(lambda: stage.started("kafka.Kafka"), every=0.01)):
        await asyncio.sleep(durations.broker)


async def restart_postgresql(stage: Stage, _: Durations, number: int) -> None:
    """End it in order, or at once: then it has to recover from its log."""
    await stage.end("postgresql", (signal.SIGINT, signal.SIGQUIT)[number % 2])


async def pause_backend(stage: Stage, durations: Durations, number: int) -> None:
    with paused(stage.part(_BACKENDS[number % len(_BACKENDS)])):
        await asyncio.sleep(durations.pause)


async def fill_disk(stage: Stage, durations: Durations, _number: int) -> None:
    """Fill it, and free it a while after PostgreSQL and Kafka have both met its end; large tasks help them to."""
    assert stage.disk is not None
    broker, before = stage.part("kafka"), _refused(stage)
    person, _ = stage.someone(0)

    async def bites() -> bool:
        stage.disk.fill_again()
        await asyncio.gather(*(_try_large(person) for _ in range(4)))
        return not broker.is_running() and _refused(stage) > before

    stage.disk.fill()
    try:
        await eventually(bites, PATIENCE_SECONDS, every=0.1)
        await asyncio.sleep(durations.disk)
    finally:
        stage.disk.free()


async def _try_large(person: Person) -> None:
    with suppress(aiohttp.ClientError, TimeoutError):
        await person.answer("POST", "/api/tasks", json={"title": "Large", "description": token_hex(9_000)})


def _refused(stage: Stage) -> int:
    """Return how often PostgreSQL has said that there is no space."""
    return len(re.findall(rb"postgresql .*No space left on device", stage.platform.log.read_bytes()))


FAULTS = (
    Fault("kill-backend", "`kill -9` of a backend", kill_backend),
    Fault("kill-daprd", "`kill -9` of a daprd", kill_sidecar),
    Fault("scheduler", "the scheduler restarts", restart_scheduler),
    Fault("broker", "the broker is away", stop_broker),
    Fault("postgresql", "PostgreSQL restarts", restart_postgresql),
    Fault("pause-backend", "a backend is paused (`SIGSTOP`)", pause_backend),
    Fault("full-disk", "the data disk is full", fill_disk, needs_disk=True),
)


@contextmanager
def paused(process: psutil.Process) -> Iterator[None]:
    """Keep a process from running."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()
