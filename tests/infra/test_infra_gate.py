"""The gate takes no skipped test for a kept one: what `.ci/no_skips.py` says of pytest's reports."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PASSED = '<testcase classname="it" name="passed" />'
EXPECTED = '<testcase classname="it" name="expected"><skipped type="pytest.xfail" message="" /></testcase>'
SKIPPED = '<testcase classname="it" name="skipped"><skipped type="pytest.skip" message="no engine here" /></testcase>'
TESTS = """
import pytest
def test_passed(): pass
@pytest.mark.xfail
def test_expected(): assert False
def test_skipped(): pytest.skip("no engine here")
@pytest.mark.skipif(True, reason="only root can")
def test_marked(): pass
"""


def judged(report: Path) -> tuple[int, str]:
    script = [sys.executable, "-S", ROOT / ".ci" / "no_skips.py", report]
    ended = subprocess.run(script, check=False, capture_output=True, text=True)
    return ended.returncode, ended.stderr


def gate(tmp_path: Path, *cases: str) -> tuple[int, str]:
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return judged(report)


def test_tests_that_all_ran_pass_the_gate(tmp_path: Path) -> None:
    assert gate(tmp_path, PASSED, EXPECTED) == (0, "")


def test_a_skipped_test_does_not_and_is_named(tmp_path: Path) -> None:
    assert gate(tmp_path, PASSED, SKIPPED) == (1, "skipped: it::skipped: no engine here\n")


def test_no_test_at_all_does_not_pass(tmp_path: Path) -> None:
    assert gate(tmp_path) == (1, "no test ran\n")


def test_a_report_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    assert judged(tmp_path / "gone.xml")[0] != 0


def test_it_reads_what_pytest_writes(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "--rootdir=."]
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    environment = {**bare, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run([*command, "test_it.py"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert judged(report) == (
        1,
        "skipped: test_it::test_skipped: no engine here\nskipped: test_it::test_marked: only root can\n",
    )
