"""Who may open a connection to whom: everything is denied but the edges of the catalogue and what they need.

A call between services goes from sidecar to sidecar, so an edge opens the sidecar's port, never the application's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, LabelSelectorRequirementArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicySpecArgs,
)
from pulumi_kubernetes.networking.v1 import NetworkPolicyEgressRuleArgs as Egress
from pulumi_kubernetes.networking.v1 import NetworkPolicyIngressRuleArgs as Ingress
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgs as Peer
from pulumi_kubernetes.networking.v1 import NetworkPolicyPortArgs as Port

from components.model import Catalogue, Service
from infra.kube import NAME, NAMESPACE_NAME, meta

DAPR: Final = "dapr-system"
SIDECAR_PORT: Final = 50002  # daprd takes other sidecars' calls here, by mTLS
SIDECAR_METRICS_PORT: Final = 9090
INJECTOR_PORT: Final = 4000
HTTPS: Final = 443
API_SERVER_PORTS: Final = (HTTPS, 6443, 8443)

# The control plane of Dapr, by the label `app` of its pods, and where each listens.
_CONTROL_PLANE: Final = {
    "dapr-operator": 6500,
    "dapr-sentry": 50001,
    "dapr-placement-server": 50005,
    "dapr-scheduler-server": 50006,
}
_DNS: Final = 53
_METADATA: Final = "169.254.0.0/16"  # link-local: a cloud's metadata server gives out a node's credentials
_PRIVATE: Final = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", _METADATA)

ANYWHERE: Final = Peer(ip_block=IPBlockArgs(cidr="0.0.0.0/0", except_=[_METADATA]))
OUTSIDE: Final = Peer(ip_block=IPBlockArgs(cidr="0.0.0.0/0", except_=list(_PRIVATE)))


@dataclass(frozen=True, slots=True)
class Destination:
    """Somewhere a pod may connect to."""

    peer: Peer
    ports: tuple[int, ...]

    @property
    def rule(self) -> Egress:
        """Return it as a rule."""
        return Egress(to=[self.peer], ports=tcp(*self.ports))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands round the services: where stores, brokers and everything outside are, and who comes in.

    `entrance` are those who may reach a public service, `everybody` is where every service may go (the issuer of
    tokens, the collector of traces), `models` where the chat's language model is, `scrapers` the namespaces that read
    metrics.
    """

    kafka: Sequence[Destination]
    database: Sequence[Destination]
    entrance: Sequence[Peer] = ()
    everybody: Sequence[Destination] = ()
    outside: Sequence[Destination] = ()
    models: Sequence[Destination] = ()
    scrapers: Sequence[str] = ()


def pods(namespace: str, *names: str) -> Peer:
    """Return the pods of that namespace, or those of the names alone."""
    chosen = LabelSelectorRequirementArgs(key=NAME, operator="In", values=list(names))
    return Peer(
        namespace_selector=LabelSelectorArgs(match_labels={NAMESPACE_NAME: namespace}),
        pod_selector=LabelSelectorArgs(match_expressions=[chosen]) if names else None,
    )


def network(cidr: pulumi.Input[str]) -> Peer:
    """Return the addresses of a network."""
    return Peer(ip_block=IPBlockArgs(cidr=cidr))


def deny_all(name: str, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions) -> NetworkPolicy:
    """Deny every connection in a namespace, in and out, but for names: nothing works without DNS.

    Its servers are pods, a cache on the node, or (Cloud DNS) the cloud's own; the last two are link-local.
    """
    dns = [Port(protocol=protocol, port=_DNS) for protocol in ("UDP", "TCP")]
    return NetworkPolicy(
        name,
        metadata=ObjectMetaArgs(name="deny-all", namespace=namespace),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(),
            policy_types=["Ingress", "Egress"],
            egress=[Egress(to=[pods("kube-system"), network(_METADATA)], ports=dns)],
        ),
        opts=opts,
    )


def allow(
    name: str,
    namespace: pulumi.Input[str],
    app: str,
    *,
    ingress: Sequence[Ingress] = (),
    egress: Sequence[Egress] = (),
    opts: pulumi.ResourceOptions,
) -> NetworkPolicy:
    """Open, for the pods of one name, what the rules say."""
    return NetworkPolicy(
        name,
        metadata=meta(app, namespace, app),
        spec=NetworkPolicySpecArgs(
            pod_selector=LabelSelectorArgs(match_labels={NAME: app}),
            policy_types=["Ingress", "Egress"],
            ingress=list(ingress),
            egress=list(egress),
        ),
        opts=opts,
    )


def ingress_of(service: Service, catalogue: Catalogue, namespace: str, around: Surroundings) -> Iterator[Ingress]:
    """Yield who may connect to a service: the sidecars of its callers, people where it is public, and scrapers."""
    if callers := catalogue.callers(service.app_id):
        yield Ingress(from_=[pods(namespace, *callers)], ports=tcp(SIDECAR_PORT))
    if service.public and around.entrance:
        yield Ingress(from_=list(around.entrance), ports=tcp(service.port))
    if around.scrapers:
        scrapers = [pods(scraper) for scraper in around.scrapers]
        yield Ingress(from_=scrapers, ports=tcp(service.port, SIDECAR_METRICS_PORT))


def egress_of(service: Service, namespace: str, around: Surroundings) -> Iterator[Egress]:
    """Yield where a service may connect to: Dapr, its callees' sidecars, the stores it uses, and what lies outside."""
    for app, port in _CONTROL_PLANE.items():
        peer = pods(DAPR)
        peer.pod_selector = LabelSelectorArgs(match_labels={"app": app})
        yield Egress(to=[peer], ports=tcp(port))
    if callees := sorted({edge.callee for edge in service.invokes}):
        yield Egress(to=[pods(namespace, *callees)], ports=tcp(SIDECAR_PORT))
    for destination in _uses(service, around):
        yield destination.rule


def _uses(service: Service, around: Surroundings) -> Iterator[Destination]:
    if service.publishes or service.subscribes:
        yield from around.kafka
    if service.state:
        yield from around.database
    if service.outside:
        yield from around.outside
    if service.converses:
        yield from around.models
    if service.secrets:
        yield Destination(ANYWHERE, API_SERVER_PORTS)
    yield from around.everybody


def tcp(*ports: int) -> list[Port]:
    """Return TCP ports as a rule wants them."""
    return [Port(protocol="TCP", port=port) for port in ports]
