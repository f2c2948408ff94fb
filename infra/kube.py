"""What every part that makes Kubernetes objects shares: labels, the restricted security contexts, custom resources."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import Namespace, PodSecurityContextArgsDict, SecurityContextArgsDict

NAME: Final = "app.kubernetes.io/name"
PART_OF: Final = "app.kubernetes.io/part-of"
PLATFORM: Final = "task-platform"
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"  # Kubernetes itself sets this label on every namespace

_USER: Final = 10001


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
        metadata={"name": name, "labels": {PART_OF: PLATFORM, **security}},
        opts=opts,
    )


def pod_security(user: int = _USER) -> PodSecurityContextArgsDict:
    """Return the pod's part of Pod Security `restricted`; the sidecar falls under it too."""
    return {
        "run_as_non_root": True,
        "run_as_user": user,
        "run_as_group": user,
        "fs_group": user,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security() -> SecurityContextArgsDict:
    """Return the container's part of Pod Security `restricted`, with a root file system that nobody writes to."""
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
