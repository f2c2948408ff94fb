"""The stores: Redpanda or a Kafka from outside, PostgreSQL here or elsewhere, and the topics that are made on them."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from stack_program import Graph, Secret, bare, opened, run, with_settings

from components.catalogue import CATALOGUE
from infra.postgres import PORT, port_of
from infra.redpanda import topics_script, values
from infra.refusals import settle
from infra.settings import Settings


def settings(**changed: Any) -> Settings:
    given = {"platform": "minikube", "kubeContext": "minikube", "imageTag": "1", "auth": "none", "replicas": 1,
             "kafkaReplicas": 1, "postgres": "in-cluster", **changed}  # fmt: skip
    return settle("test", given)


def environment(graph: Graph, job: str) -> dict[str, Any]:
    container = bare(graph.one("Job", job)["spec.template.spec.containers.0"])
    return {e["name"]: e.get("value", e.get("valueFrom", {}).get("secretKeyRef")) for e in container["env"]}


def test_redpanda_is_one_broker_on_minikube_and_three_across_zones_on_a_cloud(minikube: Graph, gke: Graph) -> None:
    small, large = (bare(graph.one("Release", "redpanda")["values"]) for graph in (minikube, gke))
    assert (small["statefulset"]["replicas"], small["rackAwareness"]["enabled"]) == (1, False)
    assert (large["statefulset"]["replicas"], large["rackAwareness"]["enabled"]) == (3, True)
    assert small["storage"]["persistentVolume"] == {"enabled": True, "size": "5Gi"}
    assert large["storage"]["persistentVolume"] == {"enabled": True, "size": "20Gi"}


def test_redpanda_asks_for_passwords_that_are_not_in_its_values(minikube: Graph) -> None:
    release = minikube.one("Release", "redpanda")
    sasl = bare(release["values"])["auth"]["sasl"]
    assert (sasl["enabled"], sasl["users"], sasl["secretRef"]) == (True, [], "redpanda-users")
    assert sasl["bootstrapUser"]["secretKeyRef"] == {"name": "redpanda-bootstrap", "key": "password"}
    names = {
        bare(s["metadata.name"]) for s in minikube.within(minikube.one("Redpanda", "redpanda")) if s.kind == "Secret"
    }
    assert names == {"redpanda-users", "redpanda-bootstrap"}
    users = bare(minikube.one("Secret", "redpanda-redpanda-users").inputs["stringData"])
    assert users == {"users.txt": "task-platform:generated-password:SCRAM-SHA-256"}
    assert all(minikube.waits_for(release, s) for s in minikube.all("Secret", lambda r: r.name.startswith("redpanda")))


def test_redpanda_runs_nothing_privileged_makes_no_topics_and_is_not_open_to_the_outside() -> None:
    found = values(settings())
    assert found["tuning"] == {"tune_aio_events": False}
    assert found["config"]["cluster"] == {"auto_create_topics_enabled": False}
    assert not found["external"]["enabled"]
    assert not found["console"]["enabled"]
    assert not found["logging"]["usageStats"]["enabled"]
    assert found["image"] == {"repository": "docker.redpanda.com/redpandadata/redpanda", "tag": "v26.2.1"}


def test_without_passwords_there_are_no_credentials() -> None:
    graph = run("minikube", with_settings("minikube", kafkaSasl="none"))
    release = bare(graph.one("Release", "redpanda")["values"])
    assert release["auth"]["sasl"]["enabled"] is False
    assert release["auth"]["sasl"]["mechanism"].startswith("SCRAM"), "the chart knows no other word"
    assert "credentials-kafka" not in {s.name for s in graph.all("Secret")}
    assert not {"RPK_USER", "RPK_PASS"} & set(environment(graph, "topics"))


def test_a_kafka_from_outside_takes_the_place_of_redpanda(existing: Graph) -> None:
    assert not existing.all("Redpanda")
    told = environment(existing, "topics")
    assert told["RPK_BROKERS"] == "b1.example.com:9092,b2.example.com:9192"
    assert (told["RPK_TLS_ENABLED"], told["RPK_SASL_MECHANISM"]) == ("true", "SCRAM-SHA-512")
    assert told["RPK_PASS"] == {"name": "kafka", "key": "password"}
    assert told["AUTHORITY"] == {"name": "kafka", "key": "ca.crt"}


def fake_rpk(folder: Path, *, there: bool) -> Path:
    """Write an rpk that notes what it is asked for, and knows every topic or none."""
    program = folder / "rpk"
    answer = "exit 0" if there else '[ "$2" != describe ]'
    program.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{answer}\n')
    program.chmod(0o755)
    return folder / "calls"


@pytest.mark.parametrize("there", [True, False])
def test_topics_are_made_once_and_brought_to_the_settings_every_time(tmp_path: Path, *, there: bool) -> None:
    calls = fake_rpk(tmp_path, there=there)
    script = topics_script(settings(kafkaPartitions=6, kafkaRetentionHours=24), CATALOGUE)
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run(["/bin/bash", "-euc", script], env={"PATH": path}, check=True)
    asked = calls.read_text().splitlines()
    created = [call for call in asked if call.startswith("topic create")]
    expected = [f"topic create {t} -p 6 -r 1" for t in ("task-events", "reminders", "task-updates")]
    assert created == ([] if there else expected)
    altered = [call for call in asked if call.startswith("topic alter-config")]
    assert len(altered) == 3
    assert all("retention.ms=86400000" in call for call in altered)
    assert not any("add-partitions" in call for call in asked), "the order of a person's events hangs on it"


def test_a_topic_that_cannot_be_made_fails_the_job(tmp_path: Path) -> None:
    (tmp_path / "rpk").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "rpk").chmod(0o755)
    command = ["/bin/bash", "-euc", topics_script(settings(), CATALOGUE)]
    assert subprocess.run(command, env={"PATH": f"{tmp_path}:/bin"}, check=False).returncode == 1


def test_an_authority_is_written_where_rpk_looks_for_it(tmp_path: Path) -> None:
    fake_rpk(tmp_path, there=True)
    env = {"PATH": f"{tmp_path}:/bin", "AUTHORITY": "PEM", "RPK_TLS_CA": str(tmp_path / "ca.crt")}
    subprocess.run(["/bin/bash", "-euc", topics_script(settings(), CATALOGUE)], env=env, check=True)
    assert (tmp_path / "ca.crt").read_text() == "PEM"


def test_jobs_are_new_when_they_change_and_say_why_they_failed(graph: Graph) -> None:
    for name in ("topics", "database-check"):
        job = graph.one("Job", name)
        assert "name" not in bare(job["metadata"]), "a job cannot be changed, only replaced"
        assert "ttlSecondsAfterFinished" not in bare(job["spec"]), "a job that is gone would be made again"
        container = bare(job["spec.template.spec.containers.0"])
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_the_database_is_asked_with_the_string_that_sidecars_use(graph: Graph) -> None:
    assert environment(graph, "database-check")["DATABASE"] == {"name": "database", "key": "connection-string"}


def connection(graph: Graph) -> str:
    data = graph.one("Secret", "credentials-database").inputs["stringData"]
    assert isinstance(data, Secret) or isinstance(data["connection-string"], Secret)
    return str(opened(opened(data)["connection-string"]))


def test_postgresql_in_the_cluster_keeps_its_data(minikube: Graph) -> None:
    statefulset = minikube.one("StatefulSet", "postgres")
    container = bare(statefulset["spec.template.spec.containers.0"])
    assert container["image"] == "docker.io/library/postgres:16.13"
    claim = bare(statefulset["spec.volumeClaimTemplates.0"])
    mounted = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    data = next(e["value"] for e in container["env"] if e["name"] == "PGDATA")
    assert data.startswith(f"{mounted[claim['metadata']['name']]}/")
    assert bare(statefulset["spec.template.spec.securityContext.fsGroup"]) == 999
    assert connection(minikube) == (
        "host=postgres.postgres.svc.cluster.local port=5432 user=tasks password=generated-password"
        " dbname=tasks sslmode=disable"
    )


def test_cloud_sql_has_no_public_address_and_is_backed_up(gke: Graph) -> None:
    instance = gke.one("DatabaseInstance", "task-platform")
    found = bare(instance["settings"])
    assert found["ipConfiguration"]["ipv4Enabled"] is False
    assert found["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"
    assert found["availabilityType"] == "REGIONAL"
    assert found["backupConfiguration"]["pointInTimeRecoveryEnabled"] is True
    assert bare(instance["deletionProtection"]) is True
    assert isinstance(gke.one("User", "task-platform").inputs["password"], Secret)
    assert "host=10.99.0.5 " in connection(gke)
    assert connection(gke).endswith("sslmode=require")
    assert gke.waits_for(instance, gke.one("Connection", "task-platform"))


def test_a_database_elsewhere_is_used_as_it_is(existing: Graph) -> None:
    assert connection(existing) == "postgres://tasks:database-word@db.example.com:6543/tasks?sslmode=require"
    assert not existing.all("StatefulSet")


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("postgres://u:p@h:6543/d", 6543),
        ("postgresql://u:p@h/d?sslmode=require", PORT),
        ("host=h port=6000 user=u", 6000),
        ("host=h user=u password=a=b", PORT),
    ],
)
def test_the_port_is_read_from_either_form(text: str, port: int) -> None:
    assert port_of(text) == port
