"""Days in English that are told from today: "tomorrow", "next Friday", "in 3 days", "end of the month"."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from services.backend.quick import calendar
from services.backend.quick.clues import Clock, Context, Day, Found, Moment, MonthDays, Unit, WeekDays, YearDay
from services.backend.quick.english.dates import month_alone
from services.backend.quick.english.numbers import ordinal, stretch
from services.backend.quick.english.times import part_after
from services.backend.quick.english.words import AND, DOUBTFUL, MONTHS, NO_DAY_AFTER, PARTS, THROUGH, WEEKDAYS
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


def _dayed(line: Line, end: int, clue: Day | WeekDays | YearDay | MonthDays) -> Found:
    """Go on after a day: the part of it that may follow."""
    part = part_after(line, end)
    if part is None or not isinstance(part.clue, Clock):
        return Found(end, clue)
    return Found(part.end, replace(clue, part=part.clue))


def relative(line: Line, index: int, context: Context) -> Found | None:
    """Read "today", "tomorrow evening", "tonight", "yesterday"."""
    word = line.word(index)
    if word in {"tonight", "tonite"}:
        return Found(index + 1, Day(context.today, part=Clock(PARTS["night"], vague=True)))
    if line.word(index - 1) == "after" and word == "tomorrow":
        return None
    day = calendar.later(context.today, _RELATIVE[word])
    return _dayed(line, index + 1, Day(day)) if day else None


def after_tomorrow(line: Line, index: int, context: Context) -> Found | None:
    """Read "the day after tomorrow"."""
    at = index + 1 if line.word(index) == "the" else index
    if [line.word(at + offset) for offset in range(3)] != ["day", "after", "tomorrow"]:
        return None
    day = calendar.later(context.today, 2)
    return _dayed(line, at + 3, Day(day)) if day else None


def weekday(line: Line, index: int, context: Context) -> Found | None:
    """Read "Friday", "Mon and Thu", "Friday next week", "Tuesday in two weeks"."""
    if line.word(index - 1) in NO_DAY_AFTER or is_no_day(line, index) or _is_in_span(line, index):
        return None
    days, end = weekdays(line, index)
    if len(days) > 1:
        return Found(end, WeekDays(calendar.next_weekday(context.today, days[0]), tuple(sorted(days))))
    first = calendar.next_weekday(context.today, days[0])
    if line.word(end) == "next" and line.word(end + 1) == "week":
        return _dayed(line, end + 2, Day(calendar.weekday_of_next_week(context.today, days[0])))
    if line.word(end) == "this" and line.word(end + 1) == "week":
        return _dayed(line, end + 2, Day(context.today + timedelta(days=days[0] - context.today.weekday())))
    return _dayed(line, end, WeekDays(first, (days[0],)))


def _is_in_span(line: Line, index: int) -> bool:
    """Tell whether a weekday is an end of several days ("Monday to Wednesday"), of which none is the due."""
    return any(span_of_weekdays(line, first)[0] for first in (index - 2, index))


def is_no_day(line: Line, index: int) -> bool:
    """Tell whether a short name of a weekday is rather a word ("the cat sat", "sun cream")."""
    word = line.word(index)
    if word not in DOUBTFUL or line.token(index).text.istitle():
        return False
    after = line.word(index + 1)
    return after.isalpha() and after not in {*PARTS, *AND, "at", "in", "next", "remind"}


def weekdays(line: Line, index: int, *, bare: bool = False) -> tuple[list[int], int]:
    """Return the weekdays listed from a token on ("Mon, Wed and Fri"; `bare`: "Mon Wed"), and the token after them."""
    days: list[int] = []
    at = index
    while len(days) < 7 and line.word(at) in WEEKDAYS:
        day = WEEKDAYS[line.word(at)]
        if day in days:
            break
        days.append(day)
        end = at + 1
        at = end
        for _ in range(2):
            at += line.word(at) in {*AND, "/", "on"} and not (at == end and line.word(at) == "on")
        if at == end and not bare:
            break
    return days, end if days else index


def span_of_weekdays(line: Line, index: int) -> tuple[list[int], int]:
    """Return the weekdays from one to another ("Monday to Friday", "Mon-Fri"), and the token after them."""
    first, last = WEEKDAYS.get(line.word(index)), WEEKDAYS.get(line.word(index + 2))
    if first is None or last is None or first == last or line.word(index + 1) not in THROUGH:
        return [], index
    return [(first + ahead) % 7 for ahead in range((last - first) % 7 + 1)], index + 3


def of_this(line: Line, index: int, context: Context) -> Found | None:
    """Read "this Friday", "this evening", "this weekend", "coming Monday"."""
    word = line.word(index + 1)
    today = context.today
    if word == "coming":
        return of_this(line, index + 1, context)
    if word in WEEKDAYS:
        ahead = (WEEKDAYS[word] - today.weekday()) % 7
        return _dayed(line, index + 2, Day(today + timedelta(days=ahead)))
    if word in PARTS:
        return Found(index + 2, Day(today, part=Clock(PARTS[word], vague=True)))
    if word == "weekend":
        ahead = max(0, _SATURDAY - today.weekday())
        return _dayed(line, index + 2, Day(today + timedelta(days=ahead)))
    return None


def of_next(line: Line, index: int, context: Context) -> Found | None:
    """Read "next Friday", "next week", "next month", "next weekend", "next March"."""
    word, today = line.word(index + 1), context.today
    if word in WEEKDAYS:
        day = calendar.weekday_of_next_week(today, WEEKDAYS[word])
        note = "the one in the week after this" if WEEKDAYS[word] > today.weekday() else ""
        return _dayed(line, index + 2, Day(day, note))
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
        return _dayed(line, at + 1, Day(calendar.weekday_of_next_week(today, WEEKDAYS[line.word(at)])))
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
    return _dayed(line, end, Day(day)) if day else None


def from_now(line: Line, index: int, context: Context) -> Found | None:
    """Read "3 days from now", "2 weeks from Friday", "a week after tomorrow"."""
    found = stretch(line, index)
    if found is None or line.word(found.end) not in {"from", "after"}:
        return None
    at, base = found.end + 1, context.today
    if line.word(at) in WEEKDAYS:
        base = calendar.next_weekday(base, WEEKDAYS[line.word(at)])
    elif line.word(at) == "tomorrow":
        base += timedelta(days=1)
    elif line.word(at) not in _NOW or line.word(found.end) == "after":
        return None
    if found.minutes:
        return Found(at + 1, Moment(found.exact)) if line.word(at) == "now" else None
    day = calendar.shifted(base, found.number, found.unit)
    return _dayed(line, at + 1, Day(day)) if day else None


def edge(line: Line, index: int, context: Context) -> Found | None:
    """Read "end of the month", "end of next week", "beginning of June", "start of next year", "middle of March"."""
    at = index + (line.word(index) == "the")
    which = line.word(at)
    if line.word(at + 1) != "of":
        return None
    at += 2
    word = line.word(at)
    which = {"end": "end", "middle": "middle"}.get(which, "start")
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
    """Read "eod", "eow", "eom", "eoy"."""
    word = line.word(index)
    if word == "eod":
        return Found(index + 1, Day(context.today))
    span = {"eow": "week", "eom": "month", "eoy": "year"}[word]
    first = _first_of(span, context.today, 0)
    return _edged(index + 1, "end", first, span) if first else None


def nth_weekday(line: Line, index: int, context: Context) -> Found | None:
    """Read "first Monday of June", "the last Friday of next month", "the last day of March"."""
    number = ordinal(line, index + (line.word(index) == "the"))
    if number is None or line.word(number.end + 1) != "of":
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
