"""When a task is due: what a caller wrote made exact, and the instants that follow from it.

Wall-clock times that a zone skips or has twice are read as RFC 5545 (3.3.5) says: a skipped one with the offset
before the gap, a doubled one as the first of the two. Nothing here reads a clock. Every function raises ValueError,
and nothing else, for what it cannot read.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from services.kit.task import Due, DueAt, DueDate, DueLocal

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2500
LONGEST_DURATION: Final = timedelta(days=366)
REMINDER_HOUR: Final = time(9)
END_OF_DAY: Final = time(23, 59, 59)

_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?", re.ASCII
)


def check_zone(name: str) -> str:
    """Return the name if it is an IANA time zone's; ValueError otherwise."""
    if name not in zone_names():
        raise ValueError(f"{name[:64]!r} is not an IANA time zone; give one like 'Europe/Rome' or 'UTC'")
    return name


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name; ValueError when there is none."""
    return ZoneInfo(check_zone(name))


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of all IANA time zones."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def check_duration(text: str) -> None:
    """Refuse what is not an ISO 8601 duration of weeks, days, hours, minutes and seconds up to 366 days."""
    _duration(text)


def _duration(text: str) -> tuple[timedelta, timedelta]:
    """Return the nominal part (weeks and days) and the exact part (hours, minutes, seconds) of a duration."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text[:40]!r} is not a duration; give weeks, days, hours and minutes like 'P1D', 'PT30M' or 'P1DT2H'"
        )
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    nominal = timedelta(days=min(7 * weeks + days, 10_000))
    exact = timedelta(seconds=min(3600 * hours + 60 * minutes + seconds, 10**9))
    if nominal + exact > LONGEST_DURATION:
        raise ValueError(f"{text!r} is too long; at most {LONGEST_DURATION.days} days")
    return nominal, exact


def check_year(value: date) -> None:
    """Refuse a date or datetime outside the years that the platform computes with."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}, got {value.year}")


def is_in_years(value: date) -> bool:
    """Tell whether a date or datetime lies in the years that the platform computes with, in UTC too."""
    return FIRST_YEAR < value.year < LAST_YEAR


def resolve(wall: datetime, tz: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which the clocks of a zone show `wall`, by the rule of RFC 5545."""
    return wall.replace(tzinfo=tz, fold=0).astimezone(UTC)


def on_clock(instant: datetime, tz: ZoneInfo) -> datetime:
    """Return the instant with the offset that the zone has then, or in UTC where RFC 3339 cannot write the offset.

    (Before 1972 some zones had offsets with seconds.)
    """
    offset = instant.astimezone(tz).utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        return instant.astimezone(UTC)
    return instant.astimezone(timezone(offset))


def wall_clock(due: Due, time_zone: str) -> datetime:
    """Return the naive wall-clock time of a due in its zone; a date begins at 00:00.

    A skipped time that is written with the offset before the gap is returned as it is written, so that a rule's time
    of day outlives the night on which it does not exist.
    """
    if isinstance(due, DueDate):
        check_year(due.date)
        return datetime.combine(due.date, time())
    if isinstance(due, DueLocal):
        check_year(due.local)
        return due.local
    check_year(due.at)
    tz = due_zone(due, time_zone)
    written = due.at.replace(tzinfo=None, fold=0)
    return written if resolve(written, tz) == due.at else due.at.astimezone(tz).replace(tzinfo=None, fold=0)


def due_zone(due: Due, time_zone: str) -> ZoneInfo:
    """Return the zone that a due is read in: its own, else the person's `time_zone`."""
    return zone(due.time_zone if isinstance(due, DueAt) and due.time_zone is not None else time_zone)


def normal_due(due: Due, time_zone: str, *, skipped: bool = False) -> Due:
    """Return a due as it is stored: checked, and an instant with its zone and that zone's offset.

    An instant without a zone is put on the clocks of the person's `time_zone`. `skipped` also accepts a time that the
    zone skips, with the offset before the gap: the form of a nominal date. ValueError names the offset that is right.
    """
    if not isinstance(due, DueAt):
        wall_clock(due, time_zone)
        return due
    check_year(due.at)
    tz = due_zone(due, time_zone)
    if due.time_zone is not None:
        _check_offset(due.at, tz, skipped=skipped)
    if skipped and wall_clock(due, time_zone) == due.at.replace(tzinfo=None, fold=0):
        return DueAt(at=due.at, time_zone=tz.key)
    return _placed(due.at, tz)


def _placed(at: datetime, tz: ZoneInfo) -> DueAt:
    shown = on_clock(at, tz)
    check_year(shown)
    return DueAt(at=shown, time_zone=tz.key)


def _check_offset(at: datetime, tz: ZoneInfo, *, skipped: bool) -> None:
    wall = at.replace(tzinfo=None, fold=0)
    if on_clock(at, tz).utcoffset() == at.utcoffset() or (skipped and resolve(wall, tz) == at):
        return
    shown = wall.isoformat()
    if resolve(wall, tz).astimezone(tz).replace(tzinfo=None) != wall:
        raise ValueError(f"the clocks of {tz.key} skip {shown}; give a time before or after the change")
    offsets = {wall.replace(tzinfo=tz, fold=fold).isoformat().removeprefix(shown) for fold in (0, 1)}
    given = at.isoformat().removeprefix(shown)
    raise ValueError(f"{tz.key} has the offset {' or '.join(sorted(offsets))} at {shown}, not {given}")


def actual_due(nominal: Due, time_zone: str) -> Due:
    """Return the due of the occurrence on that nominal date: the same, but a skipped time as the clocks show it."""
    if not isinstance(nominal, DueAt):
        return nominal
    check_year(nominal.at)
    return _placed(nominal.at, due_zone(nominal, time_zone))


def due_moment(due: Due, time_zone: str) -> datetime:
    """Return the instant (UTC) after which a task is overdue, and by which it sorts.

    A date ends at 23:59:59 in the person's zone: the later one, where the clocks show it twice.
    """
    if isinstance(due, DueDate):
        check_year(due.date)
        end = datetime.combine(due.date, END_OF_DAY)
        tz = zone(time_zone)
        return max(end.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _instant(due, time_zone)


def reminder_anchor(due: Due, time_zone: str) -> datetime:
    """Return the instant (UTC) that relative reminders count from: the due, on a date 09:00 in the person's zone."""
    if isinstance(due, DueDate):
        return resolve(_anchor_wall(due, time_zone), zone(time_zone))
    return _instant(due, time_zone)


def reminder_at(due: Due, before: str, time_zone: str) -> datetime:
    """Return the instant (UTC) of a reminder `before` a due.

    Weeks and days are nominal: they keep the time of day across a change of the clocks. Hours, minutes and seconds
    are exact (RFC 5545, 3.3.6).
    """
    nominal, exact = _duration(before)
    if not nominal:
        return reminder_anchor(due, time_zone) - exact
    return resolve(_anchor_wall(due, time_zone) - nominal, due_zone(due, time_zone)) - exact


def _anchor_wall(due: Due, time_zone: str) -> datetime:
    wall = wall_clock(due, time_zone)
    return datetime.combine(wall, REMINDER_HOUR) if isinstance(due, DueDate) else wall


def _instant(due: DueAt | DueLocal, time_zone: str) -> datetime:
    if isinstance(due, DueLocal):
        return resolve(wall_clock(due, time_zone), zone(time_zone))
    check_year(due.at)
    return due.at.astimezone(UTC)
