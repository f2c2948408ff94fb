"""All tools by name, and the one way to call one: scope, arguments and key are checked as a REST call's are."""

import dataclasses
import hashlib
import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from prometheus_client import Counter
from pydantic import ValidationError

from services.backend.commit import Intent
from services.backend.tools import elsewhere, reading, writing
from services.backend.tools.tool import Arguments, Call, Changing, Tool
from services.kit.problems import Problem, from_validation, unavailable
from services.kit.sidecar import SidecarError

log = logging.getLogger(__name__)

CALLS: Final = Counter("tool_calls_total", "Calls of tools", ["tool", "outcome"])
TOOLS: Final[Mapping[str, Tool[Any]]] = {tool.name: tool for tool in (*reading.TOOLS, *writing.TOOLS, *elsewhere.TOOLS)}


async def run(call: Call, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a tool and return its result, which fits the tool's result model.

    Problems, as the REST call has them: 404 for a tool that is not there, 403 without its scope, 422 for its arguments,
    503 with the store away, and what the command refuses.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise Problem(404, f"There is no tool {name[:100]!r}; there are: {', '.join(TOOLS)}.")
    try:
        call.caller.need(tool.scope)
        given = checked(tool, arguments)
        result = await tool.run(dataclasses.replace(call, intent=_intent(call, name, given)), given)
    except Problem as problem:
        CALLS.labels(name, str(problem.status)).inc()
        raise
    except SidecarError as error:
        CALLS.labels(name, "503").inc()
        log.warning("the tool %s answered 503: %s", name, error)
        raise unavailable(
            "The store cannot be reached just now. Try again; a change under the same idempotency_key: it may be done."
        ) from error
    CALLS.labels(name, "ok").inc()
    return result


def checked(tool: Tool[Any], arguments: Mapping[str, Any]) -> Arguments:
    """Return the arguments of a tool; the 422 where they do not fit it."""
    try:
        # As JSON, so that what only JSON has no type for (an instant, a UUID, a tuple) is read as a body would be.
        given: Arguments = tool.arguments.model_validate_json(orjson.dumps(arguments))
    except ValidationError as error:
        raise from_validation([_named(tool, one) for one in error.errors()]) from None
    except TypeError as error:  # an integer beyond 64 bits, an unpaired surrogate
        raise Problem(422, f"The arguments cannot be read: {error}.") from None
    return given


def _named(tool: Tool[Any], error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an error that tells of an argument that is none which ones there are: a model guesses names."""
    if error["type"] != "extra_forbidden" or len(error["loc"]) != 1:
        return error
    known = ", ".join(tool.arguments.model_fields) or "none"
    return {**error, "type": "unknown_argument", "msg": f"is no argument of {tool.name}; there are: {known}"}


def _intent(call: Call, name: str, given: Arguments) -> Intent:
    key = given.idempotency_key if isinstance(given, Changing) else None
    if key is None:
        return Intent(change=call.change)
    content = f"{name}\n{given.model_dump_json(exclude={'idempotency_key'}, exclude_unset=True)}"
    digest = hashlib.blake2b(content.encode(), digest_size=16).hexdigest()
    return Intent(key=key, request=digest, change=call.change)
