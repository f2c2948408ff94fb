"""The images are built from the Dockerfile, and each service starts from its own, under its own probes and rights.

There is no Dapr here, so each service is alive and waits for its sidecar: that, and nothing else, keeps it from ready.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from harness.waiting import eventually
from kube import ROOT, Cluster, Document, objects, of_kind, stack

from components.catalogue import CATALOGUE

NAMESPACE = "task-platform"
IMAGES = {"imageRepository": "local.test/task-platform", "imageTag": "0.0.1-tested"}
LOAD_IMAGE = shlex.split(os.environ.get("LOAD_IMAGE", ""))
APPS = [service.app_id for service in CATALOGUE.services]
ASK = """
import http.client, json, sys
from components.catalogue import CATALOGUE
connection = http.client.HTTPConnection("127.0.0.1", CATALOGUE[sys.argv[1]].port, timeout=20)
connection.request("GET", sys.argv[2])
answer = connection.getresponse()
print(json.dumps([answer.status, json.load(answer)]))
"""
TRY_TO_WRITE = """
import os, pathlib
for name in ("/app/new", "/venv/new", "/tmp/new"):
    try:
        pathlib.Path(name).touch()
        print(name, "written by", os.getuid())
    except OSError as error:
        print(name, error.strerror)
"""

pytestmark = [
    pytest.mark.skipif(not LOAD_IMAGE, reason="LOAD_IMAGE does not say how images get onto this cluster"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Build the images of the services and put them onto the cluster."""
    archives = tmp_path_factory.mktemp("images")
    settings = {"IMAGES": IMAGES["imageRepository"], "TAG": IMAGES["imageTag"], "ARCHIVES": str(archives)}
    subprocess.run([ROOT / "infra" / "images.sh"], env={**os.environ, **settings}, check=True)
    for app in APPS:
        archive = archives / f"{app}.tar"
        subprocess.run([*LOAD_IMAGE, archive], check=True)
        archive.unlink()


@pytest.fixture(scope="module", params=["minikube", "gke"])
def started(request: pytest.FixtureRequest, cluster: Cluster, images: None) -> Iterator[Cluster]:
    """Start one pod of each service as a stack would: without a login on minikube, with one on gke."""
    found = [d for d in objects(stack(request.param, **IMAGES)) if d["metadata"].get("namespace") == NAMESPACE]
    deployments = of_kind(found, "Deployment")
    for deployment in deployments:
        deployment["spec"]["replicas"] = 1
    cluster.make_namespaces(of_kind(objects(stack(request.param)), "Namespace"))
    cluster.apply(of_kind(found, "ServiceAccount", "Secret"))
    cluster.apply(deployments)
    yield cluster
    cluster.kubectl("delete", "deployments", "--all", "--namespace", NAMESPACE, "--wait=true", "--cascade=foreground")


def pod(cluster: Cluster, app: str) -> Document:
    (found,) = cluster.get("pods", "--namespace", NAMESPACE, "--selector", f"app.kubernetes.io/name={app}")["items"]
    return found  # type: ignore[no-any-return]


def python(cluster: Cluster, app: str, script: str, *arguments: str) -> str:
    name = pod(cluster, app)["metadata"]["name"]
    return cluster.kubectl("exec", name, "--namespace", NAMESPACE, "--", "python", "-c", script, *arguments)


def has_started(cluster: Cluster, app: str) -> bool:
    """Tell whether the startup probe has passed, which asks for liveness."""
    (status,) = pod(cluster, app)["status"].get("containerStatuses") or [{}]
    assert not status.get("restartCount"), f"{app} was restarted: {status.get('lastState')}"
    return bool(status.get("started"))


@pytest.mark.parametrize("app", APPS)
async def test_a_service_is_alive_and_waits_for_its_sidecar_alone(started: Cluster, app: str) -> None:
    await eventually(lambda: has_started(started, app), within=600, every=1)
    assert ask(started, app, "/healthz") == [200, {"status": "alive"}]
    assert ask(started, app, "/readyz") == [503, {"status": "waiting", "for": "the Dapr sidecar"}]
    conditions = {c["type"]: c["status"] for c in pod(started, app)["status"]["conditions"]}
    assert conditions["Ready"] == "False"


def ask(cluster: Cluster, app: str, path: str) -> Any:
    return json.loads(python(cluster, app, ASK, app, path))


@pytest.mark.parametrize("app", APPS)
async def test_a_service_can_write_nowhere_but_to_its_own_volume(started: Cluster, app: str) -> None:
    await eventually(lambda: has_started(started, app), within=600, every=1)
    assert python(started, app, TRY_TO_WRITE).splitlines() == [
        "/app/new Read-only file system",
        "/venv/new Read-only file system",
        "/tmp/new written by 10001",
    ]


@pytest.mark.parametrize("app", APPS)
async def test_an_image_lists_what_it_holds(started: Cluster, app: str) -> None:
    await eventually(lambda: has_started(started, app), within=600, every=1)
    listed = json.loads(python(started, app, "print(open('/venv/sbom.cdx.json').read())"))
    assert {c["name"].lower().replace("_", "-") for c in listed["components"]} == locked(app)


def locked(app: str) -> set[str]:
    lines = (ROOT / "requirements" / f"{app}.txt").read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line}
