"""Each stack's program is run once for all tests; what it registered is only read."""

from collections.abc import Iterator

import pulumi
import pytest
from stack_program import EXISTING, SECRET, Graph, run, stack_file, with_settings


@pytest.fixture(autouse=True)
def _settings_of_its_own() -> Iterator[None]:
    """Give back the configuration that a verdict by the policies sets for the process."""
    before = dict(pulumi.runtime.config.CONFIG.get())
    yield
    pulumi.runtime.set_all_config(before)


@pytest.fixture(scope="session")
def minikube() -> Graph:
    return run("minikube", stack_file("minikube"))


@pytest.fixture(scope="session")
def gke() -> Graph:
    return run("gke", stack_file("gke"))


@pytest.fixture(scope="session")
def standard() -> Graph:
    """Return the stack on a GKE Standard cluster."""
    return run("gke", with_settings("gke", autopilot=False))


@pytest.fixture(scope="session")
def existing() -> Graph:
    plain = dict.fromkeys(("kafkaReplicas", "schedulerStorage", "maxReplicas"))
    return run("existing", with_settings("minikube", **{**plain, **EXISTING}), SECRET)


@pytest.fixture(scope="session", params=["minikube", "gke", "existing"])
def graph(request: pytest.FixtureRequest) -> Graph:
    """Return every stack, one after the other."""
    found: Graph = request.getfixturevalue(request.param)
    return found
