"""What every part that makes Kubernetes objects shares: labels, the restricted security contexts, custom resources."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import (
    CapabilitiesArgs,
    Namespace,
    PodSecurityContextArgs,
    SeccompProfileArgs,
    SecurityContextArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

NAME: Final = "app.kubernetes.io/name"
PART_OF: Final = "app.kubernetes.io/part-of"
PLATFORM: Final = "task-platform"
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"  # Kubernetes itself sets this label on every namespace

_USER: Final = 10001


def provider(
    name: str,
    opts: pulumi.ResourceOptions | None = None,
    *,
    context: str | None = None,
    kubeconfig: pulumi.Input[str] | None = None,
) -> kubernetes.Provider:
    """Return a provider that changes a Secret or ConfigMap in its place, unless it says that it is immutable.

    Pulumi's own way is to replace them, and with a name of their own that is to delete first: them, and with them every
    Deployment that names them.
    """
    return kubernetes.Provider(
        name,
        context=context,
        kubeconfig=kubeconfig,
        enable_server_side_apply=True,
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        opts=opts,
    )


class CustomObject(pulumi.CustomResource):
    """An object of a kind that no chart of types knows, from its document.

    Pulumi's own class for it takes `metadata` and `spec` alone; Dapr's have `scopes` and `auth` beside them.
    """

    def __init__(self, name: str, document: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"kubernetes:{document['apiVersion']}:{document['kind']}", name, dict(document), opts)


def labels(name: str) -> dict[str, str]:
    """Return the labels of what belongs to `name`."""
    return {NAME: name, PART_OF: PLATFORM}


def namespace(
    name: str, opts: pulumi.ResourceOptions, level: str = "restricted", *, resource_name: str | None = None
) -> Namespace:
    """Make a namespace that takes pods of that Pod Security level alone, and says so also to whoever tries."""
    security = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}
    return Namespace(
        resource_name or name,
        metadata=ObjectMetaArgs(name=name, labels={PART_OF: PLATFORM, **security}),
        opts=opts,
    )


def meta(
    name: pulumi.Input[str], namespace: pulumi.Input[str], of: str, annotations: Mapping[str, str] | None = None
) -> ObjectMetaArgs:
    """Return the metadata of an object that belongs to `of`."""
    return ObjectMetaArgs(name=name, namespace=namespace, labels=labels(of), annotations=annotations)


def pod_security(group: int | None = None) -> PodSecurityContextArgs:
    """Return the pod's part of Pod Security `restricted`, and the group that its volumes are given to.

    It names no user, since a sidecar falls under it too, and daprd 1.16 ends at once as any user but its image's.
    """
    return PodSecurityContextArgs(
        run_as_non_root=True,
        fs_group=group,
        seccomp_profile=SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security(user: int = _USER) -> SecurityContextArgs:
    """Return the container's part of Pod Security `restricted`, with a root file system that nobody writes to."""
    return SecurityContextArgs(
        run_as_user=user,
        run_as_group=user,
        allow_privilege_escalation=False,
        read_only_root_filesystem=True,
        capabilities=CapabilitiesArgs(drop=["ALL"]),
    )
