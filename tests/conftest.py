"""What every test may ask for."""

from collections.abc import Iterator
from datetime import date

import pytest
from harness.days import lasting_day
from harness.runtime import Runtime, start
from hypothesis import HealthCheck, settings

from services.kit.ids import person_id, uuid7

# How long an example takes says as much of the machine as of the code. All else stays, also what CI has by itself.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Return one embedded runtime for the whole session; tests keep apart by people of their own."""
    started = start(tmp_path_factory.mktemp("runtime"))
    yield started
    started.stop()


@pytest.fixture
def today() -> date:
    """Return the day (UTC); it lasts longer than the test."""
    return lasting_day(60)


@pytest.fixture
def person() -> str:
    """Return a person that no other test knows."""
    return person_id("tests", str(uuid7()))
