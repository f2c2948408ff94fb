"""Every error that a caller sees: RFC 9457 problem details, with what is wrong and what to do."""

import logging
from collections.abc import Mapping, Sequence, Sized
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.kit.sidecar import SidecarError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """What is wrong with one field: `field` is its path, joined by dots."""

    field: str
    message: str


class ProblemDetails(BaseModel):
    """The body of every error."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = None


_MEANINGS: Final = {
    400: "The body cannot be read as JSON",
    401: "Who is calling is not known",
    403: "The token lacks a scope, which `scope` names; or the calling service has no business here",
    404: "There is no such thing of this person's",
    409: "The state of things does not allow it",
    410: "The log does not go on from the cursor: read the list anew",
    412: "It has another version by now",
    413: "Too large",
    415: "The body is not sent as JSON, or is compressed",
    422: "Something in the request is wrong; `errors` names each field",
    429: "Too often; `Retry-After` says when to come back",
    503: "The store is away; `Retry-After` says when to try again",
}
_AT_MOST: Final = "must have at most {max_length} {unit}, has {given}"
_AT_LEAST: Final = "must have at least {min_length} {unit}, has {given}"
_WORDS: Final = {
    "model_attributes_type": "must be an object",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "extra_forbidden": "there is no such field",
    "string_too_long": _AT_MOST,
    "string_too_short": _AT_LEAST,
    "too_long": _AT_MOST,
    "too_short": _AT_LEAST,
}
_UNIONS: Final = frozenset({"due", "nominal"})
_UNNAMED: Final = ("str-enum[", "literal[")  # how pydantic calls the members of other unions
_SCHEMA: Final = {"$ref": "#/components/schemas/ProblemDetails"}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that a call may answer, beside those that any may.

    What may answer 400 takes JSON, and so may answer 415.
    """
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    found = {401, 403, 422, 503, *statuses} | ({415} if 400 in statuses else set())
    return {s: {"description": _MEANINGS[s], "content": content} for s in sorted(found)}


def with_problem_schema(document: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document that defines what `documented` refers to."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    models = models_json_schema([(ProblemDetails, "serialization")], ref_template="#/components/schemas/{model}")[1]
    schemas |= models["$defs"]
    return document


class Problem(Exception):
    """An answer other than success: raised anywhere below a handler, rendered once."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,  # noqa: ANN401 - members of the problem document
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions

    def document(self) -> dict[str, Any]:
        """Return the problem document."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extensions,
        }
        if self.errors:
            body["errors"] = [error.model_dump() for error in self.errors]
        return body


def invalid(field: str, message: str) -> Problem:
    """Return the 422 for one field."""
    return Problem(422, f"{field}: {message}", errors=[FieldError(field=field, message=message)])


def unavailable(detail: str, retry_after: int = 1) -> Problem:
    """Return the 503 that tells the caller to come back in `retry_after` seconds."""
    return Problem(503, detail, headers={"Retry-After": str(retry_after)})


def not_json() -> Problem:
    """Return the 415 for a body that does not say that it is JSON."""
    detail = "The body has to be JSON, and sent with the header Content-Type: application/json."
    return Problem(415, detail, headers={"Accept": "application/json"})


def render(problem: Problem) -> Response:
    """Return the problem as a response."""
    return Response(orjson.dumps(problem.document()), problem.status, problem.headers, media_type=MEDIA_TYPE)


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Return pydantic's error list as field errors; where the whole document is wrong the field is `body`.

    Pydantic counts only the items that are right, and calls a list too short for the sake of those that are not.
    """
    found = []
    for error in errors:
        if error["type"] == "too_short" and any(_is_in(other["loc"], error["loc"]) for other in errors):
            continue
        path = [str(part) for part in error["loc"]]
        if len(path) > 1 and path[0] in {"body", "query", "path", "header"}:
            path = path[1:]
        path = _without_tags(path)
        found.append(FieldError(field=".".join(path) or "body", message=message_of(error)))
    return found


def message_of(error: Any) -> str:  # noqa: ANN401 - one of pydantic's
    """Return what one of pydantic's errors, with its input, says: in words of JSON and not of Python."""
    words, bounds, given = _WORDS.get(error["type"]), error.get("ctx", {}), error.get("input")
    if words is None:
        return str(error["msg"]).removeprefix("Value error, ")
    unit = "character" if isinstance(given, str) else "item"
    is_one = bounds.get("max_length", bounds.get("min_length")) == 1
    length = len(given) if isinstance(given, Sized) else bounds.get("actual_length")
    return words.format_map({**bounds, "unit": unit if is_one else f"{unit}s", "given": length})


def _is_in(path: Sequence[Any], container: Sequence[Any]) -> bool:
    return len(path) > len(container) and tuple(path[: len(container)]) == tuple(container)


def _without_tags(path: Sequence[str]) -> list[str]:
    """Return a path without the names that pydantic gives to the members of a union: a caller did not write them."""
    return [
        part
        for place, part in enumerate(path)
        if not (place and path[place - 1] in _UNIONS)
        and not (place and part.startswith(_UNNAMED))
        and not (place > 1 and path[place - 2] == "operations" and path[place - 1].isdecimal())
    ]


def from_validation(errors: Sequence[Any]) -> Problem:
    """Return the 422 for pydantic's error list."""
    fields = field_errors(errors)
    return Problem(422, "; ".join(f"{e.field}: {e.message}" for e in fields[:5]), errors=fields)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what the handler is registered for
    return render(error)


async def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | ValidationError)  # noqa: S101
    errors = error.errors()
    if errors and errors[0]["type"] == "json_invalid":
        return render(
            Problem(400, f"The body is not JSON: {errors[0].get('ctx', {}).get('error', 'it cannot be read')}.")
        )
    if any(tuple(error["loc"]) == ("body",) and isinstance(error.get("input"), bytes) for error in errors):
        return render(not_json())
    return render(from_validation(errors))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = _unreadable(error.__cause__) if error.status_code == 400 else None
    return render(Problem(error.status_code, detail or str(error.detail), headers=error.headers))


def _unreadable(cause: BaseException | None) -> str | None:
    """Return why a body could not be read as JSON, where the parser gave up for another reason than its grammar."""
    if isinstance(cause, UnicodeDecodeError):
        return "The body is not JSON: it is not UTF-8."
    if isinstance(cause, RecursionError):
        return "The body is not JSON that can be read: it is nested too deep."
    if isinstance(cause, ValueError):
        return "The body is not JSON that can be read: a number has too many digits."
    return None


async def _on_sidecar(_: Request, error: Exception) -> Response:
    log.warning("answered 503: %s", error)
    detail = (
        "The store cannot be reached just now. Try again; a change under the same Idempotency-Key, for it may be done."
    )
    return render(unavailable(detail))


async def _on_anything(_: Request, error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return render(Problem(500, "Something went wrong on our side; it was recorded."))


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(SidecarError, _on_sidecar)
    app.add_exception_handler(Exception, _on_anything)
