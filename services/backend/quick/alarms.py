"""Reminders: what was said about them, held against the due that they are for."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.backend.quick.clues import Alarm, Context
from services.backend.schemas import ReminderInput
from services.kit.due import LONGEST_DURATION, REMINDER_HOUR, is_in_years, on_clock, resolve, wall_clock
from services.kit.task import Due, DueAt, DueDate

_DAY = timedelta(days=1)


def reminder(alarm: Alarm, due: Due | None, context: Context) -> ReminderInput | None:
    """Return the reminder that is meant; None where it needs a due and there is none."""
    if alarm.delay is not None:
        instant = context.instant + alarm.delay
        return _at(instant + (-instant.timestamp() % 60) * timedelta(seconds=1), context.zone)
    zone = alarm.clock.zone if alarm.clock and alarm.clock.zone else _zone(due, context)
    if alarm.relative or (alarm.day is None and due is not None):
        return _relative(alarm, due, zone) if due is not None else None
    if alarm.day is not None:
        wall = datetime.combine(alarm.day.date, alarm.clock.time if alarm.clock else REMINDER_HOUR)
    else:
        wall = _next(alarm.clock.time if alarm.clock else REMINDER_HOUR, context.instant.astimezone(zone))
    return _at(resolve(wall, zone), zone) if is_in_years(wall) else None


def _zone(due: Due | None, context: Context) -> ZoneInfo:
    return ZoneInfo(due.time_zone) if isinstance(due, DueAt) and due.time_zone else context.zone


def _next(at: time, now: datetime) -> datetime:
    wall = datetime.combine(now.date(), at)
    return wall if wall > now.replace(tzinfo=None) else wall + _DAY


def _relative(alarm: Alarm, due: Due, zone: ZoneInfo) -> ReminderInput | None:
    """Return a reminder that follows the due; one later than it can only stand at its own time."""
    nominal, exact = timedelta(days=alarm.nominal), alarm.exact
    if alarm.clock is not None:
        anchor = wall_clock(due, zone.key)
        if isinstance(due, DueDate):
            anchor = datetime.combine(anchor, REMINDER_HOUR)
        wall = datetime.combine(anchor.date() - nominal, alarm.clock.time)
        if wall > anchor:
            return _at(resolve(wall, zone), zone)
        nominal, exact = (anchor - wall) // _DAY * _DAY, (anchor - wall) % _DAY
    return ReminderInput(before=duration(nominal, exact)) if nominal + exact <= LONGEST_DURATION else None


def duration(nominal: timedelta, exact: timedelta) -> str:
    """Return the ISO 8601 duration of whole days and of hours and minutes."""
    hours, minutes = divmod(exact // timedelta(minutes=1), 60)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    days = f"{nominal.days}D" if nominal else ""
    return f"P{days}{'T' + clock if clock else ''}" if days or clock else "PT0S"


def _at(instant: datetime, zone: ZoneInfo) -> ReminderInput:
    return ReminderInput(at=on_clock(instant, zone))
