"""The services on the cluster: what runs them, what guards them, and that they can start with what they are told."""

from typing import Any

import pytest
from stack_program import EXISTING, SIGNED_IN, Graph, Resource, bare, run, with_settings

from components.catalogue import CATALOGUE
from components.model import Service
from services.frontend.origins import public_origins
from services.frontend.sign_in import SignIn
from services.kit.config import Config

EVERY = {service.app_id for service in CATALOGUE.services}
SERVICES = pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.app_id)
KINDS = {
    "ServiceAccount", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy",
}  # fmt: skip


def pod(deployment: Resource) -> dict[str, Any]:
    found: dict[str, Any] = bare(deployment["spec.template.spec"])
    return found


def environment(graph: Graph, service: Service) -> dict[str, str]:
    """Return what a service is told, with words for its secrets."""
    container = pod(graph.one("Deployment", service.app_id))["containers"][0]
    return {entry["name"]: entry.get("value", "a-token") for entry in container["env"]}


@SERVICES
def test_every_service_has_all_its_objects(graph: Graph, service: Service) -> None:
    component = graph.one("DaprService", service.app_id)
    made = {r.kind for r in graph.within(component)}
    assert made == KINDS | ({"Role", "RoleBinding"} if service.secrets else set())
    for resource in graph.within(component):
        assert bare(resource["metadata.namespace"]) == "task-platform"


@SERVICES
def test_a_service_starts_with_what_it_is_told(graph: Graph, service: Service) -> None:
    config = Config.from_environment(service.app_id, service.port, environment(graph, service))
    assert (config.port, config.dapr_api_token, config.app_api_token) == (service.port, "a-token", "a-token")
    if service.public:
        assert public_origins(config)


def test_people_sign_in_wherever_a_service_listens_beyond_its_pod(graph: Graph) -> None:
    for service in CATALOGUE.services:
        told = environment(graph, service)
        assert (told["AUTH"], told["APP_HOST"]) in {("none", "127.0.0.1"), ("oidc", "0.0.0.0")}


def test_only_the_public_service_knows_the_public_address(gke: Graph) -> None:
    known = {s.app_id: environment(gke, s).get("PUBLIC_ORIGINS") for s in CATALOGUE.services}
    assert {app: origin for app, origin in known.items() if origin} == {"frontend": "https://tasks.example.com"}


def test_the_page_signs_in_as_the_client_of_the_stack(gke: Graph) -> None:
    told = {s.app_id: environment(gke, s) for s in CATALOGUE.services}
    assert [app for app in told if "OIDC_CLIENT_ID" in told[app]] == ["frontend"]
    config = Config.from_environment("frontend", 8080, told["frontend"] | {"OIDC_ORIGINS": "https://token.example.com"})
    page = SignIn.of(config)
    expected = {
        "issuer": "https://accounts.example.com",
        "client_id": "task-platform-page",
        "audience": "task-platform",
    }
    assert page.document == {"sign_in": expected | {"scope": "openid profile offline_access"}}
    assert page.origins == ("https://accounts.example.com", "https://token.example.com")


@SERVICES
def test_pods_keep_to_the_restricted_standard(graph: Graph, service: Service) -> None:
    found = pod(graph.one("Deployment", service.app_id))
    assert_restricted(found)
    assert found["automountServiceAccountToken"] is bool(service.secrets)
    assert found["enableServiceLinks"] is False


def assert_restricted(found: dict[str, Any]) -> None:
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "runAsUser" not in found["securityContext"]  # the sidecar would fall under it
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(found)
    assert all("hostPath" not in volume for volume in found.get("volumes", []))
    for container in found["containers"]:
        user = 999 if container["name"] == "postgres" else 10001
        assert container["securityContext"] == {
            "runAsUser": user,
            "runAsGroup": user,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])
        assert not container["image"].endswith(":latest")
        assert ":" in container["image"]


def test_everything_else_that_runs_keeps_to_it_too(graph: Graph) -> None:
    for resource in graph.all("Job") + graph.all("StatefulSet") + graph.all("Deployment"):
        found = pod(resource)
        assert_restricted(found)
        if resource.name != "notification":
            assert found["automountServiceAccountToken"] is False, resource.name


