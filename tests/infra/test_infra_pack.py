"""The pack over every stack; and as Pulumi's engine asks it, by its own protocol, with values not known yet."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import ParseDict
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import analyzer_pb2_grpc
from stack_program import ROOT, Graph, Resource, bare

from infra.policy.pack import POLICIES
from infra.preview.verdict import violations

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # how the engine writes a text that is not known yet
PACK = ROOT / "infra" / "policy"


@pytest.mark.parametrize(
    ("stack", "platform"), [("minikube", "minikube"), ("gke", "gke"), ("standard", "gke"), ("existing", "existing")]
)
def test_every_stack_keeps_every_policy(stack: str, platform: str, request: pytest.FixtureRequest) -> None:
    graph: Graph = request.getfixturevalue(stack)
    assert len(graph.resources) > 60
    assert violations(graph, platform) == []


def test_the_data_of_minikube_is_what_the_pack_lets_go(minikube: Graph) -> None:
    """The stack would not keep the policy elsewhere, so the pack does look."""
    found = violations(minikube, "existing")
    assert {violation.policy for violation in found} == {"data-protected"}
    assert {v.urn.rpartition("::")[2] for v in found} == {
        "postgres", "redpanda", "dapr", "credentials-webhook-signing",
    }  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Start the pack as the engine does, and be the engine."""
    environment = {
        **os.environ,
        "PULUMI_PROJECT": "task-platform",
        "PULUMI_STACK": "gke",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps({"task-platform:platform": "gke"}),
    }
    with subprocess.Popen([sys.executable, str(PACK)], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.terminate()


def analyzed(resource: Resource, stub: analyzer_pb2_grpc.AnalyzerStub) -> list[tuple[str, int, str]]:
    request = messages.AnalyzeRequest(type=resource.type, urn=resource.urn, name=resource.name)
    ParseDict(bare(resource.inputs), request.properties)
    request.options.protect = resource.options["protect"]
    answer = stub.Analyze(request, timeout=60)
    return [(d.policyName, d.enforcementLevel, d.message) for d in answer.diagnostics]


def test_the_engine_is_told_of_every_policy(engine: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = engine.GetAnalyzerInfo(Empty(), timeout=60)
    assert info.name == "task-platform"
    assert {policy.name for policy in info.policies} == {policy.name for policy in POLICIES}
    assert {policy.enforcementLevel for policy in info.policies} == {messages.MANDATORY}


def test_every_resource_passes_when_the_engine_asks(gke: Graph, engine: analyzer_pb2_grpc.AnalyzerStub) -> None:
    for resource in gke.resources:
        assert analyzed(resource, engine) == [], resource.name
    assert together(gke.resources, engine, lambda resource: bare(resource.inputs)) == []


def together(
    resources: list[Resource], stub: analyzer_pb2_grpc.AnalyzerStub, outputs: Callable[[Resource], dict[str, Any]]
) -> list[str]:
    request = messages.AnalyzeStackRequest()
    for resource in resources:
        entry = request.resources.add(type=resource.type, urn=resource.urn, name=resource.name)
        ParseDict(outputs(resource), entry.properties)
    return [diagnostic.message for diagnostic in stub.AnalyzeStack(request, timeout=60).diagnostics]


def test_a_stack_is_judged_by_what_is_registered(gke: Graph, engine: analyzer_pb2_grpc.AnalyzerStub) -> None:
    """In the first preview of GKE the engine knows no outputs, since the cluster is still to come."""
    for resource in gke.resources:
        analyzed(without_tokens(resource), engine)
    assert together(gke.resources, engine, lambda _: {}) == []
    store = gke.one("Component", "building-blocks-component-statestore")
    analyzed(Resource(**{**vars(store), "inputs": {**store.inputs, "scopes": []}}), engine)
    (message,) = together(gke.resources, engine, lambda _: {})
    assert message.endswith("statestore: without scopes every app may use it")
    analyzed(store, engine)


def test_a_violation_stops_the_engine(gke: Graph, engine: analyzer_pb2_grpc.AnalyzerStub) -> None:
    deployment = gke.one("Deployment", "backend")
    inputs = bare(deployment.inputs)
    inputs["spec"]["template"]["spec"]["hostNetwork"] = True
    bad = Resource(**{**vars(deployment), "inputs": inputs})
    ((policy, level, message),) = analyzed(bad, engine)
    assert (policy, level) == ("restricted-pods", messages.MANDATORY)
    assert message.endswith("backend: the pod has hostNetwork")


def without_tokens(resource: Resource) -> Resource:
    """Return a resource as in a first preview: the tokens' names and the versions of secrets are still to come."""
    if resource.kind != "Deployment":
        return resource
    inputs = bare(resource.inputs)
    notes = inputs["spec"]["template"]["metadata"]["annotations"]
    unknown = [key for key in notes if "token-secret" in key or "/secret-" in key]
    assert len(unknown) >= 2
    notes.update(dict.fromkeys(unknown, UNKNOWN))
    return Resource(**{**vars(resource), "inputs": inputs})


def test_what_is_not_known_yet_stops_no_policy(gke: Graph, engine: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert analyzed(without_tokens(gke.one("Deployment", "backend")), engine) == []


def test_the_pack_names_its_language_and_its_environment() -> None:
    found = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())
    assert found["runtime"]["name"] == "python"
    assert (PACK / found["runtime"]["options"]["virtualenv"]).resolve() == ROOT / ".venv"
