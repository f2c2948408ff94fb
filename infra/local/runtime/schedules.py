"""When a job is due: points in time, durations and cron expressions, in the forms that Dapr reads."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_GO_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_GO_DURATION: Final = re.compile(rf"[+-]?(?:0|(?:{_GO_PART.pattern})+)")
_ISO_DURATION: Final = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_DESCRIPTORS: Final = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_CRON_FIELDS: Final = 6


@dataclass(frozen=True, slots=True)
class Schedule:
    """A repeating schedule: every so many seconds, or a cron expression (seconds first) in a zone."""

    every: float = 0
    cron: str = ""
    zone: ZoneInfo | None = None

    def after(self, moment: float) -> float:
        """Return the first time after `moment`, both in seconds since the epoch; ValueError if there is none."""
        if self.every:
            return moment + self.every
        start = datetime.fromtimestamp(int(moment), self.zone or UTC)
        following: datetime = croniter(self.cron, start, second_at_beginning=True).get_next(datetime)
        return following.timestamp()


def schedule(text: str) -> Schedule:
    """Read a schedule: `@every 90s`, `@daily`, or six cron fields, after an optional `TZ=Area/City`.

    Cron fields are in UTC unless the zone is named. ValueError says what cannot be read.
    """
    zone = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        name, _, text = text.partition("=")[2].partition(" ")
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"provided bad location {name}") from error
    text = text.strip()
    if text.startswith("@every "):
        seconds = go_duration(text.removeprefix("@every "))
        if seconds is None or seconds <= 0:
            raise ValueError(f"failed to parse duration {text}")
        return Schedule(every=seconds)
    if text.startswith("@") and text not in _DESCRIPTORS:
        raise ValueError(f"unrecognized descriptor: {text}")
    return _cron(_DESCRIPTORS.get(text, text), zone)


def _cron(text: str, zone: ZoneInfo | None) -> Schedule:
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        raise ValueError(f"expected exactly 6 fields, found {len(fields)}: {text}")
    found = Schedule(cron=" ".join(fields).replace("?", "*"), zone=zone)
    try:
        found.after(0)
    except (ValueError, KeyError) as error:
        raise ValueError(f"failed to parse cron expression {text}: {error}") from error
    return found


def point_in_time(text: str, now: float) -> float:
    """Return seconds since the epoch for an RFC 3339 time, or a Go or ISO 8601 duration from `now`."""
    if _RFC3339.fullmatch(text):
        return datetime.fromisoformat(text).timestamp()
    seconds = go_duration(text)
    if seconds is not None:
        return now + seconds
    match = _ISO_DURATION.fullmatch(text)
    if match is None:
        raise ValueError("due time format not recognized")
    years, months, weeks, days, hours, minutes, rest = (int(group or 0) for group in match.groups())
    try:
        return (
            _add(now, years * 12 + months)
            + timedelta(days=weeks * 7 + days, hours=hours, minutes=minutes, seconds=rest).total_seconds()
        )
    except (OverflowError, ValueError) as error:
        raise ValueError("due time format not recognized") from error


def go_duration(text: str) -> float | None:
    """Return the seconds of a Go duration such as `1h30m` or `-1.5s`, or None when it is none."""
    if not _GO_DURATION.fullmatch(text):
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _GO_PART.findall(text))
    return -seconds if text.startswith("-") else seconds


def _add(now: float, months: int) -> float:
    """Add calendar months; a day that the month lacks runs over into the next, as Go counts."""
    moment = datetime.fromtimestamp(now, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return (moment.replace(year=year, month=month + 1, day=1) + timedelta(days=moment.day - 1)).timestamp()
