"""Every policy lets pass what keeps to it, and names what does not."""

import copy
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from infra.policy.pack import POLICIES
from infra.preview.graph import Graph, Resource
from infra.preview.verdict import violations

Change = Callable[[dict[str, Any]], object]

CONTAINER = {
    "name": "app",
    "image": "example.com/app:1.2.3",
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "livenessProbe": {"exec": {"command": ["true"]}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
}
POD = {
    "metadata": {"labels": {"app.kubernetes.io/name": "app"}, "annotations": {}},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [CONTAINER],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    },
}
SIDECAR = {
    "dapr.io/enabled": "true",
    "dapr.io/app-id": "app",
    "dapr.io/config": "app",
    "dapr.io/api-token-secret": "api",
    "dapr.io/app-token-secret": "app",
    "dapr.io/sidecar-seccomp-profile-type": "RuntimeDefault",
    **{f"dapr.io/sidecar-{what}-{bound}": "1" for what in ("cpu", "memory") for bound in ("request", "limit")},
}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
SERVICE = "kubernetes:core/v1:Service"
COMPONENT = "kubernetes:dapr.io/v1alpha1:Component"
CONFIGURATION = "kubernetes:dapr.io/v1alpha1:Configuration"
CLUSTER = "gcp:container/cluster:Cluster"
FIREWALL = "gcp:compute/firewall:Firewall"
SQL = "gcp:sql/databaseInstance:DatabaseInstance"
RELEASE = "kubernetes:helm.sh/v3:Release"


@pytest.fixture(autouse=True)
def _settings_of_its_own() -> Any:
    before = dict(pulumi.runtime.config.CONFIG.get())
    yield
    pulumi.runtime.set_all_config(before)


def resource(kind: str, inputs: dict[str, Any], *, name: str = "app", protect: bool = False) -> Resource:
    options = {"protect": protect, "retain_on_delete": False, "ignore_changes": []}
    return Resource(kind, name, f"urn:pulumi:s::p::{kind}::{name}", inputs, "", "", frozenset(), options)


def broken(*resources: Resource, platform: str = "gke") -> set[str]:
    """Return the policies that are not kept."""
    return {violation.policy for violation in violations(Graph(list(resources)), platform)}


def workload(change: Change = lambda _: None, kind: str = DEPLOYMENT) -> Resource:
    pod = copy.deepcopy(POD)
    change(pod)
    return resource(kind, {"spec": {"template": pod}})


def in_container(**fields: Any) -> Change:
    return lambda pod: pod["spec"]["containers"][0].update(fields)


def in_security(**fields: Any) -> Change:
    return lambda pod: pod["spec"]["containers"][0]["securityContext"].update(fields)


def in_pod(**fields: Any) -> Change:
    return lambda pod: pod["spec"].update(fields)


def with_sidecar(**fields: str | None) -> Change:
    notes = {**SIDECAR, **{f"dapr.io/{name.replace('_', '-')}": value for name, value in fields.items()}}
    return lambda pod: pod["metadata"]["annotations"].update({k: v for k, v in notes.items() if v is not None})


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
    "with sysctls": in_pod(securityContext={**POD["spec"]["securityContext"], "sysctls": [{"name": "a"}]}),  # type: ignore[index]
    "with a bad init container": in_pod(initContainers=[{**CONTAINER, "securityContext": {}}]),
    "with an unconfined sidecar": with_sidecar(sidecar_seccomp_profile_type=None),
}


@pytest.mark.parametrize("change", UNRESTRICTED.values(), ids=UNRESTRICTED)
def test_a_pod_that_is_not_restricted_is_refused(change: Change) -> None:
    assert "restricted-pods" in broken(workload(change))


@pytest.mark.parametrize(
    "kind", ["Pod", "DaemonSet", "StatefulSet", "ReplicaSet", "CronJob", "Job", "ReplicationController"]
)
def test_a_pod_is_found_wherever_it_is_made(kind: str) -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["hostNetwork"] = True  # type: ignore[index]
    api = {"Pod": "core/v1", "ReplicationController": "core/v1", "CronJob": "batch/v1", "Job": "batch/v1"}
    template = {"spec": {"template": pod}}
    inputs = {"Pod": pod, "CronJob": {"spec": {"jobTemplate": template}}}.get(kind, template)
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
    resources: dict[str, Any] = copy.deepcopy(CONTAINER["resources"])  # type: ignore[arg-type]
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


