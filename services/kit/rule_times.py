"""The wall-clock times that a rule gives, in order, from any moment on, at a cost that does not depend on its start.

A rule is walked a calendar year at a time from where its times are wanted, and at most `HORIZON` years far. In a year
the days that the BY parts admit are dateutil's; which of them are in phase with INTERVAL follows from the number of
their period (year, month, week, day or hour), so that nothing is counted up from the start.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby, product
from typing import Final

from dateutil import rrule as calendar

from services.kit.effort import spend_year
from services.kit.rule import Frequency, Rule

HORIZON: Final = 100

_WEEK = timedelta(days=7)
_WEEKDAYS = (calendar.MO, calendar.TU, calendar.WE, calendar.TH, calendar.FR, calendar.SA, calendar.SU)


def wall_times(rule: Rule, start: datetime, since: datetime) -> Iterator[datetime]:
    """Yield the wall-clock times after `since` of a rule that starts at `start`, in order, `HORIZON` years far."""
    positions = rule.within("BYSETPOS")
    for days, times in _periods(rule, start, since.date()):
        candidates = _picked(positions, days, times) if positions else _every(days, times, since.date())
        yield from (wall for wall in candidates if wall > since)


def _every(days: Sequence[date], times: Sequence[time], since: date) -> Iterator[datetime]:
    return (datetime.combine(day, at) for day in days if day >= since for at in times)


def _picked(positions: Sequence[int], days: Sequence[date], times: Sequence[time]) -> Iterator[datetime]:
    size = len(days) * len(times)
    places = {position - 1 if position > 0 else size + position for position in positions if abs(position) <= size}
    for place in sorted(places):
        day, at = divmod(place, len(times))
        yield datetime.combine(days[day], times[at])


def _periods(rule: Rule, start: datetime, since: date) -> Iterator[tuple[list[date], list[time]]]:
    """Yield the days and times of each period that is in phase with `start`, from the one of `since` on."""
    hourly = rule.frequency is Frequency.HOURLY
    times = _times(rule, start)
    first = _period(rule, start.date())
    for period, group in groupby(_days(rule, start, since), key=lambda day: _period(rule, day)):
        if hourly:
            days = list(group)
            yield from ((days, [at.replace(hour=hour) for at in times]) for hour in _hours(rule, start, days[0]))
        elif (period - first) % rule.interval == 0:
            yield list(group), times


def _period(rule: Rule, day: date) -> int:
    """Return the number of the year, month, week or day that a day is in."""
    match rule.frequency:
        case Frequency.YEARLY:
            return day.year
        case Frequency.MONTHLY:
            return day.year * 12 + day.month
        case Frequency.WEEKLY:
            return (day.toordinal() - 1 - rule.week_start) // 7
        case _:
            return day.toordinal()


def _hours(rule: Rule, start: datetime, day: date) -> list[int]:
    passed = (day - start.date()).days * 24 - start.hour
    wanted = rule.within("BYHOUR") or range(24)
    return [hour for hour in range(-passed % rule.interval, 24, rule.interval) if hour in wanted]


def _times(rule: Rule, start: datetime) -> list[time]:
    """Return the times of day of a rule; those of one hour (with hour 0) of an HOURLY one."""
    hours = (0,) if rule.frequency is Frequency.HOURLY else rule.within("BYHOUR") or (start.hour,)
    minutes = rule.within("BYMINUTE") or (start.minute,)
    seconds = rule.within("BYSECOND") or (start.second,)
    return [time(*at) for at in product(hours, minutes, seconds)]


def _days(rule: Rule, start: datetime, since: date) -> Iterator[date]:
    """Yield the days that the BY parts admit, whatever the phase, from before the period of `since` on.

    dateutil is asked for one calendar year at a time (its next one lies past its last year): within one call it
    searches to the year 9999 for a day that never comes.
    """
    numbers = _day_numbers(rule, start)
    weekdays = _by_weekday(rule, start)
    whole_years = rule.frequency in {Frequency.YEARLY, Frequency.MONTHLY}
    earliest = datetime(since.year, 1, 1) if whole_years else datetime.combine(since - _WEEK, time())  # noqa: DTZ001
    for year in range(earliest.year, since.year + HORIZON + 1):
        spend_year()
        for moment in calendar.rrule(
            calendar.YEARLY,
            dtstart=max(earliest, datetime(year, 1, 1)),  # noqa: DTZ001 - rules run in wall-clock time
            interval=9999,
            wkst=rule.week_start,
            bymonth=numbers["BYMONTH"],
            byweekno=numbers["BYWEEKNO"],
            byyearday=numbers["BYYEARDAY"],
            bymonthday=numbers["BYMONTHDAY"],
            byweekday=weekdays,
        ):
            yield moment.date()


def _names_days(rule: Rule) -> bool:
    return bool(rule.weekdays or any(rule.within(name) for name in ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY")))


def _day_numbers(rule: Rule, start: datetime) -> dict[str, tuple[int, ...] | None]:
    """Return the BY parts of months and days; what the rule leaves open is taken from its start."""
    numbers = {name: rule.within(name) or None for name in ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY")}
    if rule.frequency is Frequency.MONTHLY:
        numbers["BYMONTH"] = numbers["BYMONTH"] or tuple(range(1, 13))
    if _names_days(rule) or rule.frequency not in (Frequency.MONTHLY, Frequency.YEARLY):
        return numbers
    return {**numbers, "BYMONTH": numbers["BYMONTH"] or (start.month,), "BYMONTHDAY": (start.day,)}


def _by_weekday(rule: Rule, start: datetime) -> list[calendar.weekday] | None:
    if rule.weekdays:
        return [_WEEKDAYS[day](nth) if nth else _WEEKDAYS[day] for day, nth in _weekdays(rule)]
    if _names_days(rule) or rule.frequency in (Frequency.MONTHLY, Frequency.YEARLY):
        return None
    return [_WEEKDAYS[start.weekday()]] if rule.frequency is Frequency.WEEKLY else list(_WEEKDAYS)


def _weekdays(rule: Rule) -> Iterator[tuple[int, int]]:
    """Yield each weekday and its number; every one of a weekday counted out where another has a number.

    (dateutil wants a day to satisfy both kinds; RFC 5545 either.)
    """
    numbered = any(entry.nth for entry in rule.weekdays)
    most = 5 if rule.frequency is Frequency.MONTHLY or rule.within("BYMONTH") else 53
    for entry in rule.weekdays:
        if numbered and not entry.nth:
            yield from ((entry.day, nth) for nth in range(1, most + 1))
        else:
            yield entry.day, entry.nth
