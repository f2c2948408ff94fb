"""A sixth service is one entry of the catalogue: all its objects follow, and its neighbours learn of it."""

import pytest
from stack_program import EXISTING, SECRET, Graph, bare, run, stack_file, with_settings

from components import catalogue
from components.catalogue import AUDIT, BACKEND, CATALOGUE, PUBSUB, STATE_STORE
from components.model import Catalogue, Edge, SecretRef, Service, Subscription, Topic

SIXTH = Service(
    app_id="statistics",
    package="services.statistics",
    port=8005,
    summary="counts what was done",
    subscribes=(Subscription(topic=Topic.TASK_EVENTS, component=PUBSUB),),
    state=True,
    invokes=(Edge(callee=AUDIT, methods=("GET",), path="/api/audit/**"),),
    secrets=(SecretRef(name="statistics-key", key="key"),),
)


@pytest.fixture(scope="module")
def six() -> Graph:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "CATALOGUE", Catalogue(services=(*CATALOGUE.services, SIXTH)))
        return run("gke", stack_file("gke"))


def test_it_has_every_object(six: Graph) -> None:
    assert {r.kind for r in six.within(six.one("DaprService", "statistics"))} == {
        "ServiceAccount", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy",
        "Role", "RoleBinding",
    }  # fmt: skip
    assert bare(six.object("Configuration", "statistics")["spec.accessControl.policies"]) == []
    assert bare(six.one("Deployment", "statistics")["spec.template.spec.containers.0.ports"]) == [
        {"name": "http", "containerPort": 8005}
    ]


def test_it_may_use_what_it_says_and_its_callees_let_it_in(six: Graph) -> None:
    assert "statistics" in bare(six.object("Component", STATE_STORE).inputs["scopes"])
    assert "statistics" in bare(six.object("Component", PUBSUB).inputs["scopes"])
    policies = bare(six.object("Configuration", AUDIT)["spec.accessControl.policies"])
    assert "statistics" in {policy["appId"] for policy in policies}
    ingress = str(bare(six.one("NetworkPolicy", AUDIT)["spec.ingress"]))
    assert "statistics" in ingress
    assert "statistics" not in str(bare(six.one("NetworkPolicy", BACKEND)["spec.ingress"]))


def test_its_secret_is_made_and_it_alone_may_read_it(six: Graph) -> None:
    assert bare(six.object("Secret", "statistics-key").inputs["stringData"]) == {"key": "generated-password"}
    roles = {bare(r["metadata.name"]): bare(r["rules.0.resourceNames"]) for r in six.all("Role")}
    assert roles == {"notification": ["webhook-signing"], "statistics": ["statistics-key"]}


def test_it_starts_after_the_backend_and_before_the_public_service(six: Graph) -> None:
    deployment = six.one("Deployment", "statistics")
    assert six.waits_for(deployment, six.one("Deployment", "backend"))
    assert six.waits_for(six.one("Deployment", "frontend"), deployment)


def test_the_others_are_as_they_were_but_for_the_one_that_it_calls(six: Graph, gke: Graph) -> None:
    """That one's sidecar has to let it in."""
    changed = set()
    for service in CATALOGUE.services:
        one, other = (graph.one("Deployment", service.app_id) for graph in (six, gke))
        if other["spec.template.metadata.annotations"] != one["spec.template.metadata.annotations"]:
            changed.add(service.app_id)
            one["spec.template.metadata.annotations"]["task-platform/sidecar"] = other[
                "spec.template.metadata.annotations"
            ]["task-platform/sidecar"]
        assert one.inputs == other.inputs
    assert changed == {AUDIT}


def test_it_is_on_any_other_cluster_too() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "CATALOGUE", Catalogue(services=(*CATALOGUE.services, SIXTH)))
        plain = dict.fromkeys(("kafkaReplicas", "schedulerStorage", "maxReplicas"))
        graph = run("existing", with_settings("minikube", **{**plain, **EXISTING}), SECRET)
    assert graph.one("Deployment", "statistics")
