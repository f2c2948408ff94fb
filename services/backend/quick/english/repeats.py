"""Recurrence in English: "every other Tuesday", "weekdays until June", "the last Friday of the month"."""

from dataclasses import replace
from typing import Final

from services.backend.quick.clues import Clock, Completion, Context, End, Found, MonthDays, Repeat, Unit, YearDay
from services.backend.quick.english.dates import day_first, month_days, month_first
from services.backend.quick.english.numbers import Counted, counted, ordinal, unit
from services.backend.quick.english.weekdays import is_no_day, span_of_weekdays, weekdays
from services.backend.quick.english.words import (
    AND,
    MONTHS,
    NO_DAY_AFTER,
    PARTS,
    RARELY,
    WEEKDAYS,
    WEEKDAYS_EACH,
    WORKDAYS,
)
from services.backend.quick.tokens import Line
from services.kit.rule import DAYS

_WORKWEEK: Final = "MO,TU,WE,TH,FR"
_WEEKEND: Final = "SA,SU"
_EACH: Final = frozenset({"every", "each"})
_FOLLOWERS: Final = frozenset(
    {
        *("at", "on", "from", "until", "till", "til", "through", "thru", "starting", "beginning", "ending", "for"),
        *("after", "in", "by", "remind", "with", "and", "#", "!", "(", "p"),
    }
)
_ROW_NOTE: Final = "days in a row are read as every week"
_OTHER_NOTE: Final = "every second week; say “of the month” for the second in each month"


def every(line: Line, index: int, context: Context) -> Found | None:
    """Read what follows "every" or "each"."""
    at = index + 1
    eager = line.glued(at) == "!"
    at += eager
    found = (
        _units(line, at)
        or _weekdays(line, at)
        or _numbered_weekdays(line, at)
        or _days_of_month(line, at, context)
        or _day_of_year(line, at, context)
    )
    if found is None or not isinstance(found.clue, Repeat):
        return None
    if eager:
        return Found(found.end, Repeat(found.clue.unit, found.clue.interval, found.clue.by, completion=True))
    return found


def _interval(line: Line, index: int) -> Counted:
    """Return the interval before a unit: "other", "3", "2nd", "third"; 1 where nothing is said."""
    if line.word(index) == "other":
        return Counted(2, index + 1)
    nth = ordinal(line, index)
    if nth is not None and nth.value > 0:
        return nth
    if line.word(index) in {"a", "an"}:
        return Counted(1, index)
    return counted(line, index) or Counted(1, index)


def _units(line: Line, index: int) -> Found | None:
    """Read "day", "other week", "3 months", "2nd year", "half hour", "morning"."""
    if line.word(index) in PARTS and line.word(index) != "lunch":
        return Found(index + 1, Repeat(Unit.DAY, clock=Clock(PARTS[line.word(index)], vague=True)))
    number = _interval(line, index)
    word = line.word(number.end)
    if word in WORKDAYS and number.value == 1:
        return Found(number.end + 1, Repeat(Unit.WEEK).with_by(BYDAY=_WORKWEEK))
    if word in {"weekend", "weekends"}:
        return Found(number.end + 1, Repeat(Unit.WEEK, number.value).with_by(BYDAY=_WEEKEND))
    found = unit(line, number.end)
    if found is None or found[0] is Unit.MINUTE:
        return None
    kind, times, end = found
    if kind is Unit.WORKDAY:
        return Found(end, Repeat(Unit.WEEK).with_by(BYDAY=_WORKWEEK)) if number.value == 1 else None
    return _on_weekdays(line, _in_month(line, Found(end, Repeat(kind, number.value * times))))


def _on_weekdays(line: Line, found: Found) -> Found:
    """Go on after "every 2 weeks" or "weekly": "on Fridays" says on which days."""
    is_weekly = isinstance(found.clue, Repeat) and found.clue.unit is Unit.WEEK and line.word(found.end) == "on"
    if not is_weekly or not isinstance(found.clue, Repeat) or line.word(found.end + 1) not in WEEKDAYS_EACH:
        return found
    return _each_weekday(line, found.end + 1, found.clue.interval)


def _in_month(line: Line, found: Found) -> Found:
    """Go on after "every year": "in May" is its first day."""
    month = MONTHS.get(line.word(found.end + 1))
    is_yearly = isinstance(found.clue, Repeat) and found.clue.unit is Unit.YEAR and line.word(found.end) == "in"
    if month is None or not is_yearly or line.number(found.end + 2) is not None or not isinstance(found.clue, Repeat):
        return found
    return Found(found.end + 2, found.clue.with_by(BYMONTH=str(month), BYMONTHDAY="1"))


