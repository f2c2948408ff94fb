"""The documents that daprd reads, the same on a cluster and beside it: Component, Configuration and Resiliency.

What differs from place to place (addresses, where secrets are kept, whether sidecars prove who they are) is added by
the renderings that call this.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.catalogue import CATALOGUE, PUBSUB, SECRET_STORE
from components.conversation import ANSWER_SECONDS, CONVERSATION
from components.model import Catalogue, Component, SecretRef, Service, Topic

Document = dict[str, Any]

TRUST_DOMAIN: Final = "public"

_API: Final = "dapr.io/v1alpha1"
_SCOPING: Final = frozenset({"publishingScopes", "subscriptionScopes"})


def component_document(component: Component, catalogue: Catalogue = CATALOGUE) -> Document:
    """Return a Component; a pub/sub carries who may publish and subscribe to which topic."""
    metadata = dict(component.metadata)
    if component.type.startswith("pubsub."):
        metadata |= topic_scopes(component.name, catalogue)
    document = _document("Component", component.name)
    document["spec"] = {
        "type": component.type,
        "version": component.version,
        "metadata": [_entry(name, value) for name, value in metadata.items()],
    }
    if component.secret_store:
        document["auth"] = {"secretStore": component.secret_store}
    return document | {"scopes": list(component.scopes)}


def topic_scopes(pubsub: str, catalogue: Catalogue = CATALOGUE) -> dict[str, str]:
    """Return the metadata that lets each app publish and consume what the catalogue says, and nothing else.

    Every topic is protected: Dapr takes an app that no scope names for one that may do everything.
    """
    publishing = {s.app_id: s.publishes if pubsub == PUBSUB else () for s in catalogue.services}
    consuming = {s.app_id: [sub.topic for sub in s.subscribes if sub.component == pubsub] for s in catalogue.services}
    topics = ",".join(Topic)
    return {
        "allowedTopics": topics,
        "protectedTopics": topics,
        "publishingScopes": _scopes(publishing),
        "subscriptionScopes": _scopes(consuming),
    }


def told_to(app_id: str, document: Document) -> Document | None:
    """Return what a document says to the sidecar of one app: without what is said of others; None if nothing."""
    if document["kind"] == "Configuration":
        return document if document["metadata"]["name"] == app_id else None
    if app_id not in document.get("scopes", [app_id]):
        return None
    spec = dict(document["spec"])
    if "metadata" in spec:
        spec["metadata"] = [_of(app_id, entry) if entry["name"] in _SCOPING else entry for entry in spec["metadata"]]
    return {"kind": document["kind"], "name": document["metadata"]["name"], "spec": spec}


def _of(app_id: str, entry: Document) -> Document:
    own = [scope for scope in entry["value"].split(";") if scope.partition("=")[0] == app_id]
    return {**entry, "value": ";".join(own)}


def configuration_document(service: Service) -> Document:
    """Return the Configuration of a service's sidecar: it hands out the secrets of the catalogue, and no others.

    It keeps what it has read when it started, as a service does: Dapr 1.18 by itself takes up every new component and
    secret at once, and one that it cannot use, a password that is wrong, ends the sidecars of all running pods.
    """
    document = _document("Configuration", service.app_id)
    secrets: Document = {"storeName": SECRET_STORE, "defaultAccess": "deny"}
    if service.secrets:
        secrets["allowedSecrets"] = sorted({secret.name for secret in service.secrets})
    document["spec"] = {
        "secrets": {"scopes": [secrets]},
        "metrics": {"enabled": True, "http": {"increasedCardinality": False}},
        "features": [{"name": "HotReload", "enabled": False}],
    }
    return document


def access_control(callee: str, namespace: str, catalogue: Catalogue = CATALOGUE) -> Document:
    """Return who may call which operation of `callee`: the edges of the catalogue, and nobody else.

    Daprd knows a caller by its mTLS identity alone. Without mTLS every call is a stranger's, and this denies it.
    """
    return {
        "defaultAction": "deny",
        "trustDomain": TRUST_DOMAIN,
        "policies": [
            {
                "appId": caller,
                "defaultAction": "deny",
                "trustDomain": TRUST_DOMAIN,
                "namespace": namespace,
                "operations": [
                    {"name": edge.path, "httpVerb": list(edge.methods), "action": "allow"} for edge in edges
                ],
            }
            for caller, edges in catalogue.callers(callee).items()
        ],
    }


def resiliency_document(catalogue: Catalogue = CATALOGUE, *, conversing: bool = False) -> Document:
    """Return how calls of another service are tried again: briefly, and only where no answer came.

    Dapr's own rule tries the same replica three times, a second apart; under a policy, each try chooses one anew.
    An answer, whatever its status, is the caller's to judge: no HTTP status is tried again.
    A language model (`conversing`) is given a time, and asked once: a second answer costs as much as the first.
    """
    callees = {edge.callee for service in catalogue.services for edge in service.invokes}
    document = _document("Resiliency", "invocation")
    document["spec"] = {
        "policies": {
            "retries": {
                "no-answer": {
                    "policy": "constant",
                    "duration": "200ms",
                    "maxRetries": 5,
                    "matching": {"httpStatusCodes": "599", "gRPCStatusCodes": "14"},
                }
            }
        },
        "targets": {"apps": {callee: {"retry": "no-answer"} for callee in sorted(callees)}},
    }
    if conversing:
        document["spec"]["policies"]["timeouts"] = {"an-answer": f"{ANSWER_SECONDS}s"}
        document["spec"]["targets"]["components"] = {CONVERSATION: {"outbound": {"timeout": "an-answer"}}}
    return document


def _document(kind: str, name: str) -> Document:
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": name}}


def _entry(name: str, value: str | SecretRef) -> Document:
    if isinstance(value, SecretRef):
        return {"name": name, "secretKeyRef": {"name": value.name, "key": value.key}}
    return {"name": name, "value": value}


def _scopes(topics: Mapping[str, Sequence[Topic]]) -> str:
    return ";".join(f"{app_id}={','.join(found)}" for app_id, found in topics.items())
