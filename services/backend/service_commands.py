"""The commands of services that act for a person: the next occurrence, and what becomes of a reminder.

Each may come twice, late, or after the person has changed their mind; then it changes nothing.
"""

from typing import Literal
from uuid import UUID

from pydantic import Field

from services.backend.decide import following_occurrence
from services.backend.tasklist import Reply
from services.backend.workspace import Workspace
from services.kit.due import actual_due
from services.kit.events import EventType
from services.kit.problems import Problem
from services.kit.task import Due, Frozen, Reminder, ReminderStatus, Status, Task


class OccurrenceRequest(Frozen):
    """What recurring-task asks for: the occurrence on `due` after `parent`, which was completed at `version`."""

    person: str = Field(pattern=r"^[0-9a-f]{32}$")
    epoch: int
    parent: UUID
    version: int
    id: UUID
    occurrence: int = Field(ge=2)
    due: Due


class ReminderReport(Frozen):
    """What notification tells: the reminder that fell due by the setting `seq` was delivered, or nobody took it."""

    person: str = Field(pattern=r"^[0-9a-f]{32}$")
    epoch: int
    task: UUID
    reminder: str
    seq: int
    status: Literal["delivered", "missed"]


class ReminderTrigger(Frozen):
    """What a reminder's job carries."""

    person: str = Field(pattern=r"^[0-9a-f]{32}$")
    epoch: int
    task: UUID
    reminder: str
    seq: int


def next_occurrence(work: Workspace, request: OccurrenceRequest) -> Reply:
    """Create the next occurrence: 201; 200 where it is there; 409 where its parent or a person no longer wants it.

    Its date is that of the completion in force: the event of one that was taken back may come late.
    """
    if work.get(request.id) is not None:
        return Reply(status=200, task=request.id)
    parent = work.need(request.parent)
    if parent.status is not Status.COMPLETED or parent.version < request.version:
        raise Problem(409, f"The task {parent.id} is not completed at version {request.version}.")
    if work.is_deleted(request.id):
        raise Problem(409, f"The occurrence {request.id} was deleted.")
    following = following_occurrence(work, parent)
    if following is None or following[0] != request.id:
        raise Problem(409, f"{request.id} is not the occurrence after {parent.id}.")
    work.emit(EventType.CREATED, _child(work, parent, *following), touch=False)
    return Reply(status=201, task=request.id)


def _child(work: Workspace, parent: Task, child_id: UUID, nominal: Due) -> Task:
    reminders = tuple(Reminder(id=r.id, before=r.before, at=work.now) for r in parent.reminders if r.before is not None)
    return Task(
        id=child_id,
        seq=work.next_seq,
        version=1,
        title=parent.title,
        description=parent.description,
        priority=parent.priority,
        tags=parent.tags,
        due=actual_due(nominal, work.profile.time_zone),
        recurrence=parent.recurrence,
        series_id=parent.series_id,
        occurrence=(parent.occurrence or 1) + 1,
        nominal=nominal,
        reminders=reminders,
        created_at=work.now,
        updated_at=work.now,
    )


def fire_reminder(work: Workspace, trigger: ReminderTrigger) -> Reply:
    """Append `reminder.due` if the reminder's setting is still the one that the job was made for.

    The job's own clock decides when: one that is a little ahead of ours must not lose the reminder.
    """
    task = work.get(trigger.task)
    reminder = _current(task, trigger.reminder, trigger.seq, ReminderStatus.SCHEDULED)
    if task is None or reminder is None or task.status is not Status.OPEN:
        return Reply(status=200)
    _set_status(work, task, reminder, ReminderStatus.DUE, EventType.REMINDER_DUE)
    return Reply(status=200, task=task.id)


def settle_reminder(work: Workspace, report: ReminderReport) -> Reply:
    """Record what became of a reminder that fell due."""
    task = work.get(report.task)
    reminder = _current(task, report.reminder, report.seq, ReminderStatus.DUE)
    if task is None or reminder is None:
        return Reply(status=200)
    _set_status(work, task, reminder, ReminderStatus(report.status), EventType.REMINDER_SETTLED)
    return Reply(status=200, task=task.id)


def _current(task: Task | None, reminder_id: str, seq: int, status: ReminderStatus) -> Reminder | None:
    for reminder in task.reminders if task else ():
        if reminder.id == reminder_id and reminder.seq == seq and reminder.status is status:
            return reminder
    return None


def _set_status(work: Workspace, task: Task, reminder: Reminder, status: ReminderStatus, kind: EventType) -> None:
    changed = tuple(r.model_copy(update={"status": status}) if r.id == reminder.id else r for r in task.reminders)
    work.emit(kind, task.model_copy(update={"reminders": changed}), reminder=reminder.id, touch=False)
