"""Fixtures of the conformance cases: the same cases run against every runtime named here."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conformance.harness import Client, Embedded, Platform


@pytest.fixture(scope="session", params=["embedded"])
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One running runtime for all cases, which keep apart by names of their own."""
    started = Embedded(tmp_path_factory.mktemp("runtime"))
    started.start()
    yield started
    started.kill()


@pytest.fixture
async def platform(runtime: Embedded) -> AsyncIterator[Platform]:
    """The runtime with applications and clients that end with the case."""
    found = Platform(runtime)
    yield found
    await found.close()


@pytest.fixture
async def backend(platform: Platform) -> Client:
    """The sidecar of an application with state, jobs and topics to publish to."""
    return platform.client("backend")


@pytest.fixture
async def frontend(platform: Platform) -> Client:
    """The sidecar of an application that invokes others, and has no state."""
    return platform.client("frontend")
