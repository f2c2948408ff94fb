"""The one call that others make of this service: erase a person."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.kit.identity import CallingService
from services.recurring_task.occurrences import Occurrences

PERSON = r"^[0-9a-f]{32}$"

router = APIRouter()


@router.delete("/internal/people/{person}", status_code=204)
async def erase_person(
    request: Request,
    _: CallingService,
    person: Annotated[str, Path(pattern=PERSON)],
    epoch: Annotated[int, Query(ge=1, lt=2**53)],
) -> Response:
    """Forget a person up to `epoch`; what stays is the number of the epoch, so that late events are dropped."""
    occurrences: Occurrences = request.app.state.occurrences
    await occurrences.erase(person, epoch)
    return Response(status_code=204)
