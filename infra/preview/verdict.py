"""What the policy pack says of a preview, without the engine that would ask it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pulumi.runtime import set_config
from pulumi_policy import (
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from infra.policy.pack import POLICIES
from infra.preview.graph import Graph, Resource, bare
from infra.preview.stacks import PLATFORM

PLAIN_TEXT: Final = "secrets-encrypted"


@dataclass(frozen=True, slots=True)
class Violation:
    """A policy that is not kept, and how."""

    policy: str
    message: str
    urn: str = ""


def violations(graph: Graph, platform: str) -> list[Violation]:
    """Return every violation; `platform` is what the stack's setting of that name says."""
    set_config(PLATFORM, platform)
    return [violation for policy in POLICIES for violation in _violations(policy, graph)]


def exposures(urns: Mapping[str, Resource], exposed: tuple[str, ...]) -> list[Violation]:
    """Return, as violations, the resources that are told a secret in plain text."""
    message = "a secret stands in what it is told, without a mark that keeps it encrypted"
    return [Violation(PLAIN_TEXT, f"{urns[urn].name}: {message}", urn) for urn in exposed]


def _violations(policy: Policy, graph: Graph) -> Iterator[Violation]:
    found: list[Violation] = []

    def report(message: str, urn: str | None = None) -> None:
        found.append(Violation(policy.name, message, urn or ""))

    if isinstance(policy, ResourceValidationPolicy):
        for r in graph.resources:
            policy.validate(
                ResourceValidationArgs(r.type, bare(r.inputs), r.urn, r.name, _options(r), provider=None), report
            )
    elif isinstance(policy, StackValidationPolicy):
        policy.validate(StackValidationArgs([_resource(r) for r in graph.resources]), report)
    yield from found


def _resource(r: Resource) -> PolicyResource:
    return PolicyResource(r.type, bare(r.inputs), r.urn, r.name, _options(r), None, None, [], {})


def _options(r: Resource) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=r.options["protect"],
        ignore_changes=r.options["ignore_changes"],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=[],
        parent=r.parent,
    )
