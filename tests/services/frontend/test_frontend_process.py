"""The service as it is started for real: its settings, and its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.runtime import Runtime
from harness.waiting import eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from components.catalogue import FRONTEND

COMMAND = [sys.executable, "-m", "services.frontend"]


def test_wrong_settings_end_it_with_one_line() -> None:
    wrong = os.environ | {"PUBLIC_ORIGINS": "not-an-origin"}
    ended = subprocess.run(COMMAND, env=wrong, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "PUBLIC_ORIGINS" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.fixture
def process(runtime: Runtime, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Return a running frontend, whose output goes to `log`."""
    config = runtime.config(FRONTEND)
    told = {
        "APP_PORT": config.port,
        "DAPR_HTTP_PORT": config.dapr_http_port,
        "DAPR_GRPC_PORT": config.dapr_grpc_port,
        "DAPR_API_TOKEN": config.dapr_api_token,
        "APP_API_TOKEN": config.app_api_token,
    }
    environment = os.environ | {name: str(value) for name, value in told.items()}
    with (tmp_path / "log").open("wb") as output:
        running = subprocess.Popen(COMMAND, env=environment, stdout=output, stderr=subprocess.STDOUT)
    yield running
    running.kill()
    running.wait()


async def test_sigterm_tells_clients_to_come_back(
    runtime: Runtime, process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    address = f"ws://127.0.0.1:{runtime.config(FRONTEND).port}/ws"

    async def connected() -> ClientConnection | None:
        try:
            return await connect(address, proxy=None)
        except (OSError, InvalidMessage, InvalidStatus):
            return None

    socket = await eventually(connected)
    process.send_signal(signal.SIGTERM)
    await socket.wait_closed()
    assert socket.close_code == 1012
    await eventually(lambda: process.poll() is not None)
    assert "Traceback" not in (tmp_path / "log").read_text()
