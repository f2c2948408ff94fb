"""The upgrade of Dapr's definitions: from the chart, with the webhook's namespace, and nothing of the operator's."""

import os
import subprocess
from pathlib import Path

import pytest
from stack_program import ROOT

SCRIPT = ROOT / "infra" / "dapr-crds.sh"
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  conversion:
    webhook:
      clientConfig:
        service:
          namespace: replaceme # Patched by post-install webhook
          name: dapr-webhook
"""


def upgrade(folder: Path, *arguments: str, helm: str = 'cat "$D/crds"', kubectl: str = "") -> int:
    """Run the script with a helm and a kubectl that note what they are asked for."""
    (folder / "crds").write_text(DEFINITION)
    for name, body in (("helm", helm), ("kubectl", f'cat > "$D/applied"; {kubectl}')):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "$@" > "$D/{name}-asked"\n{body}\n')
        program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "D": str(folder),
        "KUBECTL_ARGS": "--context x",
    }
    return subprocess.run([str(SCRIPT), *arguments], env=environment, check=False, capture_output=True).returncode


def test_definitions_are_those_of_the_chart_with_the_webhooks_namespace(tmp_path: Path) -> None:
    assert upgrade(tmp_path, "1.18.4") == 0
    applied = (tmp_path / "applied").read_text()
    assert "          namespace: dapr-system\n" in applied
    assert "replaceme" not in applied
    assert applied.count("\n") == DEFINITION.count("\n")
    asked = (tmp_path / "helm-asked").read_text().split()
    assert asked == ["show", "crds", "--repo", "https://dapr.github.io/helm-charts", "--version", "1.18.4", "dapr"]


def test_the_server_merges_them_so_that_the_operators_fields_stay(tmp_path: Path) -> None:
    upgrade(tmp_path, "1.18.4")
    asked = (tmp_path / "kubectl-asked").read_text().split()
    assert asked[:3] == ["apply", "--context", "x"]
    assert {"--server-side", "--force-conflicts"} <= set(asked)


def test_a_chart_of_ones_own_needs_no_repository(tmp_path: Path) -> None:
    upgrade(tmp_path, "1.18.4", "./charts/dapr")
    assert (tmp_path / "helm-asked").read_text().split() == ["show", "crds", "--version", "1.18.4", "./charts/dapr"]


@pytest.mark.parametrize("failing", [{"helm": "exit 1"}, {"kubectl": "exit 1"}])
def test_what_fails_is_not_taken_for_done(tmp_path: Path, failing: dict[str, str]) -> None:
    assert upgrade(tmp_path, "1.18.4", **failing) != 0


def test_a_tool_that_is_missing_is_named_before_anything_is_applied(tmp_path: Path) -> None:
    for program in ("bash", "env"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    (tmp_path / "kubectl").symlink_to("/usr/bin/false")
    ended = subprocess.run(
        [str(SCRIPT), "1.18.4"], env={"PATH": str(tmp_path)}, check=False, capture_output=True, text=True
    )
    assert (ended.returncode, "helm is not here" in ended.stderr) == (1, True)


def test_a_version_has_to_be_named(tmp_path: Path) -> None:
    assert upgrade(tmp_path) != 0
    assert not (tmp_path / "applied").exists()