def _weekdays(line: Line, index: int) -> Found | None:
    """Read "Monday and Thursday", "other Tuesday", "second Friday", "Monday morning"."""
    other = line.word(index) in {"other", "second", "alternate"}
    at = index + other
    if line.word(at) in WEEKDAYS_EACH:
        return _each_weekday(line, at, 1)
    days, end = span_of_weekdays(line, at)
    if not days:
        days, end = weekdays(line, at, bare=True)
    if not days or (line.word(end) == "of" and line.word(index) == "second"):
        return None
    repeat = Repeat(Unit.WEEK, 2 if other else 1, note=_OTHER_NOTE if line.word(index) == "second" else "")
    repeat = repeat.with_by(BYDAY=_by_day(days))
    if line.word(end) in PARTS:
        repeat = Repeat(repeat.unit, repeat.interval, repeat.by, clock=Clock(PARTS[line.word(end)], vague=True))
        end += 1
    return Found(end, repeat)


def _by_day(days: list[int], nth: str = "") -> str:
    return ",".join(nth + DAYS[day] for day in sorted(days))


def _of_month(line: Line, index: int) -> int:
    """Return the token after "of the month", "of every month" or "monthly"; the index itself where they are not."""
    if line.word(index) in {"of", "in"} and line.word(index + 1) in {"the", "each", "every"}:
        return index + 3 if line.word(index + 2) == "month" else index
    return index + 1 if line.word(index) == "monthly" else index


def _numbered_weekdays(line: Line, index: int) -> Found | None:
    """Read "last Friday", "1st and 3rd Monday of the month", "last weekday", "last day of the month"."""
    numbers: list[int] = []
    at = index
    for _ in range(5):
        number = ordinal(line, at)
        if number is None:
            break
        numbers.append(number.value)
        at = number.end
        if line.word(at) not in {"and", ",", "&"}:
            break
        at += 1
    if not numbers or not all(-1 <= number <= 5 for number in numbers):
        return None
    word = line.word(at)
    if word == "working" and line.word(at + 1) == "day":
        word, at = "workday", at + 1
    end = _of_month(line, at + 1)
    if word == "day" and len(numbers) == 1 and end > at + 1:
        return Found(end, Repeat(Unit.MONTH).with_by(BYMONTHDAY=str(numbers[0])))
    if word in WORKDAYS and len(numbers) == 1:
        return Found(end, Repeat(Unit.MONTH).with_by(BYDAY=_WORKWEEK, BYSETPOS=str(numbers[0])))
    if word not in WEEKDAYS:
        return None
    by_day = ",".join(f"{number}{DAYS[WEEKDAYS[word]]}" for number in numbers)
    return Found(end, Repeat(Unit.MONTH).with_by(BYDAY=by_day))


def _days_of_month(line: Line, index: int, context: Context) -> Found | None:
    """Read "15th", "1st and 15th of the month"."""
    found = month_days(line, index, context)
    if found is None or not isinstance(found.clue, MonthDays) or line.word(found.end) in MONTHS:
        return None
    end = _of_month(line, found.end)
    if line.word(found.end) == "of" and end == found.end:
        return None
    return Found(end, Repeat(Unit.MONTH).with_by(BYMONTHDAY=",".join(map(str, found.clue.days))))


def _day_of_year(line: Line, index: int, context: Context) -> Found | None:
    """Read "March 3", "3rd of March", "January"."""
    found = month_first(line, index, context) or day_first(line, index, context)
    if found is not None and isinstance(found.clue, YearDay):
        return Found(found.end, on_year_day(Repeat(Unit.YEAR), found.clue))
    month = MONTHS.get(line.word(index))
    if month is None or line.number(index + 1) is not None:
        return None
    return Found(index + 1, Repeat(Unit.YEAR).with_by(BYMONTH=str(month), BYMONTHDAY="1"))


def on_year_day(repeat: Repeat, day: YearDay) -> Repeat:
    """Return a yearly recurrence on a day of the year."""
    return repeat.with_by(BYMONTH=str(day.month), BYMONTHDAY=str(day.day))


def rarely(line: Line, index: int, _: Context) -> Found | None:
    """Read "daily", "weekly", "monthly", … where they are not part of a name ("the weekly report")."""
    after = line.word(index + 1)
    if after.isalpha() and after not in _FOLLOWERS:
        return None
    kind, interval = RARELY[line.word(index)]
    night = Clock(PARTS["night"], vague=True) if line.word(index) == "nightly" else None
    return _on_weekdays(line, _in_month(line, Found(index + 1, Repeat(kind, interval, clock=night))))


def once(line: Line, index: int, _: Context) -> Found | None:
    """Read "once a week", "once every 2 months"."""
    if line.word(index + 1) not in {"a", "an", "per", *_EACH}:
        return None
    return _units(line, index + 2)


