"""What a change does to the platform: resources that come, go, or are changed, field by field."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from infra.preview.graph import Graph, Resource
from infra.preview.tree import steps, title

_LONGEST: Final = 160
_RESTARTED: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


class Verb(StrEnum):
    """What happens to a resource."""

    ADD = "+"
    REMOVE = "-"
    CHANGE = "~"


@dataclass(frozen=True, slots=True)
class Field:
    """A field whose value is another one; None stands for: not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """A resource that a change touches, and what that means beyond the fields themselves."""

    verb: Verb
    title: str
    fields: tuple[Field, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The line that says what happens."""
        return f"{self.verb} {self.title}" + "".join(f" ({note})" for note in self.notes)


def changes(before: Graph, after: Graph) -> list[Change]:
    """Return what a change does, in the order of deployment, and then what it removes, in the other direction."""
    old, new = _by_identity(before), _by_identity(after)
    touched = [_compared(old.get(key), resource) for key, resource in new.items()]
    gone = [_removed(resource) for key, resource in reversed(old.items()) if key not in new]
    return [change for change in touched if change] + gone


def _by_identity(graph: Graph) -> dict[str, Resource]:
    """Return the resources but for components, by what makes them the same one in two programs: URN without stack."""
    at = steps(graph)
    found = sorted((r for r in graph.resources if not r.is_component), key=lambda r: (at[r.urn], r.type, r.name))
    return {r.urn.split("::", 2)[2]: r for r in found}


def _compared(old: Resource | None, new: Resource) -> Change | None:
    if old is None:
        return Change(Verb.ADD, title(new))
    before, after = _flat(_told(old)), _flat(_told(new))
    paths = [*after, *(path for path in before if path not in after)]
    fields = tuple(Field(p, before.get(p), after.get(p)) for p in paths if before.get(p) != after.get(p))
    return Change(Verb.CHANGE, title(new), fields, tuple(_notes(new, fields))) if fields else None


def _removed(resource: Resource) -> Change:
    notes = []
    if resource.options["protect"]:
        notes.append("protected: Pulumi refuses to delete it")
    if resource.options["retain_on_delete"]:
        notes.append("stays in the cloud, and Pulumi forgets it")
    return Change(Verb.REMOVE, title(resource), notes=tuple(notes))


def _told(resource: Resource) -> dict[str, Any]:
    """Return what the engine is told: the inputs, and the options that are set."""
    return resource.inputs | {f"(option) {name}": value for name, value in resource.options.items() if value}


def _notes(resource: Resource, fields: tuple[Field, ...]) -> Iterator[str]:
    paths = [field.path for field in fields]
    if _is_replaced(resource, paths):
        yield "replaced"
    elif resource.kind in _RESTARTED and any(path.startswith("spec.template.") for path in paths):
        yield "its pods are replaced"


def _is_replaced(resource: Resource, paths: list[str]) -> bool:
    """Tell whether an object has to be another one: what Kubernetes does not let anybody change."""
    if not resource.is_object:
        return False
    fixed = {"metadata.name", "metadata.namespace"}
    sections = {path.partition(".")[0] for path in paths}
    unchangeable = {"spec"} if resource.kind == "Job" else {"data", "stringData"} if _is_immutable(resource) else set()
    return bool(fixed & set(paths) or sections & unchangeable)


def _is_immutable(resource: Resource) -> bool:
    return resource.inputs.get("immutable") is True


def _flat(value: Any, path: str = "") -> dict[str, Any]:  # noqa: ANN401 - whatever a resource is told
    """Return every leaf by its path; entries of a list by their name where each has one of its own."""
    parts = _parts(value)
    if parts is None:
        return {path: value}
    found: dict[str, Any] = {}
    for step, item in parts.items():
        joined = f"{path}{step}" if step.startswith("[") or not path else f"{path}.{step}"
        found |= _flat(item, joined)
    return found


def _parts(value: Any) -> dict[str, Any] | None:  # noqa: ANN401
    if isinstance(value, Mapping) and value:
        return {str(key): item for key, item in value.items()}
    if not isinstance(value, list) or not value:
        return None
    names = [item.get("name") if isinstance(item, Mapping) else None for item in value]
    if all(names) and len(set(names)) == len(names):
        return {f"[{name}]": item for name, item in zip(names, value, strict=True)}
    return {f"[{index}]": item for index, item in enumerate(value)}


def lines(change: Change) -> Iterator[str]:
    """Yield a change for people: its headline, and each field with what it was and what it becomes."""
    yield change.headline
    for field in change.fields:
        if all(isinstance(text, str) and "\n" in text for text in (field.before, field.after)):
            yield f"      {field.path}:"
            yield from (f"        {line}" for line in _lines_of(field.before, field.after))
        elif field.before is None:
            yield f"    + {field.path}: {_shown(field.after)}"
        elif field.after is None:
            yield f"    - {field.path}: {_shown(field.before)}"
        else:
            yield f"    ~ {field.path}: {_shown(field.before)} -> {_shown(field.after)}"


def _lines_of(before: str, after: str) -> Iterator[str]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    yield from (line for line in found if not line.startswith(("---", "+++", "@@")))


def _shown(value: Any) -> str:  # noqa: ANN401
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
