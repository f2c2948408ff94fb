"""The embedded runtime under the cases: a process of its own, over a data folder that outlives it."""

import asyncio
import itertools
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from harness.ports import free_ports

from components.embedded import Ports, RuntimeSettings, render
from tests.conformance.harness import (
    API_TOKEN,
    APP_TOKEN,
    APPS,
    ECHO,
    HOST,
    PATIENCE_SECONDS,
    SECRETS,
    AppKey,
    FakeApp,
    Handler,
)


class Embedded:
    """The process, its settings and its data folder."""

    name = "embedded"

    def __init__(self, folder: Path, apps: tuple[AppKey, ...] = APPS, **changes: Any) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._apps = apps
        self._changes = {"retry_seconds": 0.05, **changes}
        self._log = itertools.count()
        self._served = False
        self.choose_ports()

    def choose_ports(self) -> None:
        """Give every application three ports that nobody listens on."""
        free = iter(free_ports(3 * len(self._apps)))
        self.ports = {app: Ports(app=next(free), http=next(free), grpc=next(free)) for app in self._apps}
        settings = render(
            self.folder / "data",
            self.ports,
            secrets=SECRETS,
            api_token=API_TOKEN,
            app_token=APP_TOKEN,
            conversation=ECHO,
        )
        self.settings: RuntimeSettings = settings.model_copy(update=self._changes)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process without waiting for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "settings.json"
        settings.write_text(self.settings.model_dump_json())
        command = [sys.executable, "-m", "infra.local.runtime", str(settings)]
        with (self.folder / f"runtime-{next(self._log)}.log").open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        return self.process

    def start(self) -> None:
        """Start the process and return when its last port answers; its first start may have to look for other ports."""
        while not self._starts():
            log = self.logs().splitlines()[-1:]
            assert not self._served, f"the runtime did not start again: {log}"
            assert "is taken" in str(log), f"the runtime did not start: {log}"
            self.choose_ports()
        self._served = True

    def _starts(self) -> bool:
        process = self.spawn()
        last = list(self.ports.values())[-1]
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, last.http)) == 0:
                    return True
            time.sleep(0.02)
        return False

    def kill(self) -> None:
        """End the process as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def terminate(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Ask the process to end and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def logs(self) -> str:
        """Return what every process so far has written."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("runtime-*.log")))

    @property
    def mail(self) -> Path:
        """The folder of the mail that it sent."""
        return self.settings.data / "mail"

    async def join(self, key: AppKey, subscriptions: list[dict[str, Any]], answer: Handler | None) -> FakeApp:
        app = FakeApp(key, self.ports[key].app)
        app.subscriptions = subscriptions
        app.answer = answer or app.answer
        await self.back(app)
        return app

    async def release(self, app: FakeApp) -> None:
        await self.away(app)

    async def back(self, app: FakeApp) -> None:
        await app.start()
        await self._health(app.key, 204)

    async def away(self, app: FakeApp) -> None:
        await app.stop()
        await self._health(app.key, 500)

    async def lost(self, app: FakeApp) -> None:
        """An application without a sidecar of its own takes nothing with it."""
        await self.away(app)

    async def found(self, app: FakeApp) -> None:
        await self.back(app)

    async def _health(self, key: AppKey, expected: int) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"http://{HOST}:{self.ports[key].http}/v1.0/healthz") as answer:
                    if answer.status == expected:
                        return
                assert time.monotonic() < until, f"{key} is not seen: {self.logs()}"
                await asyncio.sleep(0.01)
