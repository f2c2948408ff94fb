"""The whole graph of every stack: one provider, a real order, nothing secret in plain text, data that stays."""

import os
import re
import subprocess
import sys

import pytest
from stack_program import ROOT, Graph, Resource, Secret, bare, opened, run, stack_file

from components.catalogue import CATALOGUE

DATA = {
    "minikube": set(),
    "gke": {
        "Cluster/task-platform", "DatabaseInstance/task-platform", "Database/task-platform", "Release/redpanda",
        "Namespace/redpanda", "Release/dapr", "Namespace/dapr", "RandomPassword/credentials-webhook-signing",
        "Repository/task-platform", "GlobalAddress/frontend",
    },
}  # fmt: skip


def kubernetes(graph: Graph) -> list[Resource]:
    return [r for r in graph.resources if r.type.startswith("kubernetes:")]


def test_every_object_is_made_with_the_providers_own_cluster(graph: Graph) -> None:
    (provider,) = graph.all("kubernetes", lambda r: r.type == "pulumi:providers:kubernetes")
    assert kubernetes(graph)
    assert {r.provider.rpartition("::")[0] for r in kubernetes(graph)} == {provider.urn}


def test_a_secret_is_changed_in_its_place(graph: Graph) -> None:
    """Otherwise Pulumi deletes a named one first, and with it every Deployment that names it."""
    (provider,) = graph.all("kubernetes", lambda r: r.type == "pulumi:providers:kubernetes")
    assert {provider.inputs[f"enable{what}Mutable"] for what in ("Secret", "ConfigMap")} == {"true"}


def test_every_component_and_object_has_a_name_of_its_own(graph: Graph) -> None:
    urns = [r.urn for r in graph.resources]
    assert len(urns) == len(set(urns))


def test_what_a_component_makes_is_its_child_and_carries_its_name(graph: Graph) -> None:
    for component in (r for r in graph.resources if r.type.startswith("task-platform:infra:")):
        children = [r for r in graph.resources if r.parent == component.urn]
        assert children or component.kind == "Observability", f"{component.name} makes nothing"
        assert all(child.name.startswith(component.name) for child in children), component.name


def test_the_order_is_infrastructure_dapr_backend_consumers_frontend(graph: Graph) -> None:
    release = graph.one("Release", "dapr")
    blocks = graph.all("Component") + graph.all("Configuration") + graph.all("Resiliency")
    jobs = [graph.one("Job", name) for name in ("topics", "database-check")]
    backend, frontend = (graph.one("Deployment", name) for name in ("backend", "frontend"))
    consumers = [graph.one("Deployment", name) for name in ("notification", "recurring-task", "audit")]
    for block in blocks:
        assert all(graph.waits_for(block, earlier) for earlier in [release, *jobs]), block.name
        assert graph.waits_for(backend, block)
    assert all(graph.waits_for(consumer, backend) for consumer in consumers)
    assert all(graph.waits_for(frontend, consumer) for consumer in consumers)
    assert not graph.waits_for(backend, frontend)


def test_nothing_runs_before_everything_is_denied(graph: Graph) -> None:
    closed = graph.one("NetworkPolicy", "deny-all")
    running = graph.all("Deployment", lambda r: r.name != "observability-collector") + graph.all("Job")
    assert running
    assert all(graph.waits_for(resource, closed) for resource in running)


def test_a_pod_starts_after_what_it_names(graph: Graph) -> None:
    for service in CATALOGUE.services:
        deployment = graph.one("Deployment", service.app_id)
        named = [
            graph.one("ServiceAccount", service.app_id),
            graph.one("NetworkPolicy", service.app_id),
            graph.one("Configuration", f"building-blocks-configuration-{service.app_id}"),
            graph.one("Secret", "credentials-api-token"),
            graph.one("Secret", "credentials-app-token"),
        ]
        assert all(graph.waits_for(deployment, earlier) for earlier in named), service.app_id


def test_stores_are_checked_after_they_are_there(minikube: Graph) -> None:
    assert minikube.waits_for(minikube.one("Job", "topics"), minikube.one("Secret", "credentials-kafka"))
    assert minikube.waits_for(minikube.one("Job", "database-check"), minikube.one("Secret", "credentials-database"))


