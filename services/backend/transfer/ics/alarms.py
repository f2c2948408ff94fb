"""VALARM components (RFC 5545, 3.6.6; RFC 9074) read as reminders.

An alarm counts from the start unless it says RELATED=END, a reminder from the due; an alarm on a date counts from
midnight, a reminder from 09:00. So the time before the due is computed, that the reminder comes when the alarm would.
"""

from datetime import datetime, timedelta
from typing import Final

from services.backend.schemas import MAX_REMINDERS, ReminderInput
from services.backend.transfer.ics.lines import Property
from services.backend.transfer.ics.source import Source
from services.backend.transfer.ics.values import duration_of, instant_of, is_duration, moment_of
from services.kit.due import (
    LONGEST_DURATION,
    REMINDER_HOUR,
    check_duration,
    check_year,
    due_zone,
    resolve,
    wall_clock,
)
from services.kit.task import Due, DueDate

MAX_ID: Final = 64
_NOTHING: Final = timedelta()


def read_alarms(source: Source, start: Due | None, due: Due | None) -> tuple[ReminderInput, ...]:
    """Read a VTODO's alarms, each time once, at most 10."""
    reminders: dict[tuple[str | None, datetime | None], ReminderInput] = {}
    alarms = [child for child in source.component.children if child.name == "VALARM"]
    for alarm in alarms:
        reminder = _read_alarm(Source(alarm, source.zones, source.spot), start, due)
        if reminder is not None:
            reminders.setdefault((reminder.before, reminder.at), reminder)
    if len(reminders) > MAX_REMINDERS:
        source.spot.warn("reminders", f"only the first {MAX_REMINDERS} of {len(reminders):,} alarms come in")
    return _with_one_id_each(list(reminders.values())[:MAX_REMINDERS])


def before_text(before: timedelta) -> str:
    """Return a duration, not negative, in ISO 8601: days and the time of day."""
    hours, rest = divmod(before.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    days = f"{before.days}D" if before.days else ""
    clock = "".join(f"{number}{unit}" for number, unit in parts if number)
    return f"P{days}T{clock}" if clock else f"P{days or 'T0S'}"


def midnight_offset(due: Due) -> timedelta:
    """Return how much later than iCalendar's alarms those of the platform count from: on a date, 9 hours."""
    return timedelta(hours=REMINDER_HOUR.hour) if isinstance(due, DueDate) else _NOTHING


def _with_one_id_each(reminders: list[ReminderInput]) -> tuple[ReminderInput, ...]:
    seen: set[str] = set()
    kept = []
    for reminder in reminders:
        known = reminder.id in seen
        seen.update([reminder.id] if reminder.id else [])
        kept.append(reminder.model_copy(update={"id": None}) if known else reminder)
    return tuple(kept)


def _read_alarm(alarm: Source, start: Due | None, due: Due | None) -> ReminderInput | None:
    if alarm.word("ACTION") == "NONE":  # Apple: "no alarm", with a date in 1976
        return None
    if alarm.has("X-APPLE-PROXIMITY"):
        alarm.spot.warn("reminders", "an alarm at a place is not supported")
        return None
    if not alarm.has("TRIGGER"):
        alarm.spot.warn("reminders", "an alarm has no TRIGGER")
        return None
    uid = alarm.text("UID").strip()
    given = alarm.read("TRIGGER", lambda trigger: _reminder(alarm, trigger, start, due))
    return given and given.model_copy(update={"id": uid if 0 < len(uid) <= MAX_ID else None})


def _reminder(alarm: Source, trigger: Property, start: Due | None, due: Due | None) -> ReminderInput | None:
    if not is_duration(trigger):
        moment = moment_of(trigger, alarm.zones, alarm.spot, "reminders")
        return ReminderInput(at=instant_of(moment, alarm.time_zone))
    by_end = trigger.params.get("RELATED", "").strip().upper() == "END"
    anchor = due if by_end or start is None else start
    if anchor is None:
        alarm.spot.warn("reminders", "an alarm counts from a date that the task has not")
        return None
    after = duration_of(trigger)
    before = None if due is None else _distance(anchor, due, alarm.time_zone) - after
    if before is None or not _NOTHING <= before <= LONGEST_DURATION:
        return _fixed(alarm, anchor, after)
    written = trigger.value.strip().upper().lstrip("+-")
    as_written = after < _NOTHING and before == -after and _is_duration(written)
    return ReminderInput(before=written if as_written else before_text(before))


def _fixed(alarm: Source, anchor: Due, after: timedelta) -> ReminderInput:
    """Return a reminder at the instant of an alarm that cannot follow the due."""
    tz = due_zone(anchor, alarm.time_zone)
    try:
        at = resolve(wall_clock(anchor, alarm.time_zone), tz) + after
    except OverflowError as error:
        raise ValueError("the alarm is out of the years that the platform computes with") from error
    check_year(at)
    alarm.spot.warn("reminders", "an alarm that is not before the due comes in as one at a fixed time")
    return ReminderInput(at=at)


def _distance(anchor: Due, due: Due, time_zone: str) -> timedelta:
    """Return how long after an alarm's anchor the reminders of a due count from, in wall-clock time where one zone."""
    if due_zone(anchor, time_zone).key == due_zone(due, time_zone).key:
        return wall_clock(due, time_zone) + midnight_offset(due) - wall_clock(anchor, time_zone)
    return _begin(due, time_zone) + midnight_offset(due) - _begin(anchor, time_zone)


def _begin(due: Due, time_zone: str) -> datetime:
    return resolve(wall_clock(due, time_zone), due_zone(due, time_zone))


def _is_duration(text: str) -> bool:
    try:
        check_duration(text)
    except ValueError:
        return False
    return True
