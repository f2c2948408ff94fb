"""Where a recurrence begins and ends in English: "starting Monday", "until June", "through 2027"."""

from datetime import timedelta
from typing import Final

from services.backend.quick import calendar
from services.backend.quick.clues import Context, Day, End, Found, MonthDays, Start, Unit, WeekDays, YearDay
from services.backend.quick.english.dates import month_alone
from services.backend.quick.english.leads import when
from services.backend.quick.tokens import Line

_FAR: Final = 7  # tokens of a date
_WHOLE: Final = frozenset({"through", "thru"})


def until(line: Line, index: int, context: Context) -> Found | None:
    """Read "until 30 June", "till Friday", "until June" (its first day is no longer in), "through June" (all of it)."""
    at = index + 1
    at += line.word(at) in {"on", "the"} and line.word(at + 1) != "end"
    whole = line.word(index) in _WHOLE
    found = when(line, at, context)
    if found is not None and isinstance(found.clue, Day | YearDay | MonthDays | WeekDays):
        return Found(found.end, End(last=found.clue.date))
    span = _span(line, at, context)
    if span is None:
        return None
    first, unit, end = span
    following = calendar.shifted(first.date, 1, unit) if whole else first.date
    if following is None:
        return None
    return Found(end, End(last=following - timedelta(days=1), note="" if whole else "the day before it is the last"))


def up_to(line: Line, index: int, context: Context) -> Found | None:
    """Read the end of "from April to October", which is in."""
    opened = next((at for at in range(index - 1, index - 1 - _FAR, -1) if line.word(at) == "from"), None)
    begin = starting(line, opened, context) if opened is not None else None
    if begin is None or begin.end != index or not isinstance(begin.clue, Start):
        return None
    found, last = when(line, index + 1, context), None
    if found is not None and isinstance(found.clue, Day | YearDay):
        last, end = found.clue.date, found.end
    elif (span := _span(line, index + 1, context)) is not None:
        following, end = calendar.shifted(span[0].date, 1, span[1]), span[2]
        last = following - timedelta(days=1) if following else None
    if last is not None and last < begin.clue.date:
        last = calendar.shifted(last, 1, Unit.YEAR)
    return Found(end, End(last=last)) if last is not None else None


def _span(line: Line, index: int, context: Context) -> tuple[Day, Unit, int] | None:
    """Return the first day of a month or year, and the token after its name."""
    month = month_alone(line, index, context)
    if month is not None and isinstance(month.clue, Day):
        return month.clue, Unit.MONTH, month.end
    year = line.number(index)
    first = calendar.make(year, 1, 1) if year and len(line.word(index)) == 4 else None
    return (Day(first), Unit.YEAR, index + 1) if first else None


def starting(line: Line, index: int, context: Context) -> Found | None:
    """Read "starting Monday", "from 1 Dec", "as of June"."""
    at = index + (2 if line.word(index) == "as" and line.word(index + 1) == "of" else 1)
    at += line.word(at) in {"on", "from", "in"}
    found = when(line, at, context) or month_alone(line, at, context)
    if found is None or not isinstance(found.clue, Day | YearDay | MonthDays | WeekDays):
        return None
    return Found(found.end, Start(found.clue.date, alone=line.word(index) != "from", part=found.clue.part))
