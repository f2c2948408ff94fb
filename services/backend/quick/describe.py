"""What a phrase came to, in plain English, for the span that shows it."""

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from services.backend.quick.clues import Repeat, Unit
from services.kit.rule import DAYS

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_UNITS: Final = {Unit.HOUR: "hour", Unit.DAY: "day", Unit.WEEK: "week", Unit.MONTH: "month", Unit.YEAR: "year"}
_NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}


def weekday(value: date) -> str:
    """Return the name of a date's weekday."""
    return _WEEKDAYS[value.weekday()]


def day(value: date) -> str:
    """Return a date like "Friday 27 November 2026"."""
    return f"{_WEEKDAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Return a day and a time."""
    return f"{day(value.date())} at {value:%H:%M}"


def clock(value: time, zone: ZoneInfo | None) -> str:
    """Return a time of day like "at 09:00 (Asia/Tokyo)"."""
    return f"at {value:%H:%M}" + (f" ({zone.key})" if zone else "")


def repeat(value: Repeat) -> str:
    """Return a recurrence like "every 2 weeks on Tuesday"."""
    unit = _UNITS[value.unit]
    every = f"every {unit}" if value.interval == 1 else f"every {value.interval} {unit}s"
    by = dict(value.by)
    pieces = [every]
    if "BYMONTH" in by:
        pieces.append(f"in {_MONTHS[int(by['BYMONTH']) - 1]}")
    if "BYSETPOS" in by and "BYDAY" in by:
        pieces.append(f"on the {_NTH[int(by['BYSETPOS'])]} weekday")
    elif "BYDAY" in by:
        pieces.append("on " + _listed([_weekday(part) for part in by["BYDAY"].split(",")]))
    elif "BYMONTHDAY" in by:
        days = by["BYMONTHDAY"].split(",")
        pieces.append("on " + (_number(days[-1]) if "BYSETPOS" in by else _listed([_number(one) for one in days])))
    return " ".join(pieces) + (", counted from the completion" if value.completion else "")


def _weekday(part: str) -> str:
    name = _WEEKDAYS[DAYS.index(part[-2:])]
    return f"the {_NTH[int(part[:-2])]} {name}" if part[:-2] else name


def _number(text: str) -> str:
    return f"day {text}" if not text.startswith("-") else "the last day"


def _listed(pieces: list[str]) -> str:
    return pieces[0] if len(pieces) == 1 else f"{', '.join(pieces[:-1])} and {pieces[-1]}"


def before(duration: str) -> str:
    """Return a reminder's duration like "1 day 2 hours before"."""
    if duration == "PT0S":
        return "when it is due"
    units = {"D": "day", "H": "hour", "M": "minute"}
    words, number = [], ""
    for sign in duration.replace("P", "").replace("T", ""):
        if sign.isdigit():
            number += sign
            continue
        words.append(f"{number} {units[sign]}{'' if number == '1' else 's'}")
        number = ""
    return " ".join(words) + " before"
