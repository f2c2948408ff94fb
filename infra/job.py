"""A command that runs once to its end in the cluster, and again whenever it has changed.

Pulumi waits for it, so what depends on it starts when it has succeeded; its failure stops the rollout, and the
message is the pod's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.batch.v1 import Job, JobSpecArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EmptyDirVolumeSourceArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.model import SecretRef
from infra.credentials import Credentials
from infra.kube import container_security, labels, pod_security
from infra.network import Destination, allow

_TRIES = 6
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class TaskArgs:
    """A shell script, the image that has its tools, its environment, and where it has to connect to.

    `credentials` made the secrets in it: with another version of one it runs again.
    """

    namespace: pulumi.Input[str]
    credentials: Credentials
    image: str
    script: str
    plain: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, SecretRef] = field(default_factory=dict)
    reaches: Sequence[Destination] = ()


class Task(pulumi.ComponentResource):
    """A Job under Pod Security `restricted`, and the network policy that lets it do its work and nothing else."""

    def __init__(self, name: str, args: TaskArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Task", name, None, opts)
        policy = allow(
            name,
            args.namespace,
            name,
            egress=[destination.rule for destination in args.reaches],
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Without a name of its own: a Job cannot be changed, so another script is another Job.
        Job(
            name,
            metadata=ObjectMetaArgs(namespace=args.namespace, labels=labels(name)),
            spec=JobSpecArgs(backoff_limit=_TRIES, active_deadline_seconds=_SECONDS, template=_pod(name, args)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.register_outputs({})


def _pod(name: str, args: TaskArgs) -> PodTemplateSpecArgs:
    read = args.credentials.versions(ref.name for ref in args.secret.values())
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels(name), annotations=read),
        spec=PodSpecArgs(
            restart_policy="Never",
            automount_service_account_token=False,
            enable_service_links=False,
            security_context=pod_security(),
            containers=[_container(name, args)],
            volumes=[VolumeArgs(name="tmp", empty_dir=EmptyDirVolumeSourceArgs(size_limit="64Mi"))],
        ),
    )


def _container(name: str, args: TaskArgs) -> ContainerArgs:
    return ContainerArgs(
        name=name,
        image=args.image,
        command=["/bin/bash", "-euc", args.script],
        env=[
            EnvVarArgs(name="HOME", value="/tmp"),  # noqa: S108 - a volume of the pod's own
            *(EnvVarArgs(name=variable, value=value) for variable, value in args.plain.items()),
            *(EnvVarArgs(name=variable, value_from=_source(ref)) for variable, ref in args.secret.items()),
        ],
        resources=ResourceRequirementsArgs(
            requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "256Mi"}
        ),
        security_context=container_security(),
        termination_message_policy="FallbackToLogsOnError",
        volume_mounts=[VolumeMountArgs(name="tmp", mount_path="/tmp")],  # noqa: S108 - as above
    )


def _source(ref: SecretRef) -> EnvVarSourceArgs:
    return EnvVarSourceArgs(secret_key_ref=SecretKeySelectorArgs(name=ref.name, key=ref.key))
