"""Recurrence in todo.txt: `rec:` as its programs know it, `rrule:` for what that cannot say."""

import re
from dataclasses import dataclass
from typing import Final

from services.kit.task import Recurrence, RecurrenceMode

_REC = re.compile(r"(\+?)([1-9]\d{0,2})([dwmy])|(\+?)1b", re.ASCII)
_RRULE = re.compile(r"(\+?)(FREQ=[!-~]{1,480})")
_SIMPLE = re.compile(r"FREQ=([A-Z]+)(?:;INTERVAL=([1-9]\d{0,2}))?", re.ASCII)
_FREQUENCIES: Final = {"d": "DAILY", "w": "WEEKLY", "m": "MONTHLY", "y": "YEARLY"}
_UNITS: Final = {frequency: unit for unit, frequency in _FREQUENCIES.items()}
_WORKING_DAYS: Final = "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A recurrence as a word says it."""

    recurrence: Recurrence


def parse_rec(text: str) -> Repeat:
    """Return what follows `rec:`; ValueError for a unit or a number that it has not."""
    match = _REC.fullmatch(text)
    if match is None:
        raise ValueError("not a recurrence; give one like 1w (from the completion) or +1w (from the due)")
    if match[3] is None:
        return _repeat(_WORKING_DAYS, match[4])
    interval = "" if match[2] == "1" else f";INTERVAL={match[2]}"
    return _repeat(f"FREQ={_FREQUENCIES[match[3]]}{interval}", match[1])


def parse_rrule(text: str) -> Repeat:
    """Return what follows `rrule:`, whose rule is checked with the due; ValueError when it is none."""
    match = _RRULE.fullmatch(text)
    if match is None:
        raise ValueError("not a rule; give one like FREQ=MONTHLY;BYMONTHDAY=1")
    return _repeat(match[2], match[1])


def word_of(recurrence: Recurrence) -> str:
    """Return a recurrence as a word."""
    strict = "+" if recurrence.mode is RecurrenceMode.FROM_DUE else ""
    if recurrence.rrule == _WORKING_DAYS:
        return f"rec:{strict}1b"
    match = _SIMPLE.fullmatch(recurrence.rrule)
    if match is None or match[1] not in _UNITS:
        return f"rrule:{strict}{recurrence.rrule}"
    return f"rec:{strict}{match[2] or 1}{_UNITS[match[1]]}"


def _repeat(rrule: str, strict: str) -> Repeat:
    mode = RecurrenceMode.FROM_DUE if strict else RecurrenceMode.FROM_COMPLETION
    return Repeat(Recurrence(rrule=rrule, mode=mode))
