"""The event stream: Redpanda in the cluster or any other Kafka, and the topics of the catalogue on it."""

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicy, NetworkPolicySpecArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicyIngressRuleArgs as Ingress

from components.kubernetes import KAFKA_CA, KAFKA_PASSWORD, KAFKA_USER, Kafka, topics
from components.model import Catalogue
from infra.credentials import Credentials, Values, generated, kafka_credentials
from infra.job import Task, TaskArgs
from infra.kube import meta, namespace
from infra.network import ANYWHERE, Destination, pods, tcp
from infra.settings import Settings

NAME: Final = "redpanda"
TOPICS: Final = "topics"
_PORT: Final = 9093
_USER: Final = "task-platform"
_USERS: Final = "redpanda-users"
_BOOTSTRAP: Final = "redpanda-bootstrap"
_MILLISECONDS_AN_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Where the event stream is: for sidecars, for network policies, with which credentials, and what has to be up."""

    kafka: Kafka
    destinations: tuple[Destination, ...]
    credentials: Values = field(default_factory=dict)
    ready: tuple[pulumi.Resource, ...] = ()


def external(settings: Settings) -> Stream:
    """Return the Kafka that the settings name."""
    kafka = Kafka(
        brokers=settings.kafka_brokers,
        tls=settings.kafka_tls,
        private_ca=bool(settings.kafka_ca),
        sasl=settings.kafka_sasl,
    )
    ports = sorted({int(broker.rpartition(":")[2]) for broker in settings.kafka_brokers})
    password = pulumi.Output.secret(settings.kafka_password.get_secret_value())
    credentials = kafka_credentials(settings.kafka_user, password, settings.kafka_ca)
    asks = settings.kafka_sasl != "none" or settings.kafka_ca
    return Stream(kafka, (Destination(ANYWHERE, tuple(ports)),), credentials if asks else {})


class Redpanda(pulumi.ComponentResource):
    """Redpanda by its chart, for the pods that `settings.namespace` holds."""

    stream: Stream

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Redpanda", name, None, opts)
        self._stem, self._settings = name, settings
        keep = pulumi.ResourceOptions(
            parent=self, protect=settings.protect_data, retain_on_delete=settings.protect_data
        )
        # The chart's containers keep their capabilities, which `restricted` does not take.
        self._namespace = namespace(NAME, keep, "baseline", resource_name=name)
        password = generated(f"{name}-password", self)
        secrets = [
            self._secret(
                _USERS, {"users.txt": pulumi.Output.format("{0}:{1}:{2}", _USER, password, mechanism(settings))}
            ),
            self._secret(_BOOTSTRAP, {"password": generated(f"{name}-bootstrap", self)}),
        ]
        self._guard()
        brokers = self._release(secrets, keep)
        self.stream = Stream(
            Kafka(brokers=(f"{NAME}.{NAME}.svc.cluster.local:{_PORT}",), sasl=settings.kafka_sasl),
            (Destination(pods(NAME), (_PORT,)),),
            kafka_credentials(_USER, password) if settings.kafka_sasl != "none" else {},
            ready=(brokers,),
        )
        self.register_outputs({"brokers": list(self.stream.kafka.brokers)})

    def _secret(self, name: str, values: Values) -> Secret:
        return Secret(
            f"{self._stem}-{name}",
            metadata=meta(name, self._namespace.metadata.name, NAME),
            string_data=dict(values),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _guard(self) -> None:
        """Let in the services' namespace, and the brokers among themselves."""
        NetworkPolicy(
            self._stem,
            metadata=meta(NAME, self._namespace.metadata.name, NAME),
            spec=NetworkPolicySpecArgs(
                pod_selector=LabelSelectorArgs(),
                policy_types=["Ingress"],
                ingress=[
                    Ingress(from_=[pods(self._settings.namespace)], ports=tcp(_PORT)),
                    Ingress(from_=[pods(NAME)]),
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _release(self, after: list[Secret], keep: pulumi.ResourceOptions) -> Release:
        settings = self._settings
        repository = settings.redpanda_chart_repository
        return Release(
            self._stem,
            name=NAME,
            namespace=self._namespace.metadata.name,
            chart=settings.redpanda_chart,
            version=settings.redpanda_chart_version,
            repository_opts=RepositoryOptsArgs(repo=repository) if repository else None,
            values=values(settings),
            atomic=False,  # a first start that fails is to be looked at, not taken away with its volumes
            timeout=900,
            opts=pulumi.ResourceOptions.merge(keep, pulumi.ResourceOptions(depends_on=after)),
        )


def mechanism(settings: Settings) -> str:
    """Return how passwords are kept; the chart wants to know even where it asks for none."""
    return settings.kafka_sasl if settings.kafka_sasl != "none" else "SCRAM-SHA-256"


def values(settings: Settings) -> dict[str, Any]:
    """Return the chart's values.

    TLS between sidecars and brokers would need cert-manager; on GKE the nodes encrypt what passes between them
    (see `infra.gke`), and the password is never sent (SCRAM).
    """
    image, _, tag = settings.redpanda_image.rpartition(":")
    return {
        "fullnameOverride": NAME,
        "image": {"repository": image, "tag": tag},
        "statefulset": {"replicas": settings.kafka_replicas},
        "rackAwareness": {"enabled": settings.is_cloud},
        "storage": {"persistentVolume": {"enabled": True, "size": settings.kafka_storage}},
        "resources": {"cpu": {"cores": 1}, "memory": {"container": {"max": settings.kafka_memory}}},
        "auth": {
            "sasl": {
                "enabled": settings.kafka_sasl != "none",
                "mechanism": mechanism(settings),
                "secretRef": _USERS,
                "users": [],
                "bootstrapUser": {"secretKeyRef": {"name": _BOOTSTRAP, "key": "password"}},
            }
        },
        "tuning": {"tune_aio_events": False},  # by a privileged container, which neither Autopilot nor we let in
        "config": {"cluster": {"auto_create_topics_enabled": False}},
        "tls": {"enabled": False},
        "external": {"enabled": False},
        "console": {"enabled": False},
        "tests": {"enabled": False},
        "logging": {"usageStats": {"enabled": False}},
    }


def topics_task(
    stream: Stream,
    settings: Settings,
    catalogue: Catalogue,
    within: pulumi.Input[str],
    credentials: Credentials,
    opts: pulumi.ResourceOptions,
) -> Task:
    """Make the topics of the catalogue, or bring them to what the settings say; it can be run again."""
    secret = {"RPK_USER": KAFKA_USER, "RPK_PASS": KAFKA_PASSWORD} if stream.kafka.sasl != "none" else {}
    plain = {"RPK_BROKERS": ",".join(stream.kafka.brokers), "RPK_TLS_ENABLED": str(stream.kafka.tls).lower()}
    if secret:
        plain["RPK_SASL_MECHANISM"] = stream.kafka.sasl
    if stream.kafka.private_ca:
        secret["AUTHORITY"] = KAFKA_CA
        plain["RPK_TLS_CA"] = "/tmp/ca.crt"  # noqa: S108 - a volume of the pod's own
    script = topics_script(settings, catalogue)
    args = TaskArgs(within, credentials, settings.redpanda_image, script, plain, secret, stream.destinations)
    return Task(TOPICS, args, opts)


def topics_script(settings: Settings, catalogue: Catalogue) -> str:
    """Return what rpk does; the number of partitions is never changed, since order hangs on it."""
    retention = settings.kafka_retention_hours * _MILLISECONDS_AN_HOUR
    lines = ['if [ -n "${AUTHORITY:-}" ]; then printf %s "$AUTHORITY" > "$RPK_TLS_CA"; fi']
    for topic in topics(catalogue):
        create = f"rpk topic create {topic} -p {settings.kafka_partitions} -r {settings.kafka_replicas}"
        lines += [
            f"rpk topic describe {topic} > /dev/null 2>&1 || {create}",
            f"rpk topic alter-config {topic} --set retention.ms={retention} --set cleanup.policy=delete",
        ]
    return "\n".join(lines)
