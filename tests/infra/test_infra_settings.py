"""The settings of a stack: what is refused, in one message that says how to mend it."""

from typing import Any

import pytest
import yaml
from pulumi import RunError
from pydantic import SecretStr, ValidationError
from pydantic.alias_generators import to_camel
from stack_program import EXISTING, PROJECT, ROOT, SECRET, SIGNED_IN, run, stack_file, with_settings

from infra.refusals import SettingsError, settle
from infra.settings import SECRETS, Settings, aliases, key_of

MINIKUBE = {"platform": "minikube", "kubeContext": "minikube", "imageTag": "1.0.0", "replicas": 1,
            "kafkaReplicas": 1, "auth": "none", "postgres": "in-cluster"}  # fmt: skip
GKE = {**SIGNED_IN, "platform": "gke", "gcpProject": "project", "gcpRegion": "region", "imageTag": "1.0.0",
       "authorizedNetworks": ["203.0.113.0/24"], "postgres": "cloud-sql"}  # fmt: skip

PLATFORMS: dict[str, dict[str, Any]] = {"minikube": MINIKUBE, "gke": GKE, "existing": EXISTING}


def settled(platform: str, /, **changed: Any) -> Settings:
    values = {**PLATFORMS[platform], **changed}
    return settle(platform, {k: v for k, v in values.items() if v is not None}, frozenset(SECRET))


