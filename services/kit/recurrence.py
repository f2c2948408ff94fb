"""When a recurring task comes round: the dates of an RFC 5545 rule, counted from the due or from the completion.

Rules run in the wall clock of the due's zone. A date that the rule gives is nominal: a time that the zone skips keeps
its reading, with the offset before the gap (02:30+01:00 for what clocks call 03:30+02:00), so that the series goes on
at 02:30; `due.actual_due` shows it as clocks do.

No rule costs more than a fixed number of steps (`rule_times` says how): one with no date in `HORIZON` years has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from services.kit.due import FIRST_YEAR, LAST_YEAR, actual_due, due_moment, due_zone, resolve, wall_clock
from services.kit.rule import TIME_PARTS, Frequency, Rule, parse
from services.kit.rule_times import HORIZON, wall_times
from services.kit.task import Due, DueAt, DueDate, DueLocal, Recurrence, RecurrenceMode

MAX_UPCOMING: Final = 100

_DAY = timedelta(days=1)
_FIRST_COMPLETION = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC)
_WIDEST_GAP = timedelta(hours=25)  # Pacific zones skipped whole days when they changed sides


def check_rule(rrule: str, due: Due) -> str:
    """Return the rule in normal form; ValueError says what is wrong with it for a task that is due then.

    The parts stay in their order, upper case, without `RRULE:`. A rule that has no date in the `HORIZON` years after
    `due` is refused.
    """
    rule = parse(rrule)
    _check_kind(rule, due)
    start = wall_clock(due, "UTC")
    if next(wall_times(rule, start, start), None) is None:
        raise ValueError(f"the rule never comes round: it has no date in the {HORIZON} years after {start.date()}")
    return rule.text


def next_due(
    recurrence: Recurrence, nominal: Due, occurrence: int, completed_at: datetime, time_zone: str
) -> Due | None:
    """Return the nominal date of the occurrence after number `occurrence`, None when the series has ended.

    It is of the kind of `nominal`. Counted from the due, it is the first date of the rule after `nominal` that was not
    missed yet when the task was completed (a date is missed when its day is over). Counted from the completion, the
    rule starts on the day of the completion at the time of day of `nominal` (an HOURLY rule: at the completion), and
    that start is no occurrence. COUNT counts the tasks of the series. ValueError where an argument cannot be read.
    """
    rule = parse(recurrence.rrule)
    _check_kind(rule, nominal)
    if completed_at.tzinfo is None:
        raise ValueError("completed_at must have an offset")
    if rule.count is not None and occurrence >= rule.count:
        return None
    return next(_after(rule, recurrence.mode, _Clock.of(nominal, time_zone), nominal, completed_at), None)


def upcoming(recurrence: Recurrence, start: Due, count: int, occurrence: int, time_zone: str) -> list[Due]:
    """Return up to `count` (1 to 100) dates after the nominal date `start` of number `occurrence`, as clocks show them.

    They are those of tasks that are completed on their date, and lie within `HORIZON` years.
    """
    if not 1 <= count <= MAX_UPCOMING:
        raise ValueError(f"count must be from 1 to {MAX_UPCOMING}, got {count}")
    rule = parse(recurrence.rrule)
    _check_kind(rule, start)
    left = count if rule.count is None else max(0, min(count, rule.count - occurrence))
    dates = _following(rule, recurrence.mode, _Clock.of(start, time_zone), start)
    return [actual_due(due, time_zone) for due in islice(dates, left)]


def _check_kind(rule: Rule, due: Due) -> None:
    if not isinstance(due, DueDate):
        return
    if rule.frequency is Frequency.HOURLY:
        raise ValueError("FREQ=HOURLY needs a due with a time; this one is a date")
    for name in TIME_PARTS:
        if rule.within(name):
            raise ValueError(f"{name} needs a due with a time; this one is a date")


@dataclass(frozen=True, slots=True)
class _Clock:
    """How a series' wall-clock times are read: as dues of its kind, in its zone."""

    kind: type[DueAt] | type[DueLocal] | type[DueDate]
    tz: ZoneInfo

    @classmethod
    def of(cls, due: Due, time_zone: str) -> "_Clock":
        return cls(type(due), due_zone(due, time_zone))

    def wall(self, due: Due) -> datetime:
        return wall_clock(due, self.tz.key).replace(microsecond=0)

    def place(self, wall: datetime) -> datetime:
        """Return what wall-clock times are ordered by: their instant, a date itself."""
        return wall.replace(tzinfo=UTC) if self.kind is DueDate else resolve(wall, self.tz)

    def due(self, wall: datetime) -> Due:
        if self.kind is DueDate:
            return DueDate(date=wall.date())
        if self.kind is DueLocal:
            return DueLocal(local=wall)
        offset = wall.replace(tzinfo=self.tz).utcoffset() or timedelta()
        writable = not offset % timedelta(minutes=1)
        at = wall.replace(tzinfo=timezone(offset)) if writable else resolve(wall, self.tz)
        return DueAt(at=at, time_zone=self.tz.key)

    def is_past(self, until: date | datetime | None, wall: datetime) -> bool:
        """Whether a wall-clock time lies after UNTIL, which need not be of the series' kind: programs mix them."""
        if until is None:
            return False
        if not isinstance(until, datetime):
            return wall.date() > until
        if self.kind is not DueDate:
            return wall > until if until.tzinfo is None else self.place(wall) > until
        as_written = until.tzinfo is None or until.time() == time()
        return wall.date() > (until if as_written else until.astimezone(self.tz)).date()


