"""Which time zone a TZID means (RFC 5545, 3.2.19): an IANA zone wherever one can be told, else offsets.

Programs name zones as IANA does, as Windows does, with a vendor's path before the name, or by a word of their own. A
known name is trusted over the definition that comes with it, which is often old; the definition counts for the rest.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from services.backend.transfer.ics.lines import Component
from services.kit.due import zone

_MAX_PARTS: Final = 100
_DEEPEST_NAME: Final = 3  # America/Argentina/Buenos_Aires
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?", re.ASCII)
_STAMP = re.compile(r"\d{8}T\d{6}", re.ASCII)
_YEARLY = re.compile(r"FREQ=YEARLY(?:;(?:INTERVAL=1|(?:BYMONTH|BYDAY|BYMONTHDAY|WKST|UNTIL)=[A-Z0-9,+-]{1,60})){0,6}")


class _Onset(NamedTuple):
    """From which wall-clock time on an offset holds."""

    wall: datetime
    offset: timedelta


class Zones:
    """The zones that a file names, with the VTIMEZONE components in it."""

    def __init__(self, definitions: Iterable[Component]) -> None:
        self._definitions: dict[str, Component] = {}
        self._onsets: dict[tuple[str, int], list[_Onset]] = {}
        self._names: dict[str, ZoneInfo | None] = {}
        for definition in definitions:
            tzid = definition.text("TZID")
            if tzid:
                self._definitions.setdefault(tzid, definition)

    def named(self, tzid: str) -> ZoneInfo | None:
        """Return the IANA zone that a TZID means, None when that cannot be told."""
        if tzid not in self._names:
            definition = self._definitions.get(tzid)
            location = definition.text("X-LIC-LOCATION") if definition else ""
            self._names[tzid] = _first_known([*_candidates(tzid), *_candidates(location)])
        return self._names[tzid]

    def offset(self, tzid: str, wall: datetime) -> timezone | None:
        """Return the offset that the file's own definition of a zone gives for a wall-clock time, None without one."""
        definition = self._definitions.get(tzid)
        if definition is None:
            return None
        key = (tzid, wall.year)
        if key not in self._onsets:
            self._onsets[key] = sorted(_onsets(definition, wall.year))
        begun = [onset for onset in self._onsets[key] if onset.wall <= wall] or self._onsets[key][:1]
        return timezone(begun[-1].offset) if begun else None


def _candidates(tzid: str) -> Iterator[str]:
    yield tzid
    yield WINDOWS_TO_OLSON.get(tzid, "")
    parts = tzid.strip("/").split("/")[-_DEEPEST_NAME:]
    for start in range(len(parts)):
        yield "/".join(parts[start:])


def _first_known(names: Iterable[str]) -> ZoneInfo | None:
    for name in names:
        try:
            return zone(name)
        except ValueError:
            continue
    return None


def _onsets(definition: Component, year: int) -> Iterator[_Onset]:
    """Yield the changes of offset that count for a year: those in it and in the year before, or the last ones ever."""
    for part in definition.children[:_MAX_PARTS]:
        offset, start = _offset_of(part.text("TZOFFSETTO")), _stamp_of(part.text("DTSTART").upper())
        if offset is not None and start is not None:
            yield from (_Onset(wall, offset) for wall in _walls(part.text("RRULE"), start, year))


def _walls(rule: str, start: datetime, year: int) -> list[datetime]:
    """Return when a part of a definition sets in: only a plain yearly rule is followed, and only into that year."""
    rule = rule.upper().replace("Z", "")
    if start.year > year or not _YEARLY.fullmatch(rule):
        return [start]
    try:
        since = start.replace(year=max(start.year, year - 2))
        until = datetime(year, 12, 31, 23, 59, 59)  # noqa: DTZ001 - wall-clock times
        return [start, *rrulestr(rule, dtstart=since).between(since, until, inc=True)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return [start]


def _offset_of(text: str) -> timedelta | None:
    match = _OFFSET.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[2]), int(match[3])
    size = timedelta(hours=hours, minutes=minutes)
    return (-size if match[1] == "-" else size) if size < timedelta(days=1) else None


def _stamp_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S") if _STAMP.fullmatch(text) else None  # noqa: DTZ007
    except ValueError:
        return None
