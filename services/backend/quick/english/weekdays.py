"""Days of the week in English: which words are days, lists and spans of them, the dates that they are named with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from services.backend.quick import calendar, describe
from services.backend.quick.clues import Context, Day, Found, MonthDays, WeekDays, YearDay
from services.backend.quick.english import dates
from services.backend.quick.english.times import with_part
from services.backend.quick.english.words import AND, DAY_ENDS, DOUBTFUL, NO_DAY_AFTER, PARTS, THROUGH, WEEKDAYS
from services.backend.quick.tokens import Line

_DAY_LEADS: Final = frozenset(
    {"on", "by", "this", "next", "until", "till", "from", "before", "due", "every", "starting"}
)
_GOES_ON: Final = frozenset({*PARTS, *AND, *DAY_ENDS, "at", "in", "next", "remind", "week"})
_TITLED: Final = frozenset({*WEEKDAYS, *PARTS, *AND, "at", "in", "on", "next", "remind", "week"})
_DATES: Final[tuple[Callable[[Line, int, Context], Found | None], ...]] = (
    dates.month_first,
    dates.day_first,
    dates.in_digits,
    dates.month_days,
)


def weekday(line: Line, index: int, context: Context) -> Found | None:
    """Read "Friday", "Mon and Thu", "Friday next week", "Friday week", "Friday 27 November"."""
    is_named = line.word(index - 1) in NO_DAY_AFTER and line.word(index - 2) != "later"
    if is_named or is_no_day(line, index) or _is_in_span(line, index):
        return None
    days, end = weekdays(line, index)
    if len(days) > 1:
        return Found(end, WeekDays(calendar.next_weekday(context.today, days[0]), tuple(sorted(days))))
    return _with_date(line, index, context) or _in_week(line, end, days[0], context)


def _in_week(line: Line, end: int, day: int, context: Context) -> Found:
    """Go on after a weekday: the week that it is in ("next week", "this week", "week")."""
    following = calendar.next_weekday(context.today, day)
    if line.word(end) == "next" and line.word(end + 1) == "week":
        return with_part(line, end + 2, Day(calendar.weekday_of_next_week(context.today, day)))
    if line.word(end) == "this" and line.word(end + 1) == "week":
        return with_part(line, end + 2, Day(context.today + timedelta(days=day - context.today.weekday())))
    if week_after(line, end):
        return with_part(line, end + 1, Day(following + timedelta(days=7), "the one after the next"))
    return with_part(line, end, WeekDays(following, (day,)))


def _with_date(line: Line, index: int, context: Context) -> Found | None:
    """Read "Friday 27 November", "Fri, 27/11": the date counts, and a note says so where its weekday is another."""
    at = index + 1
    at += line.glued(at) == "."
    at += line.word(at) == ","
    found = max((one for one in (read(line, at, context) for read in _DATES) if one), key=_end, default=None)
    if found is None or not line.ends(found.end) or not isinstance(found.clue, Day | YearDay | MonthDays):
        return None
    is_so = found.clue.date.weekday() == WEEKDAYS[line.word(index)]
    if isinstance(found.clue, MonthDays):
        return with_part(line, found.end, found.clue) if is_so and len(found.clue.days) == 1 else None
    clue = found.clue if is_so else replace(found.clue, note=f"that is a {describe.weekday(found.clue.date)}")
    return with_part(line, found.end, clue)


def _end(found: Found) -> int:
    return found.end


def then_weekday(line: Line, found: Found) -> Found:
    """Go on after a date: its weekday that may follow ("27 November (Friday)", "27/11, Fri")."""
    if not isinstance(found.clue, Day | YearDay) or found.clue.part is not None:
        return found
    bracket = line.word(found.end) == "("
    at = found.end + (bracket or line.word(found.end) == ",")
    end = at + 1 + bracket
    if WEEKDAYS.get(line.word(at)) != found.clue.date.weekday() or (bracket and line.word(end - 1) != ")"):
        return found
    return with_part(line, end, found.clue) if line.ends(end) else found


def week_after(line: Line, index: int) -> bool:
    """Tell whether a day is followed by the British "week": "Friday week" is the one after the next."""
    return line.word(index) == "week" and line.ends(index + 1) and line.number(index + 1) is None


def _is_in_span(line: Line, index: int) -> bool:
    """Tell whether a weekday is an end of several days ("Monday to Wednesday"), of which none is the due."""
    return any(span_of_weekdays(line, first)[0] for first in (index - 2, index))


def is_no_day(line: Line, index: int) -> bool:
    """Tell whether a short name of a weekday is rather a word ("the cat sat", "sun cream")."""
    word = line.word(index)
    if word not in DOUBTFUL or line.word(index - 1) in _DAY_LEADS:
        return False
    if line.token(index).text.istitle():
        return index > 0 and line.token(index + 1).text.istitle() and line.word(index + 1) not in _TITLED
    after = line.word(index + 1)
    return after.isalpha() and after not in _GOES_ON


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
