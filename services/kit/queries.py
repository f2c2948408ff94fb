"""Query parameters that a call does not have are refused, so that a misspelt one does not do its work by default.

`?dryrun=true` would import, and `?prioritty=high` list everything.
"""

import difflib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from services.kit.problems import invalid

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """A call of the API that answers 422 to a query parameter that it does not have, and names the nearest."""

    def get_route_handler(self) -> Handler:
        """Return what serves a request."""
        serve = super().get_route_handler()
        fields = get_flat_params(self.dependant)
        known = sorted(field.alias for field in fields if isinstance(field.field_info, Query))

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                _check(request, known)
            return await serve(request)

        return strict


def _check(request: Request, known: list[str]) -> None:
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"{near[0]} was meant?" if near else f"there are: {', '.join(known) or 'none'}"
            raise invalid(name[:100], f"there is no such query parameter; {hint}")
