"""The page in a real browser: what that needs here, and programs of `web/browser` that drive it."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BROWSER: Final = ROOT / "services" / "frontend" / "web" / "browser"
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of Chromium: the one that CHROMIUM names, else the system's; None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for program in _PROGRAMS if (path := shutil.which(program))), None)


def need_browser() -> str:
    """Return the path of Chromium, having seen to it that the page is built; skip where a part is missing."""
    chromium = find_chromium()
    if not chromium:
        pytest.skip("no Chromium here: install it (Debian: apt-get install chromium), or name it by CHROMIUM=path")
    if not shutil.which("npm"):
        pytest.skip("the page cannot be built here: install Node 20.9 or newer with npm")
    build_page()
    return chromium


def build_page() -> None:
    """Build the page if its sources changed."""
    subprocess.run(["make", "--silent", "page"], cwd=ROOT, check=True)


def play(program: str, settings: dict[str, str], seconds: float, strike: Callable[[str], object]) -> tuple[int, str]:
    """Run a program of `web/browser` by Node, with `settings` in its environment; return exit code and output.

    A line `strike NAME` that it writes calls `strike` with the name.
    """
    process = subprocess.Popen(
        ["node", str(BROWSER / program)],
        env=os.environ | {"NO_COLOR": "1"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # with the browser, which is its child
    )
    end = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
    end.start()
    said = []
    with process:
        for line in process.stdout or ():
            if line.startswith("strike "):
                strike(line.split()[1])
            else:
                said.append(line)
    end.cancel()
    return process.returncode, "".join(said)
