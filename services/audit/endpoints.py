"""The audit service's calls: two for people, through the gateway, and one for the backend."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, StringConstraints
from starlette.requests import Request

from services.audit.browse import Filter, browse
from services.audit.erasure import Erasure
from services.audit.proof import verify
from services.audit.schemas import AuditPage, EntryType, Proof
from services.audit.trail import Trail
from services.kit.identity import CallingService, Reading
from services.kit.problems import documented
from services.kit.queries import StrictRoute
from services.kit.task import Instant, utc

router = APIRouter(route_class=StrictRoute)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such instant in UTC") from None


_InUtc = Annotated[Instant, AfterValidator(_in_utc)]
_Actor = Annotated[str, StringConstraints(min_length=1, max_length=64)]


@router.get("/api/audit", tags=["audit"], summary="List the audit trail, newest first", responses=documented())
async def read_audit(
    request: Request,
    caller: Reading,
    *,
    task_id: UUID | None = None,
    types: Annotated[list[EntryType] | None, Query(alias="type", description="any of these; repeatable")] = None,
    actors: Annotated[
        list[_Actor] | None,
        Query(alias="actor", max_length=10, description="`person`, or app ids of services; repeatable"),
    ] = None,
    since: Annotated[_InUtc | None, Query(description="at this instant or later")] = None,
    until: Annotated[_InUtc | None, Query(description="before this instant")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> AuditPage:
    """Tell what happened to the caller's tasks, when and by whom.

    A page ends at `limit`, at 2 MB, or once 64 pages of the trail were read.
    """
    span = (utc(since) if since else None, utc(until) if until else None)
    wanted = Filter(task_id, tuple(types or ()), tuple(actors or ()), *span)
    return await browse(_trail(request), caller.person, wanted, limit, cursor)


@router.get(
    "/api/audit/verify",
    tags=["audit"],
    response_model_exclude_none=True,
    summary="Verify the audit trail",
    responses=documented(),
)
async def verify_audit(request: Request, caller: Reading) -> Proof:
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
