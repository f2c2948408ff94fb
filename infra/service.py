"""One service of the catalogue on the cluster: everything that runs it, guards it and keeps it running."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.autoscaling.v2 import (
    CrossVersionObjectReferenceArgs,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpecArgs,
    MetricSpecArgs,
    MetricTargetArgs,
    ResourceMetricSourceArgs,
)
from pulumi_kubernetes.core.v1 import Service as KubernetesService
from pulumi_kubernetes.core.v1 import ServiceAccount, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs, Role, RoleBinding, RoleRefArgs, SubjectArgs

from components.model import Catalogue, Service
from infra.kube import NAME, meta
from infra.network import Surroundings, allow, egress_of, ingress_of
from infra.pod import Tokens, pod
from infra.settings import Settings

_BUSY_PERCENT = 70
_ROLLOUT_SECONDS = 300
_AWAITED = f"{_ROLLOUT_SECONDS + 60}s"  # beyond which Pulumi would wait for what Kubernetes has given up


@dataclass(frozen=True, slots=True)
class DaprServiceArgs:
    """What a service on the cluster is made from.

    `namespace` is what it stands in, `tokens` the secrets that guard it and its sidecar, and `read` the versions of
    what it and its sidecar read when they start: a new version is a new pod.
    """

    service: Service
    catalogue: Catalogue
    settings: Settings
    namespace: pulumi.Input[str]
    tokens: Tokens
    around: Surroundings
    read: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class DaprService(pulumi.ComponentResource):
    """A service with its sidecar; its Kubernetes Service has its app id for a name."""

    def __init__(self, name: str, args: DaprServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:DaprService", name, None, opts)
        self._stem, self._args = name, args
        account = self._account()
        policy = self._policy()
        deployment = self._deployment([account, policy])
        self._scaling(deployment)
        self._service(deployment)
        self.register_outputs({})

    def _metadata(self) -> ObjectMetaArgs:
        app_id = self._args.service.app_id
        return meta(app_id, self._args.namespace, app_id)

    def _pods(self) -> LabelSelectorArgs:
        return LabelSelectorArgs(match_labels={NAME: self._args.service.app_id})

    def _child(self, *after: pulumi.Resource, ignore: list[str] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), ignore_changes=ignore)

    def _account(self) -> pulumi.Resource:
        """Make the identity; it may read the secrets that the catalogue names, and nothing else."""
        account = ServiceAccount(
            self._stem,
            metadata=self._metadata(),
            automount_service_account_token=False,
            opts=self._child(),
        )
        names = sorted({secret.name for secret in self._args.service.secrets})
        if not names:
            return account
        rule = PolicyRuleArgs(api_groups=[""], resources=["secrets"], resource_names=names, verbs=["get"])
        role = Role(f"{self._stem}-secrets", metadata=self._metadata(), rules=[rule], opts=self._child())
        return RoleBinding(
            f"{self._stem}-secrets",
            metadata=self._metadata(),
            role_ref=RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=role.metadata.name),
            subjects=[
                SubjectArgs(kind="ServiceAccount", name=account.metadata.name, namespace=self._args.namespace),
            ],
            opts=self._child(account, role),
        )

    def _policy(self) -> pulumi.Resource:
        args = self._args
        namespace = args.settings.namespace
        return allow(
            self._stem,
            args.namespace,
            args.service.app_id,
            ingress=list(ingress_of(args.service, args.catalogue, namespace, args.around)),
            egress=list(egress_of(args.service, namespace, args.around)),
            opts=self._child(),
        )

    def _deployment(self, after: list[pulumi.Resource]) -> Deployment:
        args = self._args
        return Deployment(
            self._stem,
            metadata=self._metadata(),
            spec=DeploymentSpecArgs(
                replicas=args.settings.replicas,
                revision_history_limit=3,
                progress_deadline_seconds=_ROLLOUT_SECONDS,
                strategy=DeploymentStrategyArgs(
                    type="RollingUpdate",
                    rolling_update=RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
                ),
                selector=self._pods(),
                template=pod(args.service, args.settings, args.tokens, args.read),
            ),
            opts=pulumi.ResourceOptions.merge(
                self._child(*after, ignore=["spec.replicas"]),  # the autoscaler's from then on
                pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create=_AWAITED, update=_AWAITED)),
            ),
        )

    def _scaling(self, deployment: Deployment) -> None:
        settings = self._args.settings
        busy = MetricTargetArgs(type="Utilization", average_utilization=_BUSY_PERCENT)
        scaled = CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=deployment.metadata.name
        )
        HorizontalPodAutoscaler(
            self._stem,
            metadata=self._metadata(),
            spec=HorizontalPodAutoscalerSpecArgs(
                scale_target_ref=scaled,
                min_replicas=settings.replicas,
                max_replicas=settings.max_replicas,
                metrics=[MetricSpecArgs(type="Resource", resource=ResourceMetricSourceArgs(name="cpu", target=busy))],
            ),
            opts=self._child(),
        )
        PodDisruptionBudget(
            self._stem,
            metadata=self._metadata(),
            spec=PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=self._pods()),
            opts=self._child(),
        )

    def _service(self, deployment: Deployment) -> None:
        service, settings = self._args.service, self._args.settings
        by_node = service.public and settings.expose == "node-port"
        port = ServicePortArgs(
            name="http",
            port=service.port,
            target_port="http",
            node_port=settings.node_port if by_node else None,
        )
        KubernetesService(
            self._stem,
            metadata=self._metadata(),
            spec=ServiceSpecArgs(
                type="NodePort" if by_node else "ClusterIP",
                selector={NAME: service.app_id},
                ports=[port],
            ),
            opts=self._child(deployment),
        )
