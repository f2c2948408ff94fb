"""The Dapr components that follow from the catalogue; nothing here depends on where the platform runs.

Metadata that a place has to supply (broker addresses, a connection string) is a `SecretRef`, or is added by the
rendering for that place.
"""

from typing import Final

from components.catalogue import (
    CATALOGUE,
    EMAIL_BINDING,
    PUBSUB,
    RELAY_PUBSUB,
    SECRET_STORE,
    STATE_STORE,
)
from components.conversation import Conversation
from components.model import Catalogue, Component, SecretRef

DATABASE_SECRET: Final = SecretRef(name="database", key="connection-string")
SMTP_SECRET: Final = "smtp"  # noqa: S105 - the name of a secret, not one

# How long an event waits that its consumer wants again; Kafka's component by itself waits 5 s each time.
CONSUME_AGAIN: Final = {
    "backOffPolicy": "exponential",
    "backOffInitialInterval": "100ms",
    "backOffMaxInterval": "3s",
    "backOffMaxElapsedTime": "0",
}


def components(catalogue: Catalogue = CATALOGUE, conversation: Conversation | None = None) -> tuple[Component, ...]:
    """Return every Dapr component, each scoped to the services that the catalogue says use it."""
    talk = (conversation.component(SECRET_STORE, catalogue),) if conversation else ()
    return (
        _pubsub(catalogue, PUBSUB, {"consumerGroup": "{appID}", "initialOffset": "oldest"}),
        # Every replica of the relay must see every update: a consumer group of its own for each, from now on.
        _pubsub(catalogue, RELAY_PUBSUB, {"consumerGroup": "{appID}-{uuid}", "initialOffset": "newest"}),
        Component(
            name=STATE_STORE,
            type="state.postgresql",
            version="v2",
            metadata={"connectionString": DATABASE_SECRET, "tablePrefix": "tasks_", "maxConns": "20"},
            scopes=tuple(s.app_id for s in catalogue.services if s.state),
            secret_store=SECRET_STORE,
        ),
        Component(
            name=SECRET_STORE,
            type="secretstores.kubernetes",
            scopes=tuple(s.app_id for s in catalogue.services if s.secrets),
        ),
        Component(
            name=EMAIL_BINDING,
            type="bindings.smtp",
            metadata={
                key: SecretRef(name=SMTP_SECRET, key=key) for key in ("host", "port", "user", "password", "emailFrom")
            },
            scopes=tuple(s.app_id for s in catalogue.services if EMAIL_BINDING in s.bindings),
            secret_store=SECRET_STORE,
        ),
        *talk,
    )


def _pubsub(catalogue: Catalogue, name: str, metadata: dict[str, str | SecretRef]) -> Component:
    users = [
        s.app_id
        for s in catalogue.services
        if any(sub.component == name for sub in s.subscribes) or (name == PUBSUB and s.publishes)
    ]
    return Component(name=name, type="pubsub.kafka", metadata=metadata, scopes=tuple(users))
