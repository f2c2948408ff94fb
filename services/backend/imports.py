"""Imports: the drafts of a file turned into tasks, by several commits under one change that can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.backend.schemas import TaskDraft
from services.backend.transfer.parsed import Entry, Problem
from services.backend.workspace import Workspace, check_agreement, next_reminder_id
from services.kit.events import EventType
from services.kit.ids import placed_id, uuid7
from services.kit.task import Reminder, ReminderStatus, Status, Task

MAX_PREVIEW: Final = 200

Placed = tuple[int, Entry]


class OnConflict(StrEnum):
    """What becomes of a task that is there already, by its id or external_id."""

    SKIP = "skip"
    REPLACE = "replace"


class Action(StrEnum):
    """What an import does with a task of the file."""

    CREATED = "created"
    REPLACED = "replaced"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Tally:
    """What an import came to: how many tasks met each action, and the first of them by name."""

    counts: dict[Action, int] = field(default_factory=lambda: dict.fromkeys(Action, 0))
    preview: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, entry: Entry, action: Action, task_id: UUID) -> None:
        """Count one task."""
        self.counts[action] += 1
        if len(self.preview) < MAX_PREVIEW:
            shown = {"line": entry.line, "title": entry.draft.title, "action": action.value, "id": str(task_id)}
            self.preview.append(shown)

    def refuse(self, entry: Entry) -> None:
        """Tell of a task that names two that are there."""
        if len(self.problems) < MAX_PREVIEW:
            message = "its id is that of one task, its external_id that of another; it did not come in"
            title = entry.draft.title[:80]
            self.problems.append(Problem(line=entry.line, item=title, field="external_id", message=message))

    def merge(self, other: "Tally") -> None:
        """Take in what a part came to."""
        for action, count in other.counts.items():
            self.counts[action] += count
        self.preview += other.preview[: MAX_PREVIEW - len(self.preview)]
        self.problems += other.problems[: MAX_PREVIEW - len(self.problems)]

    def as_extra(self) -> dict[str, Any]:
        """Return the members of the answer."""
        return {action.value: count for action, count in self.counts.items()} | {"items": self.preview}


def take_in(
    work: Workspace, placed: Sequence[Placed], on_conflict: OnConflict, tally: Tally, change: UUID | None = None
) -> None:
    """Create or replace the tasks of some drafts; those that `change` made before it was cut off count as created.

    Each comes with its place in the file: a task without an id gets one that follows from it.
    """
    resumed = work.base.changes.get(change) if change else None
    for place, entry in placed:
        draft = entry.draft
        task_id = draft.id or (placed_id(change, place) if change else uuid7())
        if _names_two(work, draft, task_id):
            tally.refuse(entry)
            continue
        known = _known(work, draft, task_id)
        if known is None:
            task = work.emit(EventType.CREATED, check_agreement(_task(work, draft, task_id)))
            tally.add(entry, Action.CREATED, task.id)
        elif resumed is not None and resumed.covers(work.touched_seq(known.id)):
            tally.add(entry, Action.CREATED if known.version == 1 else Action.REPLACED, known.id)
        elif on_conflict is OnConflict.SKIP:
            tally.add(entry, Action.SKIPPED, known.id)
        else:
            _replace(work, known, entry)
            tally.add(entry, Action.REPLACED, known.id)


def _names_two(work: Workspace, draft: TaskDraft, task_id: UUID) -> bool:
    """Tell whether a draft's id is that of one task and its external_id that of another."""
    other = work.by_external_id(draft.external_id) if draft.external_id else None
    return other is not None and other != task_id and work.get(task_id) is not None


def _known(work: Workspace, draft: TaskDraft, task_id: UUID) -> Task | None:
    found = work.get(task_id)
    if found is None and draft.external_id:
        known = work.by_external_id(draft.external_id)
        found = work.get(known) if known else None
    return found


def _replace(work: Workspace, known: Task, entry: Entry) -> None:
    values = _task(work, entry.draft, known.id)
    kept = {name: getattr(known, name) for name in ("created_at", "version", "seq", "updated_at", *entry.uncarried)}
    if entry.draft.series_id is None and (values.recurrence, values.due) == (known.recurrence, known.due):
        kept |= {name: getattr(known, name) for name in ("series_id", "occurrence", "nominal")}
    if values.due is None and "reminders" in kept:
        kept["reminders"] = tuple(r for r in known.reminders if r.before is None)
    after = check_agreement(values.model_copy(update=kept))
    if after != known:
        work.emit(EventType.UPDATED, after)


def _task(work: Workspace, draft: TaskDraft, task_id: UUID) -> Task:
    done = draft.status is Status.COMPLETED
    recurring = draft.recurrence is not None
    return Task(
        id=task_id,
        seq=work.next_seq,
        version=1,
        title=draft.title,
        description=draft.description,
        status=draft.status,
        priority=draft.priority,
        tags=draft.tags,
        due=draft.due,
        recurrence=draft.recurrence,
        series_id=(draft.series_id or uuid7()) if recurring else None,
        occurrence=(draft.occurrence or 1) if recurring else None,
        nominal=(draft.nominal or draft.due) if recurring else None,
        reminders=_reminders(work, draft),
        external_id=draft.external_id,
        created_at=draft.created_at or work.now,
        updated_at=work.now,
        completed_at=(draft.completed_at or work.now) if done else None,
    )


def _reminders(work: Workspace, draft: TaskDraft) -> tuple[Reminder, ...]:
    found: list[Reminder] = []
    for reminder in draft.reminders:
        given = {r.id for r in draft.reminders if r.id} | {r.id for r in found}
        try:
            status = ReminderStatus(reminder.status or ReminderStatus.SCHEDULED)
        except ValueError:
            status = ReminderStatus.SCHEDULED
        found.append(
            Reminder(
                id=reminder.id or next_reminder_id(given),
                before=reminder.before,
                at=reminder.at or work.now,
                # A delivery that was under way elsewhere is nobody's here.
                status=ReminderStatus.MISSED if status is ReminderStatus.DUE else status,
            )
        )
    return tuple(found)