def test_every_namespace_enforces_a_standard(graph: Graph) -> None:
    levels = {
        bare(r["metadata.name"]): bare(r["metadata.labels"])["pod-security.kubernetes.io/enforce"]
        for r in graph.all("Namespace")
    }
    weaker = {name: level for name, level in levels.items() if level != "restricted"}
    assert weaker.items() <= {"redpanda": "baseline", "monitoring": "privileged"}.items()


@SERVICES
def test_the_sidecar_is_what_the_catalogue_says(graph: Graph, service: Service) -> None:
    notes = bare(graph.one("Deployment", service.app_id)["spec.template.metadata.annotations"])
    expected = {
        "enabled": "true",
        "app-id": service.app_id,
        "app-port": str(service.port),
        "config": service.app_id,
        "disable-builtin-k8s-secret-store": "true",
        "sidecar-seccomp-profile-type": "RuntimeDefault",
        "max-body-size": "4Mi" if service.app_id == "notification" else "33Mi",
    }
    assert expected.items() <= {key.removeprefix("dapr.io/"): value for key, value in notes.items()}.items()
    assert all(isinstance(value, str) for value in notes.values())
    assert {"dapr.io/sidecar-cpu-limit", "dapr.io/sidecar-memory-limit"} <= set(notes)


@SERVICES
def test_tokens_come_from_secrets_that_are_renamed_when_they_change(graph: Graph, service: Service) -> None:
    deployment = graph.one("Deployment", service.app_id)
    notes = bare(deployment["spec.template.metadata.annotations"])
    env = {e["name"]: e.get("valueFrom") for e in pod(deployment)["containers"][0]["env"]}
    for purpose, variable in (("api", "DAPR_API_TOKEN"), ("app", "APP_API_TOKEN")):
        name = f"credentials-{purpose}-token-1a2b3c"
        assert notes[f"dapr.io/{purpose}-token-secret"] == name
        assert env[variable] == {"secretKeyRef": {"name": name, "key": "token"}}
        secret = graph.one("Secret", f"credentials-{purpose}-token")
        assert bare(secret["immutable"]) is True
        assert "name" not in bare(secret["metadata"])


def test_new_secrets_mean_new_pods_of_those_that_read_them(existing: Graph) -> None:
    read = {
        service.app_id: {
            note.removeprefix("task-platform/secret-")
            for note in bare(existing.one("Deployment", service.app_id)["spec.template.metadata.annotations"])
            if note.startswith("task-platform/secret-")
        }
        for service in CATALOGUE.services
    }
    assert read == {
        "backend": {"database", "kafka", "conversation"},
        "frontend": {"kafka"},
        "notification": {"database", "kafka", "smtp", "webhook-signing"},
        "recurring-task": {"database", "kafka"},
        "audit": {"database", "kafka"},
    }


def sidecar_versions(stack: str, **settings: Any) -> dict[str, str]:
    graph = run(stack, with_settings(stack, **settings))
    return {
        service.app_id: bare(graph.one("Deployment", service.app_id)["spec.template.metadata.annotations"])[
            "task-platform/sidecar"
        ]
        for service in CATALOGUE.services
    }


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({}, set()),
        ({"imageTag": "0.2.0"}, set()),
        ({"daprVersion": "1.18.2"}, EVERY),
        ({"kafkaSasl": "none"}, EVERY),
        ({"smtpHost": "mail.example.com", "smtpFrom": "tasks@example.com"}, {"notification"}),
        (
            {
                "conversation": "ollama",
                "conversationModel": "a",
                "conversationEndpoint": "http://models.example.com:11434",
            },
            EVERY,
        ),
    ],
    ids=str,
)
def test_what_is_new_to_a_sidecar_means_new_pods(settings: dict[str, str], changed: set[str]) -> None:
    before, after = sidecar_versions("minikube"), sidecar_versions("minikube", **settings)
    assert {app_id for app_id in before if before[app_id] != after[app_id]} == changed


def test_what_is_new_in_a_secret_is_tried_before_pods_get_it(existing: Graph) -> None:
    for name, secret in (("topics", "kafka"), ("database-check", "database")):
        annotations = bare(existing.one("Job", name)["spec.template.metadata.annotations"])
        assert list(annotations) == [f"task-platform/secret-{secret}"]


@SERVICES
def test_probes_reach_the_service_where_it_listens(graph: Graph, service: Service) -> None:
    container = pod(graph.one("Deployment", service.app_id))["containers"][0]
    paths = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    for name, path in paths.items():
        probe = container[name]
        if environment(graph, service)["AUTH"] == "none":
            assert f"http://127.0.0.1:{service.port}{path}" in probe["exec"]["command"][-1]
        else:
            assert probe["httpGet"] == {"path": path, "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": service.port}]


