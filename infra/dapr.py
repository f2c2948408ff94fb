"""Dapr on the cluster: its control plane by its chart, and the catalogue's custom resources.

What each value is for was seen on a cluster; docs/decisions/0011-dapr-on-a-cluster.md has the reasons, and how its
definitions of custom resources are installed and upgraded.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from components.kubernetes import Place, documents
from components.manifests import told_to
from components.model import Catalogue
from infra.kube import NAMESPACE_NAME, PLATFORM, CustomObject, namespace
from infra.network import DAPR
from infra.settings import Settings

_TIMEOUT_SECONDS: Final = 600


class Dapr(pulumi.ComponentResource):
    """Dapr's control plane, ready: its injector takes every pod of the services' namespace, or none starts."""

    release: Release

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Dapr", name, None, opts)
        # The scheduler's volumes hold every job that is not due yet: people's reminders.
        keep = pulumi.ResourceOptions(parent=self, protect=settings.protect_data)
        within = namespace(DAPR, keep, resource_name=name)
        repository = settings.dapr_chart_repository
        self.release = Release(
            name,
            name="dapr",
            namespace=within.metadata.name,
            chart=settings.dapr_chart,
            version=settings.dapr_version,
            repository_opts=RepositoryOptsArgs(repo=repository) if repository else None,
            values=values(settings),
            timeout=_TIMEOUT_SECONDS,
            opts=keep,
        )
        self.register_outputs({"version": settings.dapr_version})


def values(settings: Settings) -> dict[str, Any]:
    """Return the chart's values."""
    return {
        "global": {
            "registry": settings.dapr_registry,
            "tag": settings.dapr_version,
            "ha": {"enabled": settings.is_cloud},
            "mtls": {"enabled": True},  # access control knows a caller by it, so nowhere without
            "seccompProfile": "RuntimeDefault",
            "logAsJson": True,
        },
        "dapr_sidecar_injector": {
            "sidecarDropALLCapabilities": True,
            "webhookFailurePolicy": "Fail",
            "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: settings.namespace}},
        },
        "dapr_rbac": {"secretReader": {"enabled": False}},
        "dapr_scheduler": {
            "cluster": {
                "storageSize": settings.scheduler_storage,
                "storageClassName": settings.scheduler_storage_class,
            },
        },
    }


def sidecar_version(app_id: str, settings: Settings, place: Place, catalogue: Catalogue) -> dict[str, str]:
    """Return, as an annotation, what a sidecar is made from and goes by, both of which it takes up when it starts."""
    read = [part for document in documents(place, catalogue).values() if (part := told_to(app_id, document))]
    told = json.dumps([settings.dapr_version, settings.dapr_registry, read], sort_keys=True)
    return {f"{PLATFORM}/sidecar": hashlib.sha256(told.encode()).hexdigest()[:16]}


@dataclass(frozen=True, slots=True)
class BuildingBlocksArgs:
    """What the custom resources follow from, and the namespace, already there, that they stand in."""

    place: Place
    catalogue: Catalogue
    namespace: pulumi.Input[str]


class BuildingBlocks(pulumi.ComponentResource):
    """Dapr's components, configurations and resiliency, as the catalogue says."""

    objects: Sequence[CustomObject]

    def __init__(self, name: str, args: BuildingBlocksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:BuildingBlocks", name, None, opts)
        self.objects = [
            CustomObject(
                f"{name}-{document['kind'].lower()}-{document['metadata']['name']}",
                {**document, "metadata": {**document["metadata"], "namespace": args.namespace}},
                pulumi.ResourceOptions(parent=self),
            )
            for document in documents(args.place, args.catalogue).values()
        ]
        self.register_outputs({})
