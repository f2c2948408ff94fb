"""What a program registered, as the engine would be told it: resources, what each waits for, the stack's outputs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final

MASK: Final = "[secret]"
STACK: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi is told to keep encrypted."""

    value: Any


def opened(value: Any) -> Any:  # noqa: ANN401 - whatever a resource is told
    """Return what is in a secret, or the value itself."""
    return value.value if isinstance(value, Secret) else value


def bare(value: Any) -> Any:  # noqa: ANN401
    """Return a value without the marks of its secrets, whole numbers as such."""
    value = opened(value)
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def masked(value: Any, words: frozenset[str] = frozenset(), *, secret: bool = False) -> Any:  # noqa: ANN401
    """Return a value with a mask for each secret in it; of a secret record the keys stay, which are none.

    `words` are secret wherever they stand, marked or not.
    """
    if isinstance(value, Secret):
        return masked(value.value, words, secret=True)
    if isinstance(value, dict):
        return {key: masked(item, words, secret=secret) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, words, secret=secret) for item in value]
    if secret or (isinstance(value, str) and any(word in value for word in words)):
        return MASK
    return bare(value)


@dataclass(frozen=True)
class Resource:
    """What was registered."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    parent: str
    provider: str
    dependencies: frozenset[str]
    options: dict[str, Any]

    @property
    def kind(self) -> str:
        """The last part of the type: Deployment, Release, DaprService."""
        return self.type.rpartition(":")[2]

    @property
    def is_component(self) -> bool:
        """Tell whether it stands for its children alone."""
        return self.type.count(":") == 2 and self.type.startswith("task-platform:")

    @property
    def is_object(self) -> bool:
        """Tell whether it is one object in the cluster; a chart's release is many."""
        return self.type.startswith("kubernetes:") and not self.type.startswith("kubernetes:helm.sh/")

    def __getitem__(self, path: str) -> Any:  # noqa: ANN401
        """Return the input at a path as `spec.template.0`; secrets on the way are opened."""
        found: Any = self.inputs
        for step in path.split("."):
            found = opened(found)
            found = found[int(step)] if isinstance(found, list) else found[step]
        return found


@dataclass
class Graph:
    """Every resource of a run, in the order of registration, and the stack's outputs."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, kind: str, where: Callable[[Resource], bool] = lambda _: True) -> list[Resource]:
        """Return the resources of that kind."""
        return [r for r in self.resources if r.kind == kind and where(r)]

    def one(self, kind: str, name: str) -> Resource:
        """Return the one resource of that kind and name."""
        (found,) = self.all(kind, lambda r: r.name == name)
        return found

    def object(self, kind: str, name: str) -> Resource:
        """Return the Kubernetes object of that name in the cluster."""
        (found,) = self.all(kind, lambda r: opened(r["metadata"]).get("name") == name)
        return found

    def within(self, component: Resource) -> list[Resource]:
        """Return the resources below a component."""
        return [r for r in self.resources if component.urn in self._ancestors(r)]

    def before(self, resource: Resource) -> set[str]:
        """Return the URNs of everything that is there before the resource is begun.

        A resource is not begun before its parent is registered, which waits for what the parent depends on.
        """
        seen: set[str] = set()
        waiting = [*self.needs(resource)]
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in self.by_urn:
                seen.add(urn)
                waiting += self.needs(self.by_urn[urn])
        return seen

    def waits_for(self, later: Resource, earlier: Resource) -> bool:
        """Tell whether the one is begun only when the other is there."""
        return earlier.urn in self.before(later)

    def needs(self, resource: Resource) -> Iterator[str]:
        """Yield what a resource itself names: dependencies, ancestors, its provider."""
        yield from resource.dependencies
        yield from self._ancestors(resource)
        yield resource.provider.rpartition("::")[0]

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Every resource by its URN, once the run is over."""
        return {r.urn: r for r in self.resources}

    def _ancestors(self, resource: Resource) -> Iterator[str]:
        while resource.parent in self.by_urn:
            resource = self.by_urn[resource.parent]
            yield resource.urn


def to_json(graph: Graph, words: frozenset[str]) -> dict[str, Any]:
    """Return a graph as plain data, with a mask for every secret."""
    resources = [
        {**asdict(r), "inputs": masked(r.inputs, words), "dependencies": sorted(r.dependencies)}
        for r in graph.resources
    ]
    return {"resources": resources, "outputs": masked(graph.outputs, words)}


def from_json(data: Mapping[str, Any]) -> Graph:
    """Return the graph that `to_json` was given, without its secrets."""
    resources = [Resource(**{**r, "dependencies": frozenset(r["dependencies"])}) for r in data["resources"]]
    return Graph(resources, dict(data["outputs"]))


def in_plain_text(graph: Graph, words: frozenset[str]) -> list[str]:
    """Return the URN of every resource that is told one of the words without a mark that it is secret."""
    return [r.urn for r in graph.resources if any(_shows(r.inputs, word) for word in words)]


def _shows(value: Any, word: str) -> bool:  # noqa: ANN401
    if isinstance(value, dict):
        return any(_shows(item, word) for item in value.values())
    if isinstance(value, list):
        return any(_shows(item, word) for item in value)
    return isinstance(value, str) and word in value
