"""Words that lead to a day or a time ("by Friday", "due on 1 Dec", "before 5pm"), and a phrase by its first word."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from services.backend.quick import calendar
from services.backend.quick.clues import Context, Day, Found, Moment, MonthDays, WeekDays, YearDay
from services.backend.quick.english import dates, days, times, weekdays
from services.backend.quick.english.words import DAY_ENDS, MONTHS, NUMBERS, ORDINALS, PARTS, WEEKDAYS
from services.backend.quick.tokens import NUMBER, Line

Reading = Callable[[Line, int, Context], Found | None]

_LEADS: Final = frozenset({"on", "by", "for", "before", "after", "due", "at", "in", "no"})
_DAYS: Final = (Day, YearDay, MonthDays, WeekDays)


def table(*entries: tuple[str, Reading]) -> Mapping[str, tuple[Reading, ...]]:
    """Return which readings begin with a word; an entry's words are separated by spaces."""
    found: dict[str, tuple[Reading, ...]] = {}
    for words, reading in entries:
        for word in words.split():
            found[word] = (*found.get(word, ()), reading)
    return found


def read(readings: Mapping[str, tuple[Reading, ...]], line: Line, index: int, context: Context) -> Found | None:
    """Return the longest phrase that begins at a token."""
    best: Found | None = None
    for reading in readings.get(line.key(index), ()) if index < len(line) else ():
        found = reading(line, index, context)
        if found is not None and line.ends(found.end) and (best is None or found.end > best.end):
            best = found
    return best


WHEN: Final = table(
    ("today tod tomorrow tmr tmrw tmw yesterday tonight tonite", days.relative),
    ("the day", days.after_day),
    (" ".join(WEEKDAYS), weekdays.weekday),
    ("this coming", days.of_this),
    ("next", days.of_next),
    ("in within", days.ahead),
    (" ".join([NUMBER, "half", *NUMBERS]), days.from_now),
    ("the end start beginning middle mid", days.edge),
    ("eod cob eow eom eoy", days.edge_in_short),
    (" ".join([NUMBER, "the", *ORDINALS]), days.nth_weekday),
    (" ".join(MONTHS), dates.month_first),
    (f"{NUMBER} the", dates.day_first),
    (NUMBER, dates.in_digits),
    ("in", dates.in_month),
    (f"{NUMBER} the", dates.month_days),
    ("at around @", times.at_time),
    ("at on over", days.at_weekend),
    (f"{NUMBER} noon midday midnight half quarter", times.numbered_time),
    ("in", times.in_part),
    ("from between", times.from_range),
)


def when(line: Line, index: int, context: Context) -> Found | None:
    """Return the day or the time at a token, with the word that leads to it."""
    plain = read(WHEN, line, index, context)
    if plain is not None:
        plain = weekdays.then_weekday(line, plain)
        return replace(plain, led=line.word(index) in {"at", "in", "this"}) if _is_whole(line, index, plain) else None
    return _led(line, index, context)


def _is_whole(line: Line, index: int, found: Found) -> bool:
    """Tell whether a number with "th" stands alone: "the 15th floor" is no date."""
    if not isinstance(found.clue, MonthDays) or line.word(index) in {"on", "by"}:
        return True
    after = line.word(found.end)
    leads = line.word(index - 1) in {"on", "by", "due", "before", "until", "from", "starting"}
    return leads or not after.isalpha() or after in {"at", "in", "and", "remind", *PARTS}


def _led(line: Line, index: int, context: Context) -> Found | None:
    """Return what words like "by" lead to, two of them at most ("due by Friday")."""
    if line.word(index) not in _LEADS:
        return None
    at = index + 1
    at += line.word(index) == "due" and line.glued(at) == ":"
    if line.word(index) == "due" and line.word(at) in {"on", "by", "before", "at", "for"}:
        at += 1
    if line.word(index) == "no":
        if [line.word(at), line.word(at + 1)] != ["later", "than"]:
            return None
        at += 2
    last = line.word(at - 1)
    found = _led_to(last, line, at, context)
    if found is None or not line.ends(found.end):
        return None
    found = weekdays.then_weekday(line, found)
    if (last == "for" and isinstance(found.clue, Moment)) or (last == "at" and isinstance(found.clue, MonthDays)):
        return None
    is_end = "end" in {line.word(at), line.word(at + 1)} or line.word(at) in DAY_ENDS
    return replace(found if is_end else _moved(found, last), led=True)


def _led_to(last: str, line: Line, index: int, context: Context) -> Found | None:
    found = read(WHEN, line, index, context)
    if found is None and last in {"by", "before", "than"}:
        found = times.by_hour(line, index)
    if found is None:
        found = times.at_time(line, index - 1, context) if last == "at" else dates.in_month(line, index - 1, context)
    return found


def _moved(found: Found, last: str) -> Found:
    """Return the day before or after the one that is named; a time stays as it is, and so does an end."""
    days_on = {"before": -1, "after": 1}.get(last, 0)
    if not days_on or not isinstance(found.clue, _DAYS):
        return found
    day = calendar.later(found.clue.date, days_on)
    return Found(found.end, Day(day, f"the day {last}", part=found.clue.part)) if day else found
