"""How people and machines outside the cluster come in."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final

from pulumi_policy import ResourceValidationArgs

from components.catalogue import CATALOGUE
from infra.kube import NAME
from infra.policy.subjects import Props, at, record

_OPEN_TYPES: Final = frozenset({"NodePort", "LoadBalancer"})
_GATEWAY: Final = "kubernetes:gateway.networking.k8s.io/"
_INGRESS: Final = "kubernetes:networking.k8s.io/v1:Ingress"
_ON_THE_WAY: Final = frozenset(
    {"rules", "http", "paths", "backend", "defaultBackend", "filters", "requestMirror", "backendRefs"}
)
_NAMED: Final = frozenset({"backendRefs", "backendRef", "service"})  # of routes, of a mirror, of an Ingress
_ANY: Final = "0.0.0.0/0"
_PUBLIC: Final = frozenset(service.app_id for service in CATALOGUE.services if service.public)


def no_public_service(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield every way in from outside to anything but the public service."""
    if args.resource_type == "kubernetes:core/v1:Service":
        yield from _service(record(args.props, "spec"))
    elif args.resource_type == _INGRESS or args.resource_type.startswith(_GATEWAY):
        for name in sorted({str(name) for name in _backends(args.props.get("spec"))} - _PUBLIC):
            yield f"it leads to {name}, which the catalogue does not call public"


def _service(spec: Props) -> Iterator[str]:
    name = record(spec, "selector").get(NAME)
    if name in _PUBLIC:
        return
    if spec.get("type") in _OPEN_TYPES:
        yield f"type {spec['type']} opens {name or 'it'} to the outside; only {', '.join(sorted(_PUBLIC))} may be"
    if spec.get("externalIPs"):
        yield f"externalIPs open {name or 'it'} to the outside"


def _backends(value: Any) -> Iterator[str]:  # noqa: ANN401 - the specs differ from kind to kind
    """Yield the name of every service that a route leads to, at whatever depth it stands."""
    if isinstance(value, Mapping):
        for key in _ON_THE_WAY & value.keys():
            yield from _backends(value[key])
        for key in _NAMED & value.keys():
            refs = [value[key]] if isinstance(value[key], Mapping) else value[key]
            yield from (str(ref["name"]) for ref in refs)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _backends(item)


def no_open_network(args: ResourceValidationArgs) -> Iterator[str]:
    """Yield what is open to every address: firewalls, control planes; and databases and nodes with a public one."""
    rule = _NETWORKS.get(args.resource_type)
    if rule:
        yield from rule(args.props)


def _firewall(props: Props) -> Iterator[str]:
    comes_in = props.get("allows") and props.get("direction") != "EGRESS"
    if comes_in and any(map(_everybody, props.get("sourceRanges") or (_ANY,))):
        yield "the firewall lets in every address"


def _cluster(props: Props) -> Iterator[str]:
    blocks = at(props, "masterAuthorizedNetworksConfig.cidrBlocks")
    if not blocks or any(_everybody(block["cidrBlock"]) for block in blocks):
        yield "the control plane can be reached from every address"
    if at(props, "privateClusterConfig.enablePrivateNodes") is not True:
        yield "the nodes have public addresses"


def _database(props: Props) -> Iterator[str]:
    if at(props, "settings.ipConfiguration.ipv4Enabled") is not False:
        yield "the database has a public address"


_NETWORKS: Final = {
    "gcp:compute/firewall:Firewall": _firewall,
    "gcp:container/cluster:Cluster": _cluster,
    "gcp:sql/databaseInstance:DatabaseInstance": _database,
}


def _everybody(cidr: str) -> bool:
    return ip_network(cidr).prefixlen == 0
