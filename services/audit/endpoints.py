"""The audit service's calls: two for people, through the gateway, and one for the backend."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime
from starlette.requests import Request

from services.audit.browse import Filter, browse
from services.audit.erasure import Erasure
from services.audit.proof import verify
from services.audit.schemas import AuditPage, EntryType, Proof
from services.audit.trail import Trail
from services.kit.identity import CallingService, CurrentCaller
from services.kit.problems import MEDIA_TYPE, ProblemDetails

router = APIRouter()

_SCHEMA: Final = {"schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}}


def _problems(**described: str) -> dict[int | str, dict[str, Any]]:
    return {
        int(status.lstrip("_")): {"model": ProblemDetails, "description": text, "content": {MEDIA_TYPE: _SCHEMA}}
        for status, text in described.items()
    }


_UNAVAILABLE: Final = "The store is away; come back after `Retry-After` seconds."
_UNAUTHORIZED: Final = "The bearer token is missing or not accepted."


@router.get(
    "/api/audit",
    tags=["audit"],
    responses=_problems(_401=_UNAUTHORIZED, _422="A parameter is wrong.", _503=_UNAVAILABLE),
)
async def read_audit(
    request: Request,
    caller: CurrentCaller,
    *,
    task_id: UUID | None = None,
    types: Annotated[list[EntryType] | None, Query(alias="type", description="any of these; repeatable")] = None,
    since: Annotated[AwareDatetime | None, Query(description="at this instant or later")] = None,
    until: Annotated[AwareDatetime | None, Query(description="before this instant")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> AuditPage:
    """List the caller's trail, newest first. A page ends at `limit`, at 2 MB, or once 64 pages of the log were read."""
    wanted = Filter(task_id, tuple(types or ()), since, until)
    return await browse(_trail(request), caller.person, wanted, limit, cursor)


@router.get(
    "/api/audit/verify",
    tags=["audit"],
    response_model_exclude_none=True,
    responses=_problems(_401=_UNAUTHORIZED, _503=_UNAVAILABLE),
)
async def verify_audit(request: Request, caller: CurrentCaller) -> Proof:
    """Recompute the caller's whole chain and tell whether it holds; `broken_at` and `reason` only where it does not."""
    return await verify(_trail(request), caller.person)


@router.delete("/internal/people/{person}", status_code=204, include_in_schema=False)
async def erase_person(
    request: Request,
    _: CallingService,
    person: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,128}$")],
    epoch: Annotated[int, Query(ge=1, lt=2**53)],
) -> Response:
    """Drop the contents of a person's entries of every epoch up to `epoch`; their hashes stay."""
    erasure: Erasure = request.app.state.erasure
    await erasure.erase(person, epoch)
    return Response(status_code=204)


def _trail(request: Request) -> Trail:
    trail: Trail = request.app.state.trail
    return trail
