"""Dates in English with a month's name or in digits: "1 Dec", "March 3rd, 2027", "2/3", "1.12.2026", "the 15th"."""

from datetime import date

from services.backend.quick import calendar
from services.backend.quick.clues import Clock, Context, Day, Found, MonthDays, Unit, YearDay
from services.backend.quick.english.numbers import ordinal
from services.backend.quick.english.times import numbered_time
from services.backend.quick.english.words import AND, DOUBTFUL, MONTHS, SUFFIXES
from services.backend.quick.tokens import Line

_MOST_DAYS = 8
_CENTURY = 2000
_MONTH_LEADS = frozenset({"in", "by", "before", "than", "after"})
_DASHES = frozenset({"-", "–"})
_DATE_SIGNS = frozenset({"/", "-", "."})


def month_first(line: Line, index: int, context: Context) -> Found | None:
    """Read "March 3", "Mar. 3rd, 2027"."""
    month = MONTHS.get(line.word(index))
    at = index + 2 if line.glued(index + 1) == "." else index + 1
    day = line.number(at, 2)
    if month is None or not day:
        return None
    end = at + 2 if line.glued(at + 1) in SUFFIXES else at + 1
    if line.glued(end) in {"am", "pm", "/"} or line.word(end) in {"am", "pm"}:
        return None
    if line.glued(end) == ":" and line.glued(end + 1):
        return None
    return _dated(line, _range_end(line, end), month, day, context, note=_range_note(line, end))


def _range_end(line: Line, index: int) -> int:
    """Return the token after "-8" of "July 6-8"; the index itself where there is no such thing."""
    is_range = line.glued(index) in _DASHES and line.glued(index + 1) and line.number(index + 1, 2)
    return index + 2 if is_range and line.ends(index + 2) else index


def _range_note(line: Line, index: int) -> str:
    return "" if _range_end(line, index) == index else "a task has one day: the first counts"


def day_first(line: Line, index: int, context: Context) -> Found | None:
    """Read "3 March", "the 3rd of March 2027"."""
    index += line.word(index) == "the"
    day = line.number(index, 2)
    if not day:
        return None
    first = index + 2 if line.glued(index + 1) in SUFFIXES else index + 1
    at = _range_end(line, first)
    at += line.word(at) == "of"
    month = MONTHS.get(line.word(at))
    if month is None:
        return None
    end = at + 2 if line.glued(at + 1) == "." and line.number(at + 2) else at + 1
    return _dated(line, end, month, day, context, note=_range_note(line, first))


def _dated(line: Line, end: int, month: int, day: int, context: Context, *, note: str = "") -> Found | None:
    """Go on after day and month: the year that may follow."""
    at = end + 1 if line.glued(end) == "," else end
    year = line.number(at)
    if year is not None and len(line.word(at)) == 4 and line.ends(at + 1):
        found = calendar.make(year, month, day)
        return Found(at + 1, Day(found, note)) if found else None
    following = calendar.next_year_day(context.today, month, day)
    return Found(end, YearDay(following, month, day, note)) if following else None


def month_alone(line: Line, index: int, context: Context) -> Found | None:
    """Return the first day of a month, "December" or "December 2027", which only some words lead to."""
    month = MONTHS.get(line.word(index))
    if month is None:
        return None
    year = line.number(index + 1)
    if year is not None and len(line.word(index + 1)) == 4:
        found = calendar.make(year, month, 1)
        return Found(index + 2, Day(found)) if found else None
    ahead = (month - context.today.month - 1) % 12 + 1
    following = calendar.shifted(context.today.replace(day=1), ahead, Unit.MONTH)
    return Found(index + 1, Day(following)) if following else None


def in_month(line: Line, index: int, context: Context) -> Found | None:
    """Read "in December", "by March 2027": the first day of the month. After "for" a "may" may be a word."""
    is_word = line.word(index + 1) in DOUBTFUL and not line.token(index + 1).text.istitle()
    return None if is_word and line.word(index) not in _MONTH_LEADS else month_alone(line, index + 1, context)


