"""The state store's database: PostgreSQL in the cluster, for one machine, or any other by a connection string."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ExecActionArgs,
    PersistentVolumeClaimArgs,
    PersistentVolumeClaimSpecArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    Secret,
    SecretKeySelectorArgs,
    Service,
    ServicePortArgs,
    ServiceSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking.v1 import NetworkPolicyIngressRuleArgs as Ingress

from components.dapr import DATABASE_SECRET
from infra.credentials import Credentials, generated
from infra.job import Task, TaskArgs
from infra.kube import container_security, labels, meta, namespace, pod_security
from infra.network import ANYWHERE, Destination, allow, pods, tcp
from infra.settings import Settings

NAME: Final = "postgres"
PORT: Final = 5432
USER: Final = "tasks"
_DATA: Final = "/var/lib/postgresql/data"
_POSTGRES_USER: Final = 999
_PASSWORD: Final = "password"  # noqa: S105 - a key


@dataclass(frozen=True, slots=True)
class Database:
    """How the database is reached, and what has to be up for it; the connection string is a secret."""

    connection_string: pulumi.Output[str]
    destinations: tuple[Destination, ...]
    ready: tuple[pulumi.Resource, ...] = ()


def external(settings: Settings) -> Database:
    """Return the database that the stack's secret names; it may be anywhere, on the port of the connection string."""
    url = settings.database_url.get_secret_value()
    return Database(pulumi.Output.secret(url), (Destination(ANYWHERE, (port_of(url),)),))


def port_of(connection_string: str) -> int:
    """Return the port of a connection string, as a URL or as `key=value` pairs."""
    if "://" in connection_string:
        return urlsplit(connection_string).port or PORT
    pairs = dict(pair.split("=", 1) for pair in connection_string.split() if "=" in pair)
    return int(pairs.get("port", PORT))


def connection_string(
    host: pulumi.Input[str], password: pulumi.Input[str], sslmode: str, user: str = USER
) -> pulumi.Output[str]:
    """Return what daprd and psql connect with."""
    form = "host={0} port={1} user={2} password={3} dbname={2} sslmode={4}"
    return pulumi.Output.secret(pulumi.Output.format(form, host, PORT, user, password, sslmode))


def check(
    database: Database,
    settings: Settings,
    within: pulumi.Input[str],
    credentials: Credentials,
    opts: pulumi.ResourceOptions,
) -> Task:
    """Connect once before any service does: a wrong address or password stops the rollout here, and says so."""
    script = "psql \"$DATABASE\" --no-psqlrc --tuples-only --command 'select version()'"
    secret = {"DATABASE": DATABASE_SECRET}
    image, reaches = settings.postgres_image, database.destinations
    args = TaskArgs(within, credentials, image, script, secret=secret, reaches=reaches)
    return Task("database-check", args, opts)


class Postgres(pulumi.ComponentResource):
    """One PostgreSQL with a volume and a generated password."""

    database: Database

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Postgres", name, None, opts)
        self._stem, self._settings = name, settings
        self._keep = pulumi.ResourceOptions(
            parent=self, protect=settings.protect_data, retain_on_delete=settings.protect_data
        )
        self._namespace = namespace(NAME, self._keep, resource_name=name)
        within = self._namespace.metadata.name
        password = generated(f"{name}-password", self)
        secret = Secret(
            name,
            metadata=meta(NAME, within, NAME),
            string_data={_PASSWORD: password},
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = allow(
            name,
            within,
            NAME,
            ingress=[Ingress(from_=[pods(settings.namespace)], ports=tcp(PORT))],
            opts=pulumi.ResourceOptions(parent=self),
        )
        server = self._stateful_set(secret, policy)
        self.database = Database(
            connection_string(self._service(), password, "disable"),
            (Destination(pods(NAME, NAME), (PORT,)),),
            ready=(server,),
        )
        self.register_outputs({})

    def _service(self) -> pulumi.Output[str]:
        within = self._namespace.metadata.name
        service = Service(
            self._stem,
            metadata=meta(NAME, within, NAME),
            spec=ServiceSpecArgs(
                cluster_ip="None",
                selector=labels(NAME),
                ports=[ServicePortArgs(name=NAME, port=PORT)],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.format("{0}.{1}.svc.cluster.local", service.metadata.name, within)

    def _stateful_set(self, secret: Secret, policy: pulumi.Resource) -> StatefulSet:
        claim = PersistentVolumeClaimArgs(
            metadata=ObjectMetaArgs(name="data"),
            spec=PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                resources=VolumeResourceRequirementsArgs(requests={"storage": self._settings.database_storage}),
            ),
        )
        return StatefulSet(
            self._stem,
            metadata=meta(NAME, self._namespace.metadata.name, NAME),
            spec=StatefulSetSpecArgs(
                service_name=NAME,
                replicas=1,
                selector=LabelSelectorArgs(match_labels=labels(NAME)),
                template=_pod(self._settings, secret.metadata.name),
                volume_claim_templates=[claim],
            ),
            opts=pulumi.ResourceOptions.merge(self._keep, pulumi.ResourceOptions(depends_on=[policy])),
        )


def _pod(settings: Settings, secret: pulumi.Input[str]) -> PodTemplateSpecArgs:
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels(NAME)),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(_POSTGRES_USER),
            containers=[_container(settings, secret)],
            volumes=[VolumeArgs(name=name, empty_dir=EmptyDirVolumeSourceArgs()) for name in ("run", "tmp")],
        ),
    )


def _container(settings: Settings, secret: pulumi.Input[str]) -> ContainerArgs:
    key = SecretKeySelectorArgs(name=secret, key=_PASSWORD)
    mounts = {"data": _DATA, "run": "/var/run/postgresql", "tmp": "/tmp"}  # noqa: S108 - volumes of the pod's own
    ready = ExecActionArgs(command=["pg_isready", "--username", USER, "--host", "127.0.0.1"])
    return ContainerArgs(
        name=NAME,
        image=settings.postgres_image,
        ports=[ContainerPortArgs(name=NAME, container_port=PORT)],
        env=[
            EnvVarArgs(name="POSTGRES_USER", value=USER),
            EnvVarArgs(name="POSTGRES_PASSWORD", value_from=EnvVarSourceArgs(secret_key_ref=key)),
            EnvVarArgs(name="PGDATA", value=f"{_DATA}/pgdata"),
        ],
        startup_probe=ProbeArgs(exec_=ready, period_seconds=2, failure_threshold=60),
        liveness_probe=ProbeArgs(exec_=ready, period_seconds=10, timeout_seconds=5, failure_threshold=6),
        readiness_probe=ProbeArgs(exec_=ready, period_seconds=5, timeout_seconds=5),
        resources=ResourceRequirementsArgs(
            requests={"cpu": "100m", "memory": "256Mi"}, limits={"cpu": "2", "memory": "512Mi"}
        ),
        security_context=container_security(_POSTGRES_USER),
        volume_mounts=[VolumeMountArgs(name=name, mount_path=path) for name, path in mounts.items()],
    )
