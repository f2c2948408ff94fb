"""A real API server takes every object of every stack, and its namespaces every pod."""

import copy
from dataclasses import dataclass

import pytest
from harness.waiting import eventually
from kube import Cluster, Document, Refused, objects, of_kind, pod_of, stack

WORKLOADS = ("Deployment", "StatefulSet", "Job")


@dataclass(frozen=True)
class Deployed:
    """A stack whose namespaces and identities are there, which the server wants to see before it takes the rest."""

    cluster: Cluster
    objects: list[Document]

    @property
    def pods(self) -> list[Document]:
        return [pod_of(workload) for workload in of_kind(self.objects, *WORKLOADS)]

    def pod(self, name: str) -> Document:
        (found,) = [pod for pod in self.pods if pod["metadata"]["name"] == name]
        return copy.deepcopy(found)


@pytest.fixture(scope="module", params=["minikube", "gke", "existing"])
def deployed(request: pytest.FixtureRequest, cluster: Cluster) -> Deployed:
    found = objects(stack(request.param))
    namespaces = of_kind(found, "Namespace")
    cluster.make_namespaces(namespaces)
    cluster.apply(of_kind(found, "ServiceAccount"))
    return Deployed(cluster, found)


def test_the_server_takes_every_object(deployed: Deployed) -> None:
    taken = deployed.cluster.accept(deployed.objects)
    assert len(taken) == len(deployed.objects) > 40
    assert all(line.endswith("serverside-applied (server dry run)") for line in taken)


async def test_the_namespaces_take_every_pod(deployed: Deployed) -> None:
    for name in {pod["metadata"]["namespace"] for pod in deployed.pods}:
        await eventually(lambda name=name: _has_default_account(deployed.cluster, name))
    assert len(deployed.cluster.accept(deployed.pods)) == len(deployed.pods) >= 5


def test_the_services_namespace_is_restricted(deployed: Deployed) -> None:
    pod = deployed.pod("backend")
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    with pytest.raises(Refused, match='violates PodSecurity "restricted'):
        deployed.cluster.accept([pod])


def test_a_field_that_dapr_does_not_know_is_refused(deployed: Deployed) -> None:
    component = copy.deepcopy(of_kind(deployed.objects, "Component")[0])
    component["spec"]["metadatas"] = []
    with pytest.raises(Refused, match="metadatas"):
        deployed.cluster.accept([component])


def _has_default_account(cluster: Cluster, namespace: str) -> bool:
    return bool(cluster.kubectl("get", "serviceaccount", "default", "--namespace", namespace, "--ignore-not-found"))
