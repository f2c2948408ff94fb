"""Times of day in English: "9am", "at 5", "15:30", "half past 8", "noon", "in the morning", with a zone after them."""

from dataclasses import replace
from datetime import time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from services.backend.quick.clues import Clock, Context, Day, Found, MonthDays, WeekDays, YearDay
from services.backend.quick.english.words import AFTER_TIME, CHANGES, DAY_ENDS, NUMBERS, PARTS, ZONES
from services.backend.quick.tokens import Line
from services.kit.due import zone, zone_names

_LATEST_GUESS: Final = 6
_HALVES: Final = frozenset({"am", "pm"})
_DASHES: Final = frozenset({"-", "–", "to"})
_RANGE_NOTE: Final = "a task has one time: the begin counts"
_NAME_WORDS: Final = 3


def at_time(line: Line, index: int, _: Context) -> Found | None:
    """Read "at 9", "at noon", "around 5pm", "@ 5": an hour needs nothing else after such a word."""
    start = index + 1
    while line.word(start) in {"about", "around", "~"} and start < index + 3:
        start += 1
    start += line.word(start) == "a" and line.word(start + 1) == "quarter"
    found = clock(line, start) or _bare(line, start)
    if found is None and line.word(start) == "night":
        found = Found(start + 1, Clock(PARTS["night"], vague=True))
    return _zoned(line, found) if found else None


def by_hour(line: Line, index: int) -> Found | None:
    """Read the hour of "by 5", where no noun follows and nothing is said to change "by 5"."""
    if any(line.word(before) in CHANGES for before in range(index - 2 - _NAME_WORDS, index - 1)):
        return None
    found = _bare(line, index)
    return found if found is not None and is_left(line, found.end) else None


def numbered_time(line: Line, index: int, _: Context) -> Found | None:
    """Read "9am", "9:30", "15h", "9 o'clock", "9-11am"."""
    found = clock(line, index)
    return _zoned(line, found) if found else None


def in_part(line: Line, index: int, _: Context) -> Found | None:
    """Read "in the morning"."""
    part = line.word(index + 2)
    if line.word(index + 1) != "the" or part not in PARTS or part in {"noon", "lunch", "night"}:
        return None
    return Found(index + 3, Clock(PARTS[part], vague=True))


def from_range(line: Line, index: int, _: Context) -> Found | None:
    """Read "from 9 to 11" and "between 2 and 4pm": the time of the begin."""
    joint = frozenset({"and"}) if line.word(index) == "between" else _DASHES
    found = _range(line, index + 1, joint)
    return _zoned(line, found) if found else None


def part_after(line: Line, index: int) -> Found | None:
    """Return the part of the day that may follow a day: "morning", "in the evening", "at night"."""
    start = index
    if line.word(index) == "in" and line.word(index + 1) == "the":
        start = index + 2
    elif line.word(index) == "at" and line.word(index + 1) == "night":
        start = index + 1
    word = line.word(start)
    if word not in PARTS or not line.ends(start + 1):
        return None
    return Found(start + 1, Clock(PARTS[word], vague=word not in {"noon", "midday"}))


def with_part(line: Line, end: int, clue: Day | WeekDays | YearDay | MonthDays) -> Found:
    """Go on after a day: the part of it that may follow, or that it ends then ("Friday EOD")."""
    if line.word(end) in DAY_ENDS and line.ends(end + 1):
        return Found(end + 1, clue)
    part = part_after(line, end)
    if part is None or not isinstance(part.clue, Clock):
        return Found(end, clue)
    return Found(part.end, replace(clue, part=part.clue))


def clock(line: Line, index: int) -> Found | None:
    """Return the time of day at a token, but for a bare hour."""
    word = line.word(index)
    if word in {"noon", "midday"}:
        return Found(index + 1, Clock(time(12)))
    if word == "midnight":
        return Found(index + 1, Clock(time(), days=1, note="the midnight that ends the day"))
    if word in {"half", "quarter"} or line.word(index + 1) in {"past", "to", "minutes"}:
        found = _spoken(line, index)
        if found is not None:
            return found
    return _range(line, index, _DASHES - {"to"}) or _range(line, index, frozenset({"to"})) or _single(line, index)


