"""Fixtures of the conformance cases: the same cases run against every runtime named here."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from harness.engines import Engines, need_engines, reachable_folder

from tests.conformance.embedded import Embedded
from tests.conformance.harness import Client, FakeApp, Runtime
from tests.conformance.platform import Platform
from tests.conformance.sidecars import Daprds

RUNTIMES = ("embedded", "daprd")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the cases in one event loop: the applications of real sidecars stay from case to case."""
    for item in items:
        is_case = isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function)
        if is_case and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One running embedded runtime for all cases, which keep apart by names of their own."""
    started = Embedded(tmp_path_factory.mktemp("runtime"))
    started.start()
    yield started
    started.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def daprd() -> AsyncIterator[Daprds]:
    """Sidecars and engines for all cases; skips where they are not built."""
    need_engines()
    with reachable_folder() as folder:
        engines = Engines(folder)
        try:
            started = Daprds(engines.start())
            try:
                await started.start()
                yield started
            finally:
                await started.stop()
        finally:
            engines.stop()


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """The runtime that a case stands on; only those that are asked for are started."""
    return request.getfixturevalue(request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def platform(runtime: Runtime) -> AsyncIterator[Platform]:
    """The runtime with applications and clients that end with the case."""
    found = Platform(runtime)
    yield found
    await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def backend(platform: Platform) -> Client:
    """The sidecar of an application with state, jobs and topics to publish to."""
    return platform.client("backend")


@pytest_asyncio.fixture(loop_scope="session")
async def frontend(platform: Platform) -> Client:
    """The sidecar of an application that invokes others, and has no state."""
    return platform.client("frontend")


@pytest_asyncio.fixture(loop_scope="session")
async def callee(platform: Platform) -> FakeApp:
    """The application that is invoked."""
    return await platform.app("backend")
