"""What came out of a file: the tasks, each with its line, and what could not be read, told line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import ValidationError

from services.backend.schemas import TaskDraft
from services.kit.due import check_year, is_in_years, normal_due
from services.kit.problems import message_of
from services.kit.recurrence import check_rule
from services.kit.task import Frozen, Profile, Status

MAX_TASKS: Final = 100_000
MAX_PROBLEMS: Final = 1_000


class Severity(StrEnum):
    """error: a task did not come in. warning: it did, without what the message names."""

    ERROR = "error"
    WARNING = "warning"


class Problem(Frozen):
    """What could not be read: the line (from 1) it stands in, the task and the field it belongs to, where known."""

    line: int | None = None
    item: str | None = None
    field: str | None = None
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Entry:
    """A task that was read, and the line (from 1) that it begins in; None where a format has no lines.

    `uncarried` are the fields that its format has no words for: a task that it replaces keeps its own.
    """

    line: int | None
    draft: TaskDraft
    uncarried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tasks of a file in its order, the first `MAX_PROBLEMS` problems, and how many more there were."""

    drafts: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    omitted: int = 0


class Reading:
    """A file on its way in: collects tasks and problems, both in bounded number."""

    def __init__(self, profile: Profile, now: datetime, uncarried: frozenset[str] = frozenset()) -> None:
        self.profile = profile
        self.now = now
        self._uncarried = uncarried
        self._entries: list[Entry] = []
        self._problems: list[Problem] = []
        self._omitted = 0
        self._seen = 0

    def spot(self, line: int | None = None, item: str | None = None) -> "Spot":
        """Return the place in the file that the problems of one task are told at."""
        return Spot(self, line, item)

    def tell(self, problem: Problem) -> None:
        """Keep a problem, or count it when there are too many."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
        else:
            self._omitted += 1

    def has_room(self) -> bool:
        """Whether another task may come in; each one that may not is counted."""
        self._seen += 1
        return self._seen <= MAX_TASKS

    def add(self, spot: "Spot", fields: Mapping[str, object]) -> None:
        """Check a task's fields and keep the task; what speaks against it becomes problems at `spot`."""
        draft = _checked(spot, fields, self.profile.time_zone)
        if draft is not None:
            self._entries.append(Entry(spot.line, draft, self._uncarried))

    def parsed(self) -> Parsed:
        """Return what was collected."""
        problems = tuple(self._problems)
        if self._seen > MAX_TASKS:
            left_out = self._seen - MAX_TASKS
            message = f"only the first {MAX_TASKS:,} tasks of a file are read; {left_out:,} more were left out"
            problems = (Problem(message=message), *problems)
        return Parsed(tuple(self._entries), problems, self._omitted)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file, to tell problems at."""

    reading: Reading
    line: int | None
    item: str | None

    def error(self, field: str | None, message: str) -> None:
        """Tell why a task did not come in."""
        self._tell(field, message, Severity.ERROR)

    def warn(self, field: str | None, message: str) -> None:
        """Tell what a task came in without."""
        self._tell(field, message, Severity.WARNING)

    def _tell(self, field: str | None, message: str, severity: Severity) -> None:
        item = self.item and self.item[:80]
        self.reading.tell(Problem(line=self.line, item=item, field=field, message=message, severity=severity))


def _checked(spot: Spot, fields: Mapping[str, object], time_zone: str) -> TaskDraft | None:
    try:
        draft = TaskDraft.model_validate(dict(fields))
    except ValidationError as refusal:
        for error in refusal.errors(include_url=False)[:10]:
            spot.error(".".join(str(part) for part in error["loc"]) or None, message_of(error))
        return None
    try:
        due = None if draft.due is None else normal_due(draft.due, time_zone)
    except ValueError as refusal:
        spot.error("due", str(refusal))
        return None
    draft = draft.model_copy(update={"due": due})
    for check in (_with_times, _with_rule, _with_nominal, _with_reminders, _with_completion):
        draft = check(spot, draft, time_zone)
    return draft


def _with_rule(spot: Spot, draft: TaskDraft, _: str) -> TaskDraft:
    if draft.recurrence is None:
        return draft
    if draft.due is None:
        spot.warn("recurrence", "a recurrence needs a due date; the task comes in without the recurrence")
        return draft.model_copy(update={"recurrence": None})
    try:
        rrule = check_rule(draft.recurrence.rrule, draft.due)
    except ValueError as refusal:
        spot.warn("recurrence", f"{refusal}; the task comes in without the recurrence")
        return draft.model_copy(update={"recurrence": None})
    return draft.model_copy(update={"recurrence": draft.recurrence.model_copy(update={"rrule": rrule})})


def _with_nominal(spot: Spot, draft: TaskDraft, time_zone: str) -> TaskDraft:
    if draft.nominal is None:
        return draft
    try:
        nominal = normal_due(draft.nominal, time_zone, skipped=True)
        if type(nominal) is not type(draft.due):
            raise ValueError("the nominal date is of another kind than the due; it is left out")
    except ValueError as refusal:
        spot.warn("nominal", str(refusal))
        nominal = None
    return draft.model_copy(update={"nominal": nominal})


def _with_reminders(spot: Spot, draft: TaskDraft, _: str) -> TaskDraft:
    if draft.due is not None or all(reminder.before is None for reminder in draft.reminders):
        return draft
    spot.warn("reminders", "a reminder before the due needs a due date; the task comes in without the reminder")
    kept = tuple(reminder for reminder in draft.reminders if reminder.before is None)
    return draft.model_copy(update={"reminders": kept})


def _with_times(spot: Spot, draft: TaskDraft, _: str) -> TaskDraft:
    for name in ("created_at", "completed_at"):
        try:
            moment = getattr(draft, name)
            if moment is not None:
                check_year(moment)
        except ValueError as refusal:
            spot.warn(name, str(refusal))
            draft = draft.model_copy(update={name: None})
    kept = tuple(r for r in draft.reminders if r.at is None or is_in_years(r.at))
    if kept != draft.reminders:
        spot.warn("reminders", "a reminder in a year that is out of bounds; the task comes in without it")
    return draft.model_copy(update={"reminders": kept})


def _with_completion(spot: Spot, draft: TaskDraft, _: str) -> TaskDraft:
    if draft.completed_at is None or draft.status is Status.COMPLETED:
        return draft
    spot.warn("completed_at", "an open task has no date of completion")
    return draft.model_copy(update={"completed_at": None})
