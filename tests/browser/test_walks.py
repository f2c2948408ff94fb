"""The page in Chromium, before a platform that this run starts: each walk of `web/browser/walks` is a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.browser import BROWSER, need_browser, play
from harness.platform import Platform

WALKS = sorted(path.name for path in (BROWSER / "walks").glob("*.mjs"))
ALONE = {"looks.mjs", "crowd.mjs"}  # what they see is all that there is
SECONDS = 240


@pytest.fixture(scope="session")
def chromium() -> str:
    return need_browser()


@pytest.fixture(scope="session")
def shared(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all walks that keep apart by their titles."""
    yield from _running(tmp_path_factory.mktemp("platform"))


@pytest.fixture
def alone(chromium: str, tmp_path: Path) -> Iterator[Platform]:
    """A platform that has nothing yet."""
    yield from _running(tmp_path)


def _running(folder: Path) -> Iterator[Platform]:
    started = Platform(folder)
    started.start()
    yield started
    started.stop()


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("walk", WALKS)
def test_walk(walk: str, chromium: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    platform: Platform = request.getfixturevalue("alone" if walk in ALONE else "shared")
    settings = {"PAGE": platform.url, "CHROMIUM": chromium, "KEEP": str(tmp_path)}
    code, said = play(f"walks/{walk}", settings, SECONDS, platform.kill)
    assert code == 0, f"{said}\nWhat the windows showed: {tmp_path}/window-*.png"
