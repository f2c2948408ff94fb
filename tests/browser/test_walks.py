"""The page in Chromium, before a platform that this run starts: each walk of `web/browser/walks` is a test."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.browser import BROWSER, ROOT, need_browser, play
from harness.days import lasting_day
from harness.platform import Platform
from harness.ports import free_ports
from harness.provider import Provider

WALKS = sorted(path.name for path in (BROWSER / "walks").glob("*.mjs"))
# What two of them see is all that there is, two change who the person is, one signs people in.
STAGES = dict.fromkeys(("looks.mjs", "crowd.mjs", "notifications.mjs", "lastView.mjs"), "alone") | {
    "signin.mjs": "provided"
}
DAY_SECONDS = 300  # what a walk calls tomorrow it still does at its end
SECONDS = 1_200  # far beyond what one takes: a slow machine fails none, and one that hangs ends


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


@pytest.fixture
def provided(chromium: str, tmp_path: Path) -> Iterator[Platform]:
    """A platform whose page signs people in, at a provider whose address is its OIDC_ISSUER."""
    port, public = free_ports(2)
    page = f"http://127.0.0.1:{public}"
    settings = Provider(port, (page,)).environment
    command = [sys.executable, "-m", "harness.provider", str(port), page, "15"]
    with subprocess.Popen(command, cwd=ROOT / "tests", stdout=subprocess.PIPE) as provider:
        try:
            assert provider.stdout
            assert settings["OIDC_ISSUER"].encode() in provider.stdout.readline()
            yield from _running(tmp_path, settings, public)
        finally:
            provider.terminate()


def _running(folder: Path, settings: dict[str, str] | None = None, port: int | None = None) -> Iterator[Platform]:
    started = Platform(folder, settings or {}, port or free_ports(1)[0])
    started.start()
    yield started
    started.stop()


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.parametrize("walk", WALKS)
def test_walk(walk: str, chromium: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    platform: Platform = request.getfixturevalue(STAGES.get(walk, "shared"))
    settings = {"PAGE": platform.url, "CHROMIUM": chromium, "KEEP": str(tmp_path)}
    settings["PROVIDER"] = platform.settings.get("OIDC_ISSUER", "")
    lasting_day(DAY_SECONDS)
    code, said = play(f"walks/{walk}", settings, SECONDS, platform.kill)
    assert code == 0, f"{said}\nWhat the windows showed: {tmp_path}/window-*.png"
