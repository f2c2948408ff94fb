"""Programs of the system that a test cannot do without."""

import shutil

import pytest


def need(*programs: str) -> None:
    """Skip the test where one of them is missing; the gate, which has them all, takes no skip."""
    if missing := [program for program in programs if not shutil.which(program)]:
        pytest.skip(f"not here: {', '.join(missing)} (Debian: apt-get install {' '.join(missing)})")
