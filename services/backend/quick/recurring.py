"""What a recurrence comes to: its rule, and the wall-clock time that it begins at."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from services.backend.quick import calendar
from services.backend.quick.clues import End, MonthDays, Repeat, Unit, WeekDays, YearDay
from services.kit.rule import DAYS, parse
from services.kit.rule_times import wall_times

SHORTER_MONTHS: Final = "the last day where the month is shorter"

_FREQUENCY: Final = {
    Unit.HOUR: "HOURLY",
    Unit.DAY: "DAILY",
    Unit.WEEK: "WEEKLY",
    Unit.MONTH: "MONTHLY",
    Unit.YEAR: "YEARLY",
}
_SHORTEST: Final = 28
_INSTANT: Final = timedelta(microseconds=1)


class Anchor(NamedTuple):
    """Where a recurrence begins: a day, a time of day where there is one, and the wall clock's now.

    `given` is whether the day was said; otherwise it is today.
    """

    day: date
    time: time | None
    now: datetime
    given: bool


def joined(repeat: Repeat, day: WeekDays | MonthDays | YearDay) -> Repeat | None:
    """Return the recurrence on a day that was said apart from it; None where the two do not go together."""
    if repeat.by:
        return None
    match day:
        case WeekDays() if repeat.unit is Unit.WEEK:
            return repeat.with_by(BYDAY=",".join(DAYS[number] for number in day.days))
        case MonthDays() if repeat.unit is Unit.MONTH:
            return repeat.with_by(BYMONTHDAY=",".join(map(str, day.days)))
        case YearDay() if repeat.unit is Unit.YEAR:
            return repeat.with_by(BYMONTH=str(day.month), BYMONTHDAY=str(day.day))
        case _:
            return None


def on_short_months(repeat: Repeat, day: date) -> Repeat:
    """Return the recurrence with a 29th, 30th or 31st that falls on the last day of shorter months."""
    by = dict(repeat.by)
    if not by and repeat.unit in {Unit.MONTH, Unit.YEAR} and day.day > _SHORTEST:
        by = {"BYMONTHDAY": str(day.day)} | ({"BYMONTH": str(day.month)} if repeat.unit is Unit.YEAR else {})
    number = int(by.get("BYMONTHDAY", "0")) if by.get("BYMONTHDAY", "").isdigit() else 0
    if number <= _SHORTEST or (repeat.unit is Unit.YEAR and by.get("BYMONTH") != "2"):
        return repeat
    days = {"BYMONTHDAY": ",".join(str(one) for one in range(_SHORTEST, number + 1)), "BYSETPOS": "-1"}
    if number == 31:
        days = {"BYMONTHDAY": "-1"}
    month = {"BYMONTH": by["BYMONTH"]} if "BYMONTH" in by else {}
    return replace(repeat, by=tuple((month | days).items()), note=SHORTER_MONTHS)


def first(repeat: Repeat, anchor: Anchor) -> datetime | None:
    """Return the wall-clock time of the first occurrence, at 00:00 where it has no time of day."""
    begin = datetime.combine(anchor.day, anchor.time or time())
    if repeat.unit is Unit.HOUR and anchor.time is None:
        return _full_minute(anchor.now + timedelta(hours=repeat.interval))
    since = begin if anchor.time is None else max(begin, anchor.now)
    if repeat.by:
        rule = parse(_text(repeat, interval=1))
        return next(wall_times(rule, begin, since - _INSTANT), None)
    if anchor.given or since == begin:
        return begin
    if repeat.unit is Unit.HOUR:
        behind = (anchor.now - begin) // timedelta(hours=repeat.interval) + 1
        return begin + behind * timedelta(hours=repeat.interval)
    day = calendar.shifted(anchor.day, repeat.interval, repeat.unit)
    return datetime.combine(day, begin.time()) if day else None


def _full_minute(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + timedelta(minutes=1)


def last_day(end: End, begin: date) -> date | None:
    """Return the last day that an end allows for a recurrence that begins on a day; None where it counts."""
    if end.after is None:
        return end.last
    following = calendar.shifted(begin, *end.after)
    return following - timedelta(days=1) if following else None


def rule_text(repeat: Repeat, end: End | None, begin: date) -> str:
    """Return the RRULE of a recurrence and its end."""
    text = _text(repeat, repeat.interval)
    if end is None:
        return text
    if end.count is not None:
        return f"{text};COUNT={end.count}"
    last = last_day(end, begin)
    return f"{text};UNTIL={last:%Y%m%d}" if last else text


def _text(repeat: Repeat, interval: int) -> str:
    parts = [f"FREQ={_FREQUENCY[repeat.unit]}"]
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    return ";".join([*parts, *(f"{name}={value}" for name, value in repeat.by)])
