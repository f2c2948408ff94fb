"""A backend served behind the real runtime, for the tests that call it over HTTP."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from harness.issuer import Issuer
from harness.ports import free_ports
from harness.runtime import Runtime
from harness.serving import serving

from backend.client import Client, People, people
from components.catalogue import BACKEND
from services.backend.app import build


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(runtime: Runtime) -> AsyncIterator[People]:
    """Return callers of a backend with AUTH=oidc, one for the module."""
    async with Issuer(free_ports(1)[0]) as issuer:
        config = runtime.config(BACKEND, **issuer.settings)
        async with serving(build(config), config), people(config, issuer) as found:
            yield found


@pytest.fixture
def me(served: People) -> Client:
    """Return a caller that no other test knows."""
    return served.new()
