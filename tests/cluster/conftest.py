"""These tests need a Kubernetes: `make test-cluster` starts one, or takes that of KUBECONFIG, and runs them."""

import os
from collections.abc import Iterator

import pytest
from kube import Cluster

collect_ignore_glob = [] if os.environ.get("TEST_CLUSTER") else ["test_*.py"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return the cluster, with the definitions of every kind that the charts and clouds bring; what was made goes."""
    found = Cluster()
    try:
        found.define_kinds()
        yield found
    finally:
        found.clean()
