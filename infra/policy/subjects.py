"""What policies look at: values by their path, and the pods that a resource makes.

In a preview what is not known yet raises an error of the engine's when it is looked at, which ends that one policy for
that one resource; so rules look at nothing that they do not judge.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs, StackValidationArgs

Props = Mapping[str, Any]
Rule = Callable[[ResourceValidationArgs], Iterator[str]]

_TEMPLATES: Final = {
    "kubernetes:core/v1:Pod": "",
    "kubernetes:core/v1:ReplicationController": "spec.template",
    "kubernetes:apps/v1:Deployment": "spec.template",
    "kubernetes:apps/v1:StatefulSet": "spec.template",
    "kubernetes:apps/v1:DaemonSet": "spec.template",
    "kubernetes:apps/v1:ReplicaSet": "spec.template",
    "kubernetes:batch/v1:Job": "spec.template",
    "kubernetes:batch/v1:CronJob": "spec.jobTemplate.spec.template",
}
_ENDING: Final = "kubernetes:batch/"
_KINDS_OF_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong among the resources of a stack, and the one that it is to be mended at."""

    message: str
    urn: str | None = None


StackRule = Callable[[StackValidationArgs], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that a resource makes: `spec`, its `annotations`, and whether it is to keep running."""

    spec: Props
    annotations: Props
    keeps_running: bool

    @property
    def containers(self) -> Iterator[Props]:
        """Every container of any kind."""
        for kind in _KINDS_OF_CONTAINERS:
            yield from self.spec.get(kind) or ()

    @property
    def services(self) -> Sequence[Props]:
        """The containers that run beside one another, without those that prepare the pod."""
        found: Sequence[Props] = self.spec.get("containers") or ()
        return found


def at(value: Any, path: str) -> Any:  # noqa: ANN401 - whatever a resource is told
    """Return the value at a path as `spec.template`; None where there is none."""
    for step in path.split(".") if path else ():
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def record(value: Any, path: str) -> Props:  # noqa: ANN401
    """Return the record at a path; an empty one where there is none."""
    found = at(value, path)
    return found if isinstance(found, Mapping) else {}


def pods_of(args: ResourceValidationArgs) -> Iterator[Pod]:
    """Yield the pod that a resource makes, if it makes one."""
    path = _TEMPLATES.get(args.resource_type)
    if path is None:
        return
    template = record(args.props, path)
    yield Pod(
        spec=record(template, "spec"),
        annotations=record(template, "metadata.annotations"),
        keeps_running=not args.resource_type.startswith(_ENDING),
    )
