"""What docs/operations.md tells people to type and to look for is what the program makes."""

import re
from pathlib import Path

import pytest
from stack_program import ROOT, Graph, bare

from components.catalogue import CATALOGUE
from infra.alerts import rules
from infra.settings import CLOUD_KEYS, SECRETS, aliases, key_of

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
KEYS = {key_of(name) for name in aliases()}
PASSWORD = "random:index/randomPassword:RandomPassword"
# Which of Google's services has to be enabled for what a module of its SDK makes.
SERVICES = {"projects": "cloudresourcemanager", "serviceaccount": "iam", "sql": "sqladmin"}


def section(title: str) -> str:
    (found,) = re.findall(rf"(?ms)^##+ {re.escape(title)}\n(.*?)(?=^##+ |\Z)", OPERATIONS)
    return str(found)


def unstacked(graph: Graph) -> list[str]:
    """Return every URN as the engine has it, which leaves the stack itself out of a resource's ancestors."""
    return [r.urn.replace("pulumi:pulumi:Stack$", "") for r in graph.resources]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_setting_that_is_named_exists_and_is_set_as_a_secret_where_it_is_one(page: Path) -> None:
    for options, key in re.findall(r"pulumi config set((?: --\w+)*) '?([a-z][\w:]*)", page.read_text()):
        assert key in KEYS, key
        assert ("--secret" in options) == (key in SECRETS), key


def test_every_word_in_the_manner_of_a_setting_is_one() -> None:
    words = set(re.findall(r"`([a-z]+[A-Z]\w*)`", OPERATIONS))
    assert len(words) > 20
    assert words <= KEYS


def test_every_alert_has_its_row_and_every_row_its_alert() -> None:
    rows = re.findall(r"(?m)^\| `(\w+)` \|", section("Incidents, by alert"))
    assert sorted(rows) == sorted(rule["alert"] for rule in rules())


def test_every_generated_password_has_its_urn_in_the_table_of_rotation(gke: Graph, minikube: Graph) -> None:
    told = section("Rotation of secrets")
    urns = {urn for graph in (gke, minikube) for urn in unstacked(graph) if PASSWORD in urn}
    ends = {tuple(re.findall(r"(\w+)\$\S+::(\S+)$", urn)[0]) for urn in urns}
    named = set(re.findall(rf"[…:](\w+)\$(?:{re.escape(PASSWORD)}|…)::([\w-]+)", told))
    assert named <= ends
    whole = re.findall(r"urn:pulumi:STACK::[^'`]+", told)
    assert whole
    assert {urn.replace("STACK", "gke") for urn in whole} <= urns
    for _, name in ends - named:
        part = name.removeprefix("credentials-").removesuffix("-token")
        assert f"`{part}`" in told, f"nothing is said of {name}"


def test_every_service_of_google_that_the_stack_asks_is_enabled(gke: Graph) -> None:
    modules = {r.type.split(":")[1].split("/")[0].lower() for r in gke.resources if r.type.startswith("gcp:")}
    enabled = set(re.findall(r"(\w+)\.googleapis\.com", section("Google Cloud")))
    assert {SERVICES.get(module, module) for module in modules} == enabled


def test_what_kubectl_is_asked_for_is_there(minikube: Graph, existing: Graph) -> None:
    names = {str(bare(r["metadata"]).get("name", r.name)) for r in minikube.resources if r.is_object}
    assert set(re.findall(r"deployment/([a-z-]+)", OPERATIONS)) <= names
    jobs = {str(bare(r["metadata.labels"])["app.kubernetes.io/name"]) for r in minikube.all("Job")}
    assert jobs == {"topics", "database-check"}
    assert "--selector app.kubernetes.io/name=topics` (or `database-check`)" in OPERATIONS
    assert f"127.0.0.1:{CATALOGUE['backend'].port}/readyz" in OPERATIONS
    assert {"postgres", "redpanda"} <= names, "the namespaces and pods that rpk and pg_dump are called in"
    assert existing.one("Release", "observability-metrics")["name"] == "prometheus", "so Grafana is prometheus-grafana"


def test_settings_of_the_cloud_are_called_as_in_the_stacks_file() -> None:
    assert all(key in section("Google Cloud") for key in CLOUD_KEYS)


def test_every_variable_of_the_workflows_is_explained() -> None:
    used = {v for path in ROOT.glob(".github/workflows/*.yaml") for v in re.findall(r"vars\.(\w+)", path.read_text())}
    told = (ROOT / "docs" / "decisions" / "0017-what-a-change-does.md").read_text()
    assert used
    assert used == set(re.findall(r"`([A-Z]+_[A-Z_]+)`", told))
