"""The policies on pods: they are restricted, say what they need and how they are, and run what has a version."""

import copy
from typing import Any

import pytest
from policy_cases import (
    CONTAINER,
    JOB,
    POD,
    RELEASE,
    Change,
    broken,
    in_container,
    in_pod,
    in_security,
    resource,
    with_sidecar,
    workload,
)

from infra.preview.graph import Resource


def test_a_good_pod_keeps_every_policy() -> None:
    assert broken(workload()) == set()
    assert broken(workload(kind=JOB)) == set()


UNRESTRICTED: dict[str, Change] = {
    "as root": in_pod(securityContext={"seccompProfile": {"type": "RuntimeDefault"}}),
    "by a container as root": in_security(runAsNonRoot=False),
    "as user 0": in_security(runAsUser=0),
    "without seccomp": in_pod(securityContext={"runAsNonRoot": True}),
    "with seccomp off": in_security(seccompProfile={"type": "Unconfined"}),
    "privileged": in_security(privileged=True),
    "with escalation": in_security(allowPrivilegeEscalation=None),
    "with a writable root": in_security(readOnlyRootFilesystem=False),
    "with capabilities": in_security(capabilities={}),
    "with more capabilities": in_security(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    "with all of proc": in_security(procMount="Unmasked"),
    "on the host's network": in_pod(hostNetwork=True),
    "with the host's processes": in_pod(hostPID=True),
    "with the host's files": in_pod(volumes=[{"name": "etc", "hostPath": {"path": "/etc"}}]),
    "with a host's port": in_container(ports=[{"containerPort": 80, "hostPort": 80}]),
    "with sysctls": in_pod(securityContext={**POD["spec"]["securityContext"], "sysctls": [{"name": "a"}]}),
    "with a bad init container": in_pod(initContainers=[{**CONTAINER, "securityContext": {}}]),
    "with an unconfined sidecar": with_sidecar(sidecar_seccomp_profile_type=None),
    "with a user for the sidecar too": lambda pod: (
        with_sidecar()(pod),
        in_pod(securityContext={**POD["spec"]["securityContext"], "runAsUser": 10001})(pod),
    ),
}


@pytest.mark.parametrize("change", UNRESTRICTED.values(), ids=UNRESTRICTED)
def test_a_pod_that_is_not_restricted_is_refused(change: Change) -> None:
    assert "restricted-pods" in broken(workload(change))


@pytest.mark.parametrize(
    "kind", ["Pod", "DaemonSet", "StatefulSet", "ReplicaSet", "CronJob", "Job", "ReplicationController"]
)
def test_a_pod_is_found_wherever_it_is_made(kind: str) -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["hostNetwork"] = True
    api = {"Pod": "core/v1", "ReplicationController": "core/v1", "CronJob": "batch/v1", "Job": "batch/v1"}
    template = {"spec": {"template": pod}}
    inputs: dict[str, Any] = {"Pod": pod, "CronJob": {"spec": {"jobTemplate": template}}}.get(kind, template)
    assert "restricted-pods" in broken(resource(f"kubernetes:{api.get(kind, 'apps/v1')}:{kind}", inputs))


def namespace(level: str | None, name: str = "app") -> Resource:
    labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
    return resource("kubernetes:core/v1:Namespace", {"metadata": {"name": name, "labels": labels}})


@pytest.mark.parametrize(
    ("level", "name"), [("restricted", "app"), ("baseline", "redpanda"), ("restricted", "redpanda")]
)
def test_a_namespace_that_enforces_enough_passes(level: str, name: str) -> None:
    assert broken(namespace(level, name)) == set()


@pytest.mark.parametrize(("level", "name"), [(None, "app"), ("baseline", "app"), ("privileged", "redpanda")])
def test_a_namespace_that_enforces_less_is_refused(level: str | None, name: str) -> None:
    assert broken(namespace(level, name)) == {"restricted-namespaces"}


@pytest.mark.parametrize("bound", ["requests", "limits"])
@pytest.mark.parametrize("what", ["cpu", "memory"])
def test_a_container_says_what_it_needs(bound: str, what: str) -> None:
    resources: dict[str, Any] = copy.deepcopy(CONTAINER["resources"])
    del resources[bound][what]
    assert broken(workload(in_container(resources=resources))) == {"resources-set"}


def test_a_sidecar_says_what_it_needs() -> None:
    assert "resources-set" not in broken(workload(with_sidecar()))
    assert "resources-set" in broken(workload(with_sidecar(sidecar_memory_limit=None)))


@pytest.mark.parametrize("probe", ["readinessProbe", "livenessProbe"])
def test_what_keeps_running_has_probes_and_a_job_needs_none(probe: str) -> None:
    change = in_container(**{probe: None})
    assert broken(workload(change)) == {"probes-set"}
    assert broken(workload(change, JOB)) == set()


@pytest.mark.parametrize(
    "image", ["app@sha256:" + "0" * 64, "host:5000/app:1.2", "host:5000/app:latest@sha256:" + "0" * 64]
)
def test_an_image_of_a_version_passes(image: str) -> None:
    assert broken(workload(in_container(image=image))) == set()


@pytest.mark.parametrize("image", ["", "app", "app:latest", "host:5000/app", "host:5000/app:main"])
def test_an_image_without_a_version_is_refused(image: str) -> None:
    assert broken(workload(in_container(image=image))) == {"no-floating-version"}


def test_a_chart_has_a_version_unless_it_is_a_folder() -> None:
    fetched = {"chart": "redis", "repositoryOpts": {"repo": "https://charts.example.com"}}
    assert broken(resource(RELEASE, {**fetched, "version": "1.2.3"})) == set()
    assert broken(resource(RELEASE, {"chart": "./redis"})) == set()
    assert broken(resource(RELEASE, fetched)) == {"no-floating-version"}
    sidecar = {"dapr.io/sidecar-image": "daprd:latest"}
    assert broken(workload(lambda pod: pod["metadata"]["annotations"].update(sidecar))) == {"no-floating-version"}
