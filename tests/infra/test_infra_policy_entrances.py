"""The policies on ways in: the frontend alone is public, and no network is open."""

from typing import Any

import pytest
from policy_cases import broken, database, resource

from infra.preview.graph import Resource

SERVICE = "kubernetes:core/v1:Service"
CLUSTER = "gcp:container/cluster:Cluster"
FIREWALL = "gcp:compute/firewall:Firewall"


def service(name: str, **spec: Any) -> Resource:
    return resource(SERVICE, {"spec": {"selector": {"app.kubernetes.io/name": name}, **spec}})


@pytest.mark.parametrize("spec", [{"type": "NodePort"}, {"type": "LoadBalancer"}, {"externalIPs": ["192.0.2.1"]}])
def test_only_the_frontend_is_public(spec: dict[str, Any]) -> None:
    assert broken(service("frontend", **spec)) == set()
    assert broken(service("backend", **spec)) == {"no-public-service"}
    assert broken(service("backend", type="ClusterIP")) == set()


def leading_to(name: str) -> list[Resource]:
    rules = {"rules": [{"matches": [{}], "backendRefs": [{"name": name, "port": 80}]}]}
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name}}}
    paths = [{"path": "/", "backend": {"service": {"name": name, "port": {"number": 80}}}}]
    return [
        resource("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", {"spec": rules}),
        resource("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", {"spec": {"rules": [{"filters": [mirror]}]}}),
        resource("kubernetes:gateway.networking.k8s.io/v1:GRPCRoute", {"spec": rules}),
        resource("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"rules": [{"http": {"paths": paths}}]}}),
        resource("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"defaultBackend": {"service": {"name": name}}}}),
    ]


@pytest.mark.parametrize("index", range(5))
def test_no_route_leads_past_the_frontend(index: int) -> None:
    assert broken(leading_to("frontend")[index]) == set()
    assert broken(leading_to("audit")[index]) == {"no-public-service"}


def cluster(cidr: str | None, *, private: bool = True) -> Resource:
    blocks = [{"cidrBlock": cidr}] if cidr else []
    inputs = {
        "masterAuthorizedNetworksConfig": {"cidrBlocks": blocks},
        "privateClusterConfig": {"enablePrivateNodes": private},
    }
    return resource(CLUSTER, inputs, protect=True)


def firewall(**fields: Any) -> Resource:
    return resource(FIREWALL, {"allows": [{"protocol": "tcp"}], "direction": "INGRESS", **fields})


def test_a_closed_network_passes() -> None:
    assert broken(cluster("203.0.113.0/24")) == set()
    assert broken(database()) == set()
    assert broken(firewall(sourceRanges=["10.0.0.0/8"]), firewall(direction="EGRESS")) == set()


@pytest.mark.parametrize(
    "open_to_all",
    [
        cluster("0.0.0.0/0"), cluster("::/0"), cluster(None), cluster("203.0.113.0/24", private=False),
        database(public=True), firewall(sourceRanges=["0.0.0.0/0"]), firewall(),
    ],
)  # fmt: skip
def test_an_open_network_is_refused(open_to_all: Resource) -> None:
    assert broken(open_to_all) == {"no-open-network"}
