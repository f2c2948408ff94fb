"""What watches over the platform: traces, metrics, a dashboard, and alerts for what people would notice."""

import re
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.alerts import DASHBOARD, dashboard, rules
from infra.collector import NAMESPACE, Collector
from infra.kube import NAME, PART_OF, PLATFORM, CustomObject, labels, namespace
from infra.network import DAPR, deny_all
from infra.settings import Settings

MANAGED: Final = ("gmp-system", "gke-gmp-system")  # where GKE scrapes from: on Standard, and on Autopilot
STACK: Final = "monitoring"

_GROUP: Final = "task-platform"
_EVERY: Final = "30s"
_SERVICE: Final = "service"  # the label that a series is given by whoever scrapes it
# Else the chart's Prometheus looks at nothing but what its own release has made.
_ONLY_THE_CHARTS_OWN: Final = ("podMonitorSelectorNilUsesHelmValues", "ruleSelectorNilUsesHelmValues")
_TIMEOUT_SECONDS: Final = 600
# What is scraped: the services and their sidecars, and Dapr's control plane.
_SERVICES: Final[list[dict[str, Any]]] = [
    {"port": "http", "path": "/metrics", "interval": _EVERY},
    {"port": "dapr-metrics", "interval": _EVERY},
]
_DAPR: Final[list[dict[str, Any]]] = [{"port": "metrics", "interval": _EVERY}]


def scrapers(settings: Settings) -> tuple[str, ...]:
    """Return the namespaces that metrics are read from."""
    return {"none": (), "managed": MANAGED, "stack": (STACK,)}[settings.monitoring]


class Observability(pulumi.ComponentResource):
    """The collector where traces are wanted, and the scraping, rules and dashboard where metrics are."""

    def __init__(
        self, name: str, settings: Settings, services: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("task-platform:infra:Observability", name, None, opts)
        self._stem, self._settings = name, settings
        self._child = pulumi.ResourceOptions(parent=self)
        if settings.otlp_endpoint:
            within = namespace(NAMESPACE, self._child, resource_name=f"{name}-traces").metadata.name
            deny_all(name, within, self._child)
            Collector(f"{name}-collector", settings, within, self._child)
        if settings.monitoring == "managed":
            self._managed(services)
        if settings.monitoring == "stack":
            self._stack(services)
        self.register_outputs({})

    def _managed(self, services: pulumi.Input[str]) -> None:
        """Tell GKE's Managed Prometheus; its custom resources come with the cluster."""
        api = "monitoring.googleapis.com/v1"
        called: dict[str, Any] = {"targetLabels": {"fromPod": [{"from": NAME, "to": _SERVICE}]}}
        self._monitor(api, "PodMonitoring", "services", services, {"endpoints": _SERVICES, **called})
        self._monitor(api, "PodMonitoring", "dapr", DAPR, {"endpoints": _DAPR})
        # For the cluster: Rules see their own namespace alone, and are refused for asking of Dapr's.
        self._object(api, "ClusterRules", _GROUP, None, {"groups": [{"name": _GROUP, "rules": rules()}]})

    def _stack(self, services: pulumi.Input[str]) -> None:
        """Install kube-prometheus-stack, and tell it; the node exporter needs the node, so not `restricted`."""
        within = namespace(STACK, self._child, "privileged", resource_name=f"{self._stem}-metrics")
        settings = self._settings
        repository = settings.prometheus_chart_repository
        everything = dict.fromkeys(_ONLY_THE_CHARTS_OWN, False)
        release = Release(
            f"{self._stem}-metrics",
            name="prometheus",
            namespace=within.metadata.name,
            chart=settings.prometheus_chart,
            version=settings.prometheus_chart_version,
            repository_opts=RepositoryOptsArgs(repo=repository) if repository else None,
            values={"prometheus": {"prometheusSpec": everything}},
            timeout=_TIMEOUT_SECONDS,
            opts=self._child,
        )
        api, found = "monitoring.coreos.com/v1", {"groups": [{"name": _GROUP, "rules": rules()}]}
        source = f"__meta_kubernetes_pod_label_{re.sub(r'[^a-zA-Z0-9]', '_', NAME)}"
        called: dict[str, Any] = {"relabelings": [{"sourceLabels": [source], "targetLabel": _SERVICE}]}
        found_by = {"podMetricsEndpoints": [{**endpoint, **called} for endpoint in _SERVICES]}
        self._monitor(api, "PodMonitor", "services", services, found_by, release)
        self._monitor(api, "PodMonitor", "dapr", DAPR, {"podMetricsEndpoints": _DAPR}, release)
        self._object(api, "PrometheusRule", _GROUP, services, found, release)
        ConfigMap(
            f"{self._stem}-dashboard",
            metadata=ObjectMetaArgs(
                name=DASHBOARD,
                namespace=within.metadata.name,
                labels={**labels(PLATFORM), "grafana_dashboard": "1"},
            ),
            data={f"{DASHBOARD}.json": dashboard()},
            opts=self._child,
        )

    def _monitor(
        self,
        api: str,
        kind: str,
        name: str,
        within: pulumi.Input[str],
        found_by: dict[str, Any],
        *after: pulumi.Resource,
    ) -> None:
        """Scrape the pods of the services, or of Dapr's control plane."""
        selector = {"matchLabels": {PART_OF: {"services": PLATFORM, "dapr": "dapr"}[name]}}
        self._object(api, kind, name, within, {"selector": selector, **found_by}, *after)

    def _object(
        self,
        api: str,
        kind: str,
        name: str,
        within: pulumi.Input[str] | None,
        spec: dict[str, Any],
        *after: pulumi.Resource,
    ) -> None:
        place = {} if within is None else {"namespace": within}
        CustomObject(
            f"{self._stem}-{kind.lower()}-{name}",
            {
                "apiVersion": api,
                "kind": kind,
                "metadata": {"name": name, **place, "labels": labels(PLATFORM)},
                "spec": spec,
            },
            pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
