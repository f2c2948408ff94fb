"""The chat's language model on a cluster: chosen per stack, reached by the backend alone, its key in a Secret."""

from typing import Any

import pytest
from stack_program import Graph, bare, run, with_settings

from components.catalogue import CATALOGUE
from infra.refusals import SettingsError

APPS = [service.app_id for service in CATALOGUE.services]
KEY = {"name": "conversation", "key": "key"}
CHOICES: dict[str, dict[str, Any]] = {
    "openai": {"conversationKey": "model-word"},
    "anthropic": {"conversationKey": "model-word", "conversationModel": "m"},
    "google": {"conversationKey": "model-word"},
    "ollama": {"conversationModel": "qwen3", "conversationEndpoint": "http://ollama.models.svc:11434"},
}


def chosen(stack: str, provider: str) -> Graph:
    settings = with_settings(stack, conversation=provider, **CHOICES[provider])
    return run(stack, settings, ("conversationKey",) if "conversationKey" in CHOICES[provider] else ())


@pytest.fixture(scope="module", params=["minikube", "gke"])
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def anthropic(stack: str) -> Graph:
    return chosen(stack, "anthropic")


def metadata(graph: Graph) -> dict[str, Any]:
    return {e["name"]: e.get("value", e.get("secretKeyRef")) for e in bare(component(graph)["spec.metadata"])}


def component(graph: Graph) -> Any:
    return graph.object("Component", "conversation")


def told(graph: Graph, app_id: str) -> str | None:
    container = bare(graph.one("Deployment", app_id)["spec.template.spec.containers"])[0]
    return {e["name"]: e.get("value") for e in container["env"]}.get("CONVERSATION")


def allowed(graph: Graph, app_id: str) -> set[str]:
    rules = bare(graph.object("Configuration", app_id)["spec.api.allowed"])
    return {f"{rule['protocol']} {rule['name']} {rule['version']}" for rule in rules}


def egress(graph: Graph, app_id: str) -> list[tuple[set[int], list[Any]]]:
    rules = bare(graph.one("NetworkPolicy", app_id)["spec"])["egress"]
    return [({port["port"] for port in rule["ports"]}, rule["to"]) for rule in rules]


def test_a_stack_that_chooses_none_has_none_of_it(stack: str, request: pytest.FixtureRequest) -> None:
    graph: Graph = request.getfixturevalue(stack)
    assert "conversation" not in {bare(r["metadata"])["name"] for r in graph.all("Component")}
    assert "conversation" not in {bare(s["metadata"]).get("name") for s in graph.all("Secret")}
    for app_id in APPS:
        assert told(graph, app_id) is None
        assert not any("conversation" in rule for rule in allowed(graph, app_id))
    assert "timeouts" not in bare(graph.object("Resiliency", "invocation")["spec.policies"])


@pytest.mark.parametrize(
    ("provider", "kind", "expected"),
    [
        ("openai", "openai", {"key": KEY}),
        ("google", "googleai", {"key": KEY}),
        ("ollama", "openai", {"model": "qwen3", "endpoint": "http://ollama.models.svc:11434/v1", "key": "ollama"}),
    ],
)
def test_providers(stack: str, provider: str, kind: str, expected: dict[str, Any]) -> None:
    graph = chosen(stack, provider)
    assert bare(component(graph)["spec.type"]) == f"conversation.{kind}"
    assert metadata(graph) == expected
    assert told(graph, "backend") == provider


def test_the_component_names_its_key_and_serves_the_backend_alone(anthropic: Graph) -> None:
    assert bare(component(anthropic)["spec.type"]) == "conversation.anthropic"
    assert metadata(anthropic) == {"model": "m", "key": KEY}
    assert bare(component(anthropic).inputs["scopes"]) == ["backend"]
    assert bare(component(anthropic).inputs["auth"]) == {"secretStore": "kubernetes"}
    secret = anthropic.one("Secret", "credentials-conversation")
    assert bare(secret["metadata"])["name"] == "conversation"
    assert bare(secret["stringData"]) == {"key": "model-word"}


@pytest.mark.parametrize("app_id", APPS)
def test_the_backend_alone_is_told_and_may_talk_and_is_made_anew_with_the_key(anthropic: Graph, app_id: str) -> None:
    is_backend = app_id == "backend"
    assert told(anthropic, app_id) == ("anthropic" if is_backend else None)
    assert ("grpc conversation v1alpha2" in allowed(anthropic, app_id)) is is_backend
    assert not any(rule.startswith("http conversation") for rule in allowed(anthropic, app_id))
    notes = bare(anthropic.one("Deployment", app_id)["spec.template.metadata.annotations"])
    assert ("task-platform/secret-conversation" in notes) is is_backend


def test_an_answer_has_its_time_and_is_asked_for_once(anthropic: Graph) -> None:
    spec = bare(anthropic.object("Resiliency", "invocation")["spec"])
    assert spec["policies"]["timeouts"] == {"an-answer": "30s"}
    assert spec["targets"]["components"] == {"conversation": {"outbound": {"timeout": "an-answer"}}}


def test_a_provider_outside_is_reached_by_https_alone(minikube: Graph) -> None:
    def outside(graph: Graph) -> list[Any]:
        return [to for ports, to in egress(graph, "backend") if ports == {443}]

    (peers,) = outside(chosen("minikube", "anthropic"))
    assert peers[0]["ipBlock"]["cidr"] == "0.0.0.0/0"
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(peers[0]["ipBlock"]["except"])
    assert outside(minikube) == []


def test_a_server_of_ones_own_is_reached_on_its_port(existing: Graph) -> None:
    assert [to[0]["ipBlock"]["cidr"] for ports, to in egress(existing, "backend") if ports == {8555}] == ["0.0.0.0/0"]
    assert not any(8555 in ports for app in APPS if app != "backend" for ports, _ in egress(existing, app))
    assert metadata(existing) == {"model": "large", "endpoint": "https://models.example.com:8555/v1", "key": KEY}
    assert any(ports == {11434} for ports, _ in egress(chosen("minikube", "ollama"), "backend"))


def test_a_key_in_plain_text_stops_the_program(stack: str) -> None:
    with pytest.raises(SettingsError, match="conversationKey: it is a secret, and stands in plain text"):
        run(stack, with_settings(stack, conversation="openai", conversationKey="model-word"))
