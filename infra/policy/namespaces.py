"""Which level of Pod Security each namespace enforces."""

from collections.abc import Iterator
from typing import Final

from pulumi_policy import ResourceValidationArgs

from infra.policy.subjects import at, record
from infra.redpanda import NAME as REDPANDA

_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_RESTRICTED: Final = "restricted"

# What a chart needs: Redpanda's containers keep their capabilities, the node exporter of Prometheus is on the node.
_EXCEPTIONS: Final = {REDPANDA: "baseline", "monitoring": "privileged"}


def restricted(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield a namespace that lets in what `restricted` refuses."""
    if args.resource_type != "kubernetes:core/v1:Namespace":
        return
    level = record(args.props, "metadata.labels").get(_ENFORCE)
    name = at(args.props, "metadata.name") or args.name
    if level not in {_RESTRICTED, _EXCEPTIONS.get(name, _RESTRICTED)}:
        yield f"the label {_ENFORCE} is {level or 'not set'}; it is to be {_RESTRICTED}"
