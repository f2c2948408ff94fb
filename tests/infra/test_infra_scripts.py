"""The scripts of the workflows: what they ask their programs for, and what they say of what they cannot use."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from harness.ports import free_ports
from harness.programs import need

ROOT = Path(__file__).parents[2]
DIGESTS = {"backend": f"sha256:{'a' * 64}", "recurring-task": f"sha256:{'b' * 64}"}
# Writes down how it was called; a preview says something, and ends as the test wants.
PULUMI = """#!/bin/sh
echo "$*" >> "$CALLS"
[ "$1" != preview ] || { printf '%s\\n' "+ 1 to create" "``````"; exit "${CODE:-0}"; }
case "$*" in *"${REFUSED:-nothing}"*) echo "no such stack" >&2; exit 255 ;; esac
case "$*" in "stack output "*kubeconfig) echo "the cluster" ;; "stack output "*namespace) echo tasks ;; esac
"""
# Writes down how it was called, and which cluster that was for.
KUBECTL = """#!/bin/sh
echo "kubectl $* on $(cat "$KUBECONFIG")" >> "$CALLS"
touch "$(dirname "$KUBECONFIG")/gke_gcloud_auth_plugin_cache"
case "$*" in
*"get deployment"*) printf '%b' "${DEPLOYMENTS:-}" ;;
*"${STUCK:-nothing}"*) echo "error: timed out waiting for the condition" >&2; exit 1 ;;
esac
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def script(tmp_path: Path) -> Run:
    """Return a function that runs a script of .ci in a copy of its own, with a stand-in for Pulumi and kubectl."""
    need("jq", "curl")
    for name in ("digests", "rollout", "smoke", "pulumi-preview"):
        (tmp_path / name).write_text((ROOT / ".ci" / name).read_text())
        (tmp_path / name).chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name, text in (("pulumi", PULUMI), ("kubectl", KUBECTL)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "calls").touch()

    def run(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            [tmp_path / name, *arguments],
            cwd=tmp_path,
            env={"PATH": path, "CALLS": str(tmp_path / "calls"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_digests_go_from_what_the_build_said_to_the_stack(script: Run, tmp_path: Path) -> None:
    said = [f"pulumi config set --path 'imageDigests.{app}' {digest}" for app, digest in DIGESTS.items()]
    (tmp_path / "pushed.txt").write_text("\n".join(["built backend:1", "pushed; to deploy exactly these:", *said, ""]))
    found = script("digests", "--from", "pushed.txt")
    assert (found.returncode, json.loads(found.stdout)) == (0, DIGESTS), found.stderr
    assert found.stdout.count("\n") == 1, "an output of a step is one line"
    assert script("digests", "gke", found.stdout).returncode == 0
    assert calls(tmp_path) == [
        f"config set --stack gke --path imageDigests.{app} {digest}" for app, digest in DIGESTS.items()
    ]


def test_the_build_prints_digests_as_they_are_looked_for() -> None:
    assert "pulumi config set --path 'imageDigests.$app' $(publish" in (ROOT / "infra" / "images.sh").read_text()


def test_a_stack_that_was_never_deployed_has_no_digests(script: Run, tmp_path: Path) -> None:
    assert script("digests", "gke", "{}").returncode == 0
    assert calls(tmp_path) == []


@pytest.mark.parametrize(
    "digests",
    [
        "",
        "none",
        "[]",
        '"sha256"',
        json.dumps({**DIGESTS, "audit": "latest"}),
        json.dumps({**DIGESTS, "audit": "sha256:ab"}),
        json.dumps({**DIGESTS, "audit": None}),
        json.dumps({**DIGESTS, "audit x": DIGESTS["backend"]}),
    ],
)
def test_what_are_no_digests_is_refused_whole(script: Run, tmp_path: Path, digests: str) -> None:
    ended = script("digests", "gke", digests)
    assert ended.returncode != 0
    assert "digests" in ended.stderr
    assert digests in ended.stderr
    assert calls(tmp_path) == [], "no digest of a wrong list is set"


def test_a_digest_that_cannot_be_set_stops_the_rest(script: Run, tmp_path: Path) -> None:
    ended = script("digests", "gke", json.dumps(DIGESTS), REFUSED="imageDigests.backend")
    assert ended.returncode == 255
    assert "no such stack" in ended.stderr
    assert len(calls(tmp_path)) == 1


def test_digests_without_jq_are_not_taken_for_wrong_ones(script: Run, tmp_path: Path) -> None:
    for program in ("bash", "env", "sed"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or program)
    ended = script("digests", "gke", json.dumps(DIGESTS), PATH=str(tmp_path / "bin"))
    assert ended.returncode == 1
    assert ended.stderr == "digests are read by jq, which is not here: install it (Debian: apt-get install jq)\n"
    assert calls(tmp_path) == []


def test_digests_that_nobody_said_are_missed(script: Run, tmp_path: Path) -> None:
    (tmp_path / "pushed.txt").write_text("built backend:1\n")
    ended = script("digests", "--from", "pushed.txt")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no digest in pushed.txt" in ended.stderr
    ended = script("digests", "--from", "gone.txt")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "there is no file gone.txt\n")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("digests", [], "which stack?"),
        ("digests", ["gke"], "no digests"),
        ("digests", ["--from"], "which file?"),
        ("rollout", [], "which stack?"),
        ("smoke", [], "which platform?"),
        ("pulumi-preview", [], "which stack?"),
    ],
)
def test_what_is_missing_is_asked_for(script: Run, name: str, arguments: list[str], message: str) -> None:
    ended = script(name, *arguments)
    assert ended.returncode != 0
    assert message in ended.stderr
    assert f".ci/{name} " in ended.stderr, "it says how it is called"


