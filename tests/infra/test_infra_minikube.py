"""`make minikube`, with stand-ins for the programs that need Minikube: what it asks them for, in which order."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("minikube", "kubectl", "pulumi", "buildah")
# Each writes down how it was called, and answers as far as the script asks.
STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
"minikube status") exit "${STOPPED:-0}" ;;
"minikube image ls") echo "${LOADED:-}" ;;
"pulumi whoami") exit "${LOGGED_OUT:-0}" ;;
"pulumi stack output"*) echo "http://localhost:8080 (by kubectl --context minikube port-forward x 8080)" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with what the script calls, and none of the programs that build or deploy."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).write_text(STAND_IN)
        (folder / name).chmod(0o755)
    for name in (
        "bash",
        "sh",
        "env",
        "basename",
        "cut",
        "dirname",
        "find",
        "grep",
        "sed",
        "sha256sum",
        "sort",
        "xargs",
    ):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    return folder


def start(tools: Path, root: Path = ROOT, **environment: str) -> tuple[int, list[str], list[str]]:
    """Return the exit code, what the script said, and what it called."""
    calls = tools.parent / "calls"
    calls.touch()
    ended = subprocess.run(
        [root / "infra" / "minikube.sh"],
        env={"PATH": str(tools), "HOME": os.environ["HOME"], "CALLS": str(calls), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout.splitlines(), calls.read_text().splitlines()


def tag(said: list[str]) -> str:
    (found,) = {word.partition("=")[2] for line in said for word in line.split() if word.startswith("TAG=")}
    return found


def test_every_missing_tool_is_named_with_the_way_to_get_it(tools: Path) -> None:
    (tools / "minikube").unlink()
    (tools / "buildah").unlink()
    code, said, called = start(tools)
    assert code == 1
    assert [line.strip().partition(":")[0] for line in said] == ["missing", "minikube", "docker"]
    assert all("https://" in line for line in said[1:])
    assert called == []


def test_a_dry_run_says_every_step_and_does_none(tools: Path) -> None:
    code, said, called = start(tools, DRY_RUN="1")
    assert code == 0
    version = tag(said)
    assert [line for line in said if line.startswith("+")] == [
        "+ minikube start --cpus 4 --memory 8g --addons metrics-server",
        "+ make .venv/.test page",
        f"+ env IMAGES=local.test/task-platform TAG={version} ARCHIVES=build/images infra/images.sh",
        *[
            f"+ minikube image load build/images/{app}.tar"
            for app in ("backend", "frontend", "notification", "recurring-task", "audit")
        ],
        "+ rm -rf build/images",
        "+ pulumi stack select --create minikube",
        f"+ pulumi up --stack minikube --yes --config task-platform:imageTag={version}",
        "+ pulumi stack output url --stack minikube",
    ]
    assert called == ["pulumi whoami"]


def test_it_deploys_the_images_that_minikube_has_and_forwards_a_port(tools: Path) -> None:
    (tools / "make").symlink_to("/usr/bin/true")
    version = tag(start(tools, DRY_RUN="1")[1])
    (tools.parent / "calls").unlink()
    code, said, called = start(tools, LOADED=f"local.test/task-platform/audit:{version}")
    assert code == 0
    assert called == [
        "minikube status",
        "minikube image ls",
        "pulumi whoami",
        "pulumi stack select --create minikube",
        f"pulumi up --stack minikube --yes --config task-platform:imageTag={version}",
        "pulumi stack output url --stack minikube",
        "kubectl --context minikube rollout status x --timeout 6m",
        "kubectl --context minikube port-forward x 8080",
    ]
    assert "The task platform is up: http://localhost:8080" in said


def test_nobody_has_to_be_logged_in_to_pulumi(tools: Path) -> None:
    _, said, _ = start(tools, DRY_RUN="1", LOGGED_OUT="1")
    assert any(line.startswith("  export PULUMI_BACKEND_URL=file://") for line in said)


def test_other_code_is_another_tag(tools: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("Dockerfile", ".dockerignore", "infra/minikube.sh", "infra/image-packages.sh"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for name in ("requirements", "components", "contracts", "services/kit"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    first, again = (tag(start(tools, copy, DRY_RUN="1")[1]) for _ in range(2))
    (copy / "services" / "kit" / "new.py").touch()
    assert first == again != tag(start(tools, copy, DRY_RUN="1")[1])
