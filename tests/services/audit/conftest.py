"""The audit service's store as its tests see it: the real one, behind the embedded runtime."""

from collections.abc import AsyncIterator

import pytest
from audit_stands import BackendLog, FaultySidecar
from harness.runtime import Runtime
from harness.serving import serving
from harness.waiting import eventually

from components.catalogue import AUDIT, BACKEND
from services.audit.erasure import Erasure
from services.audit.trail import PREFIX, Trail
from services.kit.pages import PagedLog
from services.kit.sidecar import Sidecar


@pytest.fixture
async def sidecar(runtime: Runtime) -> AsyncIterator[FaultySidecar]:
    async with FaultySidecar(runtime.config(AUDIT)) as opened:
        yield opened


@pytest.fixture
async def steady(runtime: Runtime) -> AsyncIterator[Sidecar]:
    """Another replica's connection, on which nothing goes wrong."""
    async with Sidecar(runtime.config(AUDIT)) as opened:
        yield opened


@pytest.fixture
def trail(sidecar: FaultySidecar) -> Trail:
    """A trail with pages of four entries, so that a few events fill several."""
    return Trail(sidecar, PagedLog(sidecar, PREFIX, max_entries=4))


@pytest.fixture
def erasure(sidecar: FaultySidecar, trail: Trail) -> Erasure:
    return Erasure(sidecar, trail)


@pytest.fixture
async def backend(runtime: Runtime, steady: Sidecar) -> AsyncIterator[BackendLog]:
    """The backend's log endpoint, served behind the runtime."""
    log = BackendLog()
    async with serving(log.app(), runtime.config(BACKEND)):
        await eventually(lambda: log.answers(steady))
        log.calls.clear()
        yield log
