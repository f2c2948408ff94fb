"""The component of the chat's language model: which one, what it is told, and that its key is named, never written."""

import pytest
from pydantic import ValidationError

from components.catalogue import BACKEND, CATALOGUE, SECRET_STORE
from components.conversation import CONVERSATION_KEY, Conversation, Provider
from components.model import Component

KEY = {"key": CONVERSATION_KEY}


def component(provider: str, model: str = "", endpoint: str = "") -> Component:
    return Conversation(provider=Provider(provider), model=model, endpoint=endpoint).component(SECRET_STORE, CATALOGUE)


@pytest.mark.parametrize(
    ("made", "kind", "metadata", "store"),
    [
        (component("openai"), "openai", KEY, SECRET_STORE),
        (
            component("openai", "m", "http://x/v1"),
            "openai",
            {"model": "m", "endpoint": "http://x/v1"} | KEY,
            SECRET_STORE,
        ),
        (component("anthropic", "m"), "anthropic", {"model": "m"} | KEY, SECRET_STORE),
        (component("google"), "googleai", KEY, SECRET_STORE),
        (component("echo"), "echo", {}, None),
        (component("rules"), "rules", {}, None),
    ],
)
def test_every_provider_has_a_component(made: Component, kind: str, metadata: object, store: str | None) -> None:
    assert (made.name, made.type, made.scopes) == ("conversation", f"conversation.{kind}", (BACKEND,))
    assert (made.metadata, made.secret_store) == (metadata, store)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("http://ollama:11434", "http://ollama:11434/v1"),
        ("http://ollama:11434/", "http://ollama:11434/v1"),
        ("https://x.example/ollama/v1", "https://x.example/ollama/v1"),
    ],
)
def test_ollama_is_spoken_to_in_the_protocol_that_has_tools(given: str, told: str) -> None:
    made = component("ollama", "qwen3", given)
    assert made.type == "conversation.openai"
    assert made.metadata == {"model": "qwen3", "endpoint": told, "key": "ollama"}
    assert made.secret_store is None


@pytest.mark.parametrize(
    ("provider", "model", "endpoint", "problem"),
    [
        ("anthropic", "", "https://x", "endpoint: anthropic needs none"),
        ("echo", "", "https://x", "endpoint: echo needs none"),
        ("ollama", "m", "", "endpoint: ollama needs it"),
        ("ollama", "", "http://x", "model: ollama needs it"),
        ("openai", "", "ftp://x", "endpoint: must be an http"),
        ("openai", "", "http://", "endpoint: must be an http"),
        ("openai", "", "http://x:port", "endpoint: must be an http"),
        ("openai", "", "http://[x", "endpoint: must be an http"),
    ],
)
def test_what_does_not_fit_its_provider(provider: str, model: str, endpoint: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        component(provider, model, endpoint)
