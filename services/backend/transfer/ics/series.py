"""A recurring VTODO and the overrides of its occurrences (RFC 5545, 3.8.4.4), made the tasks that people mean.

Programs keep a recurring task in its first state for ever, beside an override for every occurrence that was completed.
Here the task with the rule becomes the open one, due on the first date after the last completed occurrence, and every
completed override a completed task of its own. Occurrences that were passed over before it stay passed over. An open
override of the next occurrence (it was moved, or renamed) is merged into the open task.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from services.backend.transfer.ics.todo import MAX_UID, Item, fit_uid
from services.backend.transfer.ics.values import moved, shifted
from services.kit.due import FIRST_YEAR, due_moment, wall_clock
from services.kit.recurrence import next_due
from services.kit.task import Due, DueAt, DueDate, Recurrence, RecurrenceMode, Status

_EARLIEST: Final = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC)
_MERGED: Final = ("title", "description", "priority", "tags", "reminders")


def settled(items: Iterable[Item], time_zone: str) -> list[Item]:
    """Return the items that become tasks, in the order of the file: series settled, the newest revision of each."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    for number, item in enumerate(items):
        groups.setdefault((item.uid, item.fields.get("id")) if item.uid else (number,), []).append(item)
    kept = [item for group in groups.values() for item in _settled_group(group, time_zone)]
    return sorted(kept, key=lambda item: item.spot.line or 0)


def _settled_group(group: list[Item], time_zone: str) -> Iterator[Item]:
    newest: dict[str, Item] = {}
    for item in sorted(group, key=lambda item: item.rank):
        key = "" if item.recurrence_id is None else _stamp(item.recurrence_id)
        older = newest.get(key)
        if older is not None:
            message = f"an older revision of the task in line {item.spot.line}, by its UID; only the newest comes in"
            older.spot.error("uid", message)
        newest[key] = item
    master = newest.pop("", None)
    if master is None or master.due is None or master.recurrence is None or master.status is Status.COMPLETED:
        yield from [] if master is None else [master]
        yield from (_on_its_own(override) for override in newest.values())
        return
    try:
        yield from _Series(master, master.due, master.recurrence, list(newest.values()), time_zone).settled()
    except ValueError as refusal:  # the rule, or the end of the calendar: told with the task itself
        master.spot.warn("recurrence", str(refusal))
        yield from (master, *(_on_its_own(override) for override in newest.values()))


class _Series:
    """An open recurring task, its overrides and its exceptions, in the wall clock of its own start."""

    def __init__(self, master: Item, due: Due, rule: Recurrence, overrides: list[Item], time_zone: str) -> None:
        self._master = master
        self._rule = rule.model_copy(update={"mode": RecurrenceMode.FROM_DUE})
        self._overrides = overrides
        self._time_zone = time_zone
        self._first = shifted(due, -master.behind, time_zone)
        self._excluded = {self._moment(self._like_first(exception)) for exception in master.exceptions}

    def settled(self) -> Iterator[Item]:
        nominal, number = self._next()
        for override in self._overrides:
            if override.status is Status.COMPLETED or nominal is None or self._of(override) < self._moment(nominal):
                yield _on_its_own(override)
        if nominal is None:
            self._master.spot.warn("recurrence", "every occurrence is completed; the series has ended")
            return
        self._place(nominal, number)
        self._merge(self._moment(nominal))
        yield self._master

    def _next(self) -> tuple[Due | None, int]:
        """Return the next open date and its number, counting what the file holds as completed or left out."""
        done = [
            self._like_first(item.recurrence_id)
            for item in self._overrides
            if item.status is Status.COMPLETED and item.recurrence_id is not None
        ]
        done = sorted((due for due in done if self._moment(due) >= self._moment(self._first)), key=self._moment)
        number = len(done)
        nominal = self._after(done[-1], number) if done else self._first
        while nominal is not None and self._moment(nominal) in self._excluded:
            number += 1
            nominal = self._after(nominal, number)
        return nominal, number + 1

    def _after(self, nominal: Due, number: int) -> Due | None:
        return next_due(self._rule, nominal, number, _EARLIEST, self._time_zone)

    def _place(self, nominal: Due, number: int) -> None:
        by_start = bool(self._master.behind) and "BY" in self._rule.rrule.upper()
        if by_start:
            self._master.spot.warn("recurrence", "its rule gives start dates; the next occurrences are due on them")
        if by_start or number > 1:
            self._master.due = shifted(nominal, self._master.behind, self._time_zone)
            self._master.fields["nominal"] = nominal if by_start else self._master.due
            self._master.fields["occurrence"] = number

    def _merge(self, moment: datetime) -> None:
        for override in self._overrides:
            if override.status is Status.OPEN and self._of(override) == moment:
                self._master.fields |= {name: override.fields[name] for name in _MERGED}
                self._master.fields["nominal"] = self._master.fields.get("nominal") or self._master.due
                self._master.due = override.due or self._master.due
            elif override.status is Status.OPEN and self._of(override) > moment:
                override.spot.warn(None, "a change of one later occurrence is not supported; it is left out")

    def _of(self, override: Item) -> datetime:
        return self._moment(self._like_first(override.recurrence_id or self._first))

    def _like_first(self, due: Due) -> Due:
        """Return a date that programs gave in another form as a due of the series' kind."""
        if type(due) is type(self._first):
            return self._on_clock_of_first(due)
        wall = wall_clock(due, self._time_zone)
        return moved(
            self._first, datetime.combine(wall, wall_clock(self._first, self._time_zone).time()), self._time_zone
        )

    def _on_clock_of_first(self, due: Due) -> Due:
        if isinstance(due, DueAt) and isinstance(self._first, DueAt):
            return DueAt(at=due.at, time_zone=self._first.time_zone)
        return due

    def _moment(self, due: Due) -> datetime:
        return due_moment(due, self._time_zone)


def _on_its_own(override: Item) -> Item:
    """Return an override as a task without recurrence, whose external id is the same at every import."""
    if override.recurrence_id is not None:
        suffix = f"#{_stamp(override.recurrence_id)}"
        override.fields["external_id"] = fit_uid(override.uid, MAX_UID - len(suffix)) + suffix
        override.recurrence = None
    return override


def _stamp(due: Due) -> str:
    if isinstance(due, DueDate):
        return f"{due.date:%Y%m%d}"
    if isinstance(due, DueAt):
        return f"{due.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{due.local:%Y%m%dT%H%M%S}"
