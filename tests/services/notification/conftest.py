"""The stage that most tests of the notification service act on."""

from collections.abc import AsyncIterator

import pytest
from harness.runtime import Runtime

from notification.stage import Receiver, Stage


@pytest.fixture
async def stage(runtime: Runtime) -> AsyncIterator[Stage]:
    """Return the running service with its surroundings."""
    async with Stage(runtime) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Return a webhook receiver."""
    async with Receiver() as running:
        yield running