def _single(line: Line, index: int) -> Found | None:
    hour = line.number(index, 2)
    if hour is None:
        return None
    separator = line.glued(index + 1)
    minute = line.number(index + 2, 2) if separator in {":", ".", "h"} and line.glued(index + 2) else None
    if minute is not None and len(line.word(index + 2)) == 2:
        return _with_minutes(line, index, hour, minute)
    if separator == "h" and hour <= 24 and line.ends(index + 2):
        return _exact(index + 2, hour, 0)
    half, end = _half_of_day(line, index + 1)
    if half:
        return _twelve(end, hour, 0, half)
    if line.word(index + 1) in {"o'clock", "o’clock"}:
        return _open(line, index + 2, hour, 0)
    return None


def _with_minutes(line: Line, index: int, hour: int, minute: int) -> Found | None:
    half, end = _half_of_day(line, index + 3)
    if half:
        return _twelve(end, hour, minute, half)
    if line.word(index + 1) == "." and line.word(index - 1) not in {"at", "by", "before", "around"}:
        return None
    if len(line.word(index)) == 2 or line.word(index + 1) == "h" or hour == 0:
        return _exact(index + 3, hour, minute)
    return _open(line, index + 3, hour, minute)


def _half_of_day(line: Line, index: int) -> tuple[str, int]:
    word = line.word(index)
    if word in _HALVES:
        return word, index + 1
    if word in {"a", "p"} and line.glued(index + 1) == "." and line.glued(index + 2) == "m":
        return word + "m", index + (4 if line.glued(index + 3) == "." else 3)
    if word in {"a", "p"} and line.glued(index) and line.ends(index + 1):
        return word + "m", index + 1
    return "", index


def _exact(end: int, hour: int, minute: int) -> Found | None:
    if (hour, minute) == (24, 0):
        return Found(end, Clock(time(), days=1, note="the midnight that ends the day"))
    return Found(end, Clock(time(hour, minute))) if hour < 24 and minute < 60 else None


def _twelve(end: int, hour: int, minute: int, half: str) -> Found | None:
    if 12 < hour < 24 and half == "pm":
        return _exact(end, hour, minute)
    return _exact(end, hour % 12 + (12 if half == "pm" else 0), minute) if 1 <= hour <= 12 else None


def _open(line: Line, end: int, hour: int, minute: int) -> Found | None:
    """Return a time without am or pm; the part of the day that follows it decides, or else what is likely."""
    if hour > 12 or hour == 0:
        return _exact(end, hour, minute)
    if minute > 59:
        return None
    part = part_after(line, end) if line.word(end) in {"in", "at"} else None
    if part is not None and isinstance(part.clue, Clock):
        return Found(part.end, in_part_of_day(Clock(time(hour, minute), open=True), part.clue))
    return Found(end, likely(hour, minute))


def likely(hour: int, minute: int) -> Clock:
    """Return the likely one of two times 12 hours apart: 1 to 6 are in the afternoon, 7 to 12 by day."""
    if hour <= _LATEST_GUESS:
        note = f"{hour}{f':{minute:02}' if minute else ''} is read as the afternoon; write am for the morning"
        return Clock(time(hour + 12, minute), open=True, note=note)
    return Clock(time(hour, minute), open=True)


def in_part_of_day(given: Clock, part: Clock) -> Clock:
    """Return a time, said without am or pm, in the half of the day that a part of it is in."""
    if not given.open:
        return given
    hour = given.time.hour % 12 + (12 if part.time.hour >= 12 else 0)
    return replace(given, time=given.time.replace(hour=hour), open=False, note="")


def _bare(line: Line, index: int) -> Found | None:
    hour = line.number(index, 2)
    if hour is None:
        hour = NUMBERS.get(line.word(index), 0) if line.word(index) not in {"a", "an"} else None
    if not hour or hour > 23 or line.word(index + 1) in {"%", "percent", "of"}:
        return None
    return _open(line, index + 1, hour, 0) if line.ends(index + 1) else None


def _spoken(line: Line, index: int) -> Found | None:
    """Read "half past 8", "quarter to 5pm", "20 past 3"."""
    word = line.word(index)
    minutes = {"half": 30, "quarter": 15}.get(word) or line.number(index, 2) or 0
    at = index + (2 if line.word(index + 1) == "minutes" else 1)
    if word == "half" and line.word(at) not in {"past", "to"}:
        return _british_half(line, at)
    joint = line.word(at)
    hour = line.number(at + 1, 2) or NUMBERS.get(line.word(at + 1), 0)
    if joint not in {"past", "to"} or not 0 < minutes < 60 or not 1 <= hour <= 12 or (joint, word) == ("to", "half"):
        return None
    if joint == "to" and word != "quarter":
        return None
    if joint == "to":
        hour, minutes = (hour - 2) % 12 + 1, 60 - minutes
    half, end = _half_of_day(line, at + 2)
    return _twelve(end, hour, minutes, half) if half else _open(line, at + 2, hour, minutes)


