"""The real engines in tests: whether they are built, and one set of them for the sidecars of a whole session."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from components.dapr import DATABASE_SECRET, SMTP_SECRET
from components.model import Topic
from harness.ports import free_ports
from infra.local.child import Executable
from infra.local.engines.build import cache, java
from infra.local.engines.kafka import Broker
from infra.local.engines.mailbox import Mailbox
from infra.local.engines.plan import PARTITIONS
from infra.local.engines.postgresql import Cluster, find, programs
from infra.local.engines.sidecars import Scheduler
from infra.local.plan import Part
from infra.local.readiness import until_ready

READY_SECONDS = 300
STOP_SECONDS = 60


def need_engines() -> None:
    """Skip what asks for the real engines where they are not built."""
    built = cache()
    if not (built.dapr.is_dir() and built.kafka.is_dir() and find() and shutil.which("java")):
        pytest.skip("the real engines are not built here; build them with: make engines")


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Make a temporary folder that PostgreSQL's own user can reach, which pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="task-platform-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@dataclass(slots=True)
class Running:
    """One part of a plan as a process that a test may signal, end, kill and start again; `log` is what it wrote."""

    part: Part
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and return when it is ready."""
        self.spawn()
        self.wait()
        return self

    def spawn(self) -> None:
        """Start it without waiting."""
        program = self.part.program
        command = (
            [program.path, *program.arguments]
            if isinstance(program, Executable)
            else [sys.executable, "-m", program.module, *program.arguments]
        )
        user = program.user if isinstance(program, Executable) else None
        group = pwd.getpwnam(user).pw_gid if user else None
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=dict(program.environment),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=group,
                extra_groups=[] if user else None,
            )

    def wait(self) -> None:
        """Return when it is ready; AssertionError with the end of its log when it is not in time."""

        async def ready() -> None:
            async with asyncio.timeout(READY_SECONDS):
                waiting = asyncio.create_task(until_ready(self.part.check))
                while not waiting.done() and self.process is not None and self.process.poll() is None:
                    await asyncio.wait({waiting}, timeout=0.1)
                waiting.cancel()

        with ThreadPoolExecutor(1) as aside:  # a loop may be running here
            aside.submit(asyncio.run, ready()).result()
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"{self.part.program.name} ended:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Ask it to end, and kill it where it does not."""
        if self.process is None:
            return
        # PostgreSQL waits for its clients' goodbyes on SIGTERM, and disconnects them on SIGINT.
        is_postgresql = self.part.program.name == "postgresql"
        self.process.send_signal(signal.SIGINT if is_postgresql else signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()


@dataclass(slots=True)
class Engines:
    """PostgreSQL, Kafka, the scheduler and a mailbox over `folder`, on free ports; `start` first makes them."""

    folder: Path
    cluster: Cluster = field(init=False)
    broker: Broker = field(init=False)
    scheduler: Scheduler = field(init=False)
    mailbox: Mailbox = field(init=False)
    running: dict[str, Running] = field(default_factory=dict)

    def __post_init__(self) -> None:
        free, built = iter(free_ports(9)), cache()
        self.cluster = Cluster(programs(), self.folder / "postgresql", next(free))
        self.broker = Broker(java(), built.kafka, built.classes, self.folder / "kafka", next(free), next(free))
        member = self.folder / "scheduler"
        self.scheduler = Scheduler(
            built.dapr / "scheduler", member, next(free), next(free), next(free), next(free), next(free)
        )
        self.mailbox = Mailbox(next(free), self.mail, {"PATH": os.defpath})

    @property
    def mail(self) -> Path:
        """The folder that mail is written to."""
        return self.folder / "mail"

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """What the sidecars' components have to know to reach the engines."""
        return {
            DATABASE_SECRET.name: {DATABASE_SECRET.key: self.cluster.connection_string},
            SMTP_SECRET: self.mailbox.secret,
        }

    def start(self) -> Self:
        """Make what is missing, start all side by side, and return when all are ready."""
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(make) for make in (self.cluster.make, self.broker.make)]:
                done.result()
            topics = self.broker.part(tuple(Topic), PARTITIONS)
            for part in (self.cluster.part(), topics, self.scheduler.part(), self.mailbox.part()):
                name = part.program.name
                self.running[name] = Running(part, self.folder / f"{name}.log")
            for started in [pool.submit(running.start) for running in self.running.values()]:
                started.result()
        return self

    def stop(self) -> None:
        """End all of them."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(Running.stop, self.running.values()))
