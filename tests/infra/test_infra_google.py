"""The stack on Google Cloud: a private cluster, nodes that may do little, images that stay, and the way in."""

import re
from typing import Any

import pytest
from stack_program import ROOT, Graph, bare, run, with_settings


@pytest.fixture(params=["gke", "standard"])
def either(request: pytest.FixtureRequest) -> Graph:
    found: Graph = request.getfixturevalue(request.param)
    return found


def cluster(graph: Graph) -> dict[str, Any]:
    found: dict[str, Any] = bare(graph.one("Cluster", "task-platform").inputs)
    return found


def test_nodes_are_private_and_the_control_plane_is_open_to_the_named_alone(either: Graph) -> None:
    found = cluster(either)
    assert found["privateClusterConfig"]["enablePrivateNodes"] is True
    blocks = found["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert [block["cidrBlock"] for block in blocks] == ["203.0.113.0/24"]
    assert found["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "pods",
        "servicesSecondaryRangeName": "services",
    }
    assert found["deletionProtection"] is True


def test_what_passes_between_nodes_is_encrypted_and_measured(either: Graph) -> None:
    found = cluster(either)
    assert found["inTransitEncryptionConfig"] == "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT"
    assert found["monitoringConfig"]["managedPrometheus"] == {"enabled": True}
    assert found["gatewayApiConfig"] == {"channel": "CHANNEL_STANDARD"}
    assert found["releaseChannel"] == {"channel": "REGULAR"}


def test_autopilot_is_told_whose_name_its_nodes_bear(gke: Graph) -> None:
    found = cluster(gke)
    assert found["enableAutopilot"] is True
    assert found["clusterAutoscaling"]["autoProvisioningDefaults"]["serviceAccount"] == "nodes@example"
    assert "cloud-platform" not in str(found["clusterAutoscaling"])
    assert found["nodePoolAutoConfig"]["networkTags"] == {"tags": ["task-platform-node"]}
    assert not gke.all("NodePool")


def test_a_standard_cluster_has_what_autopilot_brings(standard: Graph) -> None:
    found = cluster(standard)
    assert found["datapathProvider"] == "ADVANCED_DATAPATH", "network policies are enforced by it"
    assert found["workloadIdentityConfig"] == {"workloadPool": "task-platform-example.svc.id.goog"}
    assert found["enableShieldedNodes"] is True
    assert found["removeDefaultNodePool"] is True
    pool = bare(standard.one("NodePool", "task-platform").inputs)
    node = pool["nodeConfig"]
    assert node["serviceAccount"] == "nodes@example"
    assert node["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert node["tags"] == ["task-platform-node"]
    assert not [scope for scope in node["oauthScopes"] if scope.endswith("cloud-platform")]
    assert pool["management"] == {"autoRepair": True, "autoUpgrade": True}
    assert standard.waits_for(standard.one("Deployment", "backend"), standard.one("NodePool", "task-platform"))


def test_nodes_may_write_logs_and_read_images_and_nothing_else(gke: Graph) -> None:
    roles = {bare(r["role"]) for r in gke.all("IAMMember") + gke.all("RepositoryIamMember")}
    assert roles == {"roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"}
    members = {bare(r["member"]) for r in gke.all("IAMMember") + gke.all("RepositoryIamMember")}
    assert members == {"serviceAccount:nodes@example"}


def test_the_control_plane_reaches_daprs_webhooks_on_the_nodes_and_nobody_else_does(gke: Graph) -> None:
    firewall = bare(gke.one("Firewall", "task-platform-webhooks").inputs)
    assert firewall["direction"] == "INGRESS"
    assert firewall["sourceRanges"] == [cluster(gke)["privateClusterConfig"]["masterIpv4CidrBlock"]]
    assert firewall["targetTags"] == ["task-platform-node"]
    assert firewall["allows"] == [{"protocol": "tcp", "ports": ["4000", "19443"]}]


def test_the_ranges_do_not_overlap(gke: Graph) -> None:
    from ipaddress import ip_network

    subnet = bare(gke.one("Subnetwork", "task-platform").inputs)
    ranges = [subnet["ipCidrRange"], *(r["ipCidrRange"] for r in subnet["secondaryIpRanges"])]
    ranges.append(cluster(gke)["privateClusterConfig"]["masterIpv4CidrBlock"])
    networks = [ip_network(text) for text in ranges]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])
    assert subnet["privateIpGoogleAccess"] is True


