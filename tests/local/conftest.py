"""Fixtures for runtimes of a case's own, that it may kill and start again."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from infra.local.runtime.database import Database
from tests.conformance.embedded import Embedded
from tests.conformance.platform import Platform

Starter = Callable[..., Embedded]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Start runtimes over the case's folder, and end them after it."""
    started: list[Embedded] = []

    def starter(**changes: object) -> Embedded:
        runtime = Embedded(
            tmp_path,
            (("backend", 0), ("audit", 0), ("recurring-task", 0), ("notification", 0), ("frontend", 0)),
            **changes,
        )
        started.append(runtime)
        runtime.start()
        return runtime

    yield starter
    for runtime in started:
        runtime.kill()


@pytest.fixture
async def platform(start: Starter) -> AsyncIterator[Platform]:
    """A runtime of its own with applications and clients."""
    found = Platform(start())
    yield found
    await found.close(wait=False)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database in an empty folder."""
    opened = Database(tmp_path)
    yield opened
    await opened.close()
