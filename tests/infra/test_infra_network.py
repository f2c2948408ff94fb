"""Who may connect to whom: the edges of the catalogue, and nothing that nobody asked for."""

from itertools import product
from typing import Any

import pytest
from stack_program import Graph, bare

from components.catalogue import CATALOGUE
from components.kubernetes import topics

APPS = [service.app_id for service in CATALOGUE.services]
SIDECAR, METRICS = 50002, 9090


def spec(graph: Graph, name: str) -> dict[str, Any]:
    found: dict[str, Any] = bare(graph.one("NetworkPolicy", name)["spec"])
    return found


def names(peer: dict[str, Any]) -> set[str]:
    return {value for e in peer.get("podSelector", {}).get("matchExpressions", []) for value in e["values"]}


def ports(rule: dict[str, Any]) -> set[int]:
    return {port["port"] for port in rule["ports"]}


def lets_in(graph: Graph, callee: str, caller: str) -> bool:
    rules = spec(graph, callee)["ingress"]
    return any(SIDECAR in ports(rule) and caller in names(peer) for rule in rules for peer in rule["from"])


def lets_out(graph: Graph, caller: str, callee: str) -> bool:
    rules = spec(graph, caller)["egress"]
    return any(SIDECAR in ports(rule) and callee in names(peer) for rule in rules for peer in rule["to"])


def test_everything_is_denied_but_names(graph: Graph) -> None:
    found = spec(graph, "deny-all")
    assert (found["podSelector"], found["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert "ingress" not in found
    assert [ports(rule) for rule in found["egress"]] == [{53}]


@pytest.mark.parametrize(("caller", "callee"), list(product(APPS, APPS)))
def test_sidecars_reach_each_other_along_the_edges_alone(graph: Graph, caller: str, callee: str) -> None:
    edge = callee in {e.callee for e in CATALOGUE[caller].invokes}
    assert lets_in(graph, callee, caller) is edge
    assert lets_out(graph, caller, callee) is edge


@pytest.mark.parametrize("app_id", APPS)
def test_no_rule_leaves_ports_or_peers_open(graph: Graph, app_id: str) -> None:
    found = spec(graph, app_id)
    assert found["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": app_id}}
    assert found["policyTypes"] == ["Ingress", "Egress"]
    for rule in found["ingress"]:
        assert rule["from"]
        assert rule["ports"]
    for rule in found["egress"]:
        assert rule["to"]
        assert rule["ports"]


@pytest.mark.parametrize("app_id", APPS)
def test_the_applications_port_is_open_to_people_and_scrapers_alone(graph: Graph, app_id: str) -> None:
    for rule in spec(graph, app_id)["ingress"]:
        if CATALOGUE[app_id].port in ports(rule) and ports(rule) != {CATALOGUE[app_id].port}:
            scraped = {p["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for p in rule["from"]}
            assert scraped <= {"gmp-system", "gke-gmp-system", "monitoring"}
        elif CATALOGUE[app_id].port in ports(rule):
            assert CATALOGUE[app_id].public


def reaches(graph: Graph, app_id: str, port: int, namespace: str = "") -> bool:
    for rule in spec(graph, app_id)["egress"]:
        for peer in rule["to"]:
            labels = peer.get("namespaceSelector", {}).get("matchLabels", {})
            if port in ports(rule) and (not namespace or namespace in labels.values()):
                return True
    return False


@pytest.mark.parametrize("app_id", APPS)
def test_stores_are_reached_by_those_that_use_them(minikube: Graph, app_id: str) -> None:
    service = CATALOGUE[app_id]
    assert reaches(minikube, app_id, 9093, "redpanda") is bool(service.publishes or service.subscribes)
    assert reaches(minikube, app_id, 5432, "postgres") is service.state
    assert reaches(minikube, app_id, 6443) is bool(service.secrets), "the API server, for secrets"
    assert reaches(minikube, app_id, 443) is (service.outside or bool(service.secrets)), "the outside"


@pytest.mark.parametrize("app_id", APPS)
def test_dapr_is_reached_by_all(graph: Graph, app_id: str) -> None:
    assert all(reaches(graph, app_id, port, "dapr-system") for port in (6500, 50001, 50005, 50006))


def test_stores_outside_are_reached_on_their_own_ports(existing: Graph) -> None:
    assert reaches(existing, "backend", 9092)
    assert reaches(existing, "backend", 9192)
    assert reaches(existing, "audit", 6543)
    assert not reaches(existing, "frontend", 6543)
    assert reaches(existing, "notification", 587)
    assert not reaches(existing, "backend", 587)
    assert reaches(existing, "frontend", 4317, "observability")


def test_a_database_beside_the_cluster_is_one_address(gke: Graph) -> None:
    found = [rule["to"] for rule in spec(gke, "audit")["egress"] if ports(rule) == {5432}]
    assert found == [[{"ipBlock": {"cidr": "10.99.0.5/32"}}]]


def test_the_metadata_server_is_out_of_reach(graph: Graph) -> None:
    """It gives out a node's credentials; of its network only names are let through."""
    for app_id in APPS:
        for rule in spec(graph, app_id)["egress"]:
            for peer in rule["to"]:
                if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                    assert "169.254.0.0/16" in peer["ipBlock"]["except"]


def test_people_come_through_the_load_balancer_alone(gke: Graph, existing: Graph, minikube: Graph) -> None:
    rule = next(rule for rule in spec(gke, "frontend")["ingress"] if ports(rule) == {8080})
    assert [peer["ipBlock"]["cidr"] for peer in rule["from"]] == ["130.211.0.0/22", "35.191.0.0/16"]
    assert [r["from"] for r in spec(existing, "frontend")["ingress"] if ports(r) == {8080}] == [
        [{"namespaceSelector": {}}]
    ]
    assert spec(minikube, "frontend")["ingress"] == [], "a port-forward needs no rule"


def test_jobs_reach_what_they_work_on_and_nothing_else(minikube: Graph) -> None:
    assert [ports(rule) for rule in spec(minikube, "topics")["egress"]] == [{9093}]
    assert [ports(rule) for rule in spec(minikube, "database-check")["egress"]] == [{5432}]
    assert spec(minikube, "topics")["ingress"] == spec(minikube, "database-check")["ingress"] == []


def test_stores_let_in_the_services_alone(minikube: Graph) -> None:
    for name, port in (("redpanda", 9093), ("postgres", 5432)):
        rule = spec(minikube, name)["ingress"][0]
        assert ports(rule) == {port}
        selector = rule["from"][0]["namespaceSelector"]["matchLabels"]
        assert selector == {"kubernetes.io/metadata.name": "task-platform"}
    assert spec(minikube, "postgres")["egress"] == []


def test_all_topics_are_made() -> None:
    assert [topic.value for topic in topics()] == ["task-events", "reminders", "task-updates"]
