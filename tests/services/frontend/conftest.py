"""The stage that the frontend's tests act on."""

from collections.abc import AsyncIterator

import pytest
from frontend_stage import Stage
from harness.issuer import Issuer
from harness.ports import free_ports
from harness.runtime import Runtime

from services.kit.ids import person_id


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Return a sign-in service."""
    async with Issuer(free_ports(1)[0]) as running:
        yield running


@pytest.fixture
async def stage(runtime: Runtime, issuer: Issuer) -> AsyncIterator[Stage]:
    """Return the running frontend, which trusts the issuer."""
    async with Stage(runtime, **issuer.settings) as running:
        yield running


@pytest.fixture
async def open_stage(runtime: Runtime) -> AsyncIterator[Stage]:
    """Return the running frontend with AUTH=none."""
    async with Stage(runtime) as running:
        yield running


@pytest.fixture
def name(person: str) -> str:
    """Return the subject of a person whom no other test knows."""
    return f"subject {person}"


@pytest.fixture
def me(issuer: Issuer, name: str) -> str:
    """Return that person's id."""
    return person_id(issuer.url, name)


@pytest.fixture
def token(issuer: Issuer, name: str) -> str:
    """Return that person's token."""
    return issuer.token(name)
