"""Resources as a program registers them, good and bad, for the tests of the policies."""

import copy
from collections.abc import Callable
from typing import Any

from infra.preview.graph import Graph, Resource
from infra.preview.verdict import violations

Change = Callable[[dict[str, Any]], object]

CONTAINER: dict[str, Any] = {
    "name": "app",
    "image": "example.com/app:1.2.3",
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "livenessProbe": {"exec": {"command": ["true"]}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
}
POD: dict[str, Any] = {
    "metadata": {"labels": {"app.kubernetes.io/name": "app"}, "annotations": {}},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [CONTAINER],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    },
}
SIDECAR = {
    "dapr.io/enabled": "true",
    "dapr.io/app-id": "app",
    "dapr.io/config": "app",
    "dapr.io/api-token-secret": "api",
    "dapr.io/app-token-secret": "app",
    "dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
    **{f"dapr.io/sidecar-{what}-{bound}": "1" for what in ("cpu", "memory") for bound in ("request", "limit")},
}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
SQL = "gcp:sql/databaseInstance:DatabaseInstance"
RELEASE = "kubernetes:helm.sh/v3:Release"


def resource(kind: str, inputs: dict[str, Any], *, name: str = "app", protect: bool = False) -> Resource:
    options = {"protect": protect, "retain_on_delete": False, "ignore_changes": []}
    return Resource(kind, name, f"urn:pulumi:s::p::{kind}::{name}", inputs, "", "", frozenset(), options)


def broken(*resources: Resource, platform: str = "gke") -> set[str]:
    """Return the policies that are not kept."""
    return {violation.policy for violation in violations(Graph(list(resources)), platform)}


def workload(change: Change = lambda _: None, kind: str = DEPLOYMENT) -> Resource:
    pod = copy.deepcopy(POD)
    change(pod)
    return resource(kind, {"spec": {"template": pod}})


def in_container(**fields: Any) -> Change:
    return lambda pod: pod["spec"]["containers"][0].update(fields)


def in_security(**fields: Any) -> Change:
    return lambda pod: pod["spec"]["containers"][0]["securityContext"].update(fields)


def in_pod(**fields: Any) -> Change:
    return lambda pod: pod["spec"].update(fields)


def with_sidecar(**fields: str | None) -> Change:
    notes = {**SIDECAR, **{f"dapr.io/{name.replace('_', '-')}": value for name, value in fields.items()}}
    return lambda pod: pod["metadata"]["annotations"].update({k: v for k, v in notes.items() if v is not None})


def database(
    *, public: bool = False, backed_up: bool = True, deletable: bool = False, protect: bool = True
) -> Resource:
    settings = {
        "ipConfiguration": {"ipv4Enabled": public},
        "backupConfiguration": {"pointInTimeRecoveryEnabled": backed_up},
    }
    return resource(SQL, {"settings": settings, "deletionProtection": not deletable}, protect=protect)
