"""What a command is decided on: the list as it is, with the command's own events on top, and no clock but `now`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.backend.tasklist import LogEvent, TaskList
from services.kit.due import due_zone, on_clock, reminder_at
from services.kit.events import EventType, TokenInfo
from services.kit.problems import Problem, invalid
from services.kit.task import Profile, Reminder, ReminderStatus, Status, Task

# A reminder set for a moment just gone is meant for now; one that is older than this has been missed.
GRACE: Final = timedelta(seconds=60)

_UNTRACKED: Final = frozenset({"id", "seq", "version", "created_at", "updated_at"})
_GONE_BY: Final = frozenset({ReminderStatus.DUE, ReminderStatus.DELIVERED, ReminderStatus.MISSED})


class Workspace:
    """A list with staged changes; a command reads it, and emits events onto it."""

    def __init__(self, base: TaskList, now: datetime) -> None:
        self.base = base
        self.now = now
        self.events: list[LogEvent] = []
        self.profile = base.profile
        self._staged: dict[UUID, Task | None] = {}
        self._touched: dict[UUID, int] = {}
        self._external: dict[str, UUID | None] = {}

    @property
    def next_seq(self) -> int:
        """The seq that the next event will have."""
        return self.base.seq + len(self.events) + 1

    def get(self, task_id: UUID) -> Task | None:
        """Return a task as it is by now; None where there is none."""
        return self._staged[task_id] if task_id in self._staged else self.base.get(task_id)

    def need(self, task_id: UUID) -> Task:
        """Return a task; the 404 where there is none."""
        task = self.get(task_id)
        if task is None:
            raise Problem(404, f"There is no task {task_id}.", tasks=[str(task_id)])
        return task

    def is_deleted(self, task_id: UUID) -> bool:
        """Tell whether a person deleted this task, here or earlier."""
        return self.get(task_id) is None and (task_id in self._staged or task_id in self.base.deleted)

    def by_external_id(self, external_id: str) -> UUID | None:
        """Return the task that another program knows by `external_id`."""
        if external_id in self._external:
            return self._external[external_id]
        return self.base.external.get(external_id)

    def touched_seq(self, task_id: UUID) -> int:
        """Return the seq of the person's event that a task's state comes from; 0 where no person touched it."""
        if task_id in self._touched:
            return self._touched[task_id]
        row = self.base.rows.get(task_id)
        return row.person_seq if row else self.base.deleted.get(task_id, 0)

    def emit(
        self,
        kind: EventType,
        task: Task,
        *,
        reminder: str | None = None,
        withdrawn: bool = False,
        touch: bool = True,
        restores: int | None = None,
    ) -> Task:
        """Stage an event that makes the task what `task` says; return it with seq, version and reminders settled.

        `touch` is false for what a service does; `restores` is the seq of the state that an undo goes back to.
        """
        before = self.get(task.id)
        values: dict[str, Any] = {"seq": self.next_seq, "updated_at": self.now}
        if kind is not EventType.CREATED:
            values["version"] = (before or task).version + 1
        after = task.model_copy(update=values)
        if reminder is None and kind is not EventType.DELETED:
            after = self._with_reminders(after, before)
        was = {} if before is None else changed(before, after)
        event = LogEvent(
            seq=after.seq,
            type=kind,
            task=after,
            was=was,
            reminder=reminder,
            withdrawn=withdrawn,
            replaces=self.touched_seq(task.id),
            restores=restores,
        )
        self.events.append(event)
        self._stage(after, before, gone=kind is EventType.DELETED)
        if touch:
            self._touched[task.id] = event.stands
        return after

    def set_profile(self, profile: Profile) -> None:
        """Stage a change of the person's profile."""
        was = {k: v for k, v in self.profile.model_dump().items() if v != getattr(profile, k)}
        self.events.append(LogEvent(seq=self.next_seq, type=EventType.PROFILE_UPDATED, profile=profile, was=was))
        self.profile = profile

    def emit_token(self, kind: EventType, token: TokenInfo) -> None:
        """Stage an event that tells what became of a token; the token itself is kept elsewhere."""
        self.events.append(LogEvent(seq=self.next_seq, type=kind, token=token))

    def _stage(self, after: Task, before: Task | None, *, gone: bool) -> None:
        self._staged[after.id] = None if gone else after
        if before and before.external_id:
            self._external[before.external_id] = None
        if after.external_id and not gone:
            self._external[after.external_id] = after.id

    def _with_reminders(self, task: Task, before: Task | None) -> Task:
        settled = self.settled(task, before)
        return task if settled == task.reminders else task.model_copy(update={"reminders": settled})

    def settled(self, task: Task, before: Task | None) -> tuple[Reminder, ...]:
        """Return a task's reminders with their times and statuses, after those that they had `before`."""
        known = {r.id: r for r in before.reminders} if before else {}
        return tuple(self._settled(task, r, known.get(r.id)) for r in task.reminders)

    def _settled(self, task: Task, reminder: Reminder, known: Reminder | None) -> Reminder:
        """Give a reminder its time, and the status that follows from it and from the task's."""
        at = reminder.at
        if reminder.before is not None and task.due is not None:
            instant = reminder_at(task.due, reminder.before, self.profile.time_zone)
            at = on_clock(instant, due_zone(task.due, self.profile.time_zone))
        moved = known is None or known.at != at
        if known is None and reminder.status in _GONE_BY:
            return reminder.model_copy(update={"at": at})
        missed = at <= self.now - GRACE
        if known is not None and known.status in _GONE_BY and (missed or not moved):
            return known.model_copy(update={"before": reminder.before, "at": at})
        if task.status is Status.COMPLETED:
            return reminder.model_copy(update={"at": at, "status": ReminderStatus.CANCELLED})
        if not moved and known is not None and known.status is ReminderStatus.SCHEDULED:
            return known.model_copy(update={"before": reminder.before})
        status = ReminderStatus.MISSED if missed else ReminderStatus.SCHEDULED
        return reminder.model_copy(update={"at": at, "status": status, "seq": task.seq})


def changed(before: Task, after: Task) -> dict[str, Any]:
    """Return the former values, as JSON, of the fields in which two states of a task differ."""
    fields = {
        name for name in Task.model_fields if name not in _UNTRACKED and getattr(before, name) != getattr(after, name)
    }
    return before.model_dump(mode="json", include=fields) if fields else {}


def restored(task: Task, was: dict[str, Any]) -> Task:
    """Return the task with the fields that `was` names as they were."""
    document = task.model_dump(mode="json") | was
    return Task.model_validate(document)


def check_agreement(task: Task) -> Task:
    """Return the task; the 422 when its recurrence or a reminder needs a due that it does not have."""
    if task.due is None and task.recurrence is not None:
        raise invalid("recurrence", "needs a due date; give one, or clear the recurrence too")
    if task.due is None and any(r.before is not None for r in task.reminders):
        raise invalid("reminders", "a reminder before the due needs a due date; give one, or clear the reminder too")
    return task


def next_reminder_id(taken: Iterable[str]) -> str:
    """Return the first of r1, r2, … that is not taken."""
    known = set(taken)
    number = 1
    while f"r{number}" in known:
        number += 1
    return f"r{number}"
