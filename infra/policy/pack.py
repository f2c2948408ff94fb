"""Every policy of the pack."""

from collections.abc import Iterator
from typing import Final

from pulumi_policy import (
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from infra.policy import entrances, images, namespaces, pods, protection, scopes
from infra.policy.subjects import Problem, Props, Rule, StackRule

# What each resource was registered with, by URN. In the first preview of a cluster the engine knows no outputs of what
# is to be on it, and a stack would be judged by nothing; the problems would come when everything is made.
_registered: dict[str, Props] = {}


def each(name: str, description: str, rule: Rule) -> ResourceValidationPolicy:
    """Return a policy that every resource has to keep by itself."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _registered[args.urn] = args.props
        for problem in rule(args):
            report(f"{args.name}: {problem}", args.urn)

    return ResourceValidationPolicy(name, description, validate)


def together(name: str, description: str, rule: StackRule) -> StackValidationPolicy:
    """Return a policy that the resources of a stack have to keep among themselves."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for resource in args.resources:
            resource.props = _registered.get(resource.urn, resource.props)
        problems: Iterator[Problem] = rule(args)
        for problem in problems:
            report(problem.message, problem.urn)

    return StackValidationPolicy(name, description, validate)


POLICIES: Final[tuple[Policy, ...]] = (
    each(
        "restricted-pods",
        "Pods keep to Pod Security `restricted`, with a root file system that nobody writes to.",
        pods.restricted,
    ),
    each(
        "restricted-namespaces",
        "Namespaces enforce Pod Security `restricted`, but for those that a chart needs otherwise.",
        namespaces.restricted,
    ),
    each(
        "resources-set",
        "Containers and sidecars say how much processor and memory they ask for, and have limits for both.",
        pods.resources_set,
    ),
    each(
        "probes-set",
        "What is to keep running says when it is ready and when it is to be restarted.",
        pods.probes_set,
    ),
    each(
        "no-floating-version",
        "Images and charts are named by a version or a digest, so that they mean the same tomorrow.",
        images.no_floating_version,
    ),
    each(
        "no-public-service",
        "Nothing but the catalogue's public service is reached from outside the cluster.",
        entrances.no_public_service,
    ),
    each(
        "no-open-network",
        "Nothing on Google Cloud is open to every address; nodes and databases have none of their own.",
        entrances.no_open_network,
    ),
    together(
        "scopes-agree",
        "App ids, the scopes of components and topics, and who may call whom agree, and nothing is open to all.",
        scopes.agree,
    ),
    each(
        "data-protected",
        "What holds data cannot be deleted by a change of the program.",
        protection.data_protected,
    ),
    each(
        "no-plain-secret",
        "What is generated to be secret is nowhere in plain text, in the state neither.",
        protection.no_plain_secret,
    ),
)