def refused(platform: str, /, **changed: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        settled(platform, **changed)
    return caught.value


@pytest.mark.parametrize("platform", PLATFORMS)
def test_good_settings_are_taken_and_never_changed(platform: str) -> None:
    settings = settled(platform)
    with pytest.raises(ValidationError, match="frozen"):
        settings.replicas = 9  # type: ignore[misc]


REFUSALS: list[tuple[str, dict[str, Any], str, str]] = [
    ("minikube", {"kafkaReplicas": 3}, "kafkaReplicas", "set --stack minikube kafkaReplicas 1"),
    ("minikube", {"kubeContext": None}, "kubeContext", "set --stack minikube kubeContext"),
    ("minikube", {"expose": "node-port", "host": "192.168.49.2"}, "auth", "set --stack minikube auth oidc"),
    ("minikube", {"postgres": "external"}, "databaseUrl", "set --stack minikube --secret databaseUrl"),
    ("minikube", {"databaseUrl": "postgres://elsewhere"}, "databaseUrl", "rm --stack minikube databaseUrl"),
    ("minikube", {"postgres": "cloud-sql"}, "postgres", "set --stack minikube postgres external"),
    ("minikube", {"maxReplicas": 1, "replicas": 2}, "maxReplicas", "set --stack minikube maxReplicas 2"),
    ("minikube", {"monitoring": "managed"}, "monitoring", "set --stack minikube monitoring stack"),
    ("minikube", {"auth": "oidc"}, "oidcIssuer", "set --stack minikube oidcIssuer"),
    ("gke", {"oidcClientId": None}, "oidcClientId", "set --stack gke oidcClientId"),
    ("gke", {"oidcIssuer": "http://id.example.com"}, "oidcIssuer", "set --stack gke oidcIssuer https://"),
    ("gke", {"oidcScopes": "profile"}, "oidcScopes", "set --stack gke oidcScopes"),
    (
        "gke",
        {"oidcOrigins": ["https://id.example.com/token"]},
        "oidcOrigins[0]",
        "set --stack gke --path 'oidcOrigins[0]' https://",
    ),
    ("minikube", {"imageTag": "latest"}, "imageTag", "set --stack minikube imageTag"),
    ("minikube", {"imageTag": None}, "imageTag", "set --stack minikube imageTag"),
    ("minikube", {"postgresImage": "postgres"}, "postgresImage", "set --stack minikube postgresImage"),
    ("minikube", {"redpandaImage": "x/redpanda:latest"}, "redpandaImage", "set --stack minikube redpandaImage"),
    ("minikube", {"collectorImage": "x:5000/otel"}, "collectorImage", "set --stack minikube collectorImage"),
    ("minikube", {"smtpHost": "mail"}, "smtpFrom", "set --stack minikube smtpFrom"),
    ("minikube", {"kafkaSasl": "PLAIN"}, "kafkaSasl", "set --stack minikube kafkaSasl SCRAM-SHA-256"),
    ("minikube", {"imageDigests": {"nobody": f"sha256:{'0' * 64}"}}, "imageDigests.nobody", "rm --stack minikube"),
    ("gke", {"replicas": 1}, "replicas", "set --stack gke replicas 2"),
    ("gke", {"auth": "none"}, "auth", "set --stack gke auth oidc"),
    ("gke", {"expose": "gateway"}, "host", "set --stack gke host"),
    ("gke", {"expose": "node-port", "host": "x"}, "expose", "set --stack gke expose gateway"),
    (
        "gke",
        {"authorizedNetworks": []},
        "authorizedNetworks[0]",
        "set --stack gke --path 'authorizedNetworks[0]' 203.0.113.0/24",
    ),
    (
        "gke",
        {"authorizedNetworks": ["10.0.0.0/8", "0.0.0.0/0"]},
        "authorizedNetworks[1]",
        "set --stack gke --path 'authorizedNetworks[1]'",
    ),
    (
        "gke",
        {"authorizedNetworks": ["::/0"]},
        "authorizedNetworks[0]",
        "set --stack gke --path 'authorizedNetworks[0]'",
    ),
    (
        "gke",
        {"authorizedNetworks": ["10.0.0.1/8"]},
        "authorizedNetworks[0]",
        "set --stack gke --path 'authorizedNetworks[0]'",
    ),
    ("gke", {"gcpProject": None}, "gcp:project", "set --stack gke gcp:project"),
    ("gke", {"gcpRegion": None}, "gcp:region", "set --stack gke gcp:region"),
    ("gke", {"kafkaReplicas": 2}, "kafkaReplicas", "set --stack gke kafkaReplicas 3"),
    ("gke", {"postgres": "in-cluster"}, "postgres", "set --stack gke postgres external"),
    ("gke", {"replicas": "many"}, "replicas", "set --stack gke replicas"),
    ("gke", {"daprVersion": "edge"}, "daprVersion", "set --stack gke daprVersion"),
    ("gke", {"imageDigests": {"backend": "sha256:short"}}, "imageDigests", "set --stack gke imageDigests"),
    ("gke", {"platform": "mainframe"}, "platform", "set --stack gke platform"),
    ("existing", {"tlsSecret": None}, "tlsSecret", "set --stack existing tlsSecret"),
    (
        "existing",
        {"kafkaBrokers": None},
        "kafkaBrokers[0]",
        "set --stack existing --path 'kafkaBrokers[0]' broker:9092",
    ),
    ("existing", {"kafkaUser": None}, "kafkaUser", "set --stack existing kafkaUser"),
    ("existing", {"kafkaPassword": None}, "kafkaPassword", "set --stack existing --secret kafkaPassword"),
    ("existing", {"kafkaTls": False}, "kafkaTls", "set --stack existing kafkaTls true"),
    ("existing", {"databaseUrl": None}, "databaseUrl", "set --stack existing --secret databaseUrl"),
    ("existing", {"conversation": "gpt"}, "conversation", "set --stack existing conversation"),
    ("existing", {"conversationKey": None}, "conversationKey", "set --stack existing --secret conversationKey"),
    ("existing", {"conversation": "none"}, "conversationKey", "rm --stack existing conversationKey"),
    ("existing", {"conversation": None}, "conversationEndpoint", "rm --stack existing conversationEndpoint"),
    ("existing", {"conversation": "ollama"}, "conversationKey", "rm --stack existing conversationKey"),
    ("existing", {"conversation": "google"}, "conversationEndpoint", "rm --stack existing conversationEndpoint"),
    (
        "existing",
        {"conversationEndpoint": "http://models.example.com"},
        "conversationEndpoint",
        "set --stack existing conversationEndpoint https://…",
    ),
    (
        "existing",
        {"conversationEndpoint": "models.example.com"},
        "conversationEndpoint",
        "set --stack existing conversationEndpoint",
    ),
    ("minikube", {"conversation": "ollama"}, "conversationEndpoint", "set --stack minikube conversationEndpoint"),
    ("minikube", {"conversation": "ollama"}, "conversationModel", "set --stack minikube conversationModel"),
    ("minikube", {"conversation": "anthropic"}, "conversationKey", "set --stack minikube --secret conversationKey"),
    ("existing", {"replica": 3}, "replica", "rm --stack existing replica"),
]


@pytest.mark.parametrize(("platform", "changed", "key", "command"), REFUSALS, ids=lambda value: str(value)[:60])
def test_what_cannot_be_is_refused_with_the_command_that_mends_it(
    platform: str, changed: dict[str, Any], key: str, command: str
) -> None:
    error = refused(platform, **changed)
    assert key in [problem.key for problem in error.problems]
    assert f"pulumi config {command}" in str(error)


def test_one_message_lists_every_problem_also_beside_a_wrong_type() -> None:
    error = refused("gke", replicas=1, kafkaPartitions="many", postgress="neon", auth="none", imageTag="main")
    assert {"replicas", "kafkaPartitions", "postgress", "auth", "imageTag"} == {p.key for p in error.problems}
    assert str(error).startswith("the settings of stack gke cannot be used: 5 problems\n")


def test_one_problem_is_one_message() -> None:
    error = refused("gke", replicas=1)
    assert str(error).splitlines() == [
        "the settings of stack gke cannot be used: 1 problem",
        "  - replicas: 1 of each service: on a cloud one of two may always be away",
        "      pulumi config set --stack gke replicas 2",
    ]


def test_an_unknown_key_is_told_which_one_was_meant() -> None:
    assert "replicas was meant?" in str(refused("gke", replicsa=2))


@pytest.mark.parametrize("key", sorted(SECRETS))
def test_a_secret_in_plain_text_is_refused_and_never_shown(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settle("existing", {**EXISTING, key: "plainly-visible"}, frozenset(SECRET) - {key})
    assert f"pulumi config set --stack existing --secret {key} <value>" in str(caught.value)
    assert "plainly-visible" not in str(caught.value)


def test_a_wrong_value_is_not_repeated_in_the_message() -> None:
    assert "hunter2" not in str(refused("existing", databaseUrl=["hunter2"]))


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = settled("existing")
    for word in ("kafka-word", "database-word", "smtp-word", "model-word"):
        assert word not in repr(settings)
        assert word not in str(settings)
        assert word not in settings.model_dump_json()


def test_values_as_pulumi_hands_them_over_are_text() -> None:
    settings = settled("gke", replicas="4", autopilot="false", authorizedNetworks='["10.0.0.0/8"]',
                       imageDigests=f'{{"backend": "sha256:{"a" * 64}"}}')  # fmt: skip
    assert (settings.replicas, settings.autopilot, settings.authorized_networks) == (4, False, ("10.0.0.0/8",))
    assert settings.image("backend") == f"task-platform/backend@sha256:{'a' * 64}"
    assert settings.image("audit") == "task-platform/audit:1.0.0"


def test_digests_for_all_services_need_no_tag() -> None:
    names = ("backend", "frontend", "notification", "recurring-task", "audit")
    assert settled("gke", imageTag=None, imageDigests=dict.fromkeys(names, f"sha256:{'b' * 64}"))
    assert refused("gke", imageTag=None, imageDigests=dict.fromkeys(names[1:], f"sha256:{'b' * 64}"))


@pytest.mark.parametrize(
    ("changed", "origin"),
    [
        ({}, ""),
        ({"expose": "gateway", "host": "tasks.example.com"}, "https://tasks.example.com"),
    ],
)
def test_the_address_that_people_use(changed: dict[str, Any], origin: str) -> None:
    assert settled("gke", **changed).origin == origin


def test_on_minikube_people_may_come_by_the_node() -> None:
    settings = settled("minikube", **SIGNED_IN, expose="node-port", host="192.168.49.2")
    assert settings.origin == "http://192.168.49.2:30080"


@pytest.mark.parametrize("stack", ["minikube", "gke"])
def test_the_program_reads_the_stack_and_fails_before_it_makes_anything(stack: str) -> None:
    with pytest.raises(SettingsError, match=f"stack {stack} cannot be used: 2 problems"):
        run(stack, {**with_settings(stack, replicas=0), f"{PROJECT}:typo": "1"})


def test_a_refusal_is_of_the_kind_that_pulumi_prints_without_a_trace() -> None:
    assert isinstance(refused("gke", replicas=0), RunError)


def test_the_program_sees_which_values_are_encrypted() -> None:
    config = with_settings("gke", postgres="external", databaseUrl="postgres://u:p@db/tasks")
    with pytest.raises(SettingsError, match="it is a secret, and stands in plain text"):
        run("gke", config)


def declared() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return found


def test_the_project_runs_the_program_in_the_virtual_environment() -> None:
    found = declared()
    assert (found["name"], found["main"]) == (PROJECT, "infra")
    assert found["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}


def test_the_declared_configuration_is_that_of_the_settings() -> None:
    """Secrets and objects cannot be declared: Pulumi takes a key without a default for a required one."""
    config = declared()["config"]
    assert set(config) == set(aliases()) - SECRETS - {"imageDigests", "gcpProject", "gcpRegion"}
    types = {bool: "boolean", int: "integer", str: "string", tuple: "array"}
    for key, default in aliases().items():
        if key in config and key != "platform":
            expected = list(default) if isinstance(default, tuple) else default
            assert (config[key]["default"], config[key]["type"]) == (expected, types[type(default)]), key
    assert "default" not in config["platform"]
    assert all(entry["description"] for entry in config.values())


@pytest.mark.parametrize("stack", ["minikube", "gke"])
def test_the_stacks_hold_nothing_that_is_secret_and_nothing_that_is_the_default_anyway(stack: str) -> None:
    for key, value in stack_file(stack).items():
        name = key.removeprefix(f"{PROJECT}:")
        assert name not in SECRETS
        if key.startswith(PROJECT) and name != "auth":
            assert str(aliases()[name]).lower() != value, f"{key} is the default"


def test_keys_are_called_as_pulumi_calls_them() -> None:
    assert key_of("kafkaReplicas") == "kafkaReplicas"
    assert key_of("kafka_replicas") == "kafkaReplicas"
    assert key_of("gcpProject") == "gcp:project"
    assert {to_camel(n) for n, f in Settings.model_fields.items() if f.annotation is SecretStr} == SECRETS
