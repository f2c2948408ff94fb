"""The language model behind the chat, where a place has one: a component of Dapr's Conversation API, else none.

Every provider's component takes the same three words; those it has no use for are left out.
"""

from enum import StrEnum
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import model_validator

from components.model import Catalogue, Component, Frozen, SecretRef

CONVERSATION: Final = "conversation"
CONVERSATION_KEY: Final = SecretRef(name="conversation", key="key")


class Provider(StrEnum):
    """Whose model it is: `openai` is any server that speaks its protocol.

    Two are no models, for trying: `echo` says again what it is told, `rules` calls tools by rules (embedded alone).
    """

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    OLLAMA = "ollama"
    ECHO = "echo"
    RULES = "rules"


_TYPES: Final = {provider: f"conversation.{provider.value}" for provider in Provider} | {
    Provider.GOOGLE: "conversation.googleai",
    # Dapr's own component for it takes no address and passes no tools on; Ollama speaks OpenAI's protocol at /v1.
    Provider.OLLAMA: "conversation.openai",
}
KEYED: Final = frozenset({Provider.OPENAI, Provider.ANTHROPIC, Provider.GOOGLE})
PLACED: Final = frozenset({Provider.OPENAI, Provider.OLLAMA})
ANSWER_SECONDS: Final = 30  # at most for one answer of the model
_UNREAD_KEY: Final = "ollama"  # the component wants one, the server reads none
_OLLAMA_PATH: Final = "/v1"


class Conversation(Frozen):
    """Which model: its provider's name of it (empty: the component's own choice), and where."""

    provider: Provider
    model: str = ""
    endpoint: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        found = [f"{field}: {text}" for field, text in contradictions(self.provider, self.model, self.endpoint)]
        if found:
            raise ValueError("; ".join(found))
        return self

    @property
    def needs_key(self) -> bool:
        """Tell whether the provider asks for a key."""
        return self.provider in KEYED

    @property
    def address(self) -> str:
        """The address that the component is told; empty where it knows its own."""
        if self.provider is Provider.OLLAMA and urlsplit(self.endpoint).path in {"", "/"}:
            return self.endpoint.rstrip("/") + _OLLAMA_PATH
        return self.endpoint

    def component(self, secret_store: str, catalogue: Catalogue) -> Component:
        """Return the component, for the services that converse."""
        given: dict[str, str | SecretRef] = {"model": self.model, "endpoint": self.address}
        metadata = {name: value for name, value in given.items() if value}
        if self.needs_key:
            metadata["key"] = CONVERSATION_KEY
        elif self.provider is Provider.OLLAMA:
            metadata["key"] = _UNREAD_KEY
        return Component(
            name=CONVERSATION,
            type=_TYPES[self.provider],
            metadata=metadata,
            scopes=tuple(service.app_id for service in catalogue.services if service.converses),
            secret_store=secret_store if self.needs_key else None,
        )


def contradictions(provider: Provider, model: str, endpoint: str) -> list[tuple[str, str]]:
    """Return what does not fit the provider: `model` or `endpoint`, and what is wrong with it."""
    found = []
    if endpoint and provider not in PLACED:
        found.append(
            ("endpoint", f"{provider.value} needs none; only openai and ollama are told where to find a server")
        )
    elif endpoint and not _is_address(endpoint):
        found.append(("endpoint", "must be an http:// or https:// address, like http://127.0.0.1:11434/v1"))
    if provider is Provider.OLLAMA:
        given = {"model": model, "endpoint": endpoint}
        found += [(field, f"{provider.value} needs it") for field, value in given.items() if not value]
    return found


def _is_address(text: str) -> bool:
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
