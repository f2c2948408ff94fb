"""A VTODO component (RFC 5545, 3.6.2) read as the fields of a task, leniently: as programs write them."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.backend.transfer.ics.alarms import read_alarms
from services.backend.transfer.ics.extras import NAME, Extras, parse_extras
from services.backend.transfer.ics.source import Source
from services.backend.transfer.ics.values import duration_of, shifted, text_of
from services.backend.transfer.parsed import Spot
from services.backend.transfer.text import fit_description, fit_tags, fit_title
from services.kit.due import on_clock, wall_clock, zone
from services.kit.task import Due, DueAt, Priority, Recurrence, RecurrenceMode, Status

MAX_UID: Final = 255
MAX_EXCEPTIONS: Final = 100
_LAST_CHANGES: Final = ("LAST-MODIFIED", "LAST-MOD", "DTSTAMP")  # LAST-MOD: Synology
_OPEN_WORDS: Final = ("NEEDS-ACTION", "IN-PROCESS")
_NOT_KEPT: Final = ("RDATE", "EXRULE")


@dataclass(slots=True)
class Item:
    """A VTODO as it was read: a task's fields, and what ties it to the others with its UID.

    `behind` is how much later than its start it is due. `recurrence_id` is that of an override, which stands for one
    occurrence of the task with that UID; `exceptions` are the occurrences that its rule leaves out. `rank` orders
    revisions of one task.
    """

    spot: Spot
    uid: str
    fields: dict[str, object]
    status: Status
    due: Due | None
    recurrence: Recurrence | None
    behind: timedelta
    recurrence_id: Due | None
    exceptions: list[Due]
    rank: tuple[int, datetime]

    def complete_fields(self) -> dict[str, object]:
        """Return the fields of the task."""
        return {**self.fields, "status": self.status, "due": self.due, "recurrence": self.recurrence}


def read_todo(source: Source) -> Item:
    """Read a VTODO. What cannot be read is told; the task comes in with the rest."""
    extras = source.read(NAME, lambda found: parse_extras(text_of(found))) or Extras()
    status = _status(source)
    start = source.moment("DTSTART")
    due = _due(source, start, extras)
    recurrence = _recurrence(source, status, extras)
    behind = _behind(start, due, source.time_zone)
    fields: dict[str, object] = {
        **_texts(source),
        **_identity(source, extras),
        "priority": _priority(source, extras),
        "tags": fit_tags(source.categories(), source.spot),
        "created_at": source.instant("CREATED"),
        "completed_at": _completed_at(source) if status is Status.COMPLETED else None,
        "reminders": read_alarms(source, start, due),
        "series_id": extras.series_id,
        "occurrence": extras.occurrence,
        "nominal": extras.nominal,
    }
    item = Item(
        spot=source.spot,
        uid=source.text("UID").strip(),
        fields=fields,
        status=status,
        due=due,
        recurrence=recurrence,
        behind=behind,
        recurrence_id=source.moment("RECURRENCE-ID"),
        exceptions=_exceptions(source),
        rank=_rank(source),
    )
    _tell_start(item, start)
    return item


def _texts(source: Source) -> dict[str, object]:
    description = fit_description(source.text("DESCRIPTION"), source.spot)
    title = source.text("SUMMARY").strip() or description.strip().partition("\n")[0]
    return {"title": fit_title(title, source.spot), "description": description}


def _identity(source: Source, extras: Extras) -> dict[str, object]:
    uid = source.text("UID").strip()
    if extras.id is not None:
        own = extras.external_id or (None if uid == str(extras.id) else uid or None)
        return {"id": extras.id, "external_id": own}
    return {"external_id": fit_uid(uid, MAX_UID) or None}


def fit_uid(uid: str, length: int) -> str:
    """Return a UID cut to a length, with a hash of the whole at its end, so that two do not become one."""
    if len(uid) <= length:
        return uid
    digest = hashlib.blake2b(uid.encode(), digest_size=16).hexdigest()
    return f"{uid[: length - len(digest) - 1]}~{digest}"


def _status(source: Source) -> Status:
    word = source.word("STATUS")
    if word == "CANCELLED":
        source.spot.warn("status", "cancelled; the task comes in as completed")
        return Status.COMPLETED
    if word == "COMPLETED":
        return Status.COMPLETED
    if word and word not in _OPEN_WORDS:
        source.spot.warn("status", f"there is no status {word[:40]!r}")
    done = not word and (source.has("COMPLETED") or source.word("PERCENT-COMPLETE") == "100")
    return Status.COMPLETED if done else Status.OPEN


def _completed_at(source: Source) -> datetime:
    return source.instant("COMPLETED", *_LAST_CHANGES) or source.spot.reading.now


def _priority(source: Source, extras: Extras) -> Priority:
    word = source.word("PRIORITY")
    if word in {"", "0"}:
        return Priority.NONE
    if word not in set("123456789"):
        source.spot.warn("priority", f"must be a number from 0 to 9, is {word[:40]!r}")
        return Priority.NONE
    number = int(word)
    if number == 1 and extras.priority is Priority.URGENT:
        return Priority.URGENT
    return Priority.HIGH if number < 5 else Priority.MEDIUM if number == 5 else Priority.LOW


def _due(source: Source, start: Due | None, extras: Extras) -> Due | None:
    due = source.moment("DUE")
    if due is None and start is not None:
        lasts = source.read("DURATION", duration_of)
        if lasts is not None:
            due = source.read("DURATION", lambda _: shifted(start, lasts, source.time_zone))
        elif source.has("RRULE"):
            due = start
    if isinstance(due, DueAt) and due.time_zone is None and extras.time_zone is not None:
        return source.read(NAME, lambda _: _on_clocks(due.at, extras.time_zone))
    return due


def _on_clocks(at: datetime, time_zone: str | None) -> DueAt:
    tz = zone(time_zone or "UTC")
    return DueAt(at=on_clock(at, tz), time_zone=tz.key)


def _recurrence(source: Source, status: Status, extras: Extras) -> Recurrence | None:
    for name in _NOT_KEPT:
        if source.has(name):
            source.spot.warn("recurrence", f"{name} is not supported; the task comes in without it")
    if len(source.component.lines.get("RRULE", [])) > 1:
        source.spot.warn("recurrence", "a task has one RRULE; the first comes in")
    rrule = source.component.text("RRULE").strip("; ") or (extras.rrule if status is Status.COMPLETED else None)
    if not rrule:
        return None
    if len(rrule) > 500:
        source.spot.warn("recurrence", "the RRULE has more than 500 characters; the task comes in without it")
        return None
    return Recurrence(rrule=rrule, mode=extras.mode or RecurrenceMode.FROM_DUE)


def _behind(start: Due | None, due: Due | None, time_zone: str) -> timedelta:
    """Return how much later than its start a task is due, on one clock; nothing where the two are not of one kind."""
    if start is None or due is None or type(start) is not type(due):
        return timedelta()
    if isinstance(start, DueAt) and isinstance(due, DueAt):
        start = DueAt(at=start.at, time_zone=due.time_zone)
    return wall_clock(due, time_zone) - wall_clock(start, time_zone)


def _tell_start(item: Item, start: Due | None) -> None:
    if start is not None and (item.due is None or item.behind or type(start) is not type(item.due)):
        item.spot.warn("dtstart", "a task has no start date; it comes in without")


def _rank(source: Source) -> tuple[int, datetime]:
    word = source.word("SEQUENCE")
    sequence = int(word) if len(word) < 10 and word.isdecimal() else 0
    return sequence, source.instant(*_LAST_CHANGES) or datetime.min.replace(tzinfo=UTC)


def _exceptions(source: Source) -> list[Due]:
    exceptions = list(source.moments("EXDATE"))
    if len(exceptions) > MAX_EXCEPTIONS:
        source.spot.warn("recurrence", f"only the first {MAX_EXCEPTIONS} of {len(exceptions):,} exceptions count")
    return exceptions[:MAX_EXCEPTIONS]
