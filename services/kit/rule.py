"""An RFC 5545 recurrence rule, read strictly: what a rule may say, and how much it may cost.

`parse` knows nothing of dates; `recurrence` computes them. Every refusal is a ValueError that names the part at fault.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MAX_COUNT: Final = 9999
MAX_INTERVAL: Final = 9999
MAX_TIMES_A_DAY: Final = 288
MAX_LENGTH: Final = 500
TIME_PARTS: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_FIRST_UNTIL = 1900
_FOREVER = 2900
_HINT = "give the rule alone, like 'FREQ=WEEKLY;BYDAY=MO'; it starts at the due and has no exceptions"
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


class Frequency(StrEnum):
    """How often a rule comes round, before its INTERVAL."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"


@dataclass(frozen=True, slots=True)
class Weekday:
    """A BYDAY entry: `day` from 0 (Monday); `nth` of its month or year, from the end when negative, 0 for every one."""

    day: int
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule.

    `text` is its normal form. `until` is a date, a naive wall-clock time or an instant in UTC, as it was written, and
    None where it lies further off than any date. `by` holds the numbers of each BY part that is there, ascending.
    """

    text: str
    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    week_start: int = 0
    weekdays: tuple[Weekday, ...] = ()
    by: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def within(self, name: str) -> tuple[int, ...]:
        """Return the numbers of a BY part, none where it is not there."""
        return self.by.get(name, ())


_RANGES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "INTERVAL": (1, MAX_INTERVAL),
        "COUNT": (1, MAX_COUNT),
        "BYMONTH": (1, 12),
        "BYWEEKNO": (-53, 53),
        "BYYEARDAY": (-366, 366),
        "BYMONTHDAY": (-31, 31),
        "BYHOUR": (0, 23),
        "BYMINUTE": (0, 59),
        "BYSECOND": (0, 59),
        "BYSETPOS": (-366, 366),
    }
)
_SINGLE: Final = ("INTERVAL", "COUNT")
_PARTS: Final = ("FREQ", "UNTIL", "WKST", "BYDAY", *_RANGES)


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """Return the rule that a text states, with or without `RRULE:` before it; ValueError says what is wrong."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a rule has at most {MAX_LENGTH} characters, this one has {len(text)}")
    parts = dict(_parts(text))
    if "FREQ" not in parts:
        raise ValueError(f"the rule has no FREQ; {_HINT}")
    numbers = {name: _numbers(name, parts[name]) for name in _RANGES if name in parts}
    weekdays = _weekdays(parts["BYDAY"]) if "BYDAY" in parts else ()
    rule = Rule(
        text=";".join(f"{name}={_written(name, value)}" for name, value in parts.items()),
        frequency=_frequency(parts["FREQ"]),
        interval=numbers.get("INTERVAL", (1,))[0],
        count=numbers["COUNT"][0] if "COUNT" in numbers else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_week_start(parts.get("WKST", "MO")),
        weekdays=tuple(dict.fromkeys(weekdays)),
        by={name: tuple(sorted(set(values))) for name, values in numbers.items() if name not in _SINGLE},
    )
    _check_together(rule, parts)
    return rule


def _parts(text: str) -> Iterator[tuple[str, str]]:
    body = text.strip().upper().removeprefix("RRULE:").strip().removesuffix(";")
    if any(c in body for c in "\r\n:"):
        raise ValueError(f"the rule has another line or property in it; {_HINT}")
    seen: set[str] = set()
    for part in body.split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise ValueError(f"{part[:40]!r} is not a part of a rule; {_HINT}")
        if name not in _PARTS:
            raise ValueError(f"{name[:40]!r} is not a part of a rule; the parts are {', '.join(_PARTS)}")
        if name in seen:
            raise ValueError(f"{name} is given twice")
        seen.add(name)
        yield name, value


def _written(name: str, value: str) -> str:
    if name in _RANGES:
        return ",".join(str(number) for number in _numbers(name, value))
    if name == "BYDAY":
        return ",".join(f"{day.nth or ''}{DAYS[day.day]}" for day in _weekdays(value))
    return value


def _frequency(value: str) -> Frequency:
    try:
        return Frequency(value)
    except ValueError:
        raise ValueError(f"FREQ must be one of {', '.join(Frequency)}, not {value[:40]!r}") from None


def _numbers(name: str, value: str) -> tuple[int, ...]:
    low, high = _RANGES[name]
    pieces = [value] if name in _SINGLE else value.split(",")
    return tuple(_number(name, piece.strip(), low, high) for piece in pieces)


def _number(name: str, piece: str, low: int, high: int) -> int:
    number = int(piece) if _NUMBER.fullmatch(piece) else None
    if number is None or not low <= number <= high or (number == 0 and low < 0):
        numbers = f"1 to {high} or -1 to {low}" if low < 0 else f"{low} to {high}"
        raise ValueError(f"{name} takes {numbers}, not {piece[:40]!r}")
    return number


