"""The workflows call what there is, and tell a pull request what its previews said."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.programs import need

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob(".github/workflows/*.yaml"), *ROOT.glob(".github/actions/*/action.yaml")])
MARK = "<!-- preview of the platform -->"
HERE, FORK = "owner/platform", "stranger/platform"
PULLS = [{"number": 6, "head": {"sha": "older"}}, {"number": 7, "head": {"sha": "abc"}}]
# Answers by the files that the test has laid down, and keeps what was to be said.
GH = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
*/pulls*) cat pulls.json ;;
*--paginate*) cat comments.json ;;
*body=@body.md) cp body.md said.md ;;
*) exit 1 ;;
esac
"""


def document(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text())  # type: ignore[no-any-return]


def steps(path: Path) -> Iterator[dict[str, Any]]:
    found = document(path)
    for part in [found["runs"]] if "runs" in found else found["jobs"].values():
        yield from part["steps"]


def scripts(path: Path) -> str:
    return "\n".join(step.get("run", "") for step in steps(path))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_what_a_step_runs_or_uses_is_there(path: Path) -> None:
    run = scripts(path)
    for script in re.findall(r"(?<![\w/])\.ci/[\w-]+", run):
        assert (ROOT / script).stat().st_mode & 0o111, script
    targets = set(re.findall(r"(?m)^([a-z.$(][\w./$()-]*):", (ROOT / "Makefile").read_text()))
    for target in re.findall(r"\bmake ([a-z.][\w./-]*)", run):
        assert target.replace(".venv", "$(VENV)") in targets, target
    for action in (step["uses"] for step in steps(path) if step.get("uses", "").startswith("./")):
        assert (ROOT / action / "action.yaml").is_file(), action


@pytest.mark.parametrize("path", [path for path in FILES if "workflows" in path.parts], ids=lambda path: path.name)
def test_a_workflow_begins_without_rights_and_a_pipe_fails_with_its_first_part(path: Path) -> None:
    found = document(path)
    assert found["permissions"] == {}
    assert found["defaults"]["run"]["shell"] == "bash"
    assert "concurrency" in found


def test_a_look_for_drift_takes_no_deployments_place() -> None:
    groups = {
        name: document(ROOT / f".github/workflows/{name}.yaml")["concurrency"]["group"] for name in ("cd", "drift")
    }
    assert groups["cd"] != groups["drift"]


class Pull:
    """The step that comments, run in a folder with what earlier steps and GitHub have to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        (folder / "previews").mkdir()
        self.lay("pulls", PULLS)
        self.lay("comments", [])

    def lay(self, name: str, *pages: object) -> None:
        (self.folder / f"{name}.json").write_text("".join(json.dumps(page) for page in pages))

    def preview(self, stack: str, text: str) -> None:
        (self.folder / "previews" / f"preview-{stack}").mkdir()
        (self.folder / "previews" / f"preview-{stack}" / "comment.md").write_text(text)

    def comment(self, **environment: str) -> str:
        """Return what was said on the pull request; nothing, where nothing was."""
        job = document(ROOT / ".github/workflows/comment.yaml")["jobs"]["comment"]
        (step,) = [step for step in job["steps"] if step["name"] == "Say it"]
        fixed = {name: str(value) for name, value in job["env"].items() if "${{" not in str(value)}
        told = {
            "REPOSITORY": HERE,
            "SOURCE": HERE,
            "SHA": "abc",
            "BRANCH": "topic",
            "URL": "https://run",
            **environment,
        }
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={"PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin", "CALLS": "calls", **fixed, **told},
            check=True,
            capture_output=True,
        )
        said = self.folder / "said.md"
        return said.read_text() if said.exists() else ""

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    need("jq")
    return Pull(tmp_path)


def test_what_the_previews_said_is_said_on_the_pull_request_of_that_commit(pull: Pull) -> None:
    pull.preview("minikube", "minikube's\n")
    pull.preview("gke", "gke's @everybody $(id) `id`\n")
    assert pull.comment() == f"{MARK}\ngke's @everybody $(id) `id`\nminikube's\n"
    assert pull.calls() == [
        f"api --method GET repos/{HERE}/pulls -f state=open -f head=owner:topic",
        f"api --paginate repos/{HERE}/issues/7/comments",
        f"api --method POST repos/{HERE}/issues/7/comments --field body=@body.md",
    ]


def test_what_was_said_earlier_is_written_over_and_nobody_elses(pull: Pull) -> None:
    mine = {"user": {"login": "github-actions[bot]"}, "body": f"{MARK}\nold"}
    others = [{**mine, "id": 1, "body": "hello"}, {**mine, "id": 2, "user": {"login": "stranger"}}]
    pull.lay("comments", others, [{**mine, "id": 3}, {**mine, "id": 4}])
    pull.preview("gke", "gke's\n")
    assert pull.comment()
    assert pull.calls()[-1] == f"api --method PATCH repos/{HERE}/issues/comments/3 --field body=@body.md"


def test_a_forks_words_are_called_so(pull: Pull) -> None:
    pull.preview("gke", "gke's\n")
    assert pull.comment(SOURCE=FORK) == f"{MARK}\nBy the run of a fork, in its own words.\n\ngke's\n"
    assert pull.calls()[0].endswith("head=stranger:topic")


def test_what_is_too_long_is_cut_off_and_says_so(pull: Pull) -> None:
    pull.preview("gke", "é" * 70_000)
    said = pull.comment()
    assert said.startswith(f"{MARK}\nCut off: the whole is in the artifacts of [the run](https://run).\n\né")
    assert len(said) < 65_536


def test_where_there_is_no_preview_the_run_is_named(pull: Pull) -> None:
    assert pull.comment() == f"{MARK}\nThere is no preview of abc: [the run](https://run) says why.\n"


@pytest.mark.parametrize("pulls", [[], [{"number": 7, "head": {"sha": "newer"}}]])
def test_a_closed_pull_request_or_one_with_newer_commits_is_told_nothing(pull: Pull, pulls: list[object]) -> None:
    pull.lay("pulls", pulls)
    pull.preview("gke", "gke's\n")
    assert pull.comment() == ""
    assert len(pull.calls()) == 1


def test_an_artifact_says_nothing_by_other_names_or_links(pull: Pull) -> None:
    pull.preview("gke", "gke's\n")
    (pull.folder / "previews" / "preview-gke" / "other.md").write_text("other\n")
    (pull.folder / "secret").write_text("secret\n")
    (pull.folder / "previews" / "comment.md").symlink_to(pull.folder / "secret")
    assert pull.comment() == f"{MARK}\ngke's\n"
