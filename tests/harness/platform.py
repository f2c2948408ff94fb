"""The whole platform as a person starts it: `python -m infra.local` over a folder, reached through its public port."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from components.catalogue import CATALOGUE, FRONTEND
from harness.ports import free_ports

READY_SECONDS = 300
STOP_SECONDS = 60  # the supervisor itself takes 9 at most, and then kills
RUNTIME = "runtime"
_ANNOUNCED = re.compile(rb" (\S+) is ready after \S+ s \(process (\d+)\)")


@dataclass(slots=True)
class Platform:
    """A platform over `folder`, its data there or in `data`; `start` and `stop` as often as one likes."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    patience: float = READY_SECONDS
    process: subprocess.Popen[bytes] | None = None
    data: Path | None = None
    _names: dict[int, str] = field(default_factory=dict)
    _read: int = 0

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        """The address of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def relays(self) -> tuple[str, ...]:
        """The WebSocket of each frontend; the first is the one at the public port."""
        ports = (self.listening(name) for name in self._replicas(FRONTEND))
        return tuple(f"ws://127.0.0.1:{port}/ws" for port in ports)

    @property
    def log(self) -> Path:
        """What all processes wrote."""
        return self.folder / "platform.log"

    def start(self) -> None:
        """Start it, and wait until every service is ready."""
        environment = (
            os.environ | {"PORT": str(self.port), "DATA": str(self.data or self.folder / "data")} | self.settings
        )
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"], stdout=output, stderr=subprocess.STDOUT, env=environment
            )
        end = time.monotonic() + self.patience
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the platform did not come up:\n{self.log.read_text()[-5000:]}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Tell whether each service answers that it is ready."""
        names = [name for service in CATALOGUE.services for name in self._replicas(service.app_id)]
        ports = [self.listening(name) for name in names]
        return all(port is not None and _answers(port) for port in ports)

    def children(self) -> dict[str, psutil.Process]:
        """Return the processes that run just now, by name: an app id, `backend-2`, `runtime`, `daprd-audit`, `kafka`.

        An engine or sidecar has its name from the time that it was ready for the first time.
        """
        found, named = self.processes(), {}
        self._read_names()
        for child in found:
            with suppress(psutil.Error):  # it has ended since; PostgreSQL's own come and go all the time
                if child.is_running():
                    named[self._names.get(child.pid) or child.name()] = child
        return named

    def processes(self) -> list[psutil.Process]:
        """Return the processes that run just now, named or not."""
        if self.process is None or self.process.poll() is not None:
            return []
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def listening(self, name: str) -> int | None:
        """Return the port that a service listens on; None where it does not."""
        try:
            found = self.children()[name].net_connections("tcp")
        except (KeyError, psutil.Error):
            return None
        return next((c.laddr.port for c in found if c.status == psutil.CONN_LISTEN), None)

    def kill(self, name: str) -> bool:
        """Send SIGKILL to a process; False where it is not running just now."""
        try:
            self.children()[name].kill()
        except (KeyError, psutil.Error):
            return False
        return True

    def _replicas(self, app_id: str) -> list[str]:
        count = int(self.settings.get(f"{app_id.upper()}_REPLICAS", "1"))
        return [f"{app_id}-{number + 1}" if number else app_id for number in range(count)]

    def _read_names(self) -> None:
        """Learn from the log which process is which: to the system, every sidecar is `daprd` and Kafka is `java`."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            lines = log.readlines()
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        self._read += sum(map(len, lines))
        found = (announced for line in lines if (announced := _ANNOUNCED.search(line)))
        self._names |= {int(announced[2]): announced[1].decode() for announced in found}

    def stop(self) -> None:
        """End it as Ctrl-C does, and see that nothing is left."""
        if self.process is None:
            return
        children = list(self.children().values())
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        left = [child for child in children if is_alive(child)]
        for child in left:
            child.kill()
        assert not left, f"still running after the end: {left}"


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that has ended, or does so meanwhile, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