def test_versions_of_images_cannot_be_changed(gke: Graph) -> None:
    repository = bare(gke.one("Repository", "task-platform").inputs)
    assert repository["dockerConfig"] == {"immutableTags": True}
    assert {policy["action"] for policy in repository["cleanupPolicies"]} == {"KEEP", "DELETE"}


def test_people_come_by_tls_and_are_sent_there_from_plain_http(gke: Graph) -> None:
    gateway = gke.object("Gateway", "frontend")
    listeners = {each["name"]: each["protocol"] for each in bare(gateway["spec.listeners"])}
    assert listeners == {"http": "HTTP", "https": "HTTPS"}
    assert bare(gateway["metadata.annotations"]) == {"networking.gke.io/certmap": "frontend"}
    assert bare(gateway["spec.addresses"]) == [{"type": "NamedAddress", "value": "frontend"}]
    (rule,) = bare(gke.object("HTTPRoute", "frontend")["spec.rules"])
    assert rule == {"backendRefs": [{"name": "frontend", "port": 8080}]}
    (away,) = bare(gke.object("HTTPRoute", "frontend-redirect")["spec.rules"])
    assert away["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}
    assert bare(gke.one("Certificate", "frontend")["managed.domains"]) == ["tasks.example.com"]
    assert gke.waits_for(gateway, gke.one("CertificateMapEntry", "frontend"))


def test_websockets_live_for_an_hour_and_are_drained(gke: Graph) -> None:
    policy = bare(gke.object("GCPBackendPolicy", "frontend")["spec"])
    assert policy["default"] == {"timeoutSec": 3600, "connectionDraining": {"drainingTimeoutSec": 30}}
    assert policy["targetRef"] == {"group": "", "kind": "Service", "name": "frontend"}
    check = bare(gke.object("HealthCheckPolicy", "frontend")["spec.default.config"])
    assert check["httpHealthCheck"] == {"requestPath": "/readyz", "portSpecification": "USE_SERVING_PORT"}


def test_the_door_opens_after_the_service(gke: Graph) -> None:
    assert gke.waits_for(gke.object("Gateway", "frontend"), gke.one("Deployment", "frontend"))


def test_elsewhere_the_gateway_has_a_certificate_of_the_clusters_own(existing: Graph) -> None:
    gateway = existing.object("Gateway", "frontend")
    assert bare(gateway["spec.gatewayClassName"]) == "envoy"
    tls = bare(gateway["spec.listeners.1.tls"])
    assert tls == {"mode": "Terminate", "certificateRefs": [{"name": "tasks-tls"}]}
    assert not existing.all("GCPBackendPolicy")
    assert not [r for r in existing.resources if r.type.startswith("gcp:")]


def test_minikube_knows_nothing_of_google(minikube: Graph) -> None:
    assert not [r for r in minikube.resources if r.type.startswith("gcp:")]
    assert not minikube.all("Gateway")


def test_a_cluster_that_is_to_go_can_be_destroyed() -> None:
    graph = run("gke", with_settings("gke", protectData=False))
    assert not [r.name for r in graph.resources if r.options["protect"] or r.options["retain_on_delete"]]
    assert cluster(graph)["deletionProtection"] is False


def test_what_is_made_before_the_images_needs_nothing_else(either: Graph) -> None:
    """Pulumi refuses targets without what they need, and makes every provider, whether it is a target or not."""
    patterns = re.findall(r"--target '([^']+)'", (ROOT / "docs" / "operations.md").read_text())
    targets = re.compile("|".join(re.escape(pattern).replace(r"\*\*", ".*") for pattern in patterns))
    providers = {r.urn for r in either.all("kubernetes") if r.type.startswith("pulumi:providers:")}
    made = {urn for urn in either.by_urn if targets.fullmatch(urn)}
    assert either.one("Repository", "task-platform").urn in made
    assert len(providers) == 1
    for urn in made | providers:
        assert set(either.needs(either.by_urn[urn])) & either.by_urn.keys() <= made | providers