def service(name: str, **spec: Any) -> Resource:
    return resource(SERVICE, {"spec": {"selector": {"app.kubernetes.io/name": name}, **spec}})


@pytest.mark.parametrize("spec", [{"type": "NodePort"}, {"type": "LoadBalancer"}, {"externalIPs": ["192.0.2.1"]}])
def test_only_the_frontend_is_public(spec: dict[str, Any]) -> None:
    assert broken(service("frontend", **spec)) == set()
    assert broken(service("backend", **spec)) == {"no-public-service"}
    assert broken(service("backend", type="ClusterIP")) == set()


def leading_to(name: str) -> list[Resource]:
    rules = {"rules": [{"matches": [{}], "backendRefs": [{"name": name, "port": 80}]}]}
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name}}}
    paths = [{"path": "/", "backend": {"service": {"name": name, "port": {"number": 80}}}}]
    return [
        resource("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", {"spec": rules}),
        resource("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", {"spec": {"rules": [{"filters": [mirror]}]}}),
        resource("kubernetes:gateway.networking.k8s.io/v1:GRPCRoute", {"spec": rules}),
        resource("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"rules": [{"http": {"paths": paths}}]}}),
        resource("kubernetes:networking.k8s.io/v1:Ingress", {"spec": {"defaultBackend": {"service": {"name": name}}}}),
    ]


@pytest.mark.parametrize("index", range(5))
def test_no_route_leads_past_the_frontend(index: int) -> None:
    assert broken(leading_to("frontend")[index]) == set()
    assert broken(leading_to("audit")[index]) == {"no-public-service"}


def cluster(cidr: str | None, *, private: bool = True) -> Resource:
    blocks = [{"cidrBlock": cidr}] if cidr else []
    inputs = {
        "masterAuthorizedNetworksConfig": {"cidrBlocks": blocks},
        "privateClusterConfig": {"enablePrivateNodes": private},
    }
    return resource(CLUSTER, inputs, protect=True)


def database(
    *, public: bool = False, backed_up: bool = True, deletable: bool = False, protect: bool = True
) -> Resource:
    settings = {
        "ipConfiguration": {"ipv4Enabled": public},
        "backupConfiguration": {"pointInTimeRecoveryEnabled": backed_up},
    }
    return resource(SQL, {"settings": settings, "deletionProtection": not deletable}, protect=protect)


def firewall(**fields: Any) -> Resource:
    return resource(FIREWALL, {"allows": [{"protocol": "tcp"}], "direction": "INGRESS", **fields})


def test_a_closed_network_passes() -> None:
    assert broken(cluster("203.0.113.0/24")) == set()
    assert broken(database()) == set()
    assert broken(firewall(sourceRanges=["10.0.0.0/8"]), firewall(direction="EGRESS")) == set()


@pytest.mark.parametrize(
    "open_to_all",
    [
        cluster("0.0.0.0/0"), cluster("::/0"), cluster(None), cluster("203.0.113.0/24", private=False),
        database(public=True), firewall(sourceRanges=["0.0.0.0/0"]), firewall(),
    ],
)  # fmt: skip
def test_an_open_network_is_refused(open_to_all: Resource) -> None:
    assert broken(open_to_all) == {"no-open-network"}


def stack(
    change: Change = lambda _: None, component: dict[str, Any] | None = None, configuration: Change = lambda _: None
) -> list[Resource]:
    """Return an app with its sidecar, its component and its configuration."""
    found = {
        "metadata": {"name": "app"},
        "spec": {
            "accessControl": {"defaultAction": "deny", "policies": [{"appId": "app", "defaultAction": "deny"}]},
            "secrets": {"scopes": [{"storeName": "s", "defaultAccess": "deny"}]},
        },
    }
    configuration(found["spec"])
    pub = [{"name": name, "value": "app=a"} for name in ("publishingScopes", "subscriptionScopes")]
    usual = {"scopes": ["app"], "spec": {"type": "pubsub.kafka", "metadata": pub}}

    def both(pod: dict[str, Any]) -> None:
        with_sidecar()(pod)
        change(pod)

    return [
        workload(both),
        resource(COMPONENT, usual | (component or {})),
        resource(CONFIGURATION, found),
    ]


def test_app_ids_that_agree_pass() -> None:
    assert broken(*stack()) == set()


def pubsub(publishing: str, subscribing: str = "app=a") -> dict[str, Any]:
    entries = [("publishingScopes", publishing), ("subscriptionScopes", subscribing)]
    metadata = [{"name": name, "value": value} for name, value in entries]
    return {"spec": {"type": "pubsub.kafka", "metadata": metadata}}


DISAGREEING: dict[str, list[Resource]] = {
    "a component for everybody": stack(component={"scopes": []}),
    "a scope for nobody": stack(component={"scopes": ["app", "gone"]}),
    "an app in no scope": stack(component={"scopes": ["other"]}),
    "an app that may publish everything": stack(component=pubsub("")),
    "an app that may consume everything": stack(component=pubsub("app=a", "")),
    "a topic for nobody": stack(component=pubsub("app=a;gone=a")),
    "another label": stack(lambda pod: pod["metadata"]["labels"].update({"app.kubernetes.io/name": "other"})),
    "no configuration": stack(lambda pod: pod["metadata"]["annotations"].update({"dapr.io/config": "other"})),
    "no token": stack(lambda pod: pod["metadata"]["annotations"].pop("dapr.io/app-token-secret")),
    "two of one id": [*stack(), *stack()[:1]],
    "calls open to all": stack(configuration=lambda spec: spec["accessControl"].update(defaultAction="allow")),
    "no access control": stack(configuration=lambda spec: spec.pop("accessControl")),
    "a caller that is not there": stack(
        configuration=lambda spec: spec["accessControl"].update(policies=[{"appId": "gone", "defaultAction": "deny"}])
    ),
    "a caller of everything": stack(
        configuration=lambda spec: spec["accessControl"].update(policies=[{"appId": "app", "defaultAction": "allow"}])
    ),
    "secrets open to all": stack(configuration=lambda spec: spec["secrets"]["scopes"][0].update(defaultAccess="allow")),
}


@pytest.mark.parametrize("resources", DISAGREEING.values(), ids=DISAGREEING)
def test_app_ids_that_do_not_agree_are_refused(resources: list[Resource]) -> None:
    assert broken(*resources) == {"scopes-agree"}


HOLDERS = {
    "gcp:sql/database:Database": {},
    "gcp:artifactregistry/repository:Repository": {},
    "gcp:storage/bucket:Bucket": {},
    "kubernetes:core/v1:PersistentVolumeClaim": {},
    "random:index/randomBytes:RandomBytes": {},
    RELEASE: {"chart": "redpanda"},
    "kubernetes:apps/v1:StatefulSet": {"spec": {"template": POD, "volumeClaimTemplates": [{}]}},
}


@pytest.mark.parametrize(("kind", "inputs"), HOLDERS.items(), ids=HOLDERS)
def test_what_holds_data_is_protected(kind: str, inputs: dict[str, Any]) -> None:
    assert broken(resource(kind, inputs, protect=True)) == set()
    assert broken(resource(kind, inputs)) == {"data-protected"}
    assert broken(resource(kind, inputs), platform="minikube") == set()


def test_what_holds_none_need_not_be() -> None:
    assert broken(resource(RELEASE, {"chart": "kube-prometheus-stack"})) == set()
    assert broken(resource("kubernetes:apps/v1:StatefulSet", {"spec": {"template": POD}})) == set()


@pytest.mark.parametrize("bad", [database(backed_up=False), database(deletable=True), database(protect=False)])
def test_a_database_is_backed_up_and_kept(bad: Resource) -> None:
    assert broken(bad) == {"data-protected"}


def test_every_policy_says_what_it_is_for() -> None:
    assert all(policy.description.endswith(".") for policy in POLICIES)
    assert len({policy.name for policy in POLICIES}) == len(POLICIES) == 9


def test_a_violation_names_the_resource_and_what_to_mend() -> None:
    (violation,) = violations(Graph([workload(in_container(image="app"))]), "gke")
    assert violation.message == "app: container app runs app, which names no version"
    assert violation.urn == f"urn:pulumi:s::p::{DEPLOYMENT}::app"
