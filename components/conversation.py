"""The language model behind the chat, where a place has one: a component of Dapr's Conversation API, else none.

Every provider's component takes the same three words; those it has no use for are left out.
"""

from enum import StrEnum
from typing import Final, Self

from pydantic import model_validator

from components.model import Catalogue, Component, Frozen, SecretRef

CONVERSATION: Final = "conversation"
CONVERSATION_KEY: Final = SecretRef(name="conversation", key="key")


class Provider(StrEnum):
    """Whose model it is: `openai` is any server that speaks its protocol, `echo` says again what it is told."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    OLLAMA = "ollama"
    ECHO = "echo"


_TYPES: Final = {provider: f"conversation.{provider.value}" for provider in Provider} | {
    Provider.GOOGLE: "conversation.googleai"
}
KEYED: Final = frozenset({Provider.OPENAI, Provider.ANTHROPIC, Provider.GOOGLE})


class Conversation(Frozen):
    """Which model: its provider's name of it (empty: the component's own choice), and where, for openai alone."""

    provider: Provider
    model: str = ""
    endpoint: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.endpoint and self.provider is not Provider.OPENAI:
            raise ValueError(f"{self.provider.value} is always at the same address; an endpoint is for openai alone")
        return self

    def component(self, secret_store: str, catalogue: Catalogue) -> Component:
        """Return the component, for the services that converse."""
        given: dict[str, str | SecretRef] = {"model": self.model, "endpoint": self.endpoint}
        metadata = {name: value for name, value in given.items() if value}
        if self.provider in KEYED:
            metadata["key"] = CONVERSATION_KEY
        return Component(
            name=CONVERSATION,
            type=_TYPES[self.provider],
            metadata=metadata,
            scopes=tuple(service.app_id for service in catalogue.services if service.converses),
            secret_store=secret_store if self.provider in KEYED else None,
        )
