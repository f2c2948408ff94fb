import pytest
from recurring_events import Events
from recurring_fakes import FakeBackend, FakeSidecar

from services.recurring_task.occurrences import Occurrences
from services.recurring_task.standing import Standings


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def sidecar(backend: FakeBackend) -> FakeSidecar:
    return FakeSidecar(backend)


@pytest.fixture
def standings(sidecar: FakeSidecar) -> Standings:
    return Standings(sidecar)  # type: ignore[arg-type]


@pytest.fixture
def occurrences(sidecar: FakeSidecar, standings: Standings) -> Occurrences:
    return Occurrences(sidecar, standings)  # type: ignore[arg-type]


@pytest.fixture
def events(person: str, backend: FakeBackend) -> Events:
    return Events(person, backend)
