"""Days counted from days. Every function returns None where that would leave the years that the platform knows."""

import calendar
from datetime import date, timedelta

from services.backend.quick.clues import Unit
from services.kit.due import is_in_years

_FRIDAY = 4


def make(year: int, month: int, day: int) -> date | None:
    """Return that day; None where there is none."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if is_in_years(found) else None


def shifted(day: date, count: int, unit: Unit) -> date | None:
    """Return the day `count` units (of a day or more) later; the last of the month where that is shorter."""
    match unit:
        case Unit.MONTH | Unit.YEAR:
            month = day.year * 12 + day.month - 1 + count * (12 if unit is Unit.YEAR else 1)
            return clipped(month // 12, month % 12 + 1, day.day)
        case Unit.WORKDAY:
            return _workdays(day, count)
        case _:
            return later(day, count * (7 if unit is Unit.WEEK else 1))


def later(day: date, days: int) -> date | None:
    """Return the day so many days later."""
    try:
        found = day + timedelta(days=days)
    except OverflowError:
        return None
    return found if is_in_years(found) else None


def _workdays(day: date, count: int) -> date | None:
    weeks, rest = divmod(count, 5)
    while rest or day.weekday() > _FRIDAY:
        day += timedelta(days=1)
        rest -= day.weekday() <= _FRIDAY and rest > 0
    return later(day, 7 * weeks)


def clipped(year: int, month: int, day: int) -> date | None:
    """Return that day, or the last of its month where the month is shorter."""
    if not 1 <= year <= 9999:
        return None
    return make(year, month, min(day, calendar.monthrange(year, month)[1]))


def next_weekday(day: date, weekday: int) -> date:
    """Return the first such weekday after a day."""
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)


def weekday_of_next_week(day: date, weekday: int) -> date:
    """Return that day of the week after this one; weeks begin on Monday."""
    return day + timedelta(days=7 - day.weekday() + weekday)


def next_month_day(today: date, number: int) -> date | None:
    """Return the next day, from today on, with that number in its month (from the end when negative)."""
    for ahead in range(13):
        month = today.year * 12 + today.month - 1 + ahead
        last = calendar.monthrange(month // 12, month % 12 + 1)[1]
        found = make(month // 12, month % 12 + 1, number if number > 0 else last + 1 + number)
        if found is not None and found >= today:
            return found
    return None


def next_year_day(today: date, month: int, day: int) -> date | None:
    """Return the next such day from today on; a 29 February may be years ahead."""
    for year in range(today.year, today.year + 9):
        found = make(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """Return the nth weekday of a month, from the end when negative; None where it has not so many."""
    first, length = calendar.monthrange(year, month)
    days = range(1 + (weekday - first) % 7, length + 1, 7)
    return make(year, month, days[nth - 1 if nth > 0 else nth]) if abs(nth) <= len(days) else None
