"""The embedded Dapr runtime as tests run it: one process over a temporary folder, with a sidecar for every service."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from components.catalogue import CATALOGUE
from components.embedded import Ports, RuntimeSettings, render
from harness.ports import free_ports
from services.kit.config import Config

API_TOKEN = "the-sidecars-token"
APP_TOKEN = "the-applications-token"
_START_SECONDS = 300
_STOP_SECONDS = 60


@dataclass(slots=True)
class Runtime:
    """A running runtime; `log` is what it wrote."""

    settings: RuntimeSettings
    process: subprocess.Popen[bytes]
    log: Path

    def config(self, app_id: str, replica: int = 0, **changes: object) -> Config:
        """Return the settings that make a service the one that this runtime expects; `changes` replace some."""
        app = next(a for a in self.settings.apps if (a.app_id, a.replica) == (app_id, replica))
        values: dict[str, object] = {
            "app_id": app_id,
            "port": app.app_port,
            "dapr_http_port": app.http_port,
            "dapr_grpc_port": app.grpc_port,
            "dapr_api_token": self.settings.api_token,
            "app_api_token": self.settings.app_token,
        }
        return Config.model_validate(values | changes)

    def stop(self) -> None:
        """End the process; kill it when it does not end."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(folder: Path, *, frontends: int = 2) -> Runtime:
    """Start a runtime over `folder` for one process of every service, but `frontends` replicas of the frontend."""
    processes = [(s.app_id, n) for s in CATALOGUE.services for n in range(frontends if s.public else 1)]
    ports = iter(free_ports(3 * len(processes)))
    settings = render(
        folder / "data",
        {process: Ports(app=next(ports), http=next(ports), grpc=next(ports)) for process in processes},
        secrets={"webhook-signing": {"key": "test"}},
        api_token=API_TOKEN,
        app_token=APP_TOKEN,
    )
    (folder / "data").mkdir()
    file, log = folder / "settings.json", folder / "runtime.log"
    file.write_text(settings.model_dump_json())
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.runtime", str(file)], stdout=output, stderr=subprocess.STDOUT
        )
    runtime = Runtime(settings, process, log)
    try:
        _wait(runtime)
    except BaseException:
        runtime.stop()
        raise
    return runtime


def _wait(runtime: Runtime) -> None:
    end = time.monotonic() + _START_SECONDS
    while not all(_answers(app.http_port) for app in runtime.settings.apps):
        if runtime.process.poll() is not None or time.monotonic() > end:
            raise AssertionError(f"the runtime did not start:\n{runtime.log.read_text()}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    address = f"http://127.0.0.1:{port}/v1.0/healthz/outbound"
    request = urllib.request.Request(address, headers={"dapr-api-token": API_TOKEN})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(answer.status < 300)
    except (urllib.error.URLError, OSError):
        return False
