"""The whole platform as a person starts it: `python -m infra.local` over a folder, reached through its public port."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from components.catalogue import CATALOGUE
from harness.ports import free_ports

READY_SECONDS = 90
STOP_SECONDS = 10
RUNTIME = "runtime"


@dataclass(slots=True)
class Platform:
    """A platform over `folder`; `start` and `stop` as often as one likes."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        """The address of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def log(self) -> Path:
        """What all processes wrote."""
        return self.folder / "platform.log"

    def start(self) -> None:
        """Start it, and wait until every service is ready."""
        environment = os.environ | {"PORT": str(self.port), "DATA": str(self.folder / "data")} | self.settings
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.local"], stdout=output, stderr=subprocess.STDOUT, env=environment
            )
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"the platform did not come up:\n{self.log.read_text()[-5000:]}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Tell whether each service answers that it is ready."""
        ports = [self.listening(service.app_id) for service in CATALOGUE.services]
        return all(port is not None and _answers(port) for port in ports)

    def children(self) -> dict[str, psutil.Process]:
        """Return the processes that run just now, by name: an app id, or `runtime`."""
        if self.process is None or self.process.poll() is not None:
            return {}
        found = psutil.Process(self.process.pid).children(recursive=True)
        return {child.name(): child for child in found if child.is_running()}

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

    def stop(self) -> None:
        """End it as Ctrl-C does, and see that nothing is left."""
        if self.process is None:
            return
        children = self.children().values()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        left = [child for child in list(children) if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        for child in left:
            child.kill()
        assert not left, f"still running after the end: {left}"


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
