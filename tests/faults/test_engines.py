"""Every fault once, on the real engines: the short form of `make faults`. It asserts zeros, and never a time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from harness.engines import need_engines

from faults.disk import why_not
from faults.phase import Phase, Scale, examine, run
from faults.report import Result
from faults.stage import Stage, staged
from faults.strikes import FAULTS, Durations, Fault

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(1800)]

SHORT = Scale(people=6, changes=100, strikes=1, pace=10, durations=Durations(broker=8, pause=8, disk=2))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    need_engines()
    log: Path = tmp_path_factory.mktemp("faults") / "platform.log"
    async with staged(log) as found:
        yield found


@pytest.fixture(scope="module")
def phases() -> list[Phase]:
    """What was done before, whose zeros have to stay zeros."""
    return []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_nothing_is_lost_doubled_or_out_of_order(stage: Stage, phases: list[Phase], fault: Fault) -> None:
    if fault.needs_disk and (reason := why_not()):
        pytest.skip(f"the data disk cannot be filled here: {reason}")
    phases.append(await run(stage, fault, SHORT))
    for phase in phases:
        result = Result(phase, await examine(stage, phase))
        assert not result.wrong, f"{phase.fault.name}: {result.wrong}"
    assert len(phases[-1].recoveries) == SHORT.strikes
    assert phases[-1].changes >= SHORT.changes
