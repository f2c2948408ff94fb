"""The network that a GKE cluster of our own stands in: private nodes, a way out, and no way in."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp import compute

from infra.network import INJECTOR_PORT
from infra.settings import Settings

NODES: Final = "10.10.0.0/20"
PODS: Final = ("pods", "10.20.0.0/16")
SERVICES: Final = ("services", "10.30.0.0/20")
CONTROL_PLANE: Final = "172.16.0.0/28"
NODE_TAG: Final = "task-platform-node"

_OPERATOR_WEBHOOK_PORT: Final = 19443


@dataclass(frozen=True, slots=True)
class Ranges:
    """The names of the subnet's secondary ranges."""

    pods: str = PODS[0]
    services: str = SERVICES[0]


class Vpc(pulumi.ComponentResource):
    """A network, its one subnet, NAT for what the nodes fetch, and what the control plane may reach on them."""

    network: compute.Network
    subnet: compute.Subnetwork

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("task-platform:infra:Vpc", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.network = compute.Network(name, auto_create_subnetworks=False, opts=child)
        self.subnet = compute.Subnetwork(
            name,
            network=self.network.id,
            region=settings.gcp_region,
            ip_cidr_range=NODES,
            private_ip_google_access=True,
            secondary_ip_ranges=[
                compute.SubnetworkSecondaryIpRangeArgs(range_name=name, ip_cidr_range=cidr)
                for name, cidr in (PODS, SERVICES)
            ],
            log_config=compute.SubnetworkLogConfigArgs(aggregation_interval="INTERVAL_10_MIN", flow_sampling=0.1),
            opts=child,
        )
        self._way_out(name, settings)
        self._webhooks(name)
        self.register_outputs({})

    def _way_out(self, name: str, settings: Settings) -> None:
        child = pulumi.ResourceOptions(parent=self)
        router = compute.Router(name, network=self.network.id, region=settings.gcp_region, opts=child)
        compute.RouterNat(
            name,
            router=router.name,
            region=settings.gcp_region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            opts=child,
        )

    def _webhooks(self, name: str) -> None:
        """Let the API server reach Dapr's webhooks on private nodes; without this no pod gets its sidecar."""
        compute.Firewall(
            f"{name}-webhooks",
            network=self.network.id,
            direction="INGRESS",
            source_ranges=[CONTROL_PLANE],
            target_tags=[NODE_TAG],
            allows=[
                compute.FirewallAllowArgs(protocol="tcp", ports=[str(INJECTOR_PORT), str(_OPERATOR_WEBHOOK_PORT)]),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
