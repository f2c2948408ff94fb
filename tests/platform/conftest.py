"""One platform for the scenarios of this folder, and people in it who sign in with tokens of their own."""

from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import aiohttp
import pytest
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
def platform(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Platform]:
    """A running platform with AUTH=oidc."""
    settings = {name.upper(): value for name, value in issuer.settings.items()}
    started = Platform(tmp_path_factory.mktemp("platform"), settings)
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def someone(
    platform: Platform, issuer: Issuer, http: aiohttp.ClientSession
) -> AsyncIterator[Callable[[], Person]]:
    """Makes people nobody has heard of."""
    async with issuer:
        yield lambda: Person(http, platform.url, dict(issuer.headers(str(uuid4()))))


@pytest.fixture
def follow(platform: Platform) -> Callable[[Person], Follower]:
    """Makes WebSocket clients of a person."""
    return lambda person: Follower(platform.websocket, person.headers)
