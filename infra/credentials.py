"""The secrets of the services: generated, or from the stack's encrypted configuration; in the cluster, Secrets.

The module has this name because Pulumi puts this folder first on the path, where `secrets` would hide Python's own.
What a sidecar or a service reads once, when it starts, is read again by new pods: a token's Secret gets a new name
with a new value, and of the others the version stands in the pods' annotations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_random as random
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.catalogue import EMAIL_BINDING
from components.conversation import CONVERSATION_KEY
from components.dapr import DATABASE_SECRET, SMTP_SECRET
from components.kubernetes import KAFKA_CA, KAFKA_PASSWORD, KAFKA_USER
from components.model import Catalogue, Service
from infra.kube import PLATFORM, labels, meta
from infra.pod import TOKEN_KEY, Tokens
from infra.settings import Settings

_TOKEN_LENGTH = 48

Values = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, slots=True)
class CredentialsArgs:
    """What the secrets are made from; `kafka` is user, password and authority where the brokers ask for them."""

    settings: Settings
    catalogue: Catalogue
    namespace: pulumi.Input[str]
    connection_string: pulumi.Input[str]
    kafka: Values = field(default_factory=dict)


def generated(name: str, parent: pulumi.Resource, *, protect: bool = False) -> pulumi.Output[str]:
    """Return a password that is made once and kept, encrypted, in the stack's state.

    By RandomPassword alone: RandomBytes has its value as its id, which the state and every preview show in the clear.
    """
    options = pulumi.ResourceOptions(parent=parent, protect=protect)
    made = random.RandomPassword(name, length=_TOKEN_LENGTH, special=False, opts=options)
    return pulumi.Output.secret(made.result)


class Credentials(pulumi.ComponentResource):
    """The Secrets in the services' namespace; `tokens` names those that guard services and sidecars."""

    tokens: Tokens

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Credentials", name, None, opts)
        self._stem, self._args = name, args
        self.tokens = Tokens(api=self._token("api"), app=self._token("app"))
        self._secrets = {name: self._secret(name, values) for name, values in self._given().items()}
        self.register_outputs({})

    def read_by(self, service: Service) -> dict[str, pulumi.Input[str]]:
        """Return, as annotations, the version of every secret that a service or its sidecar reads."""
        uses = {
            DATABASE_SECRET.name: service.state,
            KAFKA_USER.name: bool(service.publishes or service.subscribes),
            SMTP_SECRET: EMAIL_BINDING in service.bindings,
            CONVERSATION_KEY.name: service.converses,
        } | {secret.name: True for secret in service.secrets}
        return self.versions(name for name, is_used in uses.items() if is_used)

    def versions(self, names: Iterable[str]) -> dict[str, pulumi.Input[str]]:
        """Return, as annotations, the version of each of these secrets that there is."""
        return {
            f"{PLATFORM}/secret-{name}": self._secrets[name].metadata.resource_version
            for name in sorted(set(names) & set(self._secrets))
        }

    def _given(self) -> dict[str, Values]:
        """Return what each Secret holds."""
        args, settings = self._args, self._args.settings
        found: dict[str, Values] = {DATABASE_SECRET.name: {DATABASE_SECRET.key: args.connection_string}}
        if args.kafka:
            found[KAFKA_USER.name] = args.kafka
        if settings.smtp_host:
            found[SMTP_SECRET] = _smtp(settings)
        if key := settings.conversation_key.get_secret_value():
            found[CONVERSATION_KEY.name] = {CONVERSATION_KEY.key: pulumi.Output.secret(key)}
        for secret in sorted({secret for s in args.catalogue.services for secret in s.secrets}, key=str):
            found[secret.name] = {**found.get(secret.name, {}), secret.key: self._key(secret.name)}
        return found

    def _key(self, name: str) -> pulumi.Output[str]:
        """Return a key to sign with: `protect` keeps it, since receivers know it."""
        return generated(f"{self._stem}-{name}", self, protect=self._args.settings.protect_data)

    def _token(self, purpose: str) -> pulumi.Output[str]:
        name = f"{self._stem}-{purpose}-token"
        secret = Secret(
            name,
            metadata=ObjectMetaArgs(namespace=self._args.namespace, labels=labels(PLATFORM)),
            string_data={TOKEN_KEY: generated(name, self)},
            immutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return secret.metadata.name.apply(str)

    def _secret(self, name: str, values: Values) -> Secret:
        return Secret(
            f"{self._stem}-{name}",
            metadata=meta(name, self._args.namespace, PLATFORM),
            string_data=dict(values),
            opts=pulumi.ResourceOptions(parent=self),
        )


def kafka_credentials(user: str, password: pulumi.Input[str], authority: str = "") -> Values:
    """Return what the pub/sub components read."""
    found: dict[str, pulumi.Input[str]] = {KAFKA_USER.key: user, KAFKA_PASSWORD.key: password}
    return found | ({KAFKA_CA.key: authority} if authority else {})


def _smtp(settings: Settings) -> Values:
    return {
        "host": settings.smtp_host,
        "port": str(settings.smtp_port),
        "user": settings.smtp_user,
        "password": pulumi.Output.secret(settings.smtp_password.get_secret_value()),
        "emailFrom": settings.smtp_from,
    }
