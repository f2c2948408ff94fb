"""What a change does, told by field: what came, what went, and what it means for what runs."""

from typing import Any

import pytest

from infra.preview.difference import Verb, changes, lines
from infra.preview.graph import Graph, Resource

Options = dict[str, Any]


def resource(
    kind: str, inputs: dict[str, Any], name: str = "app", stack: str = "one", options: Options | None = None
) -> Resource:
    usual = {"protect": False, "retain_on_delete": False, "ignore_changes": []}
    urn = f"urn:pulumi:{stack}::task-platform::kubernetes:apps/v1:{kind}::{name}"
    metadata = {"metadata": {"name": name, "namespace": "home"}}
    return Resource(
        f"kubernetes:apps/v1:{kind}", name, urn, metadata | inputs, "", "", frozenset(), usual | (options or {})
    )


def told(before: Resource | None, after: Resource | None) -> list[str]:
    """Return the lines of the one change between two programs."""
    found = changes(Graph([before] if before else []), Graph([after] if after else []))
    return [line for change in found for line in lines(change)]


def test_what_is_the_same_is_not_told_even_in_another_stack() -> None:
    assert told(resource("Deployment", {"a": 1}), resource("Deployment", {"a": 1}, stack="two")) == []


def test_what_comes_and_what_goes() -> None:
    assert told(None, resource("Deployment", {})) == ["+ Deployment home/app"]
    assert told(resource("Deployment", {}), None) == ["- Deployment home/app"]


def test_what_holds_data_does_not_just_go() -> None:
    gone = told(resource("StatefulSet", {}, options={"protect": True, "retain_on_delete": True}), None)
    assert gone == [
        "- StatefulSet home/app (protected: Pulumi refuses to delete it) (stays in the cloud, and Pulumi forgets it)"
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"spec": {"n": 1}}, {"spec": {"n": 2}}, "    ~ spec.n: 1 -> 2"),
        ({"spec": {}}, {"spec": {"n": "2"}}, '    + spec.n: "2"'),
        ({"spec": {"n": False}}, {"spec": {}}, "    - spec.n: false"),
        ({"l": ["a", "b"]}, {"l": ["a", "c"]}, '    ~ l[1]: "b" -> "c"'),
        ({"l": ["a"]}, {"l": ["a", "b"]}, '    + l[1]: "b"'),
    ],
)
def test_each_field_has_its_line(before: dict[str, Any], after: dict[str, Any], line: str) -> None:
    assert line in told(resource("Service", before), resource("Service", after))


def test_entries_with_names_are_compared_by_name() -> None:
    before = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    after = {"env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}]}
    assert told(resource("Service", before), resource("Service", after))[1:] == ['    ~ env[B].value: "2" -> "3"']


def test_texts_of_several_lines_are_compared_by_line() -> None:
    before, after = {"data": {"f": "one\ntwo\nthree"}}, {"data": {"f": "one\n2\nthree"}}
    found = told(resource("ConfigMap", before), resource("ConfigMap", after))
    assert found[1:] == ["      data.f:", "         one", "        -two", "        +2", "         three"]


def test_a_long_value_is_cut() -> None:
    (_, line) = told(resource("ConfigMap", {"d": ""}), resource("ConfigMap", {"d": "x" * 1000}))
    assert len(line) < 250
    assert "(1002 characters)" in line


def test_what_is_lost_in_protection_is_told() -> None:
    before = resource("StatefulSet", {}, options={"protect": True})
    assert told(before, resource("StatefulSet", {}))[1:] == ["    - (option) protect: true"]


TEMPLATE = {"spec": {"template": {"image": "a"}}}
OTHER = {"spec": {"template": {"image": "b"}}}


@pytest.mark.parametrize(
    ("kind", "before", "after", "note"),
    [
        ("Deployment", TEMPLATE, OTHER, " (its pods are replaced)"),
        ("Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, ""),
        ("Job", TEMPLATE, OTHER, " (replaced)"),
        ("ConfigMap", {"immutable": True, "data": {"a": "1"}}, {"immutable": True, "data": {"a": "2"}}, " (replaced)"),
        ("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "2"}}, ""),
        ("Service", {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, " (replaced)"),
    ],
)
def test_what_it_means_for_what_runs(kind: str, before: Options, after: Options, note: str) -> None:
    headline = told(resource(kind, before), resource(kind, after))[0]
    assert headline.partition(" (")[2] == note.removeprefix(" (")


def test_changes_come_in_the_order_of_deployment_and_removals_last_in_the_other() -> None:
    def chain(*names: str) -> Graph:
        found: list[Resource] = []
        for name in names:
            made = resource("Service", {}, name)
            needs = frozenset({found[-1].urn} if found else set())
            found.append(Resource(**{**vars(made), "dependencies": needs}))
        return Graph(found[::-1])

    order = [(change.verb, change.title) for change in changes(chain("z", "y"), chain("b", "a"))]
    assert order == [
        (Verb.ADD, "Service home/b"),
        (Verb.ADD, "Service home/a"),
        (Verb.REMOVE, "Service home/y"),
        (Verb.REMOVE, "Service home/z"),
    ]