def plural(line: Line, index: int, _: Context) -> Found | None:
    """Read "weekdays", "weekends", "Mondays", "Tuesdays and Thursdays"."""
    word = line.word(index)
    if word in WEEKDAYS_EACH:
        return _each_weekday(line, index, 1)
    if line.word(index - 1) in {"two", "three", "few", "of"} or line.number(index - 1) is not None:
        return None
    return Found(index + 1, Repeat(Unit.WEEK).with_by(BYDAY=_WORKWEEK if word in WORKDAYS else _WEEKEND))


def _each_weekday(line: Line, index: int, interval: int) -> Found:
    days, at = [WEEKDAYS_EACH[line.word(index)]], index + 1
    while len(days) < 7:
        following = at + (line.word(at) in {",", "and", "&"}) + (line.word(at) == "," and line.word(at + 1) == "and")
        day = WEEKDAYS_EACH.get(line.word(following))
        if following == at or day is None or day in days:
            break
        days.append(day)
        at = following + 1
    repeat = Repeat(Unit.WEEK, interval).with_by(BYDAY=_by_day(days))
    if line.word(at) in PARTS:
        return Found(at + 1, Repeat(Unit.WEEK, interval, repeat.by, clock=Clock(PARTS[line.word(at)], vague=True)))
    return Found(at, repeat)


def listed(line: Line, index: int, _: Context) -> Found | None:
    """Read "Mon Wed Fri", "Mon, Wed and Fri", "Monday to Friday" without "every": days in a row, or the working week.

    Two neighbours with a word between them, and other spans, are as likely one occasion ("hotel Monday and Tuesday").
    """
    if line.word(index - 1) in NO_DAY_AFTER:
        return None
    days, end = span_of_weekdays(line, index)
    if days:
        return _in_a_row(line, end, days) if days == list(range(5)) else None
    days, end = weekdays(line, index, bare=True)
    words = {line.word(at) for at in range(index, end)}
    is_bare = not words & {*AND, "/"}
    if "or" in words or len(days) < 2 or (len(days) == 2 and is_no_day(line, index)):
        return None
    if len(days) == 2 and not is_bare and (days[1] - days[0]) % 7 in {1, 6}:
        return None
    return _in_a_row(line, end, days)


def _in_a_row(line: Line, end: int, days: list[int]) -> Found:
    repeat = Repeat(Unit.WEEK, note=_ROW_NOTE, listed=True).with_by(BYDAY=_by_day(days))
    if line.word(end) not in PARTS:
        return Found(end, repeat)
    return Found(end + 1, replace(repeat, clock=Clock(PARTS[line.word(end)], vague=True)))


def in_letters(line: Line, index: int, _: Context) -> Found | None:
    """Read "M-F" and "MWF"."""
    if line.token(index).text == "MWF":
        return _in_a_row(line, index + 1, [0, 2, 4])
    letters = [line.token(index + offset).text for offset in range(3)]
    if letters not in (["M", "-", "F"], ["M", "–", "F"]) or not line.glued(index + 1) or not line.glued(index + 2):
        return None
    return _in_a_row(line, index + 3, list(range(5)))


def numbered(line: Line, index: int, context: Context) -> Found | None:
    """Read "the last Friday of the month", "1st of every month": only with "of the month" is it a recurrence."""
    at = index + (line.word(index) == "the")
    found = _numbered_weekdays(line, at) or _days_of_month(line, at, context)
    if found is None:
        return None
    return found if line.word(found.end - 1) in {"month", "monthly"} else None


def completion(line: Line, index: int, _: Context) -> Found | None:
    """Read "after completion", "after I finish it", "after it is done"."""
    at = index + 1
    while line.word(at) in {"i", "we", "it", "is", "it's", "its", "last", "each", "the", "being"} and at < index + 5:
        at += 1
    if line.word(at) not in {
        *("completion", "completing", "completed", "complete", "done", "finish", "finishing", "finished", "doing"),
    }:
        return None
    return Found(at + 2 if line.word(at + 1) == "it" else at + 1, Completion())


def times(line: Line, index: int, _: Context) -> Found | None:
    """Read "10 times", "for 3 weeks", "for 5 occurrences"."""
    bounded = line.word(index) == "for"
    number = counted(line, index + bounded)
    if number is None or (line.word(index + bounded) == "a" and line.word(number.end) == "times"):
        return None
    if line.word(number.end) in {"times", "occurrences", "repetitions"}:
        return Found(number.end + 1, End(count=number.value))
    found = unit(line, number.end) if bounded else None
    if found is None or found[0] in {Unit.MINUTE, Unit.HOUR, Unit.WORKDAY}:
        return None
    return Found(found[2], End(after=(number.value * found[1], found[0])))
