"""One platform on each runtime for the scenarios of this folder, and people who sign in with tokens of their own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from harness.engines import need_engines, reachable_folder
from harness.follower import Follower
from harness.issuer import Issuer
from harness.person import Person
from harness.platform import Platform
from harness.ports import free_ports


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """The sign-in service that the platform trusts; a test's own event loop serves its keys."""
    return Issuer(free_ports(1)[0])


@pytest.fixture(scope="session")
def on_embedded(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Platform]:
    """A platform on the embedded runtime."""
    with _running(tmp_path_factory.mktemp("platform"), issuer, "embedded") as started:
        yield started


@pytest.fixture(scope="session")
def on_dapr(issuer: Issuer) -> Iterator[Platform]:
    """A platform on the real engines; skips where they are not built."""
    need_engines()
    with reachable_folder() as folder, _running(folder, issuer, "dapr") as started:
        yield started


@contextmanager
def _running(folder: Path, issuer: Issuer, runtime: str) -> Iterator[Platform]:
    """Run a platform with AUTH=oidc, of two backends and two frontends."""
    settings = {name.upper(): value for name, value in issuer.settings.items()}
    replicas = {"BACKEND_REPLICAS": "2", "FRONTEND_REPLICAS": "2"}
    started = Platform(folder, settings | replicas | {"RUNTIME": runtime})
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(params=["on_embedded", "on_dapr"])
def platform(request: pytest.FixtureRequest) -> Platform:
    """The platform that a scenario is played on; only those that are asked for are started."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def someone(
    platform: Platform, issuer: Issuer, http: aiohttp.ClientSession
) -> AsyncIterator[Callable[[], Person]]:
    """Makes people nobody has heard of, who call the first frontend."""
    async with issuer:
        yield lambda: Person(http, platform.url, dict(issuer.headers(str(uuid4()))))


@pytest.fixture
def follow(platform: Platform) -> Callable[..., Follower]:
    """Makes WebSocket clients of a person; `relay` is the number of the frontend that they connect to."""
    return lambda person, relay=0: Follower(platform.relays[relay], person.headers)


@pytest.fixture
def elsewhere(platform: Platform, http: aiohttp.ClientSession) -> Callable[[Person], Person]:
    """Makes the same person, who calls the second frontend."""
    url = platform.relays[1].replace("ws:", "http:").removesuffix("/ws")
    return lambda person: Person(http, url, person.headers)
