"""A Kubernetes for tests, by kubectl: what a program registered as its objects, and the kinds that it has to know."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from stack_program import EXISTING, SECRET, Graph, Resource, bare, run, stack_file, with_settings

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]

_CHOSEN_BY_MINIKUBE = dict.fromkeys(("kafkaReplicas", "schedulerStorage", "maxReplicas"))

# Where the definitions of others' kinds are: Go module, version, its checksum, and the files in it.
PUBLISHED = (
    (
        "github.com/dapr/dapr",
        "v1.16.0",
        "h1:la2WLZM8Myr2Pq3cyrFjHKWDSPYLzGZCs3p502TwBjI=",
        [f"charts/dapr/crds/{name}.yaml" for name in ("components", "configuration", "resiliency")],
    ),
    (
        "sigs.k8s.io/gateway-api",
        "v1.3.0",
        "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M=",
        [f"config/crd/standard/gateway.networking.k8s.io_{name}.yaml" for name in ("gateways", "httproutes")],
    ),
    (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        [
            f"example/prometheus-operator-crd/monitoring.coreos.com_{name}.yaml"
            for name in ("podmonitors", "prometheusrules")
        ],
    ),
)
# Kinds of Google's that nobody publishes as a module: known by name alone, their fields are not checked.
GOOGLE = (
    ("networking.gke.io", "v1", "GCPBackendPolicy", "gcpbackendpolicies"),
    ("networking.gke.io", "v1", "HealthCheckPolicy", "healthcheckpolicies"),
    ("monitoring.googleapis.com", "v1", "PodMonitoring", "podmonitorings"),
    ("monitoring.googleapis.com", "v1", "ClusterRules", "clusterrules"),
)


class Refused(AssertionError):
    """The API server refused; the message is its own."""


@dataclass
class Cluster:
    """The cluster of KUBECONFIG. It refuses to touch a namespace that was there before, and removes what it made."""

    made: list[str] = field(default_factory=list)

    def kubectl(self, *arguments: str, documents: Iterable[Document] = ()) -> str:
        """Return what kubectl prints; Refused when it fails or the server warns."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        ended = subprocess.run(
            ["kubectl", *arguments], input=json.dumps(listed), capture_output=True, text=True, check=False
        )
        if ended.returncode or "Warning:" in ended.stderr:
            raise Refused(ended.stderr)
        return ended.stdout

    def get(self, *arguments: str) -> Document:
        found: Document = json.loads(self.kubectl("get", *arguments, "--output", "json"))
        return found

    def apply(self, documents: Iterable[Document], *arguments: str) -> list[str]:
        """Apply on the server's side, refusing fields that it does not know; return a line an object."""
        strict = ("--server-side", "--validate=strict", "--field-manager=tests", *arguments)
        return self.kubectl("apply", *strict, "--filename=-", documents=documents).splitlines()

    def accept(self, documents: Iterable[Document]) -> list[str]:
        """Let the server check the objects, and store nothing."""
        return self.apply(documents, "--dry-run=server")

    def make_namespaces(self, documents: Iterable[Document]) -> None:
        for document in documents:
            name = f"namespace/{document['metadata']['name']}"
            if name not in self.made:
                self._must_be_new(name)
                self.made.append(name)
            self.apply([document])

    def define_kinds(self) -> None:
        present = self.kubectl("get", "customresourcedefinitions", "--output", "name").splitlines()
        for document in definitions():
            name = f"customresourcedefinition.apiextensions.k8s.io/{document['metadata']['name']}"
            if name not in present:
                self.made.append(name)
                self.apply([document])
                self.kubectl("wait", "--for=condition=Established", "--timeout=120s", name)

    def clean(self) -> None:
        """Remove what was made, namespaces first."""
        for name in sorted(self.made, reverse=True):
            self.kubectl("delete", name, "--wait=false")
        for name in self.made:
            self.kubectl("wait", "--for=delete", "--timeout=180s", name)

    def _must_be_new(self, name: str) -> None:
        if self.kubectl("get", name, "--ignore-not-found", "--output", "name"):
            raise AssertionError(f"the cluster has {name} already; take one that the platform is not deployed to")


def definitions() -> Iterator[Document]:
    """Yield the definitions of the kinds that charts and clouds bring."""
    for module, version, checksum, paths in PUBLISHED:
        folder = _module(module, version, checksum)
        for path in paths:
            document: Document = yaml.load((folder / path).read_text(), yaml.CSafeLoader)
            document["spec"].pop("conversion", None)  # by a webhook that is not here
            yield document
    for group, version, kind, plural in GOOGLE:
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        scope = "Cluster" if kind.startswith("Cluster") else "Namespaced"
        names = {"kind": kind, "plural": plural, "singular": kind.lower()}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
            },
            "spec": {"group": group, "names": names, "scope": scope, "versions": [served]},
        }


def _module(module: str, version: str, checksum: str) -> Path:
    """Return the folder of a Go module; AssertionError when it is another than the one that was looked at."""
    with tempfile.TemporaryDirectory() as empty:
        command = ["go", "mod", "download", "-json", f"{module}@{version}"]
        environment = {**os.environ, "GOFLAGS": "-mod=mod"}
        answer = subprocess.run(command, cwd=empty, env=environment, stdout=subprocess.PIPE, check=True)
    found = json.loads(answer.stdout)
    assert found["Sum"] == checksum, f"{module} {version} is not the one that is known here"
    return Path(found["Dir"])


def stack(name: str, **settings: str) -> Graph:
    """Return what a stack's program registers; `existing` is any cluster, with everything from outside."""
    if name == "existing":
        config = with_settings("minikube", **{**_CHOSEN_BY_MINIKUBE, **EXISTING, **settings})
        return run(name, config, SECRET)
    return run(name, with_settings(name, **settings) if settings else stack_file(name))


def objects(graph: Graph) -> list[Document]:
    """Return the Kubernetes objects that a program registered; what a chart makes is not among them."""
    kinds = [r for r in graph.resources if r.type.startswith("kubernetes:") and not r.type.startswith(_NOT_OBJECTS)]
    return [_object(resource) for resource in kinds]


_NOT_OBJECTS = ("kubernetes:helm.sh/",)


def _object(resource: Resource) -> Document:
    document: Document = bare(resource.inputs)
    # As the program's mocks name what Pulumi would name itself.
    return {**document, "metadata": {"name": f"{resource.name}-1a2b3c", **document["metadata"]}}


def of_kind(documents: Iterable[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def pod_of(workload: Document) -> Document:
    """Return a pod as a workload's controller would make it: admission looks at pods, and only warns of templates."""
    template, metadata = workload["spec"]["template"], workload["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace")}
    claims = [claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", ())]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{kept['name']}-0"}} for name in claims]
    spec = {"restartPolicy": "Always", **template["spec"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], **kept},
        "spec": {**spec, "volumes": [*spec.get("volumes", ()), *volumes]},
    }
