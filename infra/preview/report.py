"""A preview for people: as text for a terminal, as Markdown for the comment on a pull request."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from infra.preview.difference import Change, Verb, lines
from infra.preview.graph import Graph
from infra.preview.tree import steps, tree
from infra.preview.verdict import Violation

_LONGEST: Final = 12_000  # of each part: a comment holds 65,536 characters, for two stacks and Pulumi's own previews
_VERBS: Final = {Verb.ADD: "added", Verb.REMOVE: "removed", Verb.CHANGE: "changed"}


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of one stack; `changes` None means that it was compared with nothing."""

    stack: str
    graph: Graph
    violations: Sequence[Violation]
    changes: Sequence[Change] | None = None
    base: str = ""


def text(report: Report) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield f"stack {report.stack}: {size(report.graph)}; what has the same step does not wait for one another"
    yield ""
    yield from tree(report.graph)
    yield ""
    yield from (f"{name}: {value}" for name, value in sorted(report.graph.outputs.items()))
    if report.changes is not None:
        yield from ("", f"compared with {report.base}: {tally(report.changes)}")
        for change in report.changes:
            yield from lines(change)
    yield from ("", verdict(report.violations))
    yield from (f"  - {violation.policy}: {violation.message}" for violation in report.violations)


def markdown(report: Report) -> str:
    """Return the comment's part for this stack."""
    parts = [f"### Preview of `{report.stack}`", f"{size(report.graph)}. {verdict(report.violations)}."]
    if report.violations:
        parts.append(fenced((f"{v.policy}: {v.message}" for v in report.violations), "text"))
    if report.changes is not None:
        parts.append(f"Compared with {quoted(report.base)}: {tally(report.changes)}.")
        if report.changes:
            found = (_unindented(line) for change in report.changes for line in lines(change))
            parts.append(folded("What changes", fenced(found, "diff")))
    parts.append(folded("Resources in the order of deployment", fenced(tree(report.graph), "text")))
    return "\n\n".join(parts) + "\n"


def refusal(stack: str, message: str) -> str:
    """Return the comment's part for a stack that there is no preview of."""
    return f"### Preview of {quoted(stack)}\n\nThere is none:\n\n{fenced(iter(message.splitlines()), 'text')}\n"


def size(graph: Graph) -> str:
    """Say how much there is."""
    made = [r for r in graph.resources if not r.is_component]
    objects = sum(r.is_object for r in made)
    return f"{len(made)} resources, {objects} of them objects in the cluster, in {max(steps(graph).values())} steps"


def tally(changes: Sequence[Change]) -> str:
    """Say how many resources are touched, and how."""
    count = Counter(change.verb for change in changes)
    return ", ".join(f"{count[verb]} {word}" for verb, word in _VERBS.items()) if changes else "no change"


def verdict(violations: Sequence[Violation]) -> str:
    """Say whether the policies are kept."""
    if not violations:
        return "every policy is kept"
    return "1 violation of a policy" if len(violations) == 1 else f"{len(violations)} violations of policies"


def _unindented(line: str) -> str:
    """Return a line with its sign first, where a `diff` block looks for it; `!` is that of a change."""
    sign = re.match(r"(\s*)([-+~])(?=\s)", line)
    return f"{'!' if sign[2] == '~' else sign[2]}{sign[1]}{line[sign.end() :]}" if sign else f" {line}"


def fenced(found: Iterator[str], language: str) -> str:
    """Return lines as a block of code that none of them can end."""
    body = "\n".join(found)
    if len(body) > _LONGEST:
        body = f"{body[:_LONGEST]}\n… and {len(body) - _LONGEST} more characters"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}{language}\n{body}\n{fence}"


def quoted(name: str) -> str:
    """Return a name as code."""
    return f"`{name.replace('`', '')}`"


def folded(summary: str, body: str) -> str:
    """Return what is shown when somebody opens it."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
