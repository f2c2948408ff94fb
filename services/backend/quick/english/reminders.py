"""Reminders in English: "remind me 1 day before", "remind me tomorrow at 9", "remind me at 5 to call Ann"."""

from datetime import timedelta
from typing import Final

from services.backend.quick.clues import (
    Alarm,
    Alarms,
    Clock,
    Context,
    Day,
    Found,
    Moment,
    MonthDays,
    Unit,
    WeekDays,
    YearDay,
)
from services.backend.quick.english.leads import when
from services.backend.quick.english.numbers import stretch
from services.backend.quick.english.times import at_time, clock
from services.backend.quick.english.words import PARTS
from services.backend.quick.tokens import Line

_MOST: Final = 10
_BEFORE: Final = frozenset({"before", "early", "earlier", "ahead", "prior", "beforehand"})
_IT: Final = frozenset({"it", "that", "then", "due", "deadline", "hand"})
_TO_DO: Final = frozenset({"to", "about", "of", "that"})
_WEEK: Final = 7


def remind(line: Line, index: int, context: Context) -> Found | None:
    """Read what begins with "remind", "reminder", "with a reminder", "and remind me"."""
    at = _opened(line, index)
    if at is None:
        return None
    return (
        _before(line, at)
        or _day_before(line, at, context)
        or _on_the_day(line, at, context)
        or _when(line, at, context)
    )


def _opened(line: Line, index: int) -> int | None:
    """Return the token after "[and|with] [a] remind[er] [me]"; None where nobody is reminded."""
    at = index
    for _ in range(2):
        at += line.word(at) in {"and", "with", "a", "please", "set", ","}
    if line.word(at) not in {"remind", "reminder", "reminders", "alert", "notify"}:
        return None
    at += 1
    at += line.glued(at) == ":"
    return at + (line.word(at) in {"me", "us"})


def _before(line: Line, index: int) -> Found | None:
    """Read "1 day before", "1d, 2h and 30 min before it is due"."""
    alarms: list[Alarm] = []
    at = index
    while len(alarms) < _MOST:
        found = stretch(line, at)
        if found is None:
            break
        end, said = _word_before(line, found.end)
        alarms.append(_so_long(found.number, found.unit, found.exact))
        at = end
        joint = (line.word(at) in {"and", ",", "&"}) + (line.word(at) == "," and line.word(at + 1) == "and")
        if not joint or stretch(line, at + joint) is None:
            break
        at += joint
    else:
        return None
    if not alarms or not said or any(alarm.nominal > 366 for alarm in alarms):
        return None
    return Found(at, Alarms(tuple(dict.fromkeys(alarms))))


def _so_long(count: int, unit: Unit, exact: timedelta) -> Alarm:
    days = {Unit.DAY: 1, Unit.WORKDAY: 1, Unit.WEEK: _WEEK, Unit.MONTH: 30, Unit.YEAR: 365}.get(unit, 0)
    return Alarm(nominal=count * days, exact=exact, relative=True)


def _word_before(line: Line, index: int) -> tuple[int, bool]:
    """Return the token after "before [it is due]" or "in advance", and whether it was there."""
    if line.word(index) == "in" and line.word(index + 1) == "advance":
        return index + 2, True
    if line.word(index) not in _BEFORE:
        return index, False
    at = index + 1
    at += line.word(at) == "of" and line.word(at + 1) == "time"
    for word in ("of", "time", "the", "it", "is", "it's", "due", "deadline", "that", "then"):
        at += line.word(at) == word
    return at, True


def _day_before(line: Line, index: int, context: Context) -> Found | None:
    """Read "the day before [at 6pm]", "the evening before", "the week before"."""
    at = index + (line.word(index) in {"the", "on"}) + (line.word(index) == "on" and line.word(index + 1) == "the")
    days = {"day": 1, "night": 1, "evening": 1, "morning": 1, "week": _WEEK}.get(line.word(at))
    if days is None or line.word(at + 1) != "before":
        return None
    part = None if days == _WEEK or line.word(at) == "day" else line.word(at)
    said = at_time(line, at + 2, context) if line.word(at + 2) == "at" else clock(line, at + 2)
    if said is not None and isinstance(said.clue, Clock):
        return Found(said.end, Alarms((Alarm(nominal=days, clock=said.clue, relative=True),)))
    end = at + 2 + (line.word(at + 2) == "it")
    return Found(end, Alarms((Alarm(nominal=days, clock=_part(part), relative=True),)))


def _part(word: str | None) -> Clock | None:
    return Clock(PARTS[word], vague=True) if word else None


def _on_the_day(line: Line, index: int, context: Context) -> Found | None:
    """Read "on the day [at 8am]", "when due", "at the time", "then"."""
    words = [line.word(index + offset) for offset in range(4)]
    if words[0] == "then" or words[:2] in (["when", "due"], ["on", "time"]):
        return Found(index + (1 if words[0] == "then" else 2), Alarms((Alarm(relative=True),)))
    if words[:3] in (["at", "the", "time"], ["when", "it's", "due"]) or words[:4] == ["when", "it", "is", "due"]:
        return Found(index + (4 if words[1] == "it" else 3), Alarms((Alarm(relative=True),)))
    if words[:3] not in (["on", "the", "day"], ["the", "same", "day"]):
        return None
    said = at_time(line, index + 3, context) if words[3] == "at" else clock(line, index + 3)
    if said is not None and isinstance(said.clue, Clock):
        return Found(said.end, Alarms((Alarm(clock=said.clue, relative=True),)))
    return Found(index + 3, Alarms((Alarm(relative=True),)))


def _when(line: Line, index: int, context: Context) -> Found | None:
    """Read a time to be reminded at: "tomorrow at 9", "at 5pm on Friday", "in 2 hours"."""
    at, day, said, delay = index, None, None, None
    for _ in range(2):
        found = when(line, at, context)
        if found is None:
            break
        match found.clue:
            case Day() | YearDay() | MonthDays() | WeekDays() if day is None:
                day, said = Day(found.clue.date), said or found.clue.part
            case Clock() if said is None or said.vague:
                said = found.clue
            case Moment() if day is None and said is None:
                delay = found.clue.delay
            case _:
                break
        at = found.end
    if at == index:
        return _of_the_due(line, index)
    to_do = line.word(at) in _TO_DO and index + 1 < len(line)
    alarm = Alarm(day=day, clock=said, delay=delay, task=to_do)
    return Found(at + to_do, Alarms((alarm,)))


def _of_the_due(line: Line, index: int) -> Found | None:
    """Read "remind me to …", "remind me every …", or a bare "remind me": the reminder is for when the task is due."""
    word = line.word(index)
    if word in _TO_DO:
        return Found(index + 1, Alarms((Alarm(relative=True),)))
    over = line.is_over(index) or word in {"every", "each", "#", "!", "daily", "weekly", "monthly", "yearly"}
    return Found(index, Alarms((Alarm(relative=True),))) if over and line.word(index - 1) in {"me", "us"} else None
