"""The offline preview: the tree, the files, what it refuses, and that no secret is in any of it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_program import EXISTING, ROOT, SECRET, Graph, run, with_settings

from infra.preview import __main__ as command
from infra.preview import objects, runs
from infra.preview.difference import changes
from infra.preview.graph import MASK, Resource, from_json, in_plain_text, masked, to_json
from infra.preview.mocked import GENERATED
from infra.preview.report import Report, fenced, markdown, text
from infra.preview.stacks import configuration
from infra.preview.tree import steps, tree
from infra.preview.verdict import exposures

WORDS = ("kafka-word", "database-word", "smtp-word", "model-word", *GENERATED)


@pytest.fixture(scope="module")
def shown() -> Graph:
    """Return the stack that is given every secret that there is, as the worker hands it over."""
    plain = dict.fromkeys(("kafkaReplicas", "schedulerStorage", "maxReplicas"))
    graph = run("existing", with_settings("minikube", **{**plain, **EXISTING}), SECRET)
    assert all(word in str(graph) for word in WORDS), "the secrets are there to be hidden"
    return from_json(to_json(graph, frozenset()))


def test_no_secret_is_in_what_is_shown_or_written(shown: Graph, tmp_path: Path) -> None:
    objects.write(shown, tmp_path / "out")
    files = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.yaml"))
    told = Report("existing", shown, [], changes(Graph(), shown), "main")
    for output in (files, "\n".join(text(told)), markdown(told), str(changes(shown, Graph()))):
        assert len(output) > 500
        assert not [word for word in WORDS if word in output]
    assert MASK in files


def test_a_secret_that_is_told_in_plain_text_is_masked_too_and_named() -> None:
    resource = made("ConfigMap", {"data": {"url": "postgres://me:my-word@db"}})
    graph = Graph([resource])
    words = frozenset({"my-word"})
    assert to_json(graph, words)["resources"][0]["inputs"] == {"data": {"url": MASK}}
    (found,) = exposures(graph.by_urn, tuple(in_plain_text(graph, words)))
    assert (found.policy, found.urn) == ("secrets-encrypted", resource.urn)
    assert "my-word" not in found.message


def made(kind: str, inputs: dict[str, Any], needs: tuple[str, ...] = (), api: str = "core/v1") -> Resource:
    options = {"protect": False, "retain_on_delete": False, "ignore_changes": []}
    return Resource(f"kubernetes:{api}:{kind}", "r", f"urn::{kind}", inputs, "", "", frozenset(needs), options)


def test_the_keys_of_a_secret_stay() -> None:
    graph = run("minikube", with_settings("minikube"))
    inputs = masked(graph.object("Secret", "kafka").inputs)
    assert inputs["stringData"] == {"user": MASK, "password": MASK}


@pytest.fixture(params=["minikube", "gke", "existing"])
def graph(request: pytest.FixtureRequest) -> Graph:
    found: Graph = request.getfixturevalue(request.param)
    return found


def test_a_step_comes_after_all_that_is_waited_for(graph: Graph) -> None:
    at = steps(graph)
    for resource in graph.resources:
        for urn in graph.before(resource):
            earlier = graph.by_urn[urn]
            assert at[urn] < at[resource.urn] or earlier.is_component or resource.is_component


def test_the_tree_has_every_resource_once_in_the_order_of_deployment(graph: Graph) -> None:
    (head, *lines) = tree(graph)
    assert head == "step"
    assert len(lines) == len(graph.resources)
    at = {line.split("  ")[-1].split()[-1]: position for position, line in enumerate(lines)}
    services = ["backend", "notification", "frontend"]
    places = [at[f"task-platform/{name}"] for name in services]
    assert places == sorted(places)
    assert any(line.endswith("  protected") for line in lines) is any(r.options["protect"] for r in graph.resources)


def test_every_object_is_a_file_that_names_what_it_is(graph: Graph, tmp_path: Path) -> None:
    count = objects.write(graph, tmp_path)
    files = sorted(tmp_path.rglob("*.yaml"))
    written = [yaml.safe_load(path.read_text()) for path in files if path.parent.name != "charts"]
    assert len(files) == count
    assert len(written) == sum(r.is_object for r in graph.resources)
    assert all({"apiVersion", "kind"} <= set(d) and d["metadata"]["name"] for d in written)
    by_kind = {(d["kind"], d["metadata"]["name"]): d for d in written}
    assert by_kind["Namespace", "task-platform"]["apiVersion"] == "v1"
    assert by_kind["Deployment", "backend"]["apiVersion"] == "apps/v1"
    assert by_kind["Component", "statestore"]["scopes"]
    assert yaml.safe_load((tmp_path / "charts" / "dapr.yaml").read_text())["values"]["global"]["mtls"]


def test_a_folder_of_ones_own_is_not_emptied_and_one_of_ours_is(minikube: Graph, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(objects.FolderTakenError, match="no preview wrote"):
        objects.write(minikube, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    objects.write(minikube, tmp_path / "new")
    (tmp_path / "new" / "old.yaml").touch()
    objects.write(minikube, tmp_path / "new")
    assert not (tmp_path / "new" / "old.yaml").exists()
    with pytest.raises(objects.FolderTakenError, match="no folder"):
        objects.write(minikube, tmp_path / "mine.txt")


def test_a_block_of_code_cannot_be_ended_by_what_is_in_it() -> None:
    block = fenced(iter(["```", "evil ````"]), "text")
    assert block.startswith("`````text\n")
    assert block.endswith("\n`````")


def test_a_comment_fits_in_a_comment(gke: Graph, minikube: Graph) -> None:
    parts = [markdown(Report(n, g, [], changes(Graph(), g), "main")) for n, g in (("gke", gke), ("minikube", minikube))]
    assert len("\n".join(parts)) < 65_536
    assert len(fenced(iter(["x" * 100_000]), "text")) < 13_000


def test_what_is_encrypted_in_a_stacks_file_is_a_secret_with_a_word_in_its_place(tmp_path: Path) -> None:
    config = {"config": {"task-platform:databaseUrl": {"secure": "v1:abc"}, "task-platform:replicas": 2}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    values, secret = configuration(tmp_path, "dev")
    assert secret == ("databaseUrl",)
    assert values["task-platform:replicas"] == "2"
    assert "v1:abc" not in values["task-platform:databaseUrl"]


def preview(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = command.main(list(arguments))
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "which stack? make preview STACK=gke|minikube"),
        (("moon",), "there is no stack 'moon'"),
        (("../gke",), "there is no stack '../gke'"),
        (("minikube", "--base", "no-such-ref"), "git knows no 'no-such-ref'"),
        (("minikube", "--base", "--output=/tmp/x"), "expected one argument"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if message == "expected one argument":
        with pytest.raises(SystemExit):
            command.main(list(arguments))
        return
    code, out, err = preview(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with this program in its one commit, which the command then works on."""
    root = tmp_path / "repository"
    for name in ("infra", "components"):
        for path in (ROOT / name).glob("*.py"):
            (root / name).mkdir(parents=True, exist_ok=True)
            (root / name / path.name).write_bytes(path.read_bytes())
    (root / "Pulumi.minikube.yaml").write_bytes((ROOT / "Pulumi.minikube.yaml").read_bytes())
    monkeypatch.setattr(command, "ROOT", root)
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run(["git", "-C", str(root), *words], check=True, env={**os.environ, **who})
    return root


