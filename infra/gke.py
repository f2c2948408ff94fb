"""A private GKE cluster, Autopilot or Standard, whose nodes may do nothing but run pods."""

import json
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_gcp import container, projects, serviceaccount

from infra.kube import provider
from infra.settings import Settings
from infra.vpc import CONTROL_PLANE, NODE_TAG, Ranges, Vpc

# What Google names as the least that a node needs: to write its logs and metrics.
_NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"
# What a token of the machine is good for, whatever its account may do; pods have identities of their own.
_SCOPES: Final = tuple(
    f"https://www.googleapis.com/auth/{scope}" for scope in ("logging.write", "monitoring", "devstorage.read_only")
)


class Gke(pulumi.ComponentResource):
    """The cluster, and the provider that everything on it is made with."""

    cluster: container.Cluster
    provider: kubernetes.Provider
    kubeconfig: pulumi.Output[str]
    node_email: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, vpc: Vpc, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Gke", name, None, opts)
        self._stem, self._settings = name, settings
        self._child = pulumi.ResourceOptions(parent=self)
        account, role = self._node_account()
        self.node_email = account.email
        keep = pulumi.ResourceOptions(parent=self, protect=settings.protect_data, depends_on=[role, vpc])
        self.cluster = self._standard(vpc, keep) if not settings.autopilot else self._autopilot(vpc, keep)
        ready: list[pulumi.Resource] = [self.cluster]
        if not settings.autopilot:
            ready.append(self._pool())
        self.kubeconfig = self._kubeconfig()
        after = pulumi.ResourceOptions(parent=self, depends_on=ready)
        self.provider = provider(name, after, kubeconfig=self.kubeconfig)
        self.register_outputs({"name": self.cluster.name})

    def _node_account(self) -> tuple[serviceaccount.Account, projects.IAMMember]:
        account = serviceaccount.Account(
            f"{self._stem}-nodes",
            account_id=f"{self._stem}-nodes",
            display_name="nodes of the task platform",
            opts=self._child,
        )
        role = projects.IAMMember(
            f"{self._stem}-nodes",
            project=self._settings.gcp_project,
            role=_NODE_ROLE,
            member=account.member,
            opts=self._child,
        )
        return account, role

    def _common(self, vpc: Vpc) -> dict[str, Any]:
        """Return what both kinds of cluster are told."""
        settings, ranges = self._settings, Ranges()
        networks = [
            container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(cidr_block=cidr, display_name=f"{index}")
            for index, cidr in enumerate(settings.authorized_networks)
        ]
        return {
            "location": settings.gcp_region,
            "network": vpc.network.id,
            "subnetwork": vpc.subnet.id,
            "deletion_protection": settings.protect_data,
            "ip_allocation_policy": container.ClusterIpAllocationPolicyArgs(
                cluster_secondary_range_name=ranges.pods, services_secondary_range_name=ranges.services
            ),
            "private_cluster_config": container.ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True,
                enable_private_endpoint=False,
                master_ipv4_cidr_block=CONTROL_PLANE,
            ),
            "master_authorized_networks_config": container.ClusterMasterAuthorizedNetworksConfigArgs(
                cidr_blocks=networks
            ),
            "release_channel": container.ClusterReleaseChannelArgs(channel=settings.release_channel),
            "in_transit_encryption_config": "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
            "gateway_api_config": container.ClusterGatewayApiConfigArgs(channel="CHANNEL_STANDARD"),
            "monitoring_config": container.ClusterMonitoringConfigArgs(
                enable_components=["SYSTEM_COMPONENTS"],
                managed_prometheus=container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=True),
            ),
        }

    def _autopilot(self, vpc: Vpc, opts: pulumi.ResourceOptions) -> container.Cluster:
        """Autopilot brings Dataplane V2, Workload Identity, shielded nodes and the upgrade of both by itself."""
        defaults = container.ClusterClusterAutoscalingAutoProvisioningDefaultsArgs(
            service_account=self.node_email, oauth_scopes=list(_SCOPES)
        )
        tags = container.ClusterNodePoolAutoConfigNetworkTagsArgs(tags=[NODE_TAG])
        return container.Cluster(
            self._stem,
            enable_autopilot=True,
            cluster_autoscaling=container.ClusterClusterAutoscalingArgs(auto_provisioning_defaults=defaults),
            node_pool_auto_config=container.ClusterNodePoolAutoConfigArgs(network_tags=tags),
            opts=opts,
            **self._common(vpc),
        )

    def _standard(self, vpc: Vpc, opts: pulumi.ResourceOptions) -> container.Cluster:
        pool = f"{self._settings.gcp_project}.svc.id.goog"
        return container.Cluster(
            self._stem,
            remove_default_node_pool=True,
            initial_node_count=1,
            datapath_provider="ADVANCED_DATAPATH",
            enable_shielded_nodes=True,
            workload_identity_config=container.ClusterWorkloadIdentityConfigArgs(workload_pool=pool),
            node_config=container.ClusterNodeConfigArgs(service_account=self.node_email),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=["nodeConfig"])),
            **self._common(vpc),
        )

    def _pool(self) -> container.NodePool:
        settings = self._settings
        shielded = container.NodePoolNodeConfigShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_integrity_monitoring=True
        )
        return container.NodePool(
            self._stem,
            cluster=self.cluster.id,
            autoscaling=container.NodePoolAutoscalingArgs(min_node_count=1, max_node_count=settings.nodes_per_zone),
            management=container.NodePoolManagementArgs(auto_repair=True, auto_upgrade=True),
            upgrade_settings=container.NodePoolUpgradeSettingsArgs(max_surge=1, max_unavailable=0),
            node_config=container.NodePoolNodeConfigArgs(
                machine_type=settings.machine_type,
                service_account=self.node_email,
                oauth_scopes=list(_SCOPES),
                shielded_instance_config=shielded,
                workload_metadata_config=container.NodePoolNodeConfigWorkloadMetadataConfigArgs(mode="GKE_METADATA"),
                tags=[NODE_TAG],
            ),
            opts=self._child,
        )

    def _kubeconfig(self) -> pulumi.Output[str]:
        """Return how clients reach the cluster: by a token of gcloud's plugin, so that no credential is in it."""
        authority = self.cluster.master_auth.apply(lambda auth: auth.cluster_ca_certificate)
        found = pulumi.Output.all(self.cluster.name, self.cluster.endpoint, authority)
        config: pulumi.Output[str] = found.apply(lambda given: kubeconfig(*given))
        hidden: pulumi.Output[str] = pulumi.Output.secret(config)
        return hidden


def kubeconfig(name: str, endpoint: str, authority: str | None) -> str:
    """Return how a client reaches the cluster, as JSON, which is YAML too."""
    helper = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "gke-gcloud-auth-plugin"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {"server": f"https://{endpoint}", "certificate-authority-data": authority},
                }
            ],
            "users": [{"name": name, "user": {"exec": {**helper, "provideClusterInfo": True}}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
