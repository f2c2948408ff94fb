"""Which settings cannot be: every rule that a stack's configuration has to keep, and the command that mends it.

A rule is a generator of problems. All of them run, so that one preview names everything that is wrong.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Final

from pulumi import RunError
from pydantic import ValidationError

from components.catalogue import CATALOGUE
from infra.language_model import language_model
from infra.problem import Problem
from infra.settings import SECRETS, Settings, aliases, key_of

FLOATING: Final = frozenset({"", "latest", "main", "master", "edge", "stable", "nightly", "dev"})
_EVERYBODY: Final = 0
_ORIGIN: Final = re.compile(r"https://[^/?#@\s]+")
_ISSUER: Final = re.compile(rf"{_ORIGIN.pattern}(/[^?#\s]*)?")


class SettingsError(RunError):
    """The settings cannot be used: each problem, and the command that mends it. Pulumi prints that without a trace."""

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = problems
        many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"the settings of stack {stack} cannot be used: {many}"]
        for problem in problems:
            lines += [f"  - {problem.key}: {problem.message}", f"      {problem.command(stack)}"]
        super().__init__("\n".join(lines))


Rule = Callable[[Settings], Iterator[Problem]]


def settle(stack: str, values: Mapping[str, object], encrypted: frozenset[str] = frozenset()) -> Settings:
    """Return the settings made of `values` by key; SettingsError names every problem at once.

    `encrypted` are the keys that Pulumi keeps encrypted.
    """
    problems = [*_unknown(values), *_in_plain_text(values, encrypted)]
    known = {key: value for key, value in values.items() if key in aliases()}
    settings, mistyped = _typed(known)
    wrong = {problem.key for problem in mistyped}
    contradictions = [p for rule in RULES for p in rule(settings)] if settings else []
    problems += mistyped + [p for p in contradictions if p.key not in wrong]
    if problems or settings is None:
        raise SettingsError(stack, problems)
    return settings


def _unknown(values: Mapping[str, object]) -> Iterator[Problem]:
    for key in values:
        if key not in aliases():
            near = difflib.get_close_matches(key, aliases(), n=1)
            yield Problem(key, "there is no such setting" + (f"; {near[0]} was meant?" if near else ""), None)


def _in_plain_text(values: Mapping[str, object], encrypted: frozenset[str]) -> Iterator[Problem]:
    for key in sorted(SECRETS & values.keys() - encrypted):
        yield Problem(key, "it is a secret, and stands in plain text")


def _typed(values: Mapping[str, object]) -> tuple[Settings | None, list[Problem]]:
    """Return the settings without those of the wrong type, which are the problems."""
    try:
        return Settings.model_validate(values), []
    except ValidationError as error:
        problems = [Problem(key_of(str(e["loc"][0])), e["msg"]) for e in error.errors(include_input=False)]
        wrong = {str(e["loc"][0]) for e in error.errors(include_input=False)}
    try:
        return Settings.model_validate({key: value for key, value in values.items() if key not in wrong}), problems
    except ValidationError:
        return None, problems


def _place(s: Settings) -> Iterator[Problem]:
    if s.platform == "gke":
        for key, value in (("gcp:project", s.gcp_project), ("gcp:region", s.gcp_region)):
            if not value:
                yield Problem(key, "a cluster on Google Cloud needs it")
        if not s.authorized_networks:
            yield Problem("authorizedNetworks[0]", "nobody could reach the control plane", "203.0.113.0/24")
    elif not s.kube_context:
        yield Problem("kubeContext", f"platform {s.platform} is reached by a kube context, and none is named")
    for index, network in enumerate(s.authorized_networks):
        if reason := _bad_network(network):
            yield Problem(f"authorizedNetworks[{index}]", f"{network}: {reason}")


def _bad_network(text: str) -> str | None:
    try:
        network = ip_network(text)
    except ValueError as error:
        return str(error)
    return "the control plane would be open to everybody" if network.prefixlen == _EVERYBODY else None


def _services(s: Settings) -> Iterator[Problem]:
    if s.is_cloud and s.replicas < 2:
        yield Problem("replicas", f"{s.replicas} of each service: on a cloud one of two may always be away", "2")
    if s.max_replicas < s.replicas:
        yield Problem("maxReplicas", f"{s.max_replicas} is less than replicas, {s.replicas}", str(s.replicas))
    known = {service.app_id for service in CATALOGUE.services}
    for app_id in sorted(s.image_digests.keys() - known):
        yield Problem(f"imageDigests.{app_id}", "no service has that app id", None)
    if s.image_tag in FLOATING and known - s.image_digests.keys():
        what = f"{s.image_tag} means another image tomorrow" if s.image_tag else "there is neither tag nor digest"
        yield Problem("imageTag", f"{what}; name a version, or a digest for each service", "<version>")


def _images(s: Settings) -> Iterator[Problem]:
    images = {"redpandaImage": s.redpanda_image, "postgresImage": s.postgres_image, "collectorImage": s.collector_image}
    for key, image in images.items():
        tag = image.rpartition("/")[2].partition(":")[2]
        if "@sha256:" not in image and tag in FLOATING:
            yield Problem(key, f"{image} means another image tomorrow; name a version or a digest", "<image>:<version>")


def _door(s: Settings) -> Iterator[Problem]:
    if s.auth == "none" and s.expose != "none":
        yield Problem("auth", f"with expose {s.expose} everybody could come in; a public endpoint needs OIDC", "oidc")
    if s.auth == "none" and s.is_cloud:
        yield Problem("auth", "on a cloud people have to say who they are", "oidc")
    if s.auth == "oidc":
        given = {"oidcIssuer": s.oidc_issuer, "oidcAudience": s.oidc_audience, "oidcJwksUrl": s.oidc_jwks_url}
        for key, value in given.items():
            if not value:
                yield Problem(key, "auth oidc needs it")
        yield from _page_client(s)
    if s.expose == "none":
        return
    if not s.host:
        yield Problem("host", f"expose {s.expose} needs the name that people reach the platform at")
    if s.expose == "node-port" and s.is_cloud:
        yield Problem("expose", "a node port has no TLS, so it is for minikube alone", "gateway")
    if s.expose == "gateway" and s.platform != "gke" and not s.tls_secret:
        yield Problem("tlsSecret", "the gateway needs a secret with the certificate of the host")


def _page_client(s: Settings) -> Iterator[Problem]:
    """Say what keeps people from signing in on the page; the frontend would refuse to start with it."""
    if not s.oidc_client_id:
        yield Problem(
            "oidcClientId", "the page signs people in as a public client of the sign-in service", "<client id>"
        )
    if s.oidc_issuer and not _ISSUER.fullmatch(s.oidc_issuer):
        yield Problem("oidcIssuer", f"{s.oidc_issuer} is no https:// address", "https://id.example.com")
    for number, origin in enumerate(s.oidc_origins):
        if not _ORIGIN.fullmatch(origin):
            key = f"oidcOrigins[{number}]"
            yield Problem(key, f"{origin} is not of the form https://name[:port]", "https://token.example.com")
    if "openid" not in s.oidc_scopes.split():
        yield Problem("oidcScopes", "without openid nobody is named", "openid profile")


def _kafka(s: Settings) -> Iterator[Problem]:
    if s.kafka == "redpanda":
        if s.platform == "minikube" and s.kafka_replicas > 1:
            yield Problem("kafkaReplicas", f"{s.kafka_replicas} brokers do not fit on minikube's one node", "1")
        if s.kafka_replicas % 2 == 0:
            yield Problem("kafkaReplicas", f"{s.kafka_replicas} brokers cannot agree; an odd number can", "3")
        if s.kafka_sasl == "PLAIN":
            yield Problem("kafkaSasl", "Redpanda's chart has SCRAM alone", "SCRAM-SHA-256")
        return
    if not s.kafka_brokers:
        yield Problem("kafkaBrokers[0]", "an external Kafka needs addresses, host:port", "broker:9092")
    if s.kafka_sasl != "none" and not s.kafka_user:
        yield Problem("kafkaUser", f"kafkaSasl {s.kafka_sasl} needs it")
    if s.kafka_sasl != "none" and not s.kafka_password.get_secret_value():
        yield Problem("kafkaPassword", f"kafkaSasl {s.kafka_sasl} needs it")
    if s.is_cloud and not s.kafka_tls:
        yield Problem("kafkaTls", "passwords and events would leave the cluster in plain text", "true")


def _database(s: Settings) -> Iterator[Problem]:
    url = s.database_url.get_secret_value()
    if s.postgres == "external" and not url:
        yield Problem("databaseUrl", "postgres external needs a connection string", "<connection string>")
    if s.postgres != "external" and url:
        yield Problem("databaseUrl", f"postgres {s.postgres} makes its own database", None)
    if s.postgres == "cloud-sql" and s.platform != "gke":
        yield Problem("postgres", "Cloud SQL is reached from gke alone", "external")
    if s.postgres == "in-cluster" and s.is_cloud:
        yield Problem("postgres", "one PostgreSQL without a back-up is for minikube alone", "external")


def _extras(s: Settings) -> Iterator[Problem]:
    if s.smtp_host and not s.smtp_from:
        yield Problem("smtpFrom", "e-mail needs a sender")
    if s.monitoring == "managed" and s.platform != "gke":
        yield Problem("monitoring", "Managed Prometheus is part of gke", "stack")


RULES: Final[tuple[Rule, ...]] = (_place, _services, _images, _door, _kafka, _database, language_model, _extras)
