"""The resources as a tree in the order of their deployment, each with the step at which it can be made."""

from collections.abc import Iterator
from graphlib import TopologicalSorter

from infra.preview.graph import Graph, Resource

_INDENT = "   "


def steps(graph: Graph) -> dict[str, int]:
    """Return the step of every resource by URN: the first for what waits for nothing, else the one after the last need.

    A component has no step of its own: it is there when it is begun.
    """
    needs = {r.urn: {urn for urn in graph.needs(r) if urn in graph.by_urn} for r in graph.resources}
    found: dict[str, int] = {}
    for urn in TopologicalSorter(needs).static_order():
        last = max((found[need] for need in needs[urn]), default=0)
        found[urn] = last + (0 if graph.by_urn[urn].is_component else 1)
    return found


def tree(graph: Graph) -> Iterator[str]:
    """Yield the lines of the tree; what has the same number does not wait for one another."""
    at = steps(graph)
    children: dict[str, list[Resource]] = {}
    for resource in graph.resources:
        children.setdefault(resource.parent if resource.parent in graph.by_urn else "", []).append(resource)
    yield "step"
    yield from _below("", 0, children, at)


def _below(parent: str, depth: int, children: dict[str, list[Resource]], at: dict[str, int]) -> Iterator[str]:
    def order(resource: Resource) -> tuple[int, int, str, str]:
        mine = _range(resource, children, at)
        return *mine, resource.type, resource.name

    for resource in sorted(children.get(parent, []), key=order):
        first, last = _range(resource, children, at)
        when = f"{first}" if first == last else f"{first}-{last}"
        kept = "  protected" if resource.options["protect"] else ""
        yield f"{when:>6}  {_INDENT * depth}{title(resource)}{kept}"
        yield from _below(resource.urn, depth + 1, children, at)


def _range(resource: Resource, children: dict[str, list[Resource]], at: dict[str, int]) -> tuple[int, int]:
    """Return the first and the last step of a resource and what is below it."""
    own = [] if resource.is_component and resource.urn in children else [at[resource.urn]]
    below = [step for child in children.get(resource.urn, []) for step in _range(child, children, at)]
    return min(own + below), max(own + below)


def title(resource: Resource) -> str:
    """Return how a resource is called: an object of the cluster by where it stands, all else by its type and name."""
    if resource.is_object:
        metadata = resource.inputs.get("metadata") or {}
        name = metadata.get("name") or f"{resource.name}-…"  # Pulumi makes up the rest
        within = metadata.get("namespace")
        return f"{resource.kind} {within}/{name}" if within else f"{resource.kind} {name}"
    package, _, kind = resource.type.rpartition(":")
    service = package.partition("/")[0]
    return f"{kind} {resource.name}" if resource.is_component else f"{service}:{kind} {resource.name}"
