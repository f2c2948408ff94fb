"""The catalogue rendered for a cluster: what stands in it as custom resources of Dapr.

The documents are those of every other place (`components.manifests`), with what only a cluster has: a namespace, the
operator that reads secrets for sidecars, identities by mTLS, and so access control that denies what no edge allows.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import Field

from components.catalogue import CATALOGUE, EMAIL_BINDING, SECRET_STORE
from components.conversation import Conversation
from components.dapr import CONSUME_AGAIN, components
from components.manifests import (
    Document,
    access_control,
    component_document,
    configuration_document,
    resiliency_document,
)
from components.model import Catalogue, Component, Frozen, SecretRef, Service, Topic

OPERATOR: Final = "kubernetes"  # the store whose secrets Dapr's operator resolves: pods then need no token for it
KAFKA_USER: Final = SecretRef(name="kafka", key="user")
KAFKA_PASSWORD: Final = SecretRef(name="kafka", key="password")
KAFKA_CA: Final = SecretRef(name="kafka", key="ca.crt")

_MECHANISMS: Final = {"PLAIN": "PLAINTEXT", "SCRAM-SHA-256": "SHA-256", "SCRAM-SHA-512": "SHA-512"}


class Kafka(Frozen):
    """How brokers are reached: `host:port` each; `sasl` is as Kafka names its mechanisms."""

    brokers: tuple[str, ...] = Field(min_length=1)
    tls: bool = False
    private_ca: bool = False
    sasl: str = "none"

    @property
    def metadata(self) -> dict[str, str | SecretRef]:
        """Return what a pub/sub component is told."""
        found: dict[str, str | SecretRef] = {"brokers": ",".join(self.brokers), "disableTls": str(not self.tls).lower()}
        if self.private_ca:
            found["caCert"] = KAFKA_CA
        if self.sasl == "none":
            return found | {"authType": "certificate" if self.tls else "none"}
        return found | {
            "authType": "password",
            "saslMechanism": _MECHANISMS[self.sasl],
            "saslUsername": KAFKA_USER,
            "saslPassword": KAFKA_PASSWORD,
        }


class Place(Frozen):
    """What the cluster is like; without a `collector` (host:port of OTLP over gRPC) nothing is traced.

    `conversation` is the chat's language model, where there is one.
    """

    namespace: str
    kafka: Kafka
    email: bool = False
    collector: str = ""
    conversation: Conversation | None = None

    @property
    def conversing(self) -> bool:
        """Tell whether there is a language model to talk to."""
        return self.conversation is not None


def documents(place: Place, catalogue: Catalogue = CATALOGUE) -> dict[str, Document]:
    """Return every object by `kind/name`: components, one configuration a service, and the resiliency."""
    resiliency = resiliency_document(catalogue, conversing=place.conversing)
    found = [*_components(place, catalogue), *_configurations(place, catalogue), resiliency]
    for document in found:
        document["metadata"]["namespace"] = place.namespace
    return {f"{document['kind']}/{document['metadata']['name']}": document for document in found}


def _components(place: Place, catalogue: Catalogue) -> Iterator[Document]:
    for component in components(catalogue, place.conversation):
        if component.scopes and (component.name != EMAIL_BINDING or place.email):
            yield component_document(_placed(component, place), catalogue)


def _placed(component: Component, place: Place) -> Component:
    if component.type == "pubsub.kafka":
        more: Mapping[str, str | SecretRef] = place.kafka.metadata | CONSUME_AGAIN
    else:
        more = {}
    reads_secrets = component.name != SECRET_STORE
    return component.model_copy(
        update={
            "metadata": {**component.metadata, **more},
            "secret_store": OPERATOR if reads_secrets else None,
        }
    )


def _configurations(place: Place, catalogue: Catalogue) -> Iterator[Document]:
    for service in catalogue.services:
        document = configuration_document(service)
        document["spec"] |= {
            "accessControl": access_control(service.app_id, place.namespace, catalogue),
            "api": {"allowed": list(allowed_apis(service, conversing=place.conversing))},
        }
        if place.collector:
            otel = {"endpointAddress": place.collector, "isSecure": False, "protocol": "grpc"}
            document["spec"]["tracing"] = {"samplingRate": "0.1", "otel": otel}
        yield document


def allowed_apis(service: Service, *, conversing: bool = False) -> Iterator[dict[str, str]]:
    """Yield the parts of Dapr's API that a service uses; every other is closed to it.

    The list of a protocol that is empty would open all of it, hence the metadata for each.
    """
    uses = {
        "state": service.state,
        "publish": bool(service.publishes),
        "bindings": bool(service.bindings),
        "secrets": bool(service.secrets),
    }
    for protocol in ("http", "grpc"):
        yield _api("metadata", "v1", protocol)
    if service.invokes:
        yield _api("invoke", "v1", "http")
    for name, used in uses.items():
        if used:
            yield _api(name, "v1", "grpc")
    if service.publishes:
        yield _api("publish", "v1alpha1", "grpc")
    if service.jobs:
        yield _api("jobs", "v1alpha1", "grpc")
    if service.converses and conversing:
        yield _api("conversation", "v1alpha2", "grpc")


def _api(name: str, version: str, protocol: str) -> dict[str, str]:
    return {"name": name, "version": version, "protocol": protocol}


def topics(catalogue: Catalogue = CATALOGUE) -> tuple[Topic, ...]:
    """Return the topics that somebody publishes to, in the order of their declaration."""
    published = {topic for service in catalogue.services for topic in service.publishes}
    return tuple(topic for topic in Topic if topic in published)
