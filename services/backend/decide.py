"""The commands of a person on one task: each reads a workspace, refuses with a problem, or emits events onto it."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from services.backend.schemas import ReadOnly, ReminderInput, TaskCreate, TaskPatch
from services.backend.tasklist import Reply
from services.backend.workspace import Workspace, check_agreement, next_reminder_id
from services.kit.due import check_year, normal_due
from services.kit.events import EventType
from services.kit.ids import occurrence_id, uuid7
from services.kit.problems import Problem, invalid
from services.kit.recurrence import check_rule, next_due
from services.kit.task import Due, Priority, Recurrence, Reminder, Status, Task

_T = TypeVar("_T")

_READ_ONLY = frozenset(ReadOnly.model_fields) - {"change", "next_id"}


def create(work: Workspace, body: TaskCreate) -> Reply:
    """Create a task: 201; 200 with the task that is there where its id is taken."""
    if body.id is not None and work.get(body.id) is not None:
        return Reply(status=200, task=body.id)
    if body.id is not None and work.is_deleted(body.id):
        raise Problem(409, f"The task {body.id} was deleted; undo brings it back, or give the new one another id.")
    if body.external_id is not None and work.by_external_id(body.external_id) is not None:
        raise Problem(409, f"There is a task with the external_id {body.external_id!r} already.")
    task_id = body.id or uuid7()
    due = checked_due(work, body.due)
    recurrence = checked_recurrence(body.recurrence, due)
    task = Task(
        id=task_id,
        seq=work.next_seq,
        version=1,
        title=body.title,
        description=body.description,
        priority=body.priority,
        tags=body.tags,
        due=due,
        recurrence=recurrence,
        **series_of(recurrence, due),
        reminders=matched_reminders(body.reminders, (), work),
        external_id=body.external_id,
        created_at=work.now,
        updated_at=work.now,
    )
    created = work.emit(EventType.CREATED, check_agreement(task))
    check_read_only(body, created)
    return Reply(status=201, task=task_id)


def update(work: Workspace, task_id: UUID, body: TaskPatch, expected: frozenset[int] | None = None) -> Reply:
    """Change the fields given; 412 where the task's version is not an `expected` one."""
    task = work.need(task_id)
    check_version(task, expected)
    check_read_only(body, task)
    after = check_agreement(patched(work, task, body))
    if after != task:
        work.emit(EventType.UPDATED, after)
    return Reply(task=task_id)


def complete(work: Workspace, task_id: UUID, expected: frozenset[int] | None = None) -> Reply:
    """Complete a task; `next_id` names its next occurrence, or is null where there is none."""
    task = work.need(task_id)
    check_version(task, expected)
    if task.status is Status.OPEN:
        done = task.model_copy(update={"status": Status.COMPLETED, "completed_at": work.now})
        task = work.emit(EventType.COMPLETED, done)
    following = following_occurrence(work, task)
    wanted = following is not None and not work.is_deleted(following[0])
    return Reply(task=task_id, extra={"next_id": str(following[0]) if following and wanted else None})


def reopen(work: Workspace, task_id: UUID, expected: frozenset[int] | None = None) -> Reply:
    """Undo a completion, and take the next occurrence back if no person has touched it."""
    task = work.need(task_id)
    check_version(task, expected)
    if task.status is Status.COMPLETED:
        work.emit(EventType.REOPENED, task.model_copy(update={"status": Status.OPEN, "completed_at": None}))
        withdraw_following(work, task)
    return Reply(task=task_id)


def delete(work: Workspace, task_id: UUID, expected: frozenset[int] | None = None) -> Reply:
    """Delete a task."""
    task = work.need(task_id)
    check_version(task, expected)
    work.emit(EventType.DELETED, task)
    return Reply(status=204)


def following_occurrence(work: Workspace, task: Task) -> tuple[UUID, Due] | None:
    """Return id and nominal date of the occurrence after a completed one; None where there is none."""
    nominal = task.nominal or task.due
    if task.recurrence is None or nominal is None or task.series_id is None or task.completed_at is None:
        return None
    number = task.occurrence or 1
    rule, completed_at = task.recurrence, task.completed_at
    zone = work.profile.time_zone
    due = _or_invalid("recurrence.rrule", lambda: next_due(rule, nominal, number, completed_at, zone))
    return (occurrence_id(task.series_id, number + 1), due) if due else None


def withdraw_following(work: Workspace, task: Task) -> None:
    """Delete the next occurrence of a task if it is there and no person has touched it."""
    if task.series_id is None:
        return
    child = work.get(occurrence_id(task.series_id, (task.occurrence or 1) + 1))
    if child is not None and not work.touched_seq(child.id):
        work.emit(EventType.DELETED, child, withdrawn=True)


