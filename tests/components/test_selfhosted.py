"""The files that daprd reads on one machine: components as on a cluster, and nobody may do more than the table says."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.catalogue import (
    AUDIT,
    BACKEND,
    CATALOGUE,
    EMAIL_BINDING,
    FRONTEND,
    NOTIFICATION,
    PUBSUB,
    RECURRING_TASK,
    RELAY_PUBSUB,
    SECRET_STORE,
    STATE_STORE,
)
from components.manifests import access_control, resiliency_document
from components.model import Topic
from components.selfhosted import Place, render

SECRETS = {
    "database": {"connection-string": "host=127.0.0.1 password=hidden"},
    "webhook-signing": {"key": "signs"},
    "smtp": {"host": "mail.example", "port": "25", "emailFrom": "tasks@example.com"},
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(folder=tmp_path / "dapr", brokers="127.0.0.1:9092", secrets=SECRETS)
    render(found)
    return found


def resource(place: Place, name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((place.resources / f"{name}.yaml").read_text())
    assert document["apiVersion"] == "dapr.io/v1alpha1"
    return document


def metadata(place: Place, name: str) -> dict[str, Any]:
    entries = resource(place, name)["spec"]["metadata"]
    found = {entry["name"]: entry.get("value", entry.get("secretKeyRef")) for entry in entries}
    assert len(found) == len(entries)
    return found


def scopes(text: str) -> dict[str, set[str]]:
    pairs = (app.split("=") for app in text.split(";"))
    return {app_id: set(filter(None, topics.split(","))) for app_id, topics in pairs}


def test_every_component_is_a_file_of_its_own(place: Place) -> None:
    kinds = {path.stem: resource(place, path.stem)["kind"] for path in place.resources.glob("*")}
    components = (PUBSUB, RELAY_PUBSUB, STATE_STORE, SECRET_STORE, EMAIL_BINDING)
    assert kinds == dict.fromkeys(components, "Component") | {"resiliency": "Resiliency"}


def test_the_state_store_is_postgresql_with_its_connection_out_of_sight(place: Place) -> None:
    store = resource(place, STATE_STORE)
    assert (store["spec"]["type"], store["spec"]["version"]) == ("state.postgresql", "v2")
    assert store["scopes"] == [BACKEND, NOTIFICATION, RECURRING_TASK, AUDIT]
    assert store["auth"] == {"secretStore": SECRET_STORE}
    assert metadata(place, STATE_STORE)["connectionString"] == {"name": "database", "key": "connection-string"}


def test_values_are_text_as_daprd_wants_them(place: Place) -> None:
    for path in place.resources.glob("*"):
        for entry in resource(place, path.stem)["spec"].get("metadata", []):
            assert isinstance(entry.get("value", ""), str), (path.stem, entry)


def test_both_pubsubs_are_the_same_broker_with_groups_of_their_own(place: Place) -> None:
    durable, relay = metadata(place, PUBSUB), metadata(place, RELAY_PUBSUB)
    for found in (durable, relay):
        assert (found["brokers"], found["authType"], found["disableTls"]) == ("127.0.0.1:9092", "none", "true")
    assert (durable["consumerGroup"], durable["initialOffset"]) == ("{appID}", "oldest")
    assert (relay["consumerGroup"], relay["initialOffset"]) == ("{appID}-{uuid}", "newest")


def test_an_event_that_is_wanted_again_comes_soon_and_for_ever(place: Place) -> None:
    found = {name: value for name, value in metadata(place, PUBSUB).items() if name.startswith("backOff")}
    assert found == {
        "backOffPolicy": "exponential",
        "backOffInitialInterval": "100ms",
        "backOffMaxInterval": "3s",
        "backOffMaxElapsedTime": "0",
    }


def test_topics_are_published_and_consumed_by_whom_the_table_names(place: Place) -> None:
    every = {topic.value for topic in Topic}
    durable, relay = metadata(place, PUBSUB), metadata(place, RELAY_PUBSUB)
    for found in (durable, relay):
        assert set(found["allowedTopics"].split(",")) == every
        assert set(found["protectedTopics"].split(",")) == every, "an app without a scope may use what is not protected"
    assert scopes(durable["publishingScopes"]) == {
        BACKEND: every,
        NOTIFICATION: {"task-updates"},
        FRONTEND: set(),
        RECURRING_TASK: set(),
        AUDIT: set(),
    }
    assert scopes(durable["subscriptionScopes"]) == {
        NOTIFICATION: {"reminders"},
        RECURRING_TASK: {"task-events"},
        AUDIT: {"task-events"},
        BACKEND: set(),
        FRONTEND: set(),
    }
    assert not any(scopes(relay["publishingScopes"]).values())
    assert scopes(relay["subscriptionScopes"])[FRONTEND] == {"task-updates"}
    assert sum(map(len, scopes(relay["subscriptionScopes"]).values())) == 1


def test_a_file_stands_for_the_clusters_secrets_under_the_same_name(place: Place) -> None:
    found = metadata(place, SECRET_STORE)
    assert resource(place, SECRET_STORE)["spec"]["type"] == "secretstores.local.file"
    assert found["multiValued"] == "true"
    file = Path(found["secretsFile"])
    assert json.loads(file.read_text()) == SECRETS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_whoever_has_a_component_with_secrets_has_the_store_that_they_are_read_from(place: Place) -> None:
    needing = set()
    for path in place.resources.glob("*"):
        document = resource(place, path.stem)
        needing |= set(document["scopes"]) if "auth" in document else set()
    assert needing <= set(resource(place, SECRET_STORE)["scopes"])


@pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.app_id)
def test_a_sidecar_hands_out_no_secret_but_those_of_the_table(place: Place, service: Any) -> None:
    configuration = yaml.safe_load(place.configuration(service.app_id).read_text())
    assert configuration["kind"] == "Configuration"
    (scope,) = configuration["spec"]["secrets"]["scopes"]
    assert (scope["storeName"], scope["defaultAccess"]) == (SECRET_STORE, "deny")
    assert scope.get("allowedSecrets", []) == (["webhook-signing"] if service.app_id == NOTIFICATION else [])


def test_sidecars_find_one_another_without_multicast(place: Place) -> None:
    files = set()
    for service in CATALOGUE.services:
        found = yaml.safe_load(place.configuration(service.app_id).read_text())["spec"]["nameResolution"]
        assert found["component"] == "sqlite"
        assert found["configuration"]["cleanupInterval"] == "0", "Dapr 1.16 would remove the entries that are fresh"
        files.add(found["configuration"]["connectionString"])
    assert len(files) == 1


def test_without_a_mail_server_there_is_no_mail(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, brokers="b:1", secrets={name: SECRETS[name] for name in ("database",)})
    render(place)
    assert not (place.resources / f"{EMAIL_BINDING}.yaml").exists()


def test_a_value_that_is_not_known_here_is_left_out(place: Place) -> None:
    assert set(metadata(place, EMAIL_BINDING)) == {"host", "port", "emailFrom"}


def test_rendering_again_leaves_nothing_of_the_last_time(place: Place) -> None:
    (place.resources / "old.yaml").write_text("kind: Component")
    render(place.model_copy(update={"brokers": "127.0.0.1:1"}))
    assert not (place.resources / "old.yaml").exists()
    assert metadata(place, PUBSUB)["brokers"] == "127.0.0.1:1"


def test_only_calls_without_an_answer_are_tried_again() -> None:
    spec = resiliency_document()["spec"]
    assert set(spec["targets"]["apps"]) == {edge.callee for service in CATALOGUE.services for edge in service.invokes}
    names = {target["retry"] for target in spec["targets"]["apps"].values()}
    assert names <= set(spec["policies"]["retries"])
    for name in names:
        matching = spec["policies"]["retries"][name]["matching"]
        assert matching == {"httpStatusCodes": "599", "gRPCStatusCodes": "14"}


def test_access_control_is_the_edges_and_denies_the_rest() -> None:
    found = access_control(BACKEND, "tasks")
    assert found["defaultAction"] == "deny"
    policies = {policy["appId"]: policy for policy in found["policies"]}
    assert set(policies) == {FRONTEND, NOTIFICATION, RECURRING_TASK, AUDIT}
    assert {policy["defaultAction"] for policy in policies.values()} == {"deny"}
    assert {policy["namespace"] for policy in policies.values()} == {"tasks"}
    assert policies[AUDIT]["operations"] == [
        {"name": "/internal/log/*", "httpVerb": ["GET"], "action": "allow"},
        {"name": "/internal/tokens", "httpVerb": ["POST"], "action": "allow"},
    ]
    assert not access_control(FRONTEND, "tasks")["policies"]
