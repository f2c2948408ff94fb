"""`python -m faults`: every fault at full length; writes the tables into docs/reliability.md, also where one failed.

CHANGES is how many changes are made in all, PEOPLE by how many for each fault, STRIKES how often each fault is done,
PACE how many changes are made a second; FAULTS names some faults, by spaces, and then nothing is written.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from faults import report
from faults.disk import why_not
from faults.phase import Phase, Scale, examine, run
from faults.report import Result
from faults.stage import Stage, staged
from faults.strikes import FAULTS, Durations, Fault
from infra.local.engines.build import cache

_PAGE = Path("docs/reliability.md")
_LOG = Path("build/faults.log")
_SO_FAR = Path("build/faults.md")
_LONG = Durations(broker=30, pause=20, disk=10)


def main() -> int:
    """Return the exit code: 0 when every zero was seen."""
    named = os.environ.get("FAULTS", "").split()
    chosen = [fault for fault in FAULTS if not named or fault.name in named]
    if problem := _missing(chosen):
        _say(f"error: {problem}")
        return 2
    scale = Scale(
        people=_number("PEOPLE", 50),
        changes=-(-_number("CHANGES", 10_000) // len(FAULTS)),
        strikes=_number("STRIKES", 5),
        pace=_number("PACE", 10),
        durations=_LONG,
    )
    results = asyncio.run(_all(chosen, scale))
    generated = report.text(results, scale, _commit())
    _say("", generated, "")
    if not named:
        report.write(_PAGE, generated)
        _say(f"written to {_PAGE}; what the platform said is in {_LOG}")
    return 1 if any(result.wrong for result in results) else 0


def _missing(faults: Sequence[Fault]) -> str | None:
    if not cache().dapr.is_dir():
        return "the real engines are not built here; build them with: make engines"
    if any(fault.needs_disk for fault in faults) and (reason := why_not()):
        return f"the data disk cannot be filled here: {reason}"
    return None


async def _all(faults: Sequence[Fault], scale: Scale) -> list[Result]:
    """Do one fault after the other, and judge all at the end, so that a later one is held to what earlier ones left."""
    _LOG.parent.mkdir(exist_ok=True)
    async with staged(_LOG) as stage:
        results: list[Result] = []
        for fault in faults:
            phase = await run(stage, fault, scale)
            results.append(await _judged(stage, phase))
            _keep(report.text(results, scale, _commit()))
        _say("everything once more:")
        return [await _judged(stage, result.phase) for result in results]


def _keep(generated: str) -> None:
    """Keep the tables so far, in case that the run is cut off."""
    _SO_FAR.write_text(generated + "\n")


async def _judged(stage: Stage, phase: Phase) -> Result:
    result = Result(phase, await examine(stage, phase))
    recoveries = ", ".join(f"{seconds:.1f}" for seconds in phase.recoveries)
    _say(f"{phase.fault.name}: {phase.changes} changes in {phase.seconds:.0f} s; whole again after {recoveries} s")
    for what, found in result.wrong.items():
        _say(f"  {what}: {len(found)}", *(f"    {one}" for one in found[:10]))
    return result


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


def _number(name: str, usual: int) -> int:
    return int(os.environ.get(name, "") or usual)


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
