"""Which operations an application may invoke: what is checked is exactly what is sent."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from components.model import Edge

_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f?#]")
_SAFE: Final = "/:@!$&'()*+,;=-._~"


class InvalidPathError(ValueError):
    """A path that no application is sent."""


def normalize(raw: str) -> str:
    """Return the decoded path that a raw one stands for, with `/` in front and no `.`, `..` or empty segments.

    Percent signs are decoded once, so `%2f` is a separator like any other. Raises InvalidPathError for what cannot be
    decoded or would mean something else to the application.
    """
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as error:
        raise InvalidPathError("it is not UTF-8") from error
    if _FORBIDDEN.search(path):
        raise InvalidPathError("it contains a forbidden character")
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


def encode(path: str) -> str:
    """Return a normalized path as it is sent."""
    return quote(path, safe=_SAFE)


def allowed(edges: Iterable[Edge], callee: str, method: str, path: str) -> bool:
    """Tell whether one of the edges covers the operation; `path` is normalized."""
    return any(edge.callee == callee and method in edge.methods and matches(edge.path, path) for edge in edges)


def matches(pattern: str, path: str) -> bool:
    """Match a normalized path: `/*` at the end is one segment, `/**` is any depth, none included."""
    if pattern.endswith("/**"):
        prefix = pattern.removesuffix("/**")
        return path == (prefix or "/") or path.startswith(prefix + "/")
    if pattern.endswith("/*"):
        prefix = pattern.removesuffix("*")
        rest = path.removeprefix(prefix)
        return path.startswith(prefix) and rest != "" and "/" not in rest
    return path == pattern
