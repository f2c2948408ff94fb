"""App ids, and what Dapr lets each do: scopes of components and topics, and who may call whom.

Dapr takes a component without scopes for everybody's, an app that no topic scope names for one that may do everything,
and a sidecar whose Configuration is missing for one without any rule. None of that is an error to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_policy import PolicyResource, StackValidationArgs

from infra.kube import NAME
from infra.policy.subjects import Problem, Props, at, record

_DAPR: Final = "kubernetes:dapr.io/v1alpha1:"
_DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
_DENY: Final = "deny"
_TOKENS: Final = frozenset({"dapr.io/api-token-secret", "dapr.io/app-token-secret"})
_TOPIC_SCOPES: Final = ("publishingScopes", "subscriptionScopes")


@dataclass
class _Apps:
    """What a stack has: pods with a sidecar, components and configurations, by app id or name."""

    pods: dict[str, PolicyResource] = field(default_factory=dict)
    components: list[PolicyResource] = field(default_factory=list)
    configurations: dict[str, PolicyResource] = field(default_factory=dict)


def agree(args: StackValidationArgs) -> Iterator[Problem]:
    """Yield where the sidecars' app ids and what is said of app ids do not agree."""
    apps = _Apps()
    for resource in args.resources:
        yield from _sorted(resource, apps)
    for resource in apps.pods.values():
        yield from _sidecar(resource, apps)
    for resource in apps.components:
        yield from _component(resource, apps)
    for resource in apps.configurations.values():
        yield from _configuration(resource, apps)
    if apps.pods:
        scoped = {app for component in apps.components for app in component.props.get("scopes") or ()}
        for app_id in sorted(apps.pods.keys() - scoped):
            yield Problem(f"{app_id} is in the scope of no component", apps.pods[app_id].urn)


def _sorted(resource: PolicyResource, apps: _Apps) -> Iterator[Problem]:
    """Put a resource where it belongs."""
    if resource.resource_type == _DEPLOYMENT:
        notes = _annotations(resource)
        if notes.get("dapr.io/enabled") == "true":
            app_id = str(notes.get("dapr.io/app-id"))
            if app_id in apps.pods:
                yield Problem(f"{resource.name}: app id {app_id} is that of another deployment too", resource.urn)
            apps.pods[app_id] = resource
    elif resource.resource_type == f"{_DAPR}Component":
        apps.components.append(resource)
    elif resource.resource_type == f"{_DAPR}Configuration":
        apps.configurations[str(at(resource.props, "metadata.name"))] = resource


def _annotations(resource: PolicyResource) -> Props:
    return record(resource.props, "spec.template.metadata.annotations")


def _sidecar(resource: PolicyResource, apps: _Apps) -> Iterator[Problem]:
    notes = _annotations(resource)
    app_id = notes.get("dapr.io/app-id")
    label = record(resource.props, "spec.template.metadata.labels").get(NAME)
    if app_id != label:
        yield Problem(f"{resource.name}: app id {app_id}, but the label {NAME} is {label}", resource.urn)
    if (config := notes.get("dapr.io/config")) not in apps.configurations:
        yield Problem(f"{resource.name}: there is no Configuration {config}", resource.urn)
    # By the keys: to ask a record whether it has one is to look at its value, which may not be known yet.
    for token in sorted(_TOKENS - set(notes)):
        yield Problem(f"{resource.name}: the sidecar has no {token}", resource.urn)


def _component(resource: PolicyResource, apps: _Apps) -> Iterator[Problem]:
    scopes = set(resource.props.get("scopes") or ())
    if not scopes:
        yield Problem(f"{resource.name}: without scopes every app may use it", resource.urn)
    for app_id in sorted(scopes - apps.pods.keys()):
        yield Problem(f"{resource.name}: {app_id} is in its scopes, and no deployment has that app id", resource.urn)
    if not str(at(resource.props, "spec.type")).startswith("pubsub."):
        return
    entries = at(resource.props, "spec.metadata") or ()
    metadata = {entry["name"]: entry.get("value") for entry in entries if entry["name"] in _TOPIC_SCOPES}
    for name in _TOPIC_SCOPES:
        named = {part.partition("=")[0] for part in str(metadata.get(name) or "").split(";") if part}
        for app_id in sorted(apps.pods.keys() - named):
            yield Problem(f"{resource.name}: {name} does not name {app_id}, which may then do everything", resource.urn)
        for app_id in sorted(named - apps.pods.keys()):
            yield Problem(f"{resource.name}: {name} names {app_id}, and no deployment has that app id", resource.urn)


def _configuration(resource: PolicyResource, apps: _Apps) -> Iterator[Problem]:
    control = record(resource.props, "spec.accessControl")
    if control.get("defaultAction") != _DENY:
        yield Problem(f"{resource.name}: who is not named may call everything (defaultAction)", resource.urn)
    for policy in control.get("policies") or ():
        yield from (Problem(f"{resource.name}: {problem}", resource.urn) for problem in _policy(policy, apps))
    for scope in at(resource.props, "spec.secrets.scopes") or ():
        if scope.get("defaultAccess") != _DENY:
            yield Problem(f"{resource.name}: its app may read every secret of {scope.get('storeName')}", resource.urn)


def _policy(policy: Mapping[str, Any], apps: _Apps) -> Iterator[str]:
    caller = policy.get("appId")
    if caller not in apps.pods:
        yield f"{caller} may call it, and no deployment has that app id"
    if policy.get("defaultAction") != _DENY:
        yield f"{caller} may call everything (defaultAction)"
