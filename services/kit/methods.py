"""The 405 that names every method of an address, also where several routes share it.

The router answers 405 in the name of the first route whose path fits, and names the methods of that one alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from services.kit.problems import Problem, render

_METHODS: Final = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")


def install(app: FastAPI) -> None:
    """Make `app` answer 405 with all the methods that there are."""
    app.add_exception_handler(405, _on_405)


async def _on_405(request: Request, _: Exception) -> Response:
    allowed = ", ".join(sorted(_allowed(request.app, request.scope)))
    return render(Problem(405, f"Here are the methods {allowed}.", headers={"Allow": allowed}))


def _allowed(app: FastAPI, scope: Mapping[str, Any]) -> set[str]:
    """Return the methods that some route takes at the path of `scope`; HEAD goes with GET."""
    asked = {name: scope[name] for name in ("type", "path", "root_path", "headers") if name in scope}
    found = {m for m in _METHODS if any(r.matches({**asked, "method": m})[0] is Match.FULL for r in app.routes)}
    return found | {"HEAD"} if "GET" in found else found
