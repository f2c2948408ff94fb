"""The page's own tests (Jest), as part of the whole: `make web` runs the same beside its lint."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "services" / "frontend" / "web"


@pytest.mark.timeout(900)
def test_the_tests_of_the_page_pass() -> None:
    if not shutil.which("npm"):
        pytest.skip("the tests of the page need Node 20.9 or newer with npm")
    subprocess.run(["make", "services/frontend/web/node_modules/.installed"], cwd=WEB.parents[2], check=True)
    run = subprocess.run(
        ["npm", "run", "--silent", "test"],
        cwd=WEB,
        env=os.environ | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, (run.stdout + run.stderr)[-20_000:]
    assert "Tests:" in run.stderr, "Jest ran nothing"
