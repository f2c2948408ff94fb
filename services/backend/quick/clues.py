"""What phrases can mean, in any language: the clues that a task is put together from."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum, auto
from typing import Self
from zoneinfo import ZoneInfo

from services.kit.task import Priority


@dataclass(frozen=True, slots=True)
class Day:
    """A day; `note` says how it was read where there is another way, `part` is a part of the day said with it."""

    date: date
    note: str = ""
    part: "Clock | None" = None


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of the year without the year: `date` is the next one."""

    date: date
    month: int
    day: int
    note: str = ""
    part: "Clock | None" = None


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Days of the month by their number, from the end when negative: `date` is the next one."""

    date: date
    days: tuple[int, ...]
    part: "Clock | None" = None


@dataclass(frozen=True, slots=True)
class WeekDays:
    """Days of the week, 0 for Monday: `date` is the next one."""

    date: date
    days: tuple[int, ...]
    part: "Clock | None" = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day; `days` is 1 where it is the midnight that ends the day.

    `vague` for a part of the day; `open` where it was not said which half of the day the hour is in.
    """

    time: time
    zone: ZoneInfo | None = None
    days: int = 0
    vague: bool = False
    open: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant counted from now."""

    delay: timedelta
    part: "Clock | None" = None


class Unit(Enum):
    """What intervals are counted in."""

    MINUTE = auto()
    HOUR = auto()
    DAY = auto()
    WORKDAY = auto()
    WEEK = auto()
    MONTH = auto()
    YEAR = auto()


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a task comes round; `by` holds the BY parts of the rule, `clock` a time of day said with it.

    `listed` where it is only days of the week in a row ("Mon Wed Fri"), which may belong to another recurrence.
    """

    unit: Unit
    interval: int = 1
    by: tuple[tuple[str, str], ...] = ()
    completion: bool = False
    clock: Clock | None = None
    note: str = ""
    listed: bool = False

    def with_by(self, **by: str) -> Self:
        """Return it with more BY parts."""
        return replace(self, by=(*self.by, *by.items()))


@dataclass(frozen=True, slots=True)
class Completion:
    """The next occurrence is counted from the completion."""


@dataclass(frozen=True, slots=True)
class Start:
    """The day that a recurrence begins on; `alone` where it is the due of a task that does not recur."""

    date: date
    alone: bool = True
    part: Clock | None = None


@dataclass(frozen=True, slots=True)
class End:
    """What a recurrence ends with: its last day, a number of occurrences, or a time after its start."""

    last: date | None = None
    count: int | None = None
    after: tuple[int, Unit] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Importance:
    """A priority."""

    priority: Priority


@dataclass(frozen=True, slots=True)
class Label:
    """A tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """A reminder: so long before the due, or on a day, at a time, after a delay.

    `nominal` counts days, `exact` is time. `task` is true where what was said is when the task is due as well.
    """

    nominal: int = 0
    exact: timedelta = timedelta()
    relative: bool = False
    day: Day | None = None
    clock: Clock | None = None
    delay: timedelta | None = None
    task: bool = False


@dataclass(frozen=True, slots=True)
class Alarms:
    """Several reminders said at once."""

    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A word of the title that tells which half of the day an hour is in ("dinner at 7")."""

    part: Clock


DayClue = Day | YearDay | MonthDays | WeekDays | Moment
Clue = DayClue | Clock | Repeat | Completion | Start | End | Importance | Label | Alarms | Occasion


@dataclass(frozen=True, slots=True)
class Context:
    """What a line is read with: the moment, on the caller's clock (naive) and as an instant; how dates are written."""

    now: datetime
    instant: datetime
    zone: ZoneInfo
    month_first: bool

    @property
    def today(self) -> date:
        """The caller's date."""
        return self.now.date()


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase: the clue that it is, and the token after its last; `led` where a word like "by" leads to it."""

    end: int
    clue: Clue
    led: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A clue and the piece of the line, from `start` to `end`, that it was read from."""

    start: int
    end: int
    clue: Clue
    led: bool = False
