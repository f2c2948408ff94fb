"""What is watched: by metrics that the services really keep, and by alerts that say what to look at."""

import importlib
import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from stack_program import Graph, bare, run, with_settings

from infra.alerts import SIGNALS, dashboard, rules

ISSUE = {"EventsLate", "PublishingSlow", "RemindersLate", "RequestsFail", "EventsPoisoned"}


def kept() -> set[str]:
    """Return the name of every series that a service exposes."""
    for service in ("kit", "audit", "notification", "recurring_task"):
        importlib.import_module(f"services.{service}.metrics")
    found = set()
    for metric in REGISTRY.collect():
        found |= {metric.name, *(sample.name for sample in metric.samples)}
        suffixes = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(metric.type, ())
        found |= {metric.name + suffix for suffix in suffixes}
    return found


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_signal_is_made_of_metrics_that_exist(signal: Any) -> None:
    series = set(re.findall(r"\b([a-z]+(?:_[a-z]+)+)\b(?=[\[{)])", signal.expression)) - {"histogram_quantile"}
    assert series or "up{" in signal.expression
    assert series <= kept()


def test_the_labels_that_are_asked_for_exist() -> None:
    from services.kit import metrics

    names = {
        "event_lag_seconds": metrics.EVENT_LAG,
        "http_request_seconds": metrics.REQUESTS,
        "events_consumed": metrics.CONSUMED,
        "sidecar_calls": metrics.SIDECAR_CALLS,
    }
    labels = {name: set(metric._labelnames) for name, metric in names.items()}
    assert "topic" in labels["event_lag_seconds"] & labels["events_consumed"]
    assert "status" in labels["http_request_seconds"]
    assert "outcome" in labels["events_consumed"] & labels["sidecar_calls"]
    assert "operation" in labels["sidecar_calls"]


def test_everything_that_people_would_notice_wakes_somebody_who_is_told_what_to_do() -> None:
    found = {rule["alert"]: rule for rule in rules()}
    assert set(found) >= ISSUE
    for rule in found.values():
        assert rule["annotations"]["description"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert re.search(r" > [0-9.]+$", rule["expr"])
        assert re.fullmatch(r"\d+m", rule["for"])


def test_names_of_signals_are_their_own() -> None:
    names = [signal.name for signal in SIGNALS]
    assert len(names) == len(set(names))


def test_the_dashboard_shows_every_signal_side_by_side() -> None:
    board = json.loads(dashboard())
    assert [panel["title"] for panel in board["panels"]] == [signal.title for signal in SIGNALS]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}
    assert len(places) == len(SIGNALS)
    thresholds = board["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert thresholds[-1] == {"color": "red", "value": 5}


def test_managed_prometheus_is_told_of_services_sidecars_and_dapr(gke: Graph) -> None:
    services, dapr = gke.object("PodMonitoring", "services"), gke.object("PodMonitoring", "dapr")
    assert [e["port"] for e in bare(services["spec.endpoints"])] == ["http", "dapr-metrics"]
    assert bare(services["spec.selector.matchLabels"]) == {"app.kubernetes.io/part-of": "task-platform"}
    assert bare(dapr["metadata.namespace"]) == "dapr-system"
    (found,) = gke.all("ClusterRules")
    assert bare(found["spec.groups.0.rules"]) == rules()
    assert "namespace" not in found["metadata"], "they ask of the services and of Dapr"


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_what_is_told_by_service_is_asked_by_the_label_of_the_pods_names(
    gke: Graph, existing: Graph, signal: Any
) -> None:
    assert ("by service" in signal.title) == (
        "service" in re.findall(r"\w+", re.sub(r"http\S+", "", signal.expression))
    )
    assert "job" not in re.findall(r"\w+", signal.expression), "a monitor gives every pod the same"
    labels = bare(gke.object("PodMonitoring", "services")["spec.targetLabels"])
    assert labels == {"fromPod": [{"from": "app.kubernetes.io/name", "to": "service"}]}
    for endpoint in bare(existing.object("PodMonitor", "services")["spec.podMetricsEndpoints"]):
        (rule,) = endpoint["relabelings"]
        assert rule["targetLabel"] == "service"
        assert rule["sourceLabels"] == ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    template = bare(gke.one("Deployment", "backend")["spec.template.metadata.labels"])
    assert template["app.kubernetes.io/name"] == "backend"


def test_the_stack_of_ones_own_waits_for_its_kinds(existing: Graph) -> None:
    release = existing.one("Release", "observability-metrics")
    spec = bare(release["values"])["prometheus"]["prometheusSpec"]
    assert spec == {"podMonitorSelectorNilUsesHelmValues": False, "ruleSelectorNilUsesHelmValues": False}
    for kind, name in (("PodMonitor", "services"), ("PodMonitor", "dapr"), ("PrometheusRule", "task-platform")):
        assert existing.waits_for(existing.object(kind, name), release)
    board = existing.one("ConfigMap", "observability-dashboard")
    assert bare(board["metadata.labels"])["grafana_dashboard"] == "1"
    assert json.loads(bare(board["data"])["task-platform.json"])["uid"] == "task-platform"


def test_the_collector_sends_on_what_sidecars_send_it(existing: Graph) -> None:
    config = yaml.safe_load(bare(existing.one("ConfigMap", "observability-collector")["data"])["collector.yaml"])
    assert config["exporters"] == {"otlp_grpc": {"endpoint": "traces.example.com:4317"}}
    pipeline = config["service"]["pipelines"]["traces"]
    assert pipeline["processors"][0] == "memory_limiter"
    for part in ("receivers", "processors", "exporters"):
        assert set(pipeline[part]) <= set(config[part])
    assert bare(existing.one("ConfigMap", "observability-collector")["immutable"]) is True
    volume = bare(existing.one("Deployment", "observability-collector")["spec.template.spec.volumes.0"])
    assert volume["configMap"]["name"] == "observability-collector-1a2b3c", "another configuration is new pods"
    service = existing.one("Service", "observability-collector")
    assert bare(service["metadata.name"]) == "collector"
    assert bare(service["metadata.namespace"]) == "observability"


def test_where_nothing_is_wanted_nothing_is_made(minikube: Graph) -> None:
    assert not minikube.within(minikube.one("Observability", "observability"))


def test_minikube_may_have_the_stack_too() -> None:
    graph = run("minikube", with_settings("minikube", monitoring="stack"))
    assert graph.one("Release", "observability-metrics")
    ingress = bare(graph.one("NetworkPolicy", "backend")["spec.ingress"])
    selectors = [peer["namespaceSelector"]["matchLabels"] for rule in ingress for peer in rule["from"]]
    assert {"kubernetes.io/metadata.name": "monitoring"} in selectors