def change(path: Path, before: str, after: str) -> None:
    content = path.read_text()
    assert before in content
    path.write_text(content.replace(before, after))


def test_a_change_is_shown_object_by_object(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program of the other version is that version's, its catalogue too."""
    change(repository / "Pulumi.minikube.yaml", "imageTag: 0.1.0", "imageTag: 0.2.0")
    change(repository / "components" / "catalogue.py", "port=8004", "port=8010")
    comment = tmp_path / "comment.md"
    code, out, err = preview("minikube", "--base", "HEAD", "--comment", str(comment), capsys=capsys)
    assert (code, err) == (0, "")
    assert "compared with HEAD: 0 added, 0 removed, 6 changed" in out
    assert "\n! Deployment task-platform/backend (its pods" in comment.read_text(), "signs are where `diff` wants them"
    assert "\n!     spec.template.spec.containers[audit]." in comment.read_text()
    image = "spec.template.spec.containers[backend].image"
    assert f'{image}: "local.test/task-platform/backend:0.1.0" -> "local.test/task-platform/backend:0.2.0"' in out
    assert "~ Service task-platform/audit" in out
    assert "8004 -> 8010" in out
    assert "~ Deployment task-platform/backend (its pods are replaced)" in out
    assert "0 added, 0 removed, 6 changed" in comment.read_text()
    assert (repository / "build" / "preview" / "minikube" / "task-platform" / "deployment-audit.yaml").exists()


def test_settings_that_cannot_be_are_refused_all_at_once(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(repository / "Pulumi.minikube.yaml", "kafkaReplicas: 1", "kafkaReplicas: 3")
    change(repository / "Pulumi.minikube.yaml", "kafkaMemory: 1536Mi", "kafkaMemory: much")
    comment = repository / "build" / "comment.md"
    code, _, err = preview("minikube", "--comment", str(comment), capsys=capsys)
    assert code == 2
    assert comment.read_text().startswith("### Preview of `minikube`\n\nThere is none:\n\n```text\n")
    assert "2 problems" in comment.read_text()
    assert "2 problems" in err
    assert "pulumi config set --stack minikube kafkaReplicas 1" in err
    assert "Traceback" not in err


def test_a_program_that_fails_says_where(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(repository / "infra" / "__main__.py", "settings = read()", "settings = raed()")
    code, _, err = preview("minikube", capsys=capsys)
    assert code == 2
    assert "NameError: name 'raed' is not defined" in err
    code, _, err = preview("minikube", "--base", "HEAD", capsys=capsys)
    assert code == 2


def test_a_policy_that_is_not_kept_is_named_and_fails(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(repository / "infra" / "kube.py", "read_only_root_filesystem=True", "read_only_root_filesystem=False")
    code, out, _ = preview("minikube", capsys=capsys)
    assert code == 1
    assert "- restricted-pods: backend: container backend does not set readOnlyRootFilesystem: true" in out


def test_a_base_without_the_stack_makes_everything_new(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "Pulumi.minikube.yaml").rename(repository / "Pulumi.other.yaml")
    code, out, _ = preview("other", "--base", "HEAD", capsys=capsys)
    assert code == 0
    assert "0 removed, 0 changed" in out
    assert "+ Deployment task-platform/backend" in out


def test_no_credential_is_handed_to_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is code from anybody's fork that runs here."""
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "a-token")
    (tmp_path / "infra").mkdir()
    (tmp_path / "Pulumi.one.yaml").write_text("config: {}\n")
    shows = "import os, pulumi\nassert not [k for k in os.environ if k.startswith('PULUMI_')]\nprint('noise')\n"
    (tmp_path / "infra" / "__main__.py").write_text(shows)
    now, _ = runs.preview(tmp_path, "one", None)
    assert now.graph.resources == []


def test_it_runs_as_make_runs_it() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "infra.preview", "nowhere"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert found.returncode == 2
    assert "there is no stack 'nowhere'" in found.stderr
