"""Kafka's classes, loaded once and kept: a broker that starts from them is ready in a third of the time."""

import asyncio
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.local.engines.build import Cache, EngineError, java
from infra.local.engines.kafka import Broker
from infra.local.engines.topics import TopicsProbe
from infra.local.ports import free_ports
from infra.local.readiness import until_ready

_START_SECONDS: Final = 120
_END_SECONDS: Final = 240


def keep_classes(found: Cache) -> None:
    """Start a broker, and keep the classes that it has loaded when it ends; nothing to do where that was done."""
    if found.classes.exists():
        return
    unfinished = found.home / ".kafka.jsa"
    unfinished.unlink(missing_ok=True)
    with TemporaryDirectory() as folder:
        broker = Broker(java(), found.kafka, found.classes, Path(folder), *free_ports(2))
        broker.make()
        _start_and_end(broker, unfinished)
    if not unfinished.exists():
        raise EngineError("kafka's classes cannot be kept: its Java wrote no archive of them")
    unfinished.rename(found.classes)


def _start_and_end(broker: Broker, archive: Path) -> None:
    command = [broker.java, f"-XX:ArchiveClassesAtExit={archive}", *broker.arguments]
    process = subprocess.Popen(  # noqa: S603 - the command is our own
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        asyncio.run(asyncio.wait_for(until_ready(TopicsProbe(broker.port, ("first",), 1)), _START_SECONDS))
        process.terminate()
        process.wait(_END_SECONDS)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"kafka does not start or end in time: {error}") from error
    finally:
        process.kill()
        process.wait()
