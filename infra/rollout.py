"""The services, wave by wave: who writes, who consumes, and last the public one; each waits for the one before."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgs as Peer

from components.kubernetes import Place
from components.model import Catalogue, Service
from infra import collector
from infra.credentials import Credentials
from infra.dapr import sidecar_version
from infra.entry import LOAD_BALANCERS
from infra.network import ANYWHERE, HTTPS, OUTSIDE, Destination, Surroundings, network, pods
from infra.observability import scrapers
from infra.postgres import Database
from infra.redpanda import Stream
from infra.service import DaprService, DaprServiceArgs
from infra.settings import Settings

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class RolloutArgs:
    """What all services have in common."""

    settings: Settings
    catalogue: Catalogue
    namespace: pulumi.Input[str]
    credentials: Credentials
    place: Place
    around: Surroundings


def roll_out(args: RolloutArgs, opts: pulumi.ResourceOptions) -> dict[str, DaprService]:
    """Make every service of the catalogue, by app id."""
    made: dict[str, DaprService] = {}
    for wave in waves(args.catalogue):
        after = pulumi.ResourceOptions(depends_on=list(made.values()))
        made |= {service.app_id: _service(service, args, pulumi.ResourceOptions.merge(opts, after)) for service in wave}
    return made


def waves(catalogue: Catalogue) -> Iterator[list[Service]]:
    """Yield the services in the order of their start.

    Edges cannot tell it, since they go round: the backend erases at those that call it.
    """
    order = [
        [s for s in catalogue.services if not s.public and not s.subscribes],
        [s for s in catalogue.services if not s.public and s.subscribes],
        [s for s in catalogue.services if s.public],
    ]
    yield from filter(None, order)


def _service(service: Service, args: RolloutArgs, opts: pulumi.ResourceOptions) -> DaprService:
    made = DaprServiceArgs(
        service=service,
        catalogue=args.catalogue,
        settings=args.settings,
        namespace=args.namespace,
        tokens=args.credentials.tokens,
        around=args.around,
        read=args.credentials.read_by(service)
        | sidecar_version(service.app_id, args.settings, args.place, args.catalogue),
    )
    return DaprService(service.app_id, made, opts)


def surroundings(settings: Settings, stream: Stream, database: Database) -> Surroundings:
    """Return what services may reach, and who reaches them."""
    return Surroundings(
        kafka=stream.destinations,
        database=database.destinations,
        entrance=tuple(_entrance(settings)),
        everybody=tuple(_everybody(settings)),
        outside=tuple(_outside(settings)),
        models=tuple(_models(settings)),
        scrapers=scrapers(settings),
    )


def _entrance(settings: Settings) -> Iterator[Peer]:
    if settings.expose == "node-port":
        yield ANYWHERE
    if settings.expose == "gateway" and settings.platform == "gke":
        yield from map(network, LOAD_BALANCERS)
    elif settings.expose == "gateway":
        yield Peer(namespace_selector=LabelSelectorArgs())  # wherever the cluster runs its gateway


def _everybody(settings: Settings) -> Iterator[Destination]:
    if settings.auth == "oidc":  # every service verifies tokens itself, with the keys of their issuer
        yield Destination(ANYWHERE, (_port(settings.oidc_jwks_url),))
    if settings.otlp_endpoint:
        yield Destination(pods(collector.NAMESPACE, collector.NAME), (collector.PORT,))


def _outside(settings: Settings) -> Iterator[Destination]:
    yield Destination(OUTSIDE, (HTTPS,))
    if settings.smtp_host:
        yield Destination(ANYWHERE, (settings.smtp_port,))


def _models(settings: Settings) -> Iterator[Destination]:
    """Yield the language model's place: the provider's, or the endpoint, which may stand in the cluster."""
    if settings.language_model:
        endpoint = settings.language_model.address
        yield Destination(ANYWHERE, (_port(endpoint),)) if endpoint else Destination(OUTSIDE, (HTTPS,))


def _port(address: str) -> int:
    url = urlsplit(address)
    return url.port or _DEFAULT_PORTS.get(url.scheme, HTTPS)
