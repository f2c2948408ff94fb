"""What holds data stays, whatever a change of the program says; and what is secret is nobody's to read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pulumi
from pulumi_policy import ResourceValidationArgs

from components.catalogue import CATALOGUE
from infra.policy.subjects import at
from infra.settings import PROJECT

# Where the platform is on somebody's own machine it is there to be thrown away.
_OWN_MACHINE: Final = "minikube"

_HOLDERS: Final = frozenset(
    {
        "gcp:artifactregistry/repository:Repository",
        "gcp:container/cluster:Cluster",
        "gcp:sql/database:Database",
        "gcp:sql/databaseInstance:DatabaseInstance",
        "gcp:storage/bucket:Bucket",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
    }
)
_CLAIMS: Final = "kubernetes:apps/v1:StatefulSet"
_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_GENERATED: Final = "random:index/randomPassword:RandomPassword"
_KEYS: Final = tuple(f"-{secret.name}" for service in CATALOGUE.services for secret in service.secrets)
_ID_IS_VALUE: Final = frozenset({"random:index/randomBytes:RandomBytes", "random:index/randomId:RandomId"})
_CHARTS: Final = ("redpanda", "dapr")  # events; and reminders, which Dapr's scheduler keeps


def data_protected(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield what holds data and may be deleted; and a database that is not backed up."""
    if pulumi.runtime.get_config(f"{PROJECT}:platform") == _OWN_MACHINE:
        return
    if (_holds_data(args.resource_type, args.props) or _is_key(args)) and not args.opts.protect:
        yield "it holds data and is not protected (protect=True, by the setting protectData)"
    if args.resource_type == "gcp:sql/databaseInstance:DatabaseInstance":
        if at(args.props, "settings.backupConfiguration.pointInTimeRecoveryEnabled") is not True:
            yield "it cannot be restored to a point in time"
        if args.props.get("deletionProtection") is not True:
            yield "Google Cloud itself would let it be deleted (deletionProtection)"


def no_plain_secret(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield what is generated at random and shown to whoever reads the state."""
    if args.resource_type in _ID_IS_VALUE:
        yield "its value is its id too, in plain text in the state and in previews; take RandomPassword"


def _is_key(args: ResourceValidationArgs) -> bool:
    """Tell whether it is what a service signs with: receivers know it."""
    return args.resource_type == _GENERATED and args.name.endswith(_KEYS)


def _holds_data(kind: str, props: Mapping[str, Any]) -> bool:
    if kind == _CLAIMS:
        return bool(at(props, "spec.volumeClaimTemplates"))
    if kind == _RELEASE:
        return str(props.get("chart") or "").rpartition("/")[2].startswith(_CHARTS)
    return kind in _HOLDERS
