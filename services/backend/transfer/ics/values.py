"""Values of properties: text, dates and times, durations (RFC 5545, 3.3), read as leniently as they are written."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from icalendar.parser import unescape_backslash
from icalendar.prop import vDDDTypes

from services.backend.transfer.ics.lines import Property
from services.backend.transfer.ics.zones import Zones
from services.backend.transfer.parsed import Spot
from services.kit.due import check_year, on_clock, resolve, wall_clock, zone
from services.kit.task import Due, DueAt, DueDate, DueLocal

_DURATION: Final = re.compile(r"[+-]?P", re.IGNORECASE)


def text_of(found: Property) -> str:
    """Return a TEXT value without its escapes."""
    text: str = unescape_backslash(found.value)
    return text


def is_duration(found: Property) -> bool:
    """Whether a value is a duration rather than a date."""
    return bool(_DURATION.match(found.value.strip()))


def duration_of(found: Property) -> timedelta:
    """Return a DURATION; ValueError when it is none."""
    value = _decoded(found.value)
    if not isinstance(value, timedelta):
        raise ValueError(f"not a duration: {found.value[:40]!r}")  # noqa: TRY004 - a value in a file
    return value


def moment_of(found: Property, zones: Zones, spot: Spot, field: str) -> Due:
    """Return a DATE or DATE-TIME as a due: a date, a floating time, or an instant with its zone.

    A time in UTC has no zone. A zone that nobody knows makes its times floating, which is told. ValueError when the
    value is no date, or out of the years that the platform computes with.
    """
    value = _decoded(found.value)
    if not isinstance(value, date):
        raise ValueError(f"not a date: {found.value[:40]!r}")  # noqa: TRY004 - a value in a file
    check_year(value)
    if not isinstance(value, datetime):
        return DueDate(date=value)
    if value.tzinfo is not None:
        return DueAt(at=value.astimezone(UTC))
    tzid = found.params.get("TZID", "").strip()
    return _zoned(value, tzid, zones, spot, field) if tzid else DueLocal(local=value)


def _decoded(text: str) -> object:
    try:
        value: object = vDDDTypes.from_ical(text.strip().upper())  # type: ignore[no-untyped-call]
    except OverflowError as error:
        raise ValueError(str(error)) from error
    return value


def _zoned(wall: datetime, tzid: str, zones: Zones, spot: Spot, field: str) -> Due:
    tz = zones.named(tzid)
    if tz is not None:
        return DueAt(at=on_clock(resolve(wall, tz), tz), time_zone=tz.key)
    offset = zones.offset(tzid, wall)
    if offset is None:
        spot.warn(field, f"the time zone {tzid[:64]!r} is unknown; the time is read as a floating one")
        return DueLocal(local=wall)
    spot.warn(field, f"the time zone {tzid[:64]!r} is unknown; its time is read by the offset that the file gives")
    return DueAt(at=wall.replace(tzinfo=offset))


def instant_of(moment: Due, time_zone: str) -> datetime:
    """Return a date-time that must be in UTC (COMPLETED, CREATED and their like) as an instant.

    Programs leave the Z out, so a floating one is read as UTC; a date begins in the person's zone.
    """
    if isinstance(moment, DueAt):
        return moment.at.astimezone(UTC)
    if isinstance(moment, DueLocal):
        return moment.local.replace(tzinfo=UTC)
    return resolve(datetime.combine(moment.date, time()), zone(time_zone))


def moved(due: Due, wall: datetime, time_zone: str) -> Due:
    """Return a due of the same kind, in the same zone, at another wall-clock time."""
    if isinstance(due, DueDate):
        return DueDate(date=wall.date())
    if isinstance(due, DueLocal):
        return DueLocal(local=wall)
    tz = zone(due.time_zone or time_zone)
    return DueAt(at=on_clock(resolve(wall, tz), tz), time_zone=due.time_zone)


def shifted(due: Due, by: timedelta, time_zone: str) -> Due:
    """Return a due moved by a duration in wall-clock time; ValueError where the calendar ends."""
    try:
        wall = wall_clock(due, time_zone) + by
    except OverflowError as error:
        raise ValueError("out of the years that the platform computes with") from error
    check_year(wall)
    return moved(due, wall, time_zone)
