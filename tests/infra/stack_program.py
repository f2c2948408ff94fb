"""The Pulumi program of a stack, run under mocks with any settings: every resource, as the engine would be told."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.preview import mocked
from infra.preview.graph import Graph, Resource, Secret, bare, opened
from infra.preview.mocked import PROJECT
from infra.preview.stacks import configuration, texts

__all__ = [
    "EXISTING", "PROJECT", "ROOT", "SECRET", "SIGNED_IN", "Graph", "Resource", "Secret",
    "bare", "opened", "run", "stack_file", "texts", "with_settings",
]  # fmt: skip

ROOT = Path(__file__).parents[2]

SIGNED_IN = {
    "auth": "oidc",
    "oidcIssuer": "https://id.example.com",
    "oidcAudience": "tasks",
    "oidcJwksUrl": "https://id.example.com/keys",
    "oidcClientId": "page",
}

# A cluster that is there already, with everything from outside: Kafka, PostgreSQL, mail, a gateway of its own.
EXISTING = {
    **SIGNED_IN,
    "platform": "existing",
    "kubeContext": "aks-production",
    "protectData": True,
    "imageTag": "0.1.0",
    "replicas": 3,
    "expose": "gateway",
    "gatewayClass": "envoy",
    "host": "tasks.example.com",
    "tlsSecret": "tasks-tls",
    "kafka": "external",
    "kafkaBrokers": ["b1.example.com:9092", "b2.example.com:9192"],
    "kafkaSasl": "SCRAM-SHA-512",
    "kafkaUser": "tasks",
    "kafkaPassword": "kafka-word",
    "kafkaCa": "PEM",
    "postgres": "external",
    "databaseUrl": "postgres://tasks:database-word@db.example.com:6543/tasks?sslmode=require",
    "smtpHost": "mail.example.com",
    "smtpUser": "tasks",
    "smtpPassword": "smtp-word",
    "smtpFrom": "tasks@example.com",
    "conversation": "openai",
    "conversationModel": "large",
    "conversationEndpoint": "https://models.example.com:8555/v1",
    "conversationKey": "model-word",
    "monitoring": "stack",
    "otlpEndpoint": "traces.example.com:4317",
}
SECRET = ("kafkaPassword", "databaseUrl", "smtpPassword", "conversationKey")


def stack_file(stack: str) -> dict[str, str]:
    """Return the configuration of a stack as Pulumi hands it over: every value as text."""
    return configuration(ROOT, stack)[0]


def with_settings(stack: str, **settings: Any) -> dict[str, str]:
    """Return a stack's configuration with other settings; None takes one away."""
    found = {**stack_file(stack), **texts({f"{PROJECT}:{key}": value for key, value in settings.items()})}
    return {key: value for key, value in found.items() if value != "null"}


def run(
    stack: str, config: Mapping[str, str], secret: tuple[str, ...] = (), program: Callable[[], object] | None = None
) -> Graph:
    """Run the program, or another one, fresh and by itself; what it raises is raised."""
    if program:
        return mocked.run(stack, config, secret, program)
    return mocked.run_program(ROOT, stack, config, secret)