def _british_half(line: Line, index: int) -> Found | None:
    """Read "half eight" as half past eight; "half eight apples" is none."""
    hour = line.number(index, 2) or NUMBERS.get(line.word(index), 0)
    half, end = _half_of_day(line, index + 1)
    if not 1 <= hour <= 12 or line.word(index) in {"a", "an"} or not (half or is_left(line, end)):
        return None
    return _twelve(end, hour, 30, half) if half else _open(line, end, hour, 30)


def is_left(line: Line, index: int) -> bool:
    """Tell whether what comes before a token can be left as a time: no noun follows that a number would count."""
    after = line.word(index)
    return line.ends(index) and (not after[:1].isalnum() or after in AFTER_TIME)


def _range(line: Line, index: int, joints: frozenset[str]) -> Found | None:
    """Read a range of time: its end decides the half of the day that its begin leaves open."""
    first = _single(line, index) or _bare_hour(line, index)
    if first is None or line.word(first.end) not in joints:
        return None
    last = _single(line, first.end + 1)
    if last is None and line.word(index - 1) in {"from", "between", "at"}:
        last = _bare(line, first.end + 1)
    if last is None or not isinstance(first.clue, Clock) or not isinstance(last.clue, Clock):
        return None
    begin, end = first.clue, last.clue
    if begin.open:
        begin = _begin_of(begin, end)
    return Found(last.end, replace(begin, note=_RANGE_NOTE))


def _begin_of(begin: Clock, end: Clock) -> Clock:
    """Return the later reading of a begin that is not after its end."""
    hour = begin.time.hour % 12
    afternoon = replace(begin, time=begin.time.replace(hour=hour + 12), open=False)
    morning = replace(begin, time=begin.time.replace(hour=hour), open=False)
    if end.open:
        return begin
    return afternoon if afternoon.time < end.time else morning


def _bare_hour(line: Line, index: int) -> Found | None:
    hour = line.number(index, 2)
    return Found(index + 1, likely(hour, 0)) if hour and hour <= 12 else None


def _zoned(line: Line, found: Found) -> Found:
    """Go on after a time: the zone that may follow it."""
    named = zone_at(line, found.end)
    if named is None or not isinstance(found.clue, Clock):
        return found
    return Found(named[1], replace(found.clue, zone=named[0]))


def zone_at(line: Line, index: int) -> tuple[ZoneInfo, int] | None:
    """Return the zone at a token and the token after it: "CET", "(UTC)", "Europe/Rome", "New York time"."""
    if line.word(index) == "(":
        inner = zone_at(line, index + 1)
        return (inner[0], inner[1] + 1) if inner and line.word(inner[1]) == ")" else None
    return _full_name(line, index) or _city(line, index) or _short_name(line, index)


def _short_name(line: Line, index: int) -> tuple[ZoneInfo, int] | None:
    word = line.word(index)
    if word not in ZONES or not line.ends(index + 1) or not (line.token(index).text.isupper() or word == "zulu"):
        return None
    return zone(ZONES[word]), index + 1


def _full_name(line: Line, index: int) -> tuple[ZoneInfo, int] | None:
    """Read an IANA name: pieces glued by "/", "_" and "-"."""
    if line.glued(index + 1) != "/":
        return None
    name, end = line.token(index).text, index + 1
    while end < index + 9 and line.glued(end):
        name += line.token(end).text
        end += 1
    known = _by_name().get(name.lower().rstrip(".,;)"))
    return (zone(known), end) if known else None


def _city(line: Line, index: int) -> tuple[ZoneInfo, int] | None:
    words: list[str] = []
    for at in range(index, index + _NAME_WORDS):
        words.append(line.word(at))
        if line.word(at + 1) == "time" and line.ends(at + 2):
            known = _by_city().get(" ".join(words)) or ZONES.get(" ".join(words))
            return (zone(known), at + 2) if known else None
    return None


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    return {name.lower(): name for name in zone_names()}


@lru_cache(maxsize=1)
def _by_city() -> dict[str, str]:
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    names = sorted(name for name in zone_names() if name.startswith(areas))
    return {name.rpartition("/")[2].replace("_", " ").lower(): name for name in reversed(names)}
