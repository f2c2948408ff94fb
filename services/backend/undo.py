"""Undo: a change of the person taken back, event by event, as a change of its own (which can be undone in turn)."""

from collections.abc import Sequence
from uuid import UUID

from services.backend.decide import withdraw_following
from services.backend.tasklist import Change, LogEvent, Reply, TaskList
from services.backend.workspace import Workspace, restored
from services.kit.events import EventType
from services.kit.problems import Problem
from services.kit.task import Profile, Task


def latest_change(tasks: TaskList) -> UUID:
    """Return the person's latest change that is not undone and is no undo itself; the 409 where nothing is left."""
    for change_id in reversed(tasks.changes):
        change = tasks.changes[change_id]
        if change.undoes is None and change.undone_by is None:
            return change_id
    raise Problem(409, "There is nothing left to undo.")


def change_to_undo(tasks: TaskList, change_id: UUID, resuming: UUID | None) -> Change:
    """Return the change of that id; the 409 where it is too old, unknown, or undone already.

    `resuming` is the undo that goes on after it was cut off.
    """
    change = tasks.changes.get(change_id)
    if change is None:
        raise Problem(409, f"The change {change_id} is not among the latest ones of yours; it cannot be undone.")
    if change.undone_by is not None and change.undone_by != resuming:
        raise Problem(409, f"The change {change_id} was undone already.")
    return change


def is_taken_back(work: Workspace, events: Sequence[LogEvent]) -> bool:
    """Tell whether a task is in the state that it had before the events of a change (the latest first)."""
    task = events[0].task
    return task is not None and work.touched_seq(task.id) == events[-1].replaces != events[0].stands


def check_untouched(work: Workspace, change_id: UUID, groups: Sequence[Sequence[LogEvent]], *, resumed: bool) -> None:
    """Refuse with 409, naming them, when tasks of the change were changed by the person since.

    `groups` are its events, task by task, the latest first. What was done since and then undone does not count.
    """
    touched = [
        str(events[0].task.id)
        for events in groups
        if events[0].task is not None
        and work.touched_seq(events[0].task.id) != events[0].stands
        and not (resumed and is_taken_back(work, events))
    ]
    if touched:
        named = ", ".join(touched[:5]) + (" and more" if len(touched) > 5 else "")
        raise Problem(
            409,
            f"The change {change_id} cannot be undone: {named} changed since.",
            tasks=touched,
            change=str(change_id),
        )


def take_back(work: Workspace, event: LogEvent) -> None:
    """Emit what takes one event back; nothing where its effect is gone already."""
    if event.type is EventType.PROFILE_UPDATED:
        _take_back_profile(work, event)
    elif event.task is not None:
        _take_back_task(work, event.type, event.task, event)


def _take_back_profile(work: Workspace, event: LogEvent) -> None:
    before = Profile.model_validate(work.profile.model_dump() | event.was)
    if before == work.profile:
        return
    if event.profile != work.profile:
        raise Problem(409, "The time zone or locale was changed again since; set it as you want it.")
    work.set_profile(before)


def _take_back_task(work: Workspace, kind: EventType, after: Task, event: LogEvent) -> None:
    current = work.get(after.id)
    if kind is EventType.DELETED:
        if current is None:
            _check_external_id(work, after)
            work.emit(EventType.RESTORED, after, restores=event.replaces)
        return
    if current is None:
        return
    if kind in {EventType.CREATED, EventType.RESTORED}:
        work.emit(EventType.DELETED, current, withdrawn=kind is EventType.CREATED, restores=event.replaces)
        return
    was = {name: value for name, value in event.was.items() if name != "reminders" or kind is EventType.UPDATED}
    before = restored(current, was)
    if kind is EventType.COMPLETED:
        work.emit(EventType.REOPENED, before, restores=event.replaces)
        withdraw_following(work, current)
    elif kind is EventType.REOPENED:
        work.emit(EventType.COMPLETED, before, restores=event.replaces)
    elif before != current:
        _check_external_id(work, before)
        work.emit(EventType.UPDATED, before, restores=event.replaces)


def _check_external_id(work: Workspace, task: Task) -> None:
    """Refuse with 409 when another task has taken the external_id that this one is to get back."""
    other = work.by_external_id(task.external_id) if task.external_id else None
    if other not in {None, task.id}:
        raise Problem(409, f"The task {other} has the external_id {task.external_id!r} now.", tasks=[str(other)])


def summary(change_id: UUID, tasks: Sequence[UUID]) -> Reply:
    """Return the answer to an undo: which change it took back, and the tasks it gave another state."""
    return Reply(extra={"undone": str(change_id), "tasks": [str(t) for t in dict.fromkeys(tasks)]})
