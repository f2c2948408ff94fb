"""Every policy lets pass what keeps to it, and names what does not: app ids, data, and what all have in common."""

from typing import Any

import pytest
from policy_cases import (
    DEPLOYMENT,
    POD,
    RELEASE,
    Change,
    broken,
    database,
    in_container,
    resource,
    with_sidecar,
    workload,
)

from infra.policy.pack import POLICIES
from infra.preview.graph import Graph, Resource
from infra.preview.verdict import violations

PASSWORD = "random:index/randomPassword:RandomPassword"
COMPONENT = "kubernetes:dapr.io/v1alpha1:Component"
CONFIGURATION = "kubernetes:dapr.io/v1alpha1:Configuration"


def stack(
    change: Change = lambda _: None, component: dict[str, Any] | None = None, configuration: Change = lambda _: None
) -> list[Resource]:
    """Return an app with its sidecar, its component and its configuration."""
    found: dict[str, Any] = {
        "metadata": {"name": "app"},
        "spec": {
            "accessControl": {"defaultAction": "deny", "policies": [{"appId": "app", "defaultAction": "deny"}]},
            "secrets": {"scopes": [{"storeName": "s", "defaultAccess": "deny"}]},
        },
    }
    configuration(found["spec"])
    pub = [{"name": name, "value": "app=a"} for name in ("publishingScopes", "subscriptionScopes")]
    usual = {"scopes": ["app"], "spec": {"type": "pubsub.kafka", "metadata": pub}}

    def both(pod: dict[str, Any]) -> None:
        with_sidecar()(pod)
        change(pod)

    return [
        workload(both),
        resource(COMPONENT, usual | (component or {})),
        resource(CONFIGURATION, found),
    ]


def test_app_ids_that_agree_pass() -> None:
    assert broken(*stack()) == set()


def pubsub(publishing: str, subscribing: str = "app=a") -> dict[str, Any]:
    entries = [("publishingScopes", publishing), ("subscriptionScopes", subscribing)]
    metadata = [{"name": name, "value": value} for name, value in entries]
    return {"spec": {"type": "pubsub.kafka", "metadata": metadata}}


DISAGREEING: dict[str, list[Resource]] = {
    "a component for everybody": stack(component={"scopes": []}),
    "a scope for nobody": stack(component={"scopes": ["app", "gone"]}),
    "an app in no scope": stack(component={"scopes": ["other"]}),
    "an app that may publish everything": stack(component=pubsub("")),
    "an app that may consume everything": stack(component=pubsub("app=a", "")),
    "a topic for nobody": stack(component=pubsub("app=a;gone=a")),
    "another label": stack(lambda pod: pod["metadata"]["labels"].update({"app.kubernetes.io/name": "other"})),
    "no configuration": stack(lambda pod: pod["metadata"]["annotations"].update({"dapr.io/config": "other"})),
    "no token": stack(lambda pod: pod["metadata"]["annotations"].pop("dapr.io/app-token-secret")),
    "two of one id": [*stack(), *stack()[:1]],
    "calls open to all": stack(configuration=lambda spec: spec["accessControl"].update(defaultAction="allow")),
    "no access control": stack(configuration=lambda spec: spec.pop("accessControl")),
    "a caller that is not there": stack(
        configuration=lambda spec: spec["accessControl"].update(policies=[{"appId": "gone", "defaultAction": "deny"}])
    ),
    "a caller of everything": stack(
        configuration=lambda spec: spec["accessControl"].update(policies=[{"appId": "app", "defaultAction": "allow"}])
    ),
    "secrets open to all": stack(configuration=lambda spec: spec["secrets"]["scopes"][0].update(defaultAccess="allow")),
}


@pytest.mark.parametrize("resources", DISAGREEING.values(), ids=DISAGREEING)
def test_app_ids_that_do_not_agree_are_refused(resources: list[Resource]) -> None:
    assert broken(*resources) == {"scopes-agree"}


HOLDERS = {
    "gcp:sql/database:Database": {},
    "gcp:artifactregistry/repository:Repository": {},
    "gcp:storage/bucket:Bucket": {},
    "kubernetes:core/v1:PersistentVolumeClaim": {},
    RELEASE: {"chart": "redpanda"},
    "kubernetes:apps/v1:StatefulSet": {"spec": {"template": POD, "volumeClaimTemplates": [{}]}},
}


@pytest.mark.parametrize(("kind", "inputs"), HOLDERS.items(), ids=HOLDERS)
def test_what_holds_data_is_protected(kind: str, inputs: dict[str, Any]) -> None:
    assert broken(resource(kind, inputs, protect=True)) == set()
    assert broken(resource(kind, inputs)) == {"data-protected"}
    assert broken(resource(kind, inputs), platform="minikube") == set()


def test_a_key_that_receivers_know_is_protected_and_a_token_need_not_be() -> None:
    key, token = (f"credentials-{name}" for name in ("webhook-signing", "api-token"))
    assert broken(resource(PASSWORD, {"length": 48}, name=key, protect=True)) == set()
    assert broken(resource(PASSWORD, {"length": 48}, name=key)) == {"data-protected"}
    assert broken(resource(PASSWORD, {"length": 48}, name=token)) == set()


@pytest.mark.parametrize("kind", ["random:index/randomBytes:RandomBytes", "random:index/randomId:RandomId"])
def test_nothing_is_generated_whose_id_is_its_value(kind: str) -> None:
    assert broken(resource(kind, {}, protect=True)) == {"no-plain-secret"}
    assert broken(resource(PASSWORD, {})) == set()


def test_what_holds_none_need_not_be() -> None:
    assert broken(resource(RELEASE, {"chart": "kube-prometheus-stack"})) == set()
    assert broken(resource("kubernetes:apps/v1:StatefulSet", {"spec": {"template": POD}})) == set()


@pytest.mark.parametrize("bad", [database(backed_up=False), database(deletable=True), database(protect=False)])
def test_a_database_is_backed_up_and_kept(bad: Resource) -> None:
    assert broken(bad) == {"data-protected"}


def test_every_policy_says_what_it_is_for() -> None:
    assert all(policy.description.endswith(".") for policy in POLICIES)
    assert len({policy.name for policy in POLICIES}) == len(POLICIES) == 10


def test_a_violation_names_the_resource_and_what_to_mend() -> None:
    (violation,) = violations(Graph([workload(in_container(image="app"))]), "gke")
    assert violation.message == "app: container app runs app, which names no version"
    assert violation.urn == f"urn:pulumi:s::p::{DEPLOYMENT}::app"
