"""`python no_skips.py REPORT.xml`: fail where a test was skipped, since the gate has everything that tests need."""  # noqa: INP001

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def main(report: Path) -> int:
    """Return the exit code: 1, having named them, where tests were skipped; or where none ran."""
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it
    skipped = [(case, why) for case in cases if (why := case.find("skipped[@type='pytest.skip']")) is not None]
    for case, why in skipped:
        sys.stderr.write(f"skipped: {case.get('classname')}::{case.get('name')}: {why.get('message')}\n")
    if not cases:
        sys.stderr.write("no test ran\n")
    return 1 if skipped or not cases else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