def patched(work: Workspace, task: Task, body: TaskPatch) -> Task:
    """Return the task with the fields that were given; null clears one.

    A due that is given alone moves this occurrence; given with the recurrence, it begins the series anew.
    """
    given = body.model_fields_set
    values: dict[str, Any] = {}
    cleared: dict[str, Any] = {"description": "", "priority": Priority.NONE, "tags": ()}
    for name in ("title", "description", "priority", "tags", "external_id"):
        if name in given:
            value = getattr(body, name)
            values[name] = cleared.get(name) if value is None else value
    if values.get("external_id") not in {None, task.external_id} and work.by_external_id(values["external_id"]):
        raise Problem(409, f"There is a task with the external_id {values['external_id']!r} already.")
    if "due" in given:
        values["due"] = checked_due(work, body.due)
    due = values.get("due", task.due)
    if "recurrence" in given:
        values["recurrence"] = checked_recurrence(body.recurrence, due)
        values |= series_of(values["recurrence"], due)
        if values["recurrence"] == task.recurrence and due == task.due:
            values |= {name: getattr(task, name) for name in ("series_id", "occurrence", "nominal")}
    elif "due" in given and due is not None and task.recurrence is not None:
        checked_recurrence(task.recurrence, due)
        if type(due) is not type(task.nominal):
            values["nominal"] = due
    if "reminders" in given:
        values["reminders"] = matched_reminders(body.reminders or (), task.reminders, work)
    return task.model_copy(update=values)


def series_of(recurrence: Recurrence | None, due: Due | None) -> dict[str, Any]:
    """Return the fields of a task that begins a series; all null without a recurrence."""
    if recurrence is None:
        return {"series_id": None, "occurrence": None, "nominal": None}
    return {"series_id": uuid7(), "occurrence": 1, "nominal": due}


def checked_due(work: Workspace, due: Due | None) -> Due | None:
    """Return a due as it is kept; the 422 names what is wrong with it."""
    return None if due is None else _or_invalid("due", lambda: normal_due(due, work.profile.time_zone))


def checked_recurrence(recurrence: Recurrence | None, due: Due | None) -> Recurrence | None:
    """Return a recurrence with its rule normalised; the 422 names what is wrong with it."""
    if recurrence is None:
        return None
    if due is None:
        raise invalid("recurrence", "needs a due date; give one, or clear the recurrence too")
    rule = _or_invalid("recurrence.rrule", lambda: check_rule(recurrence.rrule, due))
    return Recurrence(rrule=rule, mode=recurrence.mode)


def matched_reminders(
    wanted: tuple[ReminderInput, ...], known: tuple[Reminder, ...], work: Workspace
) -> tuple[Reminder, ...]:
    """Return the reminders asked for; one that is there already, by id or else by value, keeps its id and status."""
    by_id = {r.id: r for r in known}
    by_value = {(r.before, None if r.before else r.at): r for r in known}
    claimed = {r.id for r in wanted if r.id}
    found: list[Reminder] = []
    for number, reminder in enumerate(wanted):
        at = None if reminder.before else reminder.at
        if at is not None:
            _or_invalid(f"reminders.{number}.at", lambda at=at: check_year(at))  # type: ignore[misc]
        match = by_id.get(reminder.id) if reminder.id else by_value.get((reminder.before, at))
        if match is not None and not reminder.id and match.id in claimed:
            match = None
        reminder_id = reminder.id or (match.id if match else next_reminder_id({*by_id, *claimed}))
        claimed.add(reminder_id)
        kept = match or Reminder(id=reminder_id, at=at or work.now)
        found.append(kept.model_copy(update={"before": reminder.before, "at": at or kept.at}))
    return tuple(found)


def check_version(task: Task, expected: frozenset[int] | None) -> None:
    """Refuse with 412 a change of another version than the caller has seen."""
    if expected is not None and task.version not in expected:
        raise Problem(412, f"The task is at version {task.version} now; read it again and decide anew.")


def check_read_only(body: ReadOnly, task: Task) -> None:
    """Refuse read-only fields that were sent with another value than the task has."""
    given = body.model_fields_set & _READ_ONLY
    if not given and "id" not in body.model_fields_set:
        return
    shown = task.model_dump(mode="json")
    for name in sorted(given | ({"id"} & body.model_fields_set)):
        value = getattr(body, name)
        if (str(value) if name == "id" else value) != shown[name]:
            raise invalid(name, f"is read-only; this task has {shown[name]!r}")


def _or_invalid(field: str, check: Callable[[], _T]) -> _T:
    try:
        return check()
    except ValueError as error:
        raise invalid(field, str(error)) from None
