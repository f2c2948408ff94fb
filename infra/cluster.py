"""The cluster that everything else stands on: made here on Google Cloud, or reached by a kube context."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from infra.kube import provider
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.vpc import Vpc


@dataclass(frozen=True, slots=True)
class Cluster:
    """How objects get onto the cluster; where it is our own, the network it is in, and how kubectl reaches it."""

    provider: kubernetes.Provider
    vpc: "Vpc | None" = None
    kubeconfig: pulumi.Output[str] | None = None

    def options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Return the options of what is made on the cluster, once what it stands on is ready."""
        return pulumi.ResourceOptions(providers={"kubernetes": self.provider}, depends_on=list(after))


def provision(name: str, settings: Settings) -> Cluster:
    """Make the cluster, or find it."""
    if settings.platform == "gke":
        return _google(name, settings)
    return Cluster(provider(name, context=settings.kube_context))


def _google(name: str, settings: Settings) -> Cluster:
    # Google's SDK takes seconds to load, which the other stacks do without.
    from infra.gke import Gke  # noqa: PLC0415
    from infra.registry import Registry  # noqa: PLC0415
    from infra.vpc import Vpc  # noqa: PLC0415

    vpc = Vpc(name, settings)
    gke = Gke(name, settings, vpc)
    Registry(name, settings, gke.node_email)
    return Cluster(gke.provider, vpc, gke.kubeconfig)
