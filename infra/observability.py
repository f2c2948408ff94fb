"""What watches over the platform: traces, metrics, a dashboard, and alerts for what people would notice."""

from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from infra.alerts import DASHBOARD, dashboard, rules
from infra.collector import NAMESPACE, Collector
from infra.kube import PART_OF, PLATFORM, CustomObject, labels, namespace
from infra.network import DAPR, deny_all
from infra.settings import Settings

MANAGED: Final = ("gmp-system", "gke-gmp-system")  # where GKE scrapes from: on Standard, and on Autopilot
STACK: Final = "monitoring"

_GROUP: Final = "task-platform"
_EVERY: Final = "30s"
# Else the chart's Prometheus looks at nothing but what its own release has made.
_ONLY_THE_CHARTS_OWN: Final = ("podMonitorSelectorNilUsesHelmValues", "ruleSelectorNilUsesHelmValues")
_TIMEOUT_SECONDS: Final = 600


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
        self._monitors(api, "PodMonitoring", "endpoints", services)
        self._object(api, "Rules", _GROUP, services, {"groups": [{"name": _GROUP, "rules": rules()}]})

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
        self._monitors(api, "PodMonitor", "podMetricsEndpoints", services, release)
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

    def _monitors(
        self, api: str, kind: str, endpoints: str, services: pulumi.Input[str], *after: pulumi.Resource
    ) -> None:
        """Scrape the services and their sidecars, and Dapr's control plane."""
        for name, within, part_of, ports in (
            ("services", services, PLATFORM, [{"port": "http", "path": "/metrics"}, {"port": "dapr-metrics"}]),
            ("dapr", DAPR, "dapr", [{"port": "metrics"}]),
        ):
            found = [{**port, "interval": _EVERY} for port in ports]
            spec = {"selector": {"matchLabels": {PART_OF: part_of}}, endpoints: found}
            self._object(api, kind, name, within, spec, *after)

    def _object(
        self,
        api: str,
        kind: str,
        name: str,
        within: pulumi.Input[str],
        spec: dict[str, Any],
        *after: pulumi.Resource,
    ) -> None:
        CustomObject(
            f"{self._stem}-{kind.lower()}-{name}",
            {
                "apiVersion": api,
                "kind": kind,
                "metadata": {"name": name, "namespace": within, "labels": labels(PLATFORM)},
                "spec": spec,
            },
            pulumi.ResourceOptions(parent=self, depends_on=list(after)),
        )
