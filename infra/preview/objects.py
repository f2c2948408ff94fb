"""Every object of the cluster as a file of YAML, as it would be sent; and what the charts are given."""

import shutil
from pathlib import Path
from typing import Any, Final

import yaml

from infra.preview.graph import Graph, Resource, masked
from infra.preview.mocked import named

_MARK: Final = ".preview"  # says that the folder is ours to write anew
_CHARTS: Final = "charts"
_EVERYWHERE: Final = "cluster"
_CHART_FIELDS: Final = ("name", "namespace", "chart", "version", "repositoryOpts", "values")


class FolderTakenError(Exception):
    """The folder holds what no preview wrote."""


def write(graph: Graph, folder: Path) -> int:
    """Write the files and return how many; what an earlier preview wrote there goes."""
    if folder.exists() and not folder.is_dir():
        raise FolderTakenError(f"{folder} is no folder; name a new or an empty one in OUT")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise FolderTakenError(f"{folder} holds files that no preview wrote; name a new or an empty folder in OUT")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    written = {_file(r): document(r) for r in graph.resources if r.is_object}
    written |= {_file(r): _release(r) for r in graph.all("Release")}
    for path, content in written.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True))
    return len(written)


def document(resource: Resource) -> dict[str, Any]:
    """Return an object as the API server is sent it; one without a name has one like that which Pulumi makes up."""
    _, api, kind = resource.type.split(":")
    inputs = masked(resource.inputs)
    metadata = {"name": named(resource.name), **(inputs.get("metadata") or {})}
    rest = {key: value for key, value in inputs.items() if key not in {"apiVersion", "kind", "metadata"}}
    return {"apiVersion": _api_version(api), "kind": kind, "metadata": metadata, **rest}


def _api_version(api: str) -> str:
    """Return `v1` for the core group, which has no name in Kubernetes, and `group/version` for any other."""
    return api.removeprefix("core/")


def _release(resource: Resource) -> dict[str, Any]:
    return {key: masked(resource.inputs[key]) for key in _CHART_FIELDS if key in resource.inputs}


def _file(resource: Resource) -> str:
    if not resource.is_object:
        return f"{_CHARTS}/{resource.name}.yaml"
    metadata = document(resource)["metadata"]
    return f"{metadata.get('namespace', _EVERYWHERE)}/{resource.kind.lower()}-{metadata['name']}.yaml"


class _Dumper(yaml.SafeDumper):
    """Writes scripts and other texts of several lines so that they can be read, and every value where it is used."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
