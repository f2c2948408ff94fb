"""What a client may attach to a conversation: today's tasks, what is overdue, and any one task."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from mcp_types import Resource, ResourceTemplate, TextResourceContents

from services.backend.query import Query
from services.backend.tools.reading import TaskId, found, get_task
from services.backend.tools.tool import Call
from services.backend.views import Sort
from services.kit.due import resolve, zone
from services.kit.problems import Problem
from services.kit.tokens import Scope

TODAY: Final = "tasks://today"
OVERDUE: Final = "tasks://overdue"
TASK: Final = "tasks://task/"
JSON: Final = "application/json"
_MOST: Final = 500
_DESCRIPTIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    TODAY: ("today", "Due today", "The open tasks that fall due today in the person's time zone."),
    OVERDUE: ("overdue", "Overdue", "The open tasks whose due has passed."),
}


def listed() -> list[Resource]:
    """Return the resources that everybody has."""
    return [
        Resource(uri=uri, name=name, title=title, description=description, mime_type=JSON)
        for uri, (name, title, description) in _DESCRIPTIONS.items()
    ]


def templates() -> list[ResourceTemplate]:
    """Return how the resource of a task is named."""
    return [
        ResourceTemplate(
            uri_template=TASK + "{id}", name="task", title="A task", description="One task by its id.", mime_type=JSON
        )
    ]


async def read(call: Call, uri: str) -> TextResourceContents:
    """Return a resource; problems: 403 without `tasks:read`, 404 for one that is not there."""
    call.caller.need(Scope.TASKS_READ)
    if uri == TODAY:
        content = await due_today(call)
    elif uri == OVERDUE:
        content = await found(call, Query(overdue=True, sort=Sort.DUE, limit=_MOST))
    else:
        content = await get_task(call, TaskId(id=_task_id(uri)))
    return TextResourceContents(uri=uri, mime_type=JSON, text=orjson.dumps(content).decode())


async def due_today(call: Call) -> dict[str, Any]:
    """Return the open tasks that fall due today, where the person is; a date falls due when its day ends."""
    place = zone((await call.tasks()).profile.time_zone)
    today = datetime.now(UTC).astimezone(place).date()
    begins, ends = (resolve(datetime.combine(day, time()), place) for day in (today, today + timedelta(days=1)))
    moment = timedelta(microseconds=1)
    query = Query(due_after=begins, due_before=ends + moment, sort=Sort.DUE, limit=_MOST)
    return await found(call, query)


def _task_id(uri: str) -> UUID:
    try:
        return UUID(uri.removeprefix(TASK)) if uri.startswith(TASK) else UUID("")
    except ValueError:
        raise Problem(
            404, f"There is no resource {uri[:200]}; there are {TODAY}, {OVERDUE} and {TASK}{{id}}."
        ) from None
