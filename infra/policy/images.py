"""Versions that mean the same tomorrow."""

from collections.abc import Iterator

from pulumi_policy import ResourceValidationArgs

from infra.policy.subjects import pods_of
from infra.refusals import FLOATING

_SIDECAR_IMAGE = "dapr.io/sidecar-image"


def no_floating_version(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield every image without a version or a digest, and a chart from a repository without a version."""
    for pod in pods_of(args):
        for container in pod.containers:
            if floats(image := str(container.get("image") or "")):
                yield f"container {container.get('name')} runs {image or 'no image'}, which names no version"
        if (sidecar := pod.annotations.get(_SIDECAR_IMAGE)) and floats(sidecar):
            yield f"{_SIDECAR_IMAGE} is {sidecar}, which names no version"
    fetched = args.resource_type.startswith("kubernetes:helm.sh/") and args.props.get("repositoryOpts")
    if fetched and args.props.get("version") in {None, *FLOATING}:
        yield f"chart {args.props.get('chart')} is installed without a version"


def floats(image: str) -> bool:
    """Tell whether an image may be another one tomorrow."""
    return "@sha256:" not in image and image.rpartition("/")[2].partition(":")[2] in FLOATING