def _after(rule: Rule, mode: RecurrenceMode, clock: _Clock, nominal: Due, completed_at: datetime) -> Iterator[Due]:
    """Yield the dates that follow `nominal` when it was completed at an instant."""
    if completed_at.year > LAST_YEAR:
        return
    instant = max(completed_at, _FIRST_COMPLETION)
    completed = instant.astimezone(clock.tz).replace(tzinfo=None, fold=0)
    start = clock.wall(nominal)
    past = _place(clock, nominal)
    if clock.kind is not DueDate:
        past = max(past, instant)
    if mode is RecurrenceMode.FROM_DUE:
        missed = completed - (_DAY if clock.kind is DueDate else _WIDEST_GAP)
        yield from _dues(rule, clock, start, max(start, missed), past)
    else:
        hourly = rule.frequency is Frequency.HOURLY
        anchor = completed.replace(second=0, microsecond=0) if hourly else datetime.combine(completed, start.time())
        yield from _dues(rule, clock, anchor, max(start, anchor), past)


def _following(rule: Rule, mode: RecurrenceMode, clock: _Clock, nominal: Due) -> Iterator[Due]:
    """Yield the dates that follow `nominal` when every task is completed on its date."""
    start = clock.wall(nominal)
    if mode is RecurrenceMode.FROM_DUE:
        yield from _dues(rule, clock, start, start, _place(clock, nominal))
        return
    while due := next(_after(rule, mode, clock, nominal, due_moment(nominal, clock.tz.key)), None):
        if clock.wall(due).year > start.year + HORIZON:
            return
        yield due
        nominal = due


def _place(clock: _Clock, nominal: Due) -> datetime:
    return nominal.at if isinstance(nominal, DueAt) else clock.place(clock.wall(nominal))


def _dues(rule: Rule, clock: _Clock, start: datetime, since: datetime, past: datetime) -> Iterator[Due]:
    """Yield a rule's dates after the wall-clock time `since` and the instant `past`, each later than the one before.

    (On the night of a gap two wall-clock times may be one instant.)
    """
    for wall in wall_times(rule, start, since):
        if wall.year > LAST_YEAR or clock.is_past(rule.until, wall):
            return
        place = clock.place(wall)
        if place > past:
            past = place
            yield clock.due(wall)