@pytest.mark.parametrize("code", [0, 255])
def test_a_preview_is_told_whether_it_went_well_or_not(script: Run, tmp_path: Path, code: int) -> None:
    ended = script("pulumi-preview", "gke", CODE=str(code))
    assert ended.returncode == code
    assert "+ 1 to create" in ended.stdout
    assert calls(tmp_path) == ["preview --stack gke --policy-pack infra/policy --non-interactive --color never --diff"]
    comment = (tmp_path / "build" / "comment.md").read_text()
    assert comment.startswith("### `pulumi preview` of `gke`\n")
    assert ("It failed." in comment) == (code != 0)
    assert "\n+ 1 to create\n" in comment
    assert comment.count("``````") == 2, "what a program prints does not end the block that holds it"


APPS = "deployment.apps/backend\\ndeployment.apps/frontend\\n"


def test_a_rollout_is_waited_for_until_each_service_runs(script: Run, tmp_path: Path) -> None:
    ended = script("rollout", "gke", DEPLOYMENTS=APPS, TMPDIR=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert calls(tmp_path) == [
        "stack output --stack gke --non-interactive --show-secrets kubeconfig",
        "stack output --stack gke --non-interactive namespace",
        "kubectl --namespace tasks get deployment --output name on the cluster",
        "kubectl --namespace tasks rollout status deployment.apps/backend --timeout 6m on the cluster",
        "kubectl --namespace tasks rollout status deployment.apps/frontend --timeout 6m on the cluster",
    ]
    assert not list(tmp_path.glob("tmp.*")), "how to reach the cluster stays nowhere, nor does the token for it"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DEPLOYMENTS": APPS, "STUCK": "status deployment.apps/backend"}, "timed out waiting"),
        ({"REFUSED": "kubeconfig"}, "no such stack"),
        ({}, "there is no Deployment in the namespace tasks of the stack gke"),
    ],
)
def test_a_rollout_that_does_not_end_fails(
    script: Run, tmp_path: Path, environment: dict[str, str], message: str
) -> None:
    ended = script("rollout", "gke", TMPDIR=str(tmp_path), **environment)
    assert ended.returncode != 0
    assert message in ended.stderr
    assert not list(tmp_path.glob("tmp.*"))


@contextmanager
def serving(answers: dict[str, list[int]]) -> Iterator[tuple[str, list[str]]]:
    """Serve each path's statuses, one a request and the last for good; yield the URL and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            statuses = answers.get(self.path, [404])
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


WELL: dict[str, list[int]] = {"/readyz": [200], "/": [200], "/api/tasks": [401]}


def test_a_platform_that_is_there_is_found_once_it_is_ready(script: Run) -> None:
    with serving({**WELL, "/readyz": [503, 503, 200]}) as (url, asked):
        ended = script("smoke", f"{url}/", PAUSE="1")
    assert ended.returncode == 0, ended.stderr
    assert [line.partition(":")[0] for line in ended.stdout.splitlines()] == [
        "/readyz answers 200",
        "/ answers 200",
        "/api/tasks answers 401",
    ]
    assert asked == ["/readyz", "/readyz", "/readyz", "/", "/api/tasks"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/readyz", 503, "the frontend and its sidecar are ready"),
        ("/", 404, "the page is served"),
        ("/api/tasks", 200, "nobody reads tasks without a login"),
    ],
)
def test_a_platform_that_answers_otherwise_is_named_for_it(script: Run, path: str, status: int, message: str) -> None:
    with serving({**WELL, path: [status]}) as (url, _):
        ended = script("smoke", url, TRIES="1", PAUSE="1")
    assert ended.returncode == 1
    assert f"{url}{path} answers {status} and not {WELL[path][0]}: {message}" in ended.stderr


def test_a_platform_that_is_not_there_is_named_for_it(script: Run) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    ended = script("smoke", url, TRIES="1", PAUSE="1")
    assert ended.returncode == 1
    assert f"{url}/readyz does not answer" in ended.stderr


@pytest.mark.parametrize("url", ["tasks.example.com", "http://localhost:8080 (by kubectl)", "https://a/b"])
def test_what_is_no_url_of_a_platform_is_refused(script: Run, url: str) -> None:
    ended = script("smoke", url)
    assert ended.returncode == 1
    assert f"not the URL of a platform, https://HOST: {url}" in ended.stderr
