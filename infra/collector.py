"""The OpenTelemetry collector: sidecars send it their traces, and it sends them on."""

from typing import Final

import pulumi
import yaml
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    ContainerPortArgs,
    HTTPGetActionArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicyIngressRuleArgs as Ingress

from infra.kube import container_security, labels, meta, pod_security
from infra.network import ANYWHERE, Destination, allow, pods, tcp
from infra.settings import Settings

NAME: Final = "collector"
NAMESPACE: Final = "observability"
PORT: Final = 4317
_HEALTH: Final = 13133
_FILE: Final = "collector.yaml"
_MEMORY: Final = "256Mi"

ADDRESS: Final = f"{NAME}.{NAMESPACE}.svc.cluster.local:{PORT}"


class Collector(pulumi.ComponentResource):
    """The collector in the namespace of observability."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        within: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("task-platform:infra:Collector", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        receiver = int(settings.otlp_endpoint.rpartition(":")[2])
        allow(
            name,
            within,
            NAME,
            ingress=[Ingress(from_=[pods(settings.namespace)], ports=tcp(PORT))],
            egress=[Destination(ANYWHERE, (receiver,)).rule],
            opts=child,
        )
        # Without a name of its own, so that another configuration is another ConfigMap, and new pods.
        config = ConfigMap(
            name,
            metadata=ObjectMetaArgs(namespace=within, labels=labels(NAME)),
            data={_FILE: configuration(settings)},
            immutable=True,
            opts=child,
        )
        Deployment(
            name,
            metadata=meta(NAME, within, NAME),
            spec=DeploymentSpecArgs(
                replicas=2 if settings.is_cloud else 1,
                selector=LabelSelectorArgs(match_labels=labels(NAME)),
                template=_pod(settings, config.metadata.name),
            ),
            opts=child,
        )
        Service(
            name,
            metadata=meta(NAME, within, NAME),
            spec=ServiceSpecArgs(selector=labels(NAME), ports=[ServicePortArgs(name="otlp", port=PORT)]),
            opts=child,
        )
        self.register_outputs({})


def configuration(settings: Settings) -> str:
    """Return the collector's configuration; it drops what it cannot hold in its memory, and never grows beyond."""
    exporter = {"otlp_grpc": {"endpoint": settings.otlp_endpoint}}
    return yaml.safe_dump(
        {
            "extensions": {"health_check": {"endpoint": f"0.0.0.0:{_HEALTH}"}},
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"0.0.0.0:{PORT}"}}}},
            "processors": {
                "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20},
                "batch": {},
            },
            "exporters": exporter,
            "service": {
                "extensions": ["health_check"],
                "pipelines": {
                    "traces": {
                        "receivers": ["otlp"],
                        "processors": ["memory_limiter", "batch"],
                        "exporters": ["otlp_grpc"],
                    }
                },
            },
        },
        sort_keys=False,
    )


def _pod(settings: Settings, config: pulumi.Input[str]) -> PodTemplateSpecArgs:
    alive = HTTPGetActionArgs(path="/", port=_HEALTH)
    container = ContainerArgs(
        name=NAME,
        image=settings.collector_image,
        args=[f"--config=/etc/collector/{_FILE}"],
        ports=[ContainerPortArgs(name="otlp", container_port=PORT)],
        liveness_probe=ProbeArgs(http_get=alive, period_seconds=10),
        readiness_probe=ProbeArgs(http_get=alive, period_seconds=5),
        resources=ResourceRequirementsArgs(
            requests={"cpu": "50m", "memory": _MEMORY}, limits={"cpu": "1", "memory": _MEMORY}
        ),
        security_context=container_security(),
        volume_mounts=[VolumeMountArgs(name="config", mount_path="/etc/collector", read_only=True)],
    )
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels(NAME)),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            containers=[container],
            volumes=[VolumeArgs(name="config", config_map=ConfigMapVolumeSourceArgs(name=config))],
        ),
    )
