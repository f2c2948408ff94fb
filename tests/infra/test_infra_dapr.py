"""Dapr on the cluster: the values that keep pods from starting without a sidecar, and the catalogue as objects."""

from typing import Any

import pytest
from stack_program import Graph, Resource, bare, run, with_settings

from components.catalogue import CATALOGUE, PUBSUB, RELAY_PUBSUB, SECRET_STORE, STATE_STORE
from components.kubernetes import Kafka, Place, allowed_apis, documents

APPS = [service.app_id for service in CATALOGUE.services]


def values(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = bare(graph.one("Release", "dapr")["values"])
    return found


def metadata(resource: Resource) -> dict[str, Any]:
    return {e["name"]: e.get("value", e.get("secretKeyRef")) for e in bare(resource["spec.metadata"])}


def test_an_injector_that_is_down_lets_no_pod_of_ours_start(graph: Graph) -> None:
    injector = values(graph)["dapr_sidecar_injector"]
    assert injector["webhookFailurePolicy"] == "Fail"
    assert injector["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "task-platform"}}
    assert injector["sidecarDropALLCapabilities"] is True


def test_the_control_plane_is_restricted_and_reads_no_secrets_at_large(graph: Graph) -> None:
    found = values(graph)
    assert found["global"]["seccompProfile"] == "RuntimeDefault"
    assert found["global"]["mtls"] == {"enabled": True}
    assert found["dapr_rbac"] == {"secretReader": {"enabled": False}}
    labels = bare(graph.one("Namespace", "dapr")["metadata.labels"])
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_clouds_have_more_than_one_of_it(minikube: Graph, gke: Graph, existing: Graph) -> None:
    assert values(minikube)["global"]["ha"] == {"enabled": False}
    assert values(gke)["global"]["ha"] == values(existing)["global"]["ha"] == {"enabled": True}


def test_the_scheduler_keeps_its_jobs_on_volumes(minikube: Graph) -> None:
    assert values(minikube)["dapr_scheduler"]["cluster"] == {"storageSize": "1Gi", "storageClassName": ""}


def test_version_and_registry_are_pinned_together(graph: Graph) -> None:
    release = graph.one("Release", "dapr")
    assert bare(release["version"]) == values(graph)["global"]["tag"] == "1.18.3"
    assert bare(release["repositoryOpts"]) == {"repo": "https://dapr.github.io/helm-charts"}


def test_a_cluster_without_the_internet_takes_its_own_chart_and_registry() -> None:
    graph = run("minikube", with_settings("minikube", daprChart="./charts/dapr", daprChartRepository="",
                                          daprRegistry="registry.example.com/dapr"))  # fmt: skip
    release = graph.one("Release", "dapr")
    assert bare(release["chart"]) == "./charts/dapr"
    assert "repositoryOpts" not in release.inputs
    assert values(graph)["global"]["registry"] == "registry.example.com/dapr"


def test_components_are_objects_with_scopes_beside_their_spec(graph: Graph) -> None:
    store = graph.object("Component", STATE_STORE)
    assert store.type == "kubernetes:dapr.io/v1alpha1:Component"
    assert bare(store.inputs["scopes"]) == ["backend", "notification", "recurring-task", "audit"]
    assert bare(store.inputs["auth"]) == {"secretStore": "kubernetes"}, "the operator reads it, not the pod"
    assert metadata(store)["connectionString"] == {"name": "database", "key": "connection-string"}


def test_every_secret_that_a_component_names_is_there(graph: Graph) -> None:
    held = {bare(s["metadata"]).get("name"): set(bare(s.inputs["stringData"])) for s in graph.all("Secret")}
    for component in graph.all("Component"):
        for value in metadata(component).values():
            if isinstance(value, dict):
                assert value["key"] in held[value["name"]], (component.name, value)


def test_there_is_no_component_that_every_app_may_use(graph: Graph) -> None:
    for component in graph.all("Component"):
        assert bare(component.inputs["scopes"]), component.name
        assert set(bare(component.inputs["scopes"])) <= set(APPS)


def test_e_mail_is_there_where_a_server_is(minikube: Graph, existing: Graph) -> None:
    assert "building-blocks-component-email" not in {r.name for r in minikube.all("Component")}
    email = existing.object("Component", "email")
    assert bare(email.inputs["scopes"]) == ["notification"]
    assert set(metadata(email)) == {"host", "port", "user", "password", "emailFrom"}


@pytest.mark.parametrize("name", [PUBSUB, RELAY_PUBSUB])
def test_brokers_are_reached_with_a_password_that_stays_hidden(graph: Graph, name: str) -> None:
    found = metadata(graph.object("Component", name))
    assert found["authType"] == "password"
    assert found["saslPassword"] == {"name": "kafka", "key": "password"}
    assert found["saslMechanism"] in {"SHA-256", "SHA-512"}
    assert "task-events" in found["protectedTopics"]


def test_an_external_kafka_is_reached_by_tls_under_its_own_authority(existing: Graph) -> None:
    found = metadata(existing.object("Component", PUBSUB))
    assert found["brokers"] == "b1.example.com:9092,b2.example.com:9192"
    assert (found["disableTls"], found["caCert"]) == ("false", {"name": "kafka", "key": "ca.crt"})


def test_the_platforms_own_brokers_are_named_as_the_chart_names_them(minikube: Graph) -> None:
    assert metadata(minikube.object("Component", PUBSUB))["brokers"] == "redpanda.redpanda.svc.cluster.local:9093"


@pytest.mark.parametrize(
    ("kafka", "expected"),
    [
        (Kafka(brokers=("b:1",)), {"authType": "none", "disableTls": "true"}),
        (Kafka(brokers=("b:1",), tls=True), {"authType": "certificate", "disableTls": "false"}),
        (Kafka(brokers=("b:1",), sasl="PLAIN"), {"authType": "password", "saslMechanism": "PLAINTEXT"}),
    ],
)
def test_ways_to_reach_brokers(kafka: Kafka, expected: dict[str, str]) -> None:
    assert expected.items() <= kafka.metadata.items()


@pytest.mark.parametrize("app_id", APPS)
def test_a_service_answers_its_callers_and_denies_everybody_else(graph: Graph, app_id: str) -> None:
    control = bare(graph.object("Configuration", app_id)["spec.accessControl"])
    assert control["defaultAction"] == "deny"
    assert {policy["appId"] for policy in control["policies"]} == set(CATALOGUE.callers(app_id))
    for policy in control["policies"]:
        assert (policy["defaultAction"], policy["namespace"]) == ("deny", "task-platform")
        edges = CATALOGUE.callers(app_id)[policy["appId"]]
        allowed = [(o["name"], tuple(o["httpVerb"]), o["action"]) for o in policy["operations"]]
        assert allowed == [(edge.path, edge.methods, "allow") for edge in edges]


@pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.app_id)
def test_a_service_may_use_the_parts_of_dapr_that_it_needs(graph: Graph, service: Any) -> None:
    allowed = bare(graph.object("Configuration", service.app_id)["spec.api.allowed"])
    conversing = bool(graph.all("Component", lambda r: r.name.endswith("-conversation")))
    assert allowed == list(allowed_apis(service, conversing=conversing))
    used = {(rule["name"], rule["protocol"]) for rule in allowed}
    assert {protocol for _, protocol in used} == {"http", "grpc"}, "a protocol without a rule is open"
    assert (("state", "grpc") in used) is service.state
    assert (("publish", "grpc") in used) is bool(service.publishes)
    assert (("invoke", "http") in used) is bool(service.invokes)
    assert (("jobs", "grpc") in used) is bool(service.jobs)
    assert (("secrets", "grpc") in used) is bool(service.secrets)
    assert not used & {("actors", "grpc"), ("shutdown", "grpc"), ("shutdown", "http"), ("state", "http")}


@pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.app_id)
def test_a_sidecar_takes_up_nothing_new_while_it_runs(graph: Graph, service: Any) -> None:
    features = bare(graph.object("Configuration", service.app_id)["spec.features"])
    assert features == [{"name": "HotReload", "enabled": False}]


def test_traces_go_to_the_collector_where_there_is_one(minikube: Graph, existing: Graph) -> None:
    tracing = bare(existing.object("Configuration", "backend")["spec.tracing"])
    assert tracing["otel"]["endpointAddress"] == "collector.observability.svc.cluster.local:4317"
    assert "tracing" not in bare(minikube.object("Configuration", "backend")["spec"])


def test_documents_are_plain_and_stand_in_their_namespace() -> None:
    found = documents(Place(namespace="elsewhere", kafka=Kafka(brokers=("b:1",))))
    assert {document["metadata"]["namespace"] for document in found.values()} == {"elsewhere"}
    assert {key.partition("/")[0] for key in found} == {"Component", "Configuration", "Resiliency"}
    assert f"Component/{SECRET_STORE}" in found
    control = found["Configuration/audit"]["spec"]["accessControl"]
    assert {policy["namespace"] for policy in control["policies"]} == {"elsewhere"}