def _weekdays(value: str) -> tuple[Weekday, ...]:
    return tuple(_weekday(piece.strip()) for piece in value.split(","))


def _weekday(piece: str) -> Weekday:
    match = _WEEKDAY.fullmatch(piece)
    nth = int(match[1] or 1) if match else 0
    if match is None or not 1 <= abs(nth) <= 53:
        raise ValueError(f"BYDAY takes days like MO, 2TU or -1FR (1 to 53), not {piece[:40]!r}")
    return Weekday(DAYS.index(match[2]), nth if match[1] else 0)


def _week_start(value: str) -> int:
    if value not in DAYS:
        raise ValueError(f"WKST must be one of {', '.join(DAYS)}, not {value[:40]!r}")
    return DAYS.index(value)


def _until(value: str) -> date | datetime | None:
    match = _UNTIL.fullmatch(value)
    try:
        moment = datetime.strptime("".join(match.groups("")[:2]).ljust(14, "0"), "%Y%m%d%H%M%S") if match else None  # noqa: DTZ007 - UNTIL may float
    except ValueError:
        moment = None
    if match is None or moment is None or moment.year < _FIRST_UNTIL:
        raise ValueError(
            f"UNTIL takes a date (20261231), a time (20261231T090000) or an instant (20261231T080000Z) "
            f"from {_FIRST_UNTIL} on, not {value[:40]!r}"
        )
    if moment.year >= _FOREVER:
        return None
    if match[2] is None:
        return moment.date()
    return moment.replace(tzinfo=UTC) if match[3] else moment


def _check_together(rule: Rule, parts: Mapping[str, str]) -> None:
    for refused, message in _CONTRADICTIONS:
        if refused(rule, parts):
            raise ValueError(message)


def _times_a_day(rule: Rule) -> int:
    hours = len(rule.within("BYHOUR")) or (24 if rule.frequency is Frequency.HOURLY else 1)
    return hours * (len(rule.within("BYMINUTE")) or 1) * (len(rule.within("BYSECOND")) or 1)


def _has_nth(rule: Rule, least: int = 1) -> bool:
    return any(abs(day.nth) >= least for day in rule.weekdays)


def _picks_nothing(rule: Rule) -> bool:
    """Whether BYSETPOS of a day or an hour points past its times."""
    positions = rule.within("BYSETPOS")
    if not positions or rule.frequency not in (Frequency.DAILY, Frequency.HOURLY):
        return False
    hours = len(rule.within("BYHOUR")) if rule.frequency is Frequency.DAILY else 1
    times = (hours or 1) * (len(rule.within("BYMINUTE")) or 1) * (len(rule.within("BYSECOND")) or 1)
    return min(map(abs, positions)) > times


_CONTRADICTIONS: Final[tuple[tuple[Callable[[Rule, Mapping[str, str]], bool], str], ...]] = (
    (lambda _, parts: "COUNT" in parts and "UNTIL" in parts, "give COUNT or UNTIL, not both"),
    (
        lambda rule, _: bool(rule.within("BYWEEKNO")) and rule.frequency is not Frequency.YEARLY,
        "BYWEEKNO goes with FREQ=YEARLY alone",
    ),
    (
        lambda rule, _: bool(rule.within("BYYEARDAY")) and rule.frequency not in (Frequency.YEARLY, Frequency.HOURLY),
        "BYYEARDAY goes with FREQ=YEARLY or HOURLY; use BYMONTH and BYMONTHDAY",
    ),
    (
        lambda rule, _: bool(rule.within("BYMONTHDAY")) and rule.frequency is Frequency.WEEKLY,
        "BYMONTHDAY does not go with FREQ=WEEKLY; use FREQ=MONTHLY",
    ),
    (
        lambda rule, _: _has_nth(rule) and rule.frequency not in (Frequency.YEARLY, Frequency.MONTHLY),
        "a BYDAY with a number (2TU) goes with FREQ=MONTHLY or YEARLY alone",
    ),
    (
        lambda rule, _: _has_nth(rule) and bool(rule.within("BYWEEKNO")),
        "a BYDAY with a number (2TU) does not go with BYWEEKNO",
    ),
    (
        lambda rule, _: _has_nth(rule, 6) and (rule.frequency is Frequency.MONTHLY or bool(rule.within("BYMONTH"))),
        "a month has at most five of a weekday; number BYDAY from -5 to 5",
    ),
    (
        lambda rule, _: _picks_nothing(rule),
        "BYSETPOS points past the times of a day or hour; the rule never comes round",
    ),
    (
        lambda rule, _: bool(rule.within("BYSETPOS")) and not rule.weekdays and rule.by.keys() == {"BYSETPOS"},
        "BYSETPOS picks from the days or times of another BY part; give one",
    ),
    (
        lambda rule, _: _times_a_day(rule) > MAX_TIMES_A_DAY,
        f"BYHOUR, BYMINUTE and BYSECOND together come to more than {MAX_TIMES_A_DAY} times a day; give fewer",
    ),
)
