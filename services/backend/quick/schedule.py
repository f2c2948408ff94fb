"""When a task is due and how it recurs, worked out from what was chosen; with what each phrase came to."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.backend.quick import calendar, describe, recurring
from services.backend.quick.choice import Choice
from services.backend.quick.clues import Clock, Context, End, Moment, MonthDays, Phrase, Unit, YearDay
from services.kit.due import is_in_years, on_clock, resolve
from services.kit.recurrence import check_rule
from services.kit.task import Due, DueAt, DueDate, Recurrence, RecurrenceMode


class Piece(NamedTuple):
    """A span of the line, the field of the task that it is about, and what it came to."""

    start: int
    end: int
    field: str
    means: str
    note: str | None = None


class Schedule(NamedTuple):
    """A due, a recurrence, and the pieces of the line that they came from."""

    due: Due | None = None
    recurrence: Recurrence | None = None
    pieces: tuple[Piece, ...] = ()


def piece(phrase: Phrase, name: str, means: str, note: str = "") -> Piece:
    """Return what a phrase came to."""
    return Piece(phrase.start, phrase.end, name, means, note or None)


def recurring_schedule(choice: Choice, context: Context) -> Schedule | None:
    """Return the schedule of a task that recurs; None where the rule has no date, or the kit refuses it."""
    if choice.repeat is None:
        return None
    zone = _zone(choice, context)
    day = choice.day.clue.date if choice.day else context.today
    begin = choice.clock.time if choice.clock else None
    repeat = recurring.on_short_months(choice.repeat, day)
    now = context.instant.astimezone(zone).replace(tzinfo=None, fold=0)
    wall = recurring.first(repeat, recurring.Anchor(day, begin, now, given=choice.day is not None))
    if wall is None or not is_in_years(wall):
        return None
    end = _end(choice, wall.date())
    timed = begin is not None or repeat.unit is Unit.HOUR
    due: Due = _instant(wall, zone) if timed else DueDate(date=wall.date())
    mode = RecurrenceMode.FROM_COMPLETION if repeat.completion else RecurrenceMode.FROM_DUE
    try:
        rule = check_rule(recurring.rule_text(repeat, end, wall.date()), due)
    except ValueError:
        return None
    pieces = [piece(phrase, "recurrence", describe.repeat(repeat), repeat.note) for phrase in choice.repeats]
    if end is not None and choice.end is not None:
        pieces.append(piece(choice.end, "recurrence", _ended(end, wall.date()), end.note))
    if choice.day is not None:
        pieces.append(piece(choice.day.phrase, "due", f"from {describe.day(day)}"))
    pieces += _clock_pieces(choice, wall, zone)
    return Schedule(due, Recurrence(rrule=rule, mode=mode), tuple(pieces))


def _end(choice: Choice, begin: date) -> End | None:
    """Return the end of a recurrence; None where it would leave no date."""
    clue = choice.end.clue if choice.end else None
    if not isinstance(clue, End):
        return None
    if clue.count is not None:
        return clue
    last = recurring.last_day(clue, begin)
    return clue if last is not None and last >= begin else None


def _ended(end: End, begin: date) -> str:
    last = recurring.last_day(end, begin)
    return f"{end.count} times" if last is None else f"until {describe.day(last)}"


def single_schedule(choice: Choice, context: Context) -> Schedule:
    """Return the schedule of a task that comes once; an empty one where nothing says when."""
    if choice.moment is not None:
        return _after_delay(choice.moment, context)
    zone = _zone(choice, context)
    if choice.clock is None:
        return _on_day(choice)
    wall = _wall(choice, choice.clock, context.instant.astimezone(zone).replace(tzinfo=None, fold=0))
    if wall is None or not is_in_years(wall):
        return _on_day(choice)
    pieces = _clock_pieces(choice, wall, zone)
    if choice.day is not None:
        pieces.append(piece(choice.day.phrase, "due", f"due {describe.moment(wall)}", _note(choice)))
    return Schedule(_instant(wall, zone), None, tuple(pieces))


def _after_delay(phrase: Phrase, context: Context) -> Schedule:
    if not isinstance(phrase.clue, Moment):
        return Schedule()
    instant = context.instant + phrase.clue.delay
    shown = on_clock(instant + timedelta(seconds=-instant.timestamp() % 60), context.zone)
    due = DueAt(at=shown, time_zone=context.zone.key)
    return Schedule(due, None, (piece(phrase, "due", f"due {describe.moment(shown)}"),))


def _on_day(choice: Choice) -> Schedule:
    if choice.day is None:
        return Schedule()
    day = choice.day.clue.date
    return Schedule(
        DueDate(date=day), None, (piece(choice.day.phrase, "due", f"due {describe.day(day)}", _note(choice)),)
    )


def _note(choice: Choice) -> str:
    clue = choice.day.clue if choice.day else None
    return str(getattr(clue, "note", ""))


def _wall(choice: Choice, clock: Clock, now: datetime) -> datetime | None:
    """Return the wall-clock time that is meant: without a day, the next such time."""
    extra = timedelta(days=clock.days)
    if choice.day is None:
        wall = datetime.combine(now.date(), clock.time) + extra
        return wall if wall > now else wall + timedelta(days=1)
    clue = choice.day.clue
    wall = datetime.combine(clue.date, clock.time) + extra
    if wall > now or clue.date != now.date():
        return wall
    return _later(clue, wall, now)


def _later(clue: object, wall: datetime, now: datetime) -> datetime | None:
    """Return the time a month or year on where the day of the month or year is today and the time has passed."""
    tomorrow = now.date() + timedelta(days=1)
    following: date | None = wall.date()
    if isinstance(clue, MonthDays):
        following = calendar.next_month_day(tomorrow, clue.days[0])
    elif isinstance(clue, YearDay):
        following = calendar.next_year_day(tomorrow, clue.month, clue.day)
    return datetime.combine(following, wall.time()) if following else None


def _zone(choice: Choice, context: Context) -> ZoneInfo:
    return (choice.clock.zone if choice.clock else None) or context.zone


def _instant(wall: datetime, zone: ZoneInfo) -> DueAt:
    return DueAt(at=on_clock(resolve(wall, zone), zone), time_zone=zone.key)


def _clock_pieces(choice: Choice, wall: datetime, zone: ZoneInfo) -> list[Piece]:
    """Return what the times came to, with what the clocks of that night make of it."""
    clock = choice.clock
    if clock is None:
        return []
    note = clock.note or _night_note(wall, zone)
    means = describe.clock(wall.time(), zone if clock.zone else None)
    return [piece(phrase, "due", means, note) for phrase in choice.clocks]


def _night_note(wall: datetime, zone: ZoneInfo) -> str:
    shown = on_clock(resolve(wall, zone), zone)
    if shown.replace(tzinfo=None) != wall:
        return f"the clocks of {zone.key} skip {wall:%H:%M} that day; they show {shown:%H:%M} then"
    if wall.replace(tzinfo=zone).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset():
        return f"the clocks of {zone.key} show {wall:%H:%M} twice that day; the first counts"
    return ""
