"""The dates of a rule, before and after it is saved."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.backend.api.acting import Log
from services.backend.tasklist import TaskList
from services.kit.due import normal_due
from services.kit.identity import Reading
from services.kit.problems import Problem, documented, invalid
from services.kit.queries import StrictRoute
from services.kit.recurrence import check_rule, upcoming
from services.kit.task import Due, Frozen, Recurrence

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["recurrence"])

Count = Annotated[int, Query(ge=1, le=100)]


class OccurrencesBody(Frozen):
    """A rule that is not saved yet, and the due that it begins at."""

    due: Due
    recurrence: Recurrence
    count: int = Field(default=5, ge=1, le=100)


class OccurrencesAnswer(BaseModel):
    """The next dates, each in the form that a due has; fewer than asked for where the rule ends."""

    items: list[Due]


@router.get("/tasks/{task_id}/occurrences", responses=documented(404))
async def task_occurrences(caller: Reading, log: Log, task_id: UUID, count: Count = 5) -> OccurrencesAnswer:
    """Return the next dates of a task's rule; none where it does not recur."""
    return of_task(await log.read(caller.person), task_id, count)


def of_task(tasks: TaskList, task_id: UUID, count: int) -> OccurrencesAnswer:
    """Return the next dates of a task's rule; the 404 where there is no such task."""
    task = tasks.get(task_id)
    if task is None:
        raise Problem(404, f"There is no task {task_id}.")
    start = task.nominal or task.due
    if task.recurrence is None or start is None:
        return OccurrencesAnswer(items=[])
    found = upcoming(task.recurrence, start, count, task.occurrence or 1, tasks.profile.time_zone)
    return OccurrencesAnswer(items=found)


@router.post("/occurrences", responses=documented(400))
async def rule_occurrences(caller: Reading, log: Log, body: OccurrencesBody) -> OccurrencesAnswer:
    """Return the next dates of a rule that is not saved."""
    return of_rule(await log.read(caller.person), body)


def of_rule(tasks: TaskList, body: OccurrencesBody) -> OccurrencesAnswer:
    """Return the next dates of a rule that is not saved; the 422 names what is wrong with it."""
    time_zone = tasks.profile.time_zone
    try:
        start = normal_due(body.due, time_zone)
    except ValueError as error:
        raise invalid("due", str(error)) from None
    try:
        rule = Recurrence(rrule=check_rule(body.recurrence.rrule, start), mode=body.recurrence.mode)
        return OccurrencesAnswer(items=upcoming(rule, start, body.count, 1, time_zone))
    except ValueError as error:
        raise invalid("recurrence.rrule", str(error)) from None
