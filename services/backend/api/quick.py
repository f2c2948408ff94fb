"""The quick line: a task from one line of natural language."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter
from starlette.responses import Response

from services.backend import decide
from services.backend.api.acting import Acting
from services.backend.api.answers import JSON, answer
from services.backend.commit import Command
from services.backend.quick import QuickTask, Span, read
from services.backend.schemas import ReminderInput, TaskCreate, storable
from services.backend.tasklist import Reply
from services.backend.workspace import Workspace
from services.kit.due import check_zone
from services.kit.problems import documented, invalid
from services.kit.queries import StrictRoute
from services.kit.task import Due, Frozen, Priority, Profile, Recurrence, Task

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["tasks"])

MAX_TITLE = 500


class QuickBody(Frozen):
    """A line, and the zone that its times are read in; without one, the caller's."""

    text: Annotated[str, AfterValidator(storable), Field(min_length=1, max_length=1000)] = Field(
        examples=["pay rent every month on the 1st at 9am !high #home remind 1d before"]
    )
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(check_zone)] | None = None


class QuickDraft(BaseModel):
    """A task as the line tells of it, in the form that `POST /api/tasks` takes."""

    title: str
    priority: Priority
    tags: tuple[str, ...]
    due: Due | None
    recurrence: Recurrence | None
    reminders: tuple[ReminderInput, ...]


class QuickAnswer(BaseModel):
    """The task that was made and the pieces of the line that were understood; the rest of it is the title."""

    task: Task
    spans: list[Span]
    change: UUID


class QuickPreview(BaseModel):
    """What the line would make."""

    task: QuickDraft
    spans: list[Span]
    change: None = None


_SPANS = TypeAdapter(tuple[Span, ...])


def _read(body: QuickBody, profile: Profile, now: datetime) -> tuple[TaskCreate, QuickTask]:
    """Return the task that the line tells of; the 422 where it leaves no title that a task can have."""
    found = read(body.text, now, body.time_zone or profile.time_zone, profile.locale)
    if not 1 <= len(found.title) <= MAX_TITLE:
        raise invalid("text", f"must leave a title of 1 to {MAX_TITLE} characters, leaves {len(found.title)}")
    return TaskCreate.model_validate(found.model_dump(exclude={"spans"})), found


@router.post(
    "/tasks/quick",
    status_code=201,
    responses={201: {"model": QuickAnswer}, 200: {"model": QuickPreview}, **documented(400, 413)},
)
async def quick_task(
    acting: Acting,
    body: QuickBody,
    dry_run: Annotated[bool, Query(description="only say what the line would make")] = False,
) -> Response:
    """Make a task from one line: dates, times, recurrence, !priority, #tags and reminders; the rest is its title."""
    if dry_run:
        document = preview(body, (await acting.log.read(acting.person)).profile)
        return Response(orjson.dumps(document), media_type=JSON)
    return answer(await acting.log.execute(acting.person, command(body), acting.intent), nested=True)


def command(body: QuickBody) -> Command:
    """Return the command that makes the task of a line."""

    def make(work: Workspace) -> Reply:
        task, found = _read(body, work.profile, work.now)
        spans: Any = _SPANS.dump_python(found.spans, mode="json")
        return decide.create(work, task).model_copy(update={"extra": {"spans": spans}})

    return make


def preview(body: QuickBody, profile: Profile) -> dict[str, Any]:
    """Return what the line would make."""
    _, found = _read(body, profile, datetime.now(UTC))
    draft = QuickDraft.model_validate(found.model_dump(exclude={"spans"}))
    return QuickPreview(task=draft, spans=list(found.spans)).model_dump(mode="json")
