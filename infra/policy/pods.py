"""What pods may do to the machine that they run on, what they ask of it, and how it knows that they are well."""

from collections.abc import Iterator
from typing import Final

from pulumi_policy import ResourceValidationArgs

from infra.policy.subjects import Pod, Props, at, pods_of, record

_SECCOMP: Final = frozenset({"RuntimeDefault", "Localhost"})
_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_HOST: Final = ("hostNetwork", "hostPID", "hostIPC")
_CAPABILITY: Final = "NET_BIND_SERVICE"  # the one that `restricted` lets containers have
_SIDECAR: Final = "dapr.io/enabled"
_SIDECAR_SECCOMP: Final = "dapr.io/sidecar-seccomp-profile-type"


def restricted(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield what Pod Security `restricted` would refuse; and a root file system that can be written to."""
    for pod in pods_of(args):
        yield from _pod(pod)
        for container in pod.containers:
            for problem in _container(container, record(pod.spec, "securityContext")):
                yield f"container {container.get('name')} {problem}"


def _pod(pod: Pod) -> Iterator[str]:
    yield from (f"the pod has {field}" for field in _HOST if pod.spec.get(field))
    if at(pod.spec, "securityContext.sysctls"):
        yield "the pod sets sysctls"
    for volume in pod.spec.get("volumes") or ():
        for kind in sorted(set(volume) - {"name"} - _VOLUMES):
            yield f"volume {volume.get('name')} is of kind {kind}"
    if pod.annotations.get(_SIDECAR) == "true" and pod.annotations.get(_SIDECAR_SECCOMP) not in _SECCOMP:
        yield f"the sidecar has no {_SIDECAR_SECCOMP}"
    if pod.annotations.get(_SIDECAR) == "true" and at(pod.spec, "securityContext.runAsUser") is not None:
        yield "the pod sets runAsUser, by which daprd may not start: let each container set its own"


def _container(container: Props, pod: Props) -> Iterator[str]:
    own = record(container, "securityContext")
    if _either(own, pod, "runAsNonRoot") is not True:
        yield "may run as root: runAsNonRoot is not true"
    if _either(own, pod, "runAsUser") == 0:
        yield "runs as user 0"
    if at(_either(own, pod, "seccompProfile"), "type") not in _SECCOMP:
        yield "has no seccompProfile of type RuntimeDefault"
    yield from _own(own)
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "takes a port of its machine (hostPort)"


def _own(own: Props) -> Iterator[str]:
    """Yield what only the container's own security context can say."""
    if own.get("privileged"):
        yield "is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "does not set allowPrivilegeEscalation: false"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "does not set readOnlyRootFilesystem: true"
    if "ALL" not in (at(own, "capabilities.drop") or ()):
        yield "does not drop ALL capabilities"
    if set(at(own, "capabilities.add") or ()) - {_CAPABILITY}:
        yield f"adds capabilities beyond {_CAPABILITY}"
    if own.get("procMount") not in {None, "Default"}:
        yield "mounts all of /proc"


def _either(own: Props, pod: Props, field: str) -> object:
    """Return a field of the container's security context, which goes before the pod's."""
    value = own.get(field)
    return pod.get(field) if value is None else value


def resources_set(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield every container and sidecar without a request or a limit."""
    for pod in pods_of(args):
        for container in pod.containers:
            for bound in ("requests", "limits"):
                given = record(container, f"resources.{bound}")
                for what in ("cpu", "memory"):
                    if not given.get(what):
                        yield f"container {container.get('name')} sets no resources.{bound}.{what}"
        if pod.annotations.get(_SIDECAR) == "true":
            for annotation in (f"dapr.io/sidecar-{w}-{b}" for w in ("cpu", "memory") for b in ("request", "limit")):
                if not pod.annotations.get(annotation):
                    yield f"the sidecar has no {annotation}"


def probes_set(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield every container that is to keep running and has no probe."""
    for pod in pods_of(args):
        for container in pod.services if pod.keeps_running else ():
            for probe in ("readinessProbe", "livenessProbe"):
                if not container.get(probe):
                    yield f"container {container.get('name')} has no {probe}"
