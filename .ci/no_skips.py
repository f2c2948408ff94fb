"""`python no_skips.py REPORT.xml`: fail where a test was skipped, since the gate has everything that tests need.

But what stands beside the repository, in ../shared, a clone may be without: that is said, and is no failure.
"""  # noqa: INP001

import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

BESIDE: Final = "no ../shared/"


def main(report: Path) -> int:
    """Return the exit code: 1, having named them, where tests were skipped; or where none ran."""
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it
    skipped = [(case, why) for case in cases if (why := case.find("skipped[@type='pytest.skip']")) is not None]
    for case, why in skipped:
        sys.stderr.write(f"skipped: {case.get('classname')}::{case.get('name')}: {why.get('message')}\n")
    if len(cases) == len(skipped):
        sys.stderr.write("no test ran\n")
        return 1
    return int(any(not why.get("message", "").startswith(BESIDE) for _, why in skipped))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
