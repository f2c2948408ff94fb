"""Counts, ordinals and stretches of time in English."""

from datetime import timedelta
from typing import Final, NamedTuple

from services.backend.quick.clues import Unit
from services.backend.quick.english.words import NUMBERS, ORDINALS, SHORT_UNITS, SUFFIXES, UNITS, WORKING
from services.backend.quick.tokens import Line

_POSSESSIVE: Final = frozenset({"'", "’"})


class Counted(NamedTuple):
    """A number and the token after it."""

    value: int
    end: int


class Stretch(NamedTuple):
    """So many units, `minutes` where they are of an hour or less, and the token after them."""

    number: int
    unit: Unit
    minutes: int
    end: int

    @property
    def exact(self) -> timedelta:
        """The time that it is; nothing for days and more."""
        return timedelta(minutes=self.minutes)


def counted(line: Line, index: int) -> Counted | None:
    """Return the number from 1 on at a token: in digits, in a word, or "a couple of"."""
    value = line.number(index)
    if value:
        return Counted(value, index + 1)
    word = line.word(index)
    if word == "a" and line.word(index + 1) == "couple":
        return Counted(2, index + 3 if line.word(index + 2) == "of" else index + 2)
    return Counted(NUMBERS[word], index + 1) if word in NUMBERS else None


def ordinal(line: Line, index: int) -> Counted | None:
    """Return the ordinal at a token: "1st", "third", -1 for "last"."""
    value = line.number(index, 2)
    if value:
        return Counted(value, index + 2) if line.glued(index + 1) in SUFFIXES else None
    word = line.word(index)
    return Counted(ORDINALS[word], index + 1) if word in ORDINALS else None


def unit(line: Line, index: int) -> tuple[Unit, int, int] | None:
    """Return the unit at a token, how many of it that is, and the token after it."""
    word = line.word(index)
    if word in WORKING and line.word(index + 1) in {"day", "days"}:
        return Unit.WORKDAY, 1, index + 2
    if word in {"fortnight", "fortnights"}:
        return Unit.WEEK, 2, index + 1
    if word in {"quarter", "quarters"}:
        return Unit.MONTH, 3, index + 1
    if word in UNITS:
        return (
            UNITS[word],
            1,
            index + (3 if line.glued(index + 1) in _POSSESSIVE and line.word(index + 2) == "time" else 1),
        )
    if word.endswith(("'s", "’s")) and line.word(index + 1) == "time":
        return (UNITS[word[:-2]], 1, index + 2) if word[:-2] in UNITS else None
    return None


def stretch(line: Line, index: int) -> Stretch | None:
    """Return the stretch of time at a token: "3 days", "1h 30m", "half an hour", "2w", "1.5 hours"."""
    if line.word(index) == "half" and line.word(index + 1) in {"a", "an"}:
        return _half(line, index + 2)
    number = counted(line, index)
    if number is None:
        return None
    if line.glued(number.end) == "." and line.glued(number.end + 1) == "5":
        return _and_half(line, number.value, number.end + 2)
    found = _unit_after(line, number.end)
    if found is None:
        return None
    kind, times, end = found
    if kind is Unit.HOUR:
        return _hours(line, number.value, end)
    minutes = number.value if kind is Unit.MINUTE else 0
    return Stretch(number.value * times, kind, minutes, end)


def _unit_after(line: Line, index: int) -> tuple[Unit, int, int] | None:
    """Return a unit that may be written short after a number in digits ("2h", "2 h")."""
    short = SHORT_UNITS.get(line.word(index))
    if short is not None and line.number(index - 1) is not None:
        return short, 1, index + 1
    return unit(line, index)


def _hours(line: Line, hours: int, index: int) -> Stretch:
    """Go on after the hours: the minutes that may follow them."""
    at = index + 1 if line.word(index) == "and" else index
    if at > index and line.word(at) in {"a", "half"} and line.word(at if line.word(at) == "half" else at + 1) == "half":
        return Stretch(0, Unit.MINUTE, 60 * hours + 30, at + (1 if line.word(at) == "half" else 2))
    minutes = line.number(at, 2)
    found = _unit_after(line, at + 1) if minutes is not None else None
    if minutes is not None and found is not None and found[0] is Unit.MINUTE:
        return Stretch(0, Unit.MINUTE, 60 * hours + minutes, found[2])
    return Stretch(hours, Unit.HOUR, 60 * hours, index)


def _half(line: Line, index: int) -> Stretch | None:
    found = unit(line, index)
    if found is None or found[0] is not Unit.HOUR:
        return None
    return Stretch(0, Unit.MINUTE, 30, found[2])


def _and_half(line: Line, whole: int, index: int) -> Stretch | None:
    found = _unit_after(line, index) or unit(line, index)
    if found is None or found[0] is not Unit.HOUR:
        return None
    return Stretch(0, Unit.MINUTE, 60 * whole + 30, found[2])
