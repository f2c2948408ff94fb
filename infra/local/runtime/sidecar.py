"""What one application is offered: the building blocks, within its scopes. gRPC and HTTP translate to and from it."""

import hmac
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field

from dapr.proto.runtime.v1.ai_pb2 import ConversationRequestAlpha2, ConversationResponseAlpha2

from components.embedded import RuntimeSettings
from infra.local.runtime import conversation, mail
from infra.local.runtime.applications import Application
from infra.local.runtime.database import Database
from infra.local.runtime.errors import (
    binding_failed,
    conversation_missing,
    secret_denied,
    secret_missing,
    secret_store_missing,
    state_store_missing,
)
from infra.local.runtime.invocation import Invoker
from infra.local.runtime.jobs import JobStore
from infra.local.runtime.pubsub import PubSub
from infra.local.runtime.registry import Registry
from infra.local.runtime.state import StateStore


@dataclass(frozen=True)
class Services:
    """What all sidecars share."""

    settings: RuntimeSettings
    registry: Registry
    database: Database
    pubsub: PubSub
    jobs: JobStore
    invoker: Invoker


@dataclass
class Sidecar:
    """The API of one application process."""

    application: Application
    services: Services
    extended_metadata: dict[str, str] = field(default_factory=dict)

    @property
    def app_id(self) -> str:
        """The caller."""
        return self.application.app_id

    def authorized(self, token: str | None) -> bool:
        """Tell whether the caller showed the API token, where one is set."""
        expected = self.services.settings.api_token
        return not expected or hmac.compare_digest((token or "").encode(), expected.encode())

    def state(self, store: str) -> StateStore:
        """Return the state store of that name."""
        registry = self.services.registry
        if registry.find(self.app_id, "state", store) is None:
            raise state_store_missing(store, any_store=bool(registry.visible(self.app_id, "state")))
        return StateStore(self.services.database, store, self.app_id)

    def secret(self, store: str, key: str) -> Mapping[str, str]:
        """Return keys and values of one secret."""
        self._check_secret_store(store)
        if key not in self.application.settings.secrets:
            raise secret_denied(key, store)
        found = self.services.settings.secrets.get(key)
        if found is None:
            raise secret_missing(key, store)
        return found

    def secrets(self, store: str) -> dict[str, Mapping[str, str]]:
        """Return every secret that the application is given."""
        self._check_secret_store(store)
        given = self.application.settings.secrets
        return {key: values for key, values in self.services.settings.secrets.items() if key in given}

    async def invoke_binding(self, name: str, operation: str, metadata: Mapping[str, str], data: bytes) -> None:
        """Invoke an output binding; it answers nothing."""
        registry = self.services.registry
        component = registry.find(self.app_id, "bindings", name)
        if not operation:
            raise binding_failed(name, "operation field is missing from request")
        if component is None or component.type != "bindings.smtp":
            raise binding_failed(name, f"couldn't find output binding {name}")
        if operation != mail.OPERATION:
            cause = f"binding {name} does not support operation {operation}. supported operations:create"
            raise binding_failed(name, cause)
        folder = self.services.settings.data / "mail"
        try:
            await mail.send(registry.metadata(component), metadata, data, folder)
        except (mail.MailError, OSError, smtplib.SMTPException) as error:
            raise binding_failed(name, error) from error

    def converse(self, request: ConversationRequestAlpha2) -> ConversationResponseAlpha2:
        """Return what a conversation component answers."""
        component = self.services.registry.find(self.app_id, "conversation", request.name)
        answer = conversation.COMPONENTS.get(component.type) if component else None
        if answer is None:
            raise conversation_missing(request.name)
        return conversation.respond(request, answer)

    def _check_secret_store(self, store: str) -> None:
        registry = self.services.registry
        if registry.find(self.app_id, "secretstores", store) is None:
            any_store = bool(registry.visible(self.app_id, "secretstores"))
            raise secret_store_missing(store, any_store=any_store)
