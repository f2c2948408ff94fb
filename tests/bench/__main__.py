"""`python -m bench`: start the platform and the plain app over empty folders, measure, print the table."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from harness.platform import Platform
from harness.ports import free_ports

from bench import agents, scenarios
from bench.scenarios import Stage
from bench.timing import Line, table
from components.catalogue import BACKEND, FRONTEND
from services.kit.config import Config
from services.kit.sidecar import Sidecar

_READY_SECONDS = 30


@contextmanager
def _plain(folder: Path) -> Iterator[str]:
    port = free_ports(1)[0]
    process = subprocess.Popen([sys.executable, "-m", "bench.plain", str(port), str(folder / "plain.db")])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _config(settings: dict[str, Any], app_id: str) -> Config:
    app = next(app for app in settings["apps"] if app["app_id"] == app_id)
    return Config(
        app_id=app_id,
        port=app["app_port"],
        dapr_http_port=app["http_port"],
        dapr_grpc_port=app["grpc_port"],
        dapr_api_token=settings["api_token"],
    )


@asynccontextmanager
async def _stage(platform: Platform, plain: str) -> AsyncIterator[Stage]:
    settings = json.loads((platform.folder / "data" / "runtime.json").read_text())
    backend = _config(settings, BACKEND)
    async with (
        aiohttp.ClientSession() as http,
        Sidecar(backend) as state,
        Sidecar(_config(settings, FRONTEND)) as sidecar,
    ):
        url = f"http://127.0.0.1:{backend.port}"
        await _answering(http, plain + "/tasks?limit=1")
        yield Stage(http, url, platform.url, plain, settings["app_token"], state, sidecar)


async def _answering(http: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def _measure(stage: Stage) -> list[Line]:
    lines = await scenarios.creating(stage)
    await scenarios.settled(stage)
    lines += await scenarios.reading(stage)
    lines += await scenarios.listing(stage, "some hundred tasks")
    lines += await agents.tools_and_tokens(stage)
    lines += await scenarios.recurring(stage)
    lines += await scenarios.pushing(stage)
    lines += await scenarios.reminding(stage)
    lines += await scenarios.importing(stage)
    await scenarios.settled(stage)
    lines += await scenarios.listing(stage, "10,000 tasks")
    return lines


def _memory(platform: Platform) -> dict[str, float]:
    """Return the proportional set size of each process in MB, the supervisor's too."""
    processes = platform.children()
    if platform.process is not None:
        processes["supervisor"] = psutil.Process(platform.process.pid)
    return {name: process.memory_full_info().pss / 1e6 for name, process in processes.items()}


def main() -> None:
    """Measure, and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="task-platform-bench-") as name:
        platform = Platform(Path(name))
        platform.start()
        idle = _memory(platform)
        platform.stop()
        began = time.monotonic()
        platform.start()
        ready = time.monotonic() - began
        try:
            with _plain(Path(name)) as plain:
                lines = asyncio.run(_staged(platform, plain))
        finally:
            platform.stop()
    sys.stdout.write(table(lines) + "\n\n")
    sys.stdout.write(f"Second start: ready after {ready:.1f} s (aim: 5 s).\n")
    shares = ", ".join(f"{name} {size:.0f}" for name, size in idle.items())
    sys.stdout.write(f"Memory, idle: {sum(idle.values()):.0f} MB in all (aim: 700 MB): {shares}.\n")


async def _staged(platform: Platform, plain: str) -> list[Line]:
    async with _stage(platform, plain) as stage:
        return await _measure(stage)


if __name__ == "__main__":
    main()
