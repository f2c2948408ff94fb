"""Days in English that are told from today: "tomorrow", "next Friday", "in 3 days", "end of the month"."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from services.backend.quick import calendar
from services.backend.quick.clues import Clock, Context, Day, Found, Moment, Unit
from services.backend.quick.english.dates import month_alone
from services.backend.quick.english.numbers import ordinal, stretch
from services.backend.quick.english.times import with_part
from services.backend.quick.english.weekdays import week_after
from services.backend.quick.english.words import DAY_ENDS, MONTHS, PARTS, UNITS, WEEKDAYS
from services.backend.quick.tokens import Line

_SATURDAY: Final = 5
_NOW: Final = frozenset({"now", "today"})
_RELATIVE: Final[Mapping[str, int]] = {
    "today": 0,
    "tod": 0,
    "tomorrow": 1,
    "tmr": 1,
    "tmrw": 1,
    "tmw": 1,
    "yesterday": -1,
}


def relative(line: Line, index: int, context: Context) -> Found | None:
    """Read "today", "tomorrow evening", "tonight", "yesterday"."""
    word = line.word(index)
    if word in {"tonight", "tonite"}:
        return Found(index + 1, Day(context.today, part=Clock(PARTS["night"], vague=True)))
    if line.word(index - 1) == "after" and word == "tomorrow":
        return None
    week = week_after(line, index + 1)
    day = calendar.later(context.today, _RELATIVE[word] + 7 * week)
    return with_part(line, index + 1 + week, Day(day)) if day else None


def after_day(line: Line, index: int, context: Context) -> Found | None:
    """Read "the day after tomorrow", "the day before Friday"."""
    at = index + 1 if line.word(index) == "the" else index
    days_on = {"after": 1, "before": -1}.get(line.word(at + 1))
    if line.word(at) != "day" or days_on is None:
        return None
    word = line.word(at + 2)
    base = calendar.next_weekday(context.today, WEEKDAYS[word]) if word in WEEKDAYS else context.today
    if word == "tomorrow":
        base += timedelta(days=1)
    elif word not in WEEKDAYS:
        return None
    return with_part(line, at + 3, Day(base + timedelta(days=days_on)))


def of_this(line: Line, index: int, context: Context) -> Found | None:
    """Read "this Friday", "this evening", "this weekend", "coming Monday"."""
    word = line.word(index + 1)
    today = context.today
    if word == "coming":
        return of_this(line, index + 1, context)
    if word in WEEKDAYS:
        ahead = (WEEKDAYS[word] - today.weekday()) % 7
        return with_part(line, index + 2, Day(today + timedelta(days=ahead)))
    if word in PARTS:
        return Found(index + 2, Day(today, part=Clock(PARTS[word], vague=True)))
    if word == "weekend":
        ahead = max(0, _SATURDAY - today.weekday())
        return with_part(line, index + 2, Day(today + timedelta(days=ahead)))
    return None


def of_next(line: Line, index: int, context: Context) -> Found | None:
    """Read "next Friday", "next week", "next month", "next weekend", "next March"."""
    word, today = line.word(index + 1), context.today
    if word in WEEKDAYS:
        day = calendar.weekday_of_next_week(today, WEEKDAYS[word])
        note = "the one in the week after this" if WEEKDAYS[word] > today.weekday() else ""
        return with_part(line, index + 2, Day(day, note))
    if word == "weekend":
        return Found(index + 2, Day(calendar.weekday_of_next_week(today, _SATURDAY)))
    if word == "week":
        return _next_week(line, index + 2, today)
    if word in MONTHS:
        return month_alone(line, index + 1, context)
    found = _first_of(word, today, 1)
    return Found(index + 2, Day(found)) if found else None


def _next_week(line: Line, index: int, today: date) -> Found:
    at = index + 1 if line.word(index) == "on" else index
    if line.word(at) in WEEKDAYS:
        return with_part(line, at + 1, Day(calendar.weekday_of_next_week(today, WEEKDAYS[line.word(at)])))
    return Found(index, Day(calendar.weekday_of_next_week(today, 0), "next week begins on its Monday"))


def _first_of(word: str, today: date, ahead: int) -> date | None:
    """Return the first day of a week, month or year, counted from this one."""
    match word:
        case "week":
            return calendar.later(today, 7 * ahead - today.weekday())
        case "month":
            return calendar.shifted(today.replace(day=1), ahead, Unit.MONTH)
        case "year":
            return calendar.make(today.year + ahead, 1, 1)
        case _:
            return None


def ahead(line: Line, index: int, context: Context) -> Found | None:
    """Read "in 3 days", "in half an hour", "within 2 weeks"."""
    found = stretch(line, index + 1)
    if found is None or not line.ends(found.end):
        return None
    end = found.end
    if line.word(end) in {"from", "'"}:
        return from_now(line, index + 1, context)
    if found.minutes:
        return Found(end, Moment(found.exact))
    day = calendar.shifted(context.today, found.number, found.unit)
    return with_part(line, end, Day(day)) if day else None


def _is_rate(line: Line, index: int) -> bool:
    """Tell whether a stretch of time is what something is counted by: "3 times a week on Monday", "€5 a week"."""
    before = line.word(index - 1)
    return before in {"times", "twice", "once", *UNITS} or before.isdigit()


def from_now(line: Line, index: int, context: Context) -> Found | None:
    """Read "3 days from now", "2 weeks from Friday", "a week after tomorrow", "a week on Monday", "a week today"."""
    found = stretch(line, index)
    if found is None:
        return None
    joint, at, base = line.word(found.end), found.end + 1, context.today
    if joint not in {"from", "after"}:
        if found.unit is not Unit.WEEK or _is_rate(line, index):
            return None
        at = found.end + (joint == "on")
    if line.word(at) in WEEKDAYS:
        base = calendar.next_weekday(base, WEEKDAYS[line.word(at)])
    elif line.word(at) == "tomorrow":
        base += timedelta(days=1)
    elif line.word(at) not in _NOW or joint in {"after", "now"}:
        return None
    if found.minutes:
        return Found(at + 1, Moment(found.exact)) if line.word(at) == "now" else None
    day = calendar.shifted(base, found.number, found.unit)
    return with_part(line, at + 1, Day(day)) if day else None


def edge(line: Line, index: int, context: Context) -> Found | None:
    """Read "end of the month", "end of next week", "beginning of June", "middle of March", "mid March"."""
    at = index + (line.word(index) == "the")
    which = line.word(at)
    if which != "mid" and line.word(at + 1) != "of":
        return None
    at += 2 if which != "mid" or line.word(at + 1) in {"of", "-"} else 1
    word = line.word(at)
    which = {"end": "end", "middle": "middle", "mid": "middle"}.get(which, "start")
    at += word in {"the", "this", "next"}
    named = month_alone(line, at, context) if line.word(at) in MONTHS else None
    if named is not None and isinstance(named.clue, Day):
        return _edged(named.end, which, named.clue.date, "month")
    if which == "end" and line.word(at) == "day":
        return Found(at + 1, Day(context.today))
    first = _first_of(line.word(at), context.today, 1 if word == "next" else 0)
    return _edged(at + 1, which, first, line.word(at)) if first else None


def _edged(end: int, which: str, first: date, span: str) -> Found | None:
    """Return the first, middle or last day of the span that begins on `first`; a week ends on Friday."""
    if which == "start":
        return Found(end, Day(first))
    if which == "middle":
        return Found(end, Day(first.replace(day=15))) if span == "month" else None
    if span == "week":
        return Found(end, Day(first + timedelta(days=4), "a week's work ends on Friday"))
    following = calendar.shifted(first, 1, Unit.YEAR if span == "year" else Unit.MONTH)
    return Found(end, Day(following - timedelta(days=1))) if following else None


def edge_in_short(line: Line, index: int, context: Context) -> Found | None:
    """Read "eod", "eow", "eom", "eoy", "cob"."""
    word = line.word(index)
    if word in DAY_ENDS:
        return Found(index + 1, Day(context.today))
    span = {"eow": "week", "eom": "month", "eoy": "year"}[word]
    first = _first_of(span, context.today, 0)
    return _edged(index + 1, "end", first, span) if first else None


def at_weekend(line: Line, index: int, context: Context) -> Found | None:
    """Read "at the weekend", "over the weekend"."""
    if [line.word(index + 1), line.word(index + 2)] != ["the", "weekend"]:
        return None
    ahead = max(0, _SATURDAY - context.today.weekday())
    return with_part(line, index + 3, Day(context.today + timedelta(days=ahead)))


def nth_weekday(line: Line, index: int, context: Context) -> Found | None:
    """Read "first Monday of June", "the last Friday of next month", "the last day of March"."""
    number = ordinal(line, index + (line.word(index) == "the"))
    if number is None or line.word(number.end + 1) not in {"of", "in"}:
        return None
    at = number.end + 2
    target = _month_at(line, at, context)
    if target is None:
        return None
    first, end = target
    word = line.word(number.end)
    if word == "day" and number.value == -1:
        return _edged(end, "end", first, "month")
    if word not in WEEKDAYS:
        return None
    day = calendar.nth_weekday(first.year, first.month, WEEKDAYS[word], number.value)
    return Found(end, Day(day)) if day else None


def _month_at(line: Line, index: int, context: Context) -> tuple[date, int] | None:
    """Return the first day of the month that is named at a token, and the token after it."""
    if line.word(index) in {"this", "next"} and line.word(index + 1) == "month":
        first = _first_of("month", context.today, 1 if line.word(index) == "next" else 0)
        return (first, index + 2) if first else None
    month = MONTHS.get(line.word(index))
    if month is None:
        return None
    year = line.number(index + 1)
    if year is not None and len(line.word(index + 1)) == 4:
        found = calendar.make(year, month, 1)
        return (found, index + 2) if found else None
    found = calendar.make(context.today.year + (month < context.today.month), month, 1)
    return (found, index + 1) if found else None
