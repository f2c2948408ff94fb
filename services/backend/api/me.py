"""Who is calling: their profile, and their erasure."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.backend.api.acting import ActingOnSelf, Log
from services.backend.changes import set_profile
from services.backend.erase import Eraser
from services.kit.due import check_zone
from services.kit.identity import Administering, CurrentCaller
from services.kit.problems import documented
from services.kit.queries import StrictRoute
from services.kit.task import Frozen
from services.kit.tokens import Scope, each_once

router = APIRouter(prefix="/api/me", route_class=StrictRoute, tags=["me"])


class Me(BaseModel):
    """Who is calling, and with which scopes; `person` is the id that logs and events name them by."""

    person: str
    subject: str
    name: str
    scopes: Annotated[tuple[Scope, ...], AfterValidator(each_once)]
    time_zone: str
    locale: str


class MeAnswer(Me):
    """The caller, and the change that was made (null where nothing changed)."""

    change: str | None = None


class MePatch(Frozen):
    """The fields to change."""

    time_zone: Annotated[str, Field(max_length=64), AfterValidator(check_zone)] = ""
    locale: str = Field(default="", pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=35)


@router.get("", responses=documented())
async def get_me(caller: CurrentCaller, log: Log) -> Me:
    """Return who is calling."""
    profile = (await log.read(caller.person)).profile
    return Me(**caller.model_dump(), **profile.model_dump())


@router.patch("", responses=documented(400))
async def update_me(acting: ActingOnSelf, body: MePatch) -> MeAnswer:
    """Change time zone or locale. Dates and floating times are read in the new zone, and their reminders move."""
    values = body.model_dump(include=body.model_fields_set)
    outcome = await set_profile(acting.log, acting.person, values, acting.intent)
    made = [event.profile for event in (outcome.commit.events if outcome.commit else ()) if event.profile]
    profile = made[0] if made else outcome.tasks.profile
    change = str(outcome.change) if outcome.change else None
    return MeAnswer(**acting.caller.model_dump(), **profile.model_dump(), change=change)


@router.delete(
    "", status_code=204, response_class=Response, responses={202: {"description": "It goes on"}, **documented()}
)
async def erase_me(request: Request, caller: Administering) -> Response:
    """Erase the caller everywhere; of the audit trail the hashes stay. 202: begun, and going on by itself."""
    eraser: Eraser = request.app.state.eraser
    if await eraser.begin(caller.person):
        return Response(status_code=204)
    return JSONResponse({"status": "erasing"}, 202)