def in_digits(line: Line, index: int, context: Context) -> Found | None:
    """Read "2026-12-01", "1/12/2026", "1.12.26", "2/3"."""
    sign = line.glued(index + 1)
    if sign not in _DATE_SIGNS or not line.glued(index + 2):
        return None
    if len(line.word(index)) == 4:
        return _year_first(line, index, sign, context)
    if not line.number(index, 2) or not line.number(index + 2, 2):
        return None
    if line.glued(index + 3) == sign and line.glued(index + 4).isdigit():
        return _with_year(line, index, context)
    dotted = sign == "." and line.glued(index + 3) == "." and line.ends(index + 4)
    if not dotted and sign != "/":
        return None
    month, day, note = _ordered(line, index, context)
    return _without_year(index + 3 + dotted, month, day, context, note)


def _year_first(line: Line, index: int, sign: str, context: Context) -> Found | None:
    numbers = [line.number(index + offset, 4 if offset == 0 else 2) for offset in (0, 2, 4)]
    if line.glued(index + 3) != sign or not line.glued(index + 4) or not all(numbers):
        return None
    year, month, day = (number or 0 for number in numbers)
    found = calendar.make(year, month, day)
    if found is None:
        return None
    said = numbered_time(line, index + 6, context) if line.glued(index + 5) == "t" else None
    if said is not None and isinstance(said.clue, Clock):
        return Found(said.end, Day(found, part=said.clue))
    return Found(index + 5, Day(found))


def _with_year(line: Line, index: int, context: Context) -> Found | None:
    year = line.number(index + 4)
    if year is None or len(line.word(index + 4)) not in {2, 4}:
        return None
    month, day, note = _ordered(line, index, context)
    found = calendar.make(year if year > 99 else _CENTURY + year, month, day)
    return Found(index + 5, Day(found, note)) if found else None


def _without_year(end: int, month: int, day: int, context: Context, note: str) -> Found | None:
    found = calendar.next_year_day(context.today, month, day) if 1 <= month <= 12 else None
    return Found(end, YearDay(found, month, day, note)) if found else None


def _ordered(line: Line, index: int, context: Context) -> tuple[int, int, str]:
    """Return month, day and a note where the other order is a date too: the caller's locale decides."""
    first, sign, second = line.number(index, 2) or 0, line.word(index + 1), line.number(index + 2, 2) or 0
    if sign == ".":
        return second, first, ""
    month, day = (first, second) if context.month_first else (second, first)
    if month > 12 >= day:
        return day, month, ""
    if day == month or day > 12:
        return month, day, ""
    order = "month before day" if context.month_first else "day before month"
    said = f"{line.word(index)}{sign}{line.word(index + 2)}"
    return month, day, f"{said} is read {order}, as your locale writes dates"


def month_days(line: Line, index: int, context: Context) -> Found | None:
    """Read "the 15th", "15th and 30th": days of a month by their number."""
    at = index + 1 if line.word(index) == "the" else index
    days: list[int] = []
    while len(days) < _MOST_DAYS:
        number = ordinal(line, at)
        if number is None or not 1 <= number.value <= 31 or line.number(at, 2) is None:
            break
        days.append(number.value)
        at = number.end
        if not _goes_on(line, at):
            break
        at += 1 + (line.word(at + 1) == "the") + (line.word(at) == "," and line.word(at + 1) == "and")
    if not days or len(set(days)) < len(days):
        return None
    following = [calendar.next_month_day(context.today, day) for day in days]
    dates: list[date] = [day for day in following if day is not None]
    return Found(at, MonthDays(min(dates), tuple(sorted(days)))) if dates and line.ends(at) else None


def _goes_on(line: Line, index: int) -> bool:
    if line.word(index) not in AND - {"or"}:
        return False
    at = index + 1
    while line.word(at) in {"and", "the"} and at < index + 3:
        at += 1
    return line.number(at, 2) is not None and line.glued(at + 1) in SUFFIXES
