"""Tasks written as a calendar file (RFC 5545): CRLF, folded lines, a VTIMEZONE for every zone that is named.

A completed task keeps its rule in our own extension alone: with an RRULE, every completed occurrence would start a
series of its own in other programs.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from icalendar import Timezone
from icalendar.parser import Contentline

from services.backend.transfer.ics.alarms import before_text, midnight_offset
from services.backend.transfer.ics.extras import NAME, Extras, extras_text
from services.backend.transfer.ics.lines import Property
from services.backend.transfer.ics.values import duration_of
from services.kit.due import resolve, wall_clock, zone
from services.kit.task import Due, DueAt, DueDate, Priority, Profile, RecurrenceMode, Reminder, Status, Task

PRODID: Final = "-//task-platform//task-platform//EN"
PRIORITIES: Final = {Priority.URGENT: 1, Priority.HIGH: 3, Priority.MEDIUM: 5, Priority.LOW: 9}

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_END = re.compile(r"\r\n?|\n")
_SPECIAL = re.compile(r"[\\;,]")
_RFC_DURATION = re.compile(r"P\d+W|P[^W]+")
_NO_TIME: Final = timedelta()


def write(tasks: Iterable[Task], profile: Profile) -> Iterator[bytes]:
    """Yield the file, one task a piece. No UID stands in it twice."""
    del profile
    tasks = tuple(tasks)
    yield b"".join((_line("BEGIN", "VCALENDAR"), _line("VERSION", "2.0"), _line("PRODID", PRODID)))
    for name in sorted({name for task in tasks if (name := _tzid(task.due))}):
        yield _definition(name)
    uids: set[str] = set()
    for task in tasks:
        uid = _uid(task, uids)
        uids.add(uid)
        yield b"".join(_todo(task, uid))
    yield _line("END", "VCALENDAR")


def _uid(task: Task, taken: set[str]) -> str:
    own = task.external_id
    return own if own and own.isprintable() and own == own.strip() and own not in taken else str(task.id)


def _todo(task: Task, uid: str) -> Iterator[bytes]:
    yield _line("BEGIN", "VTODO")
    yield _line("UID", _text(uid))
    yield _line("DTSTAMP", _utc(task.updated_at))
    yield _line("CREATED", _utc(task.created_at))
    yield _line("LAST-MODIFIED", _utc(task.updated_at))
    yield _line("SEQUENCE", str(task.version))
    yield _line("SUMMARY", _text(task.title))
    if task.description:
        yield _line("DESCRIPTION", _text(task.description))
    if task.priority is not Priority.NONE:
        yield _line("PRIORITY", str(PRIORITIES[task.priority]))
    if task.tags:
        yield _line("CATEGORIES", ",".join(_text(tag) for tag in task.tags))
    yield from _state(task)
    yield from _times(task)
    yield _line(NAME, _text(extras_text(_extras(task, uid))))
    for reminder in task.reminders:
        yield from _alarm(task, reminder)
    yield _line("END", "VTODO")


def _state(task: Task) -> Iterator[bytes]:
    if task.status is Status.OPEN:
        yield _line("STATUS", "NEEDS-ACTION")
        return
    yield _line("STATUS", "COMPLETED")
    yield _line("PERCENT-COMPLETE", "100")
    if task.completed_at is not None:
        yield _line("COMPLETED", _utc(task.completed_at))


def _times(task: Task) -> Iterator[bytes]:
    if task.due is None:
        return
    if task.recurrence is not None and task.status is Status.OPEN:
        yield _due("DTSTART", task.due)  # a rule counts from it
        yield _due("DUE", task.due)
        yield _line("RRULE", task.recurrence.rrule)
    else:
        yield _due("DUE", task.due)


def _extras(task: Task, uid: str) -> Extras:
    rule = task.recurrence
    due = task.due
    return Extras(
        id=task.id,
        external_id=None if task.external_id == uid else task.external_id,
        priority=task.priority if task.priority is Priority.URGENT else None,
        mode=rule.mode if rule and rule.mode is not RecurrenceMode.FROM_DUE else None,
        rrule=rule.rrule if rule and task.status is Status.COMPLETED else None,
        series_id=task.series_id,
        occurrence=task.occurrence,
        nominal=task.nominal,
        time_zone=due.time_zone if isinstance(due, DueAt) and _tzid(due) is None else None,
    )


def _alarm(task: Task, reminder: Reminder) -> Iterator[bytes]:
    yield _line("BEGIN", "VALARM")
    yield _line("UID", _text(reminder.id))
    yield _line("ACTION", "DISPLAY")
    yield _line("DESCRIPTION", _text(task.title))
    if reminder.before is None or task.due is None:
        yield _line("TRIGGER;VALUE=DATE-TIME", _utc(reminder.at))
    else:
        yield _line("TRIGGER;RELATED=END", _trigger(reminder.before, task.due))
    yield _line("END", "VALARM")


def _trigger(before: str, due: Due) -> str:
    """Return the time from a due to an alarm: on a date, from its midnight."""
    length = duration_of(Property(before, {}))
    if midnight_offset(due) == _NO_TIME and _RFC_DURATION.fullmatch(before):
        return f"-{before}"
    after = midnight_offset(due) - length
    return before_text(after) if after >= _NO_TIME else f"-{before_text(-after)}"


def _tzid(due: Due | None) -> str | None:
    """Return the zone that a due can be written in, None where only UTC says which instant is meant."""
    if not isinstance(due, DueAt) or due.time_zone in {None, "UTC"}:
        return None
    tz = zone(due.time_zone or "UTC")
    at = due.at.replace(microsecond=0)
    return tz.key if resolve(at.astimezone(tz).replace(tzinfo=None), tz) == at else None


def _due(name: str, due: Due) -> bytes:
    if isinstance(due, DueDate):
        return _line(f"{name};VALUE=DATE", f"{due.date:%Y%m%d}")
    if not isinstance(due, DueAt):
        return _line(name, _wall(due.local))
    tzid = _tzid(due)
    if tzid is None:
        return _line(name, _utc(due.at))
    return _line(f"{name};TZID={tzid}", _wall(wall_clock(due, tzid)))


@lru_cache(maxsize=128)
def _definition(name: str) -> bytes:
    definition: bytes = Timezone.from_tzid(name).to_ical()
    return definition


def _wall(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"


def _utc(moment: datetime) -> str:
    return f"{_wall(moment.astimezone(UTC))}Z"


def _text(text: str) -> str:
    text = _SPECIAL.sub(r"\\\g<0>", _CONTROL.sub("", text))
    return _LINE_END.sub(r"\\n", text)


def _line(name: str, value: str) -> bytes:
    folded: bytes = Contentline(f"{name}:{value}").to_ical()  # type: ignore[no-untyped-call]
    return folded + b"\r\n"