@SERVICES
def test_a_pod_ends_after_its_requests(gke: Graph, service: Service) -> None:
    deployment = gke.one("Deployment", service.app_id)
    found, notes = pod(deployment), bare(deployment["spec.template.metadata.annotations"])
    goes_on = found["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    stays = int(notes["dapr.io/block-shutdown-duration"].removesuffix("s"))
    gone = stays + int(notes["dapr.io/graceful-shutdown-seconds"])
    if service.public:
        assert goes_on + 8 < stays, "the sidecar outlives what services/kit/app.py takes to end"
    else:
        assert goes_on > gone, "callers come through the sidecar, for as long as it is there"
    assert max(gone, goes_on + 8) < found["terminationGracePeriodSeconds"]
    assert bare(deployment["spec.strategy.rollingUpdate"]) == {"maxSurge": 1, "maxUnavailable": 0}


@SERVICES
def test_a_rollout_that_kubernetes_gives_up_is_not_waited_for_longer(graph: Graph, service: Service) -> None:
    deployment = graph.one("Deployment", service.app_id)
    waited = int(deployment.options["update_timeout"].removesuffix("s"))
    assert 0 < waited - bare(deployment["spec.progressDeadlineSeconds"]) <= 60


@SERVICES
def test_on_a_cloud_there_are_two_and_one_may_be_away(gke: Graph, service: Service) -> None:
    scaler = bare(gke.one("HorizontalPodAutoscaler", service.app_id)["spec"])
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 6)
    assert scaler["scaleTargetRef"]["name"] == service.app_id
    assert bare(gke.one("PodDisruptionBudget", service.app_id)["spec.maxUnavailable"]) == 1
    deployment = gke.one("Deployment", service.app_id)
    assert deployment.options["ignore_changes"] == ["spec.replicas"]
    spread = pod(deployment)["topologySpreadConstraints"]
    assert [s["topologyKey"] for s in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    selected = bare(deployment["spec.selector.matchLabels"])
    assert selected.items() <= bare(deployment["spec.template.metadata.labels"]).items()
    assert all(s["labelSelector"]["matchLabels"] == selected for s in spread)


def test_no_service_is_reached_from_outside_but_the_public_one(graph: Graph) -> None:
    assert {bare(r["spec.type"]) for r in graph.all("Service", lambda r: r.name in SERVICE_NAMES)} == {"ClusterIP"}


SERVICE_NAMES = {service.app_id for service in CATALOGUE.services}


def test_a_node_port_on_minikube_needs_a_login_and_leads_to_the_frontend_alone() -> None:
    graph = run("minikube", with_settings("minikube", **SIGNED_IN, expose="node-port", host="192.168.49.2"))
    ports = {
        r.name: bare(r["spec.ports"]) for r in graph.all("Service", lambda r: bare(r["spec"]).get("type") == "NodePort")
    }
    assert ports == {"frontend": [{"name": "http", "port": 8080, "targetPort": "http", "nodePort": 30080}]}
    assert environment(graph, CATALOGUE["frontend"])["PUBLIC_ORIGINS"] == "http://192.168.49.2:30080"
    opened = bare(graph.one("NetworkPolicy", "frontend")["spec.ingress"])
    assert {"port": 8080, "protocol": "TCP"} in opened[0]["ports"]


def test_secrets_are_read_by_name_and_by_nobody_else(graph: Graph) -> None:
    (role,) = graph.all("Role")
    assert bare(role["rules"]) == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["webhook-signing"], "verbs": ["get"]}
    ]
    (binding,) = graph.all("RoleBinding")
    assert bare(binding["subjects.0.name"]) == "notification"
    assert bare(binding["roleRef.name"]) == bare(role["metadata.name"])


@SERVICES
def test_images_are_those_of_the_settings(existing: Graph, gke: Graph, service: Service) -> None:
    (image,) = [c["image"] for c in pod(gke.one("Deployment", service.app_id))["containers"]]
    assert image == f"europe-west1-docker.pkg.dev/task-platform-example/task-platform/{service.app_id}:0.1.0"
    assert bare(existing.one("Deployment", service.app_id)["spec.replicas"]) == EXISTING["replicas"]
