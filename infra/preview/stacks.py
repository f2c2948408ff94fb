"""The stacks of a repository: which there are, and what each is told, as Pulumi hands it over."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from .mocked import PROJECT

PLATFORM: Final = f"{PROJECT}:platform"


class NoSuchStackError(Exception):
    """There is no such stack; the message names those that there are."""


def stacks(root: Path) -> list[str]:
    """Return the names of the stacks."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.?*.yaml"))


def configuration(root: Path, stack: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a stack's configuration, every value as text, and which of its keys are secret.

    What is encrypted cannot be read here: a word that tells nothing stands in its place.
    """
    known = stacks(root)
    if stack not in known:
        raise NoSuchStackError(f"there is no stack {stack!r}: {root} has {' and '.join(known) or 'none'}")
    given: Mapping[str, Any] = (yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text()) or {}).get("config") or {}
    secret = [key for key, value in given.items() if isinstance(value, dict) and "secure" in value]
    readable = {key: f"encrypted-{key}" if key in secret else value for key, value in given.items()}
    return texts(readable), tuple(key.removeprefix(f"{PROJECT}:") for key in secret)


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return every value as text, as Pulumi hands it over."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
