"""Where a public call goes: the table that follows from the catalogue's edges, and the paths it can be asked for.

Between a client and a handler a path is read by several programs, and each has its own opinion of `..`, `//`, `%2f`
or a backslash. The names of this API need none of these, so a path that has more than one reading names nothing.
"""

import re
from collections.abc import Iterable
from typing import Final

from components.catalogue import CATALOGUE, FRONTEND
from components.model import Edge
from services.kit.identity import covers
from services.kit.problems import Problem

PUBLIC: Final = ("/api", "/mcp")
_PRIVATE: Final = "/api/jobs"
_SEGMENT: Final = r"/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,=:@-]+"
_PLAIN: Final = re.compile(rf"(?:{_SEGMENT})+/?".encode())
_LONGEST: Final = 2000


class Routes:
    """The public edges, the most particular first."""

    def __init__(self, edges: Iterable[Edge] = CATALOGUE[FRONTEND].invokes) -> None:
        public = [edge for edge in edges if edge.path.startswith(PUBLIC)]
        self._edges = sorted(public, key=lambda edge: len(edge.path), reverse=True)

    def find(self, method: str, raw_path: bytes) -> str:
        """Return the app id that serves a call; the problem is a 404, or a 405 that names the methods there are.

        `raw_path` is the path as the client sent it, before any decoding.
        """
        path = _checked(raw_path)
        edge = next((edge for edge in self._edges if covers(edge.path, path)), None)
        if edge is None:
            raise not_found()
        methods = {m for e in self._edges if (e.callee, e.path) == (edge.callee, edge.path) for m in e.methods}
        if method not in methods:
            allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
            raise Problem(405, f"Here are the methods {allowed}.", headers={"Allow": allowed})
        return edge.callee


def not_found() -> Problem:
    """Return the 404 for an address where nothing is, and for those that only the platform itself may call."""
    return Problem(404, "There is nothing at this address.")


def _checked(raw_path: bytes) -> str:
    if len(raw_path) > _LONGEST or not _PLAIN.fullmatch(raw_path):
        raise not_found()
    path = raw_path.decode("ascii")
    folded = path.lower()
    if folded == _PRIVATE or folded.startswith(_PRIVATE + "/"):
        raise not_found()
    return path
