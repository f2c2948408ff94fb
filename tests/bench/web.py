"""`python -m bench.web [--record]`: how quick the page is in Chromium, with the processor of a mid-range phone.

Its processor is slowed down to a BenchmarkIndex (Lighthouse's) of 1,000, as Chromium's own tools calibrate theirs.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from harness.browser import build_page, find_chromium, play
from harness.platform import Platform

from bench import report
from bench.timing import Table

_SECONDS = 1800
# what is measured, its key in the program's answer, its unit, and what is aimed at for the 95th percentile
_ROWS = (
    ("first list visible, nothing cached", "cold", "ms", 1_500),
    ("first list visible again, by the picture of the last", "again", "ms", 500),
    ("first list itself there again", "live", "ms", 500),
    ("a key in the line that adds, to the paint, with 10,000 tasks", "key", "ms", 50),
    ("a change in one window, to the paint in another", "change", "ms", 150),
    ("scripts of the first list, on the wire", "bytes", "bytes", 200_000),
)


def _share(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def table(found: dict[str, list[float]], processor: Sequence[dict[str, float]]) -> Table:
    """Return what was measured as a table.

    `processor` is, for the starts, the changes and the keys, its index as it is and as it was slowed down to.
    """
    rows = tuple(
        (
            what,
            str(len(found[key])),
            unit,
            f"{median(found[key]):,.0f}",
            f"{_share(found[key], 0.95):,.0f}",
            f"≤ {aim:,}",
        )
        for what, key, unit, aim in _ROWS
    )
    how = ", ".join(f"{part['rate']:.1f} times from {part['index']:,.0f}" for part in processor)
    slowed = [part["slowed"] for part in processor]
    shown = (f"{median(slowed):,.0f}", f"{max(slowed, key=lambda index: abs(index - 1_000)):,.0f}")
    speed = (
        f"the processor, slowed down {how} (p95: the one that is furthest off)",
        str(len(slowed)),
        "BenchmarkIndex",
    )
    rows = ((*speed, *shown, "1,000"), *rows)
    return Table("The page in Chromium", ("what", "runs", "unit", "p50", "p95", "aim"), rows, "lrlrrr")


def measure(chromium: str) -> Table:
    """Run the program in front of a platform that has nothing yet, and return what it measured."""
    with tempfile.TemporaryDirectory(prefix="task-platform-bench-") as folder:
        platform = Platform(Path(folder))
        platform.start()
        settings = {"PAGE": platform.url, "CHROMIUM": chromium, "KEEP": folder}
        try:
            code, said = play("bench.mjs", settings, _SECONDS, platform.kill)
        finally:
            platform.stop()
    if code:
        sys.exit(said)
    found = json.loads(said.splitlines()[-1])
    return table(found, found.pop("processor"))


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(prog="bench.web", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the results into docs/")
    given = parser.parse_args()
    chromium = find_chromium() or sys.exit("no Chromium here: install it, or name it by CHROMIUM=path")
    build_page()
    measured = measure(chromium)
    sys.stdout.write(measured.markdown() + "\n")
    if given.record:
        report.record("web", measured)


if __name__ == "__main__":
    main()