def test_stores_are_asked_once_they_are_up(minikube: Graph, gke: Graph) -> None:
    """Or a first start that pulls its images for minutes outlives the tries of the Job that asks."""
    assert minikube.waits_for(minikube.one("Job", "database-check"), minikube.one("StatefulSet", "postgres"))
    for graph in (minikube, gke):
        assert graph.waits_for(graph.one("Job", "topics"), graph.one("Release", "redpanda"))


def test_nothing_sleeps(graph: Graph) -> None:
    assert not [r for r in graph.resources if "sleep" in r.type.lower() or r.type.startswith("command:")]
    for job in graph.all("Job"):
        assert "sleep" not in str(bare(job.inputs))


def words_of(value: object, *, secret: bool = False) -> list[str]:
    """Return every text that is not marked secret."""
    if isinstance(value, Secret) or secret:
        return []
    if isinstance(value, dict):
        return [word for item in value.values() for word in words_of(item)]
    if isinstance(value, list):
        return [word for item in value for word in words_of(item)]
    return [str(value)]


HIDDEN = re.compile(r"generated-password|kafka-word|database-word|smtp-word|model-word")


def test_nothing_secret_is_told_to_the_engine_in_plain_text(graph: Graph) -> None:
    seen = 0
    for resource in graph.resources:
        seen += len(HIDDEN.findall(str(bare(resource.inputs))))
        for word in words_of(resource.inputs):
            assert not HIDDEN.search(word), (resource.name, word)
    assert seen >= 5, "the search finds secrets at all"
    assert not HIDDEN.search(str(bare(graph.outputs)))


def test_secrets_hold_their_values_encrypted(graph: Graph) -> None:
    for secret in graph.all("Secret"):
        data = secret.inputs["stringData"]
        assert isinstance(data, Secret) or any(isinstance(value, Secret) for value in data.values()), secret.name


def test_the_kubeconfig_is_encrypted_and_holds_no_credential(gke: Graph) -> None:
    provider = gke.one("kubernetes", "task-platform")
    assert isinstance(provider.inputs["kubeconfig"], Secret)
    text = opened(provider.inputs["kubeconfig"])
    assert "gke-gcloud-auth-plugin" in text
    assert not re.search(r"token|password|client-key", text)


@pytest.mark.parametrize("stack", ["minikube", "gke"])
def test_what_holds_data_is_protected(stack: str, request: pytest.FixtureRequest) -> None:
    graph: Graph = request.getfixturevalue(stack)
    assert {f"{r.kind}/{r.name}" for r in graph.resources if r.options["protect"]} == DATA[stack]


def test_data_outlives_a_destroyed_stack(gke: Graph) -> None:
    kept = {f"{r.kind}/{r.name}" for r in gke.resources if r.options["retain_on_delete"]}
    assert kept == {
        "DatabaseInstance/task-platform", "Database/task-platform", "Release/redpanda", "Namespace/redpanda",
    }  # fmt: skip


def test_the_stacks_say_where_people_go(minikube: Graph, gke: Graph, existing: Graph) -> None:
    told = {"url": "https://tasks.example.com", "namespace": "task-platform"}
    kubeconfig = gke.one("kubernetes", "task-platform").inputs["kubeconfig"]
    assert bare(gke.outputs) == told | {"address": "198.51.100.7", "kubeconfig": bare(kubeconfig)}
    assert isinstance(gke.outputs["kubeconfig"], Secret)
    assert existing.outputs == told
    assert (
        "kubectl --context minikube --namespace task-platform port-forward deployment/frontend 8080"
        in minikube.outputs["url"]
    )


@pytest.mark.parametrize("stack", ["minikube", "gke"])
def test_a_preview_loads_googles_modules_for_its_own_stack_alone(stack: str) -> None:
    """Loading them is most of the time that a preview of `gke` takes."""
    code = (
        "import sys; from stack_program import run, stack_file; run(sys.argv[1], stack_file(sys.argv[1]));"
        " print('pulumi_gcp' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests/infra")))}
    command = [sys.executable, "-c", code, stack]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(stack == "gke")]


def test_two_runs_register_the_same(minikube: Graph) -> None:
    again = run("minikube", stack_file("minikube"))
    assert {r.urn: r.inputs for r in again.resources} == {r.urn: r.inputs for r in minikube.resources}
