"""A todo.txt file read as tasks."""

from collections.abc import Mapping
from datetime import date, datetime, time
from io import BytesIO
from typing import Final

from services.backend.transfer.parsed import Parsed, Reading, Spot
from services.backend.transfer.text import as_utf8, decoded, fit_tags, fit_title
from services.backend.transfer.todotxt.grammar import Head, Value, field_of, split_head, tag_of, unescaped
from services.backend.transfer.todotxt.repeat import Repeat
from services.kit.due import on_clock, resolve, zone
from services.kit.task import Due, DueAt, DueDate, DueLocal, Priority, Profile, Status

MAX_LINE: Final = 65_536
PRIORITIES: Final = {"A": Priority.URGENT, "B": Priority.HIGH, "C": Priority.MEDIUM}
_UNCARRIED: Final = frozenset({"description", "reminders"})
_NEEDS_DUE: Final = ("at", "tz")
_OTHERS_USE: Final = ("id", "at", "tag")


def read(data: bytes, profile: Profile, now: datetime) -> Parsed:
    """Read every line that is not blank. A day becomes its first moment in the person's zone."""
    reading = Reading(profile, now, _UNCARRIED)
    for number, raw in enumerate(BytesIO(as_utf8(data)), 1):
        if raw.strip() and reading.has_room():
            _read_line(raw, reading, number)
    return reading.parsed()


def _read_line(raw: bytes, reading: Reading, number: int) -> None:
    if len(raw) > MAX_LINE:
        reading.spot(number).error(None, f"the line has {len(raw):,} bytes; at most {MAX_LINE:,} are read")
        return
    text, is_utf8 = decoded(raw)
    line = text.replace("\t", " ").strip()
    spot = reading.spot(number, line or None)
    if not is_utf8:
        spot.warn(None, "not UTF-8; read as Windows-1252")
    head = split_head(line)
    words = _Words(head.text, spot)
    reading.add(spot, _fields(head, words, spot))


class _Words:
    """A line's words: the title, the tags and the fields that they are."""

    def __init__(self, text: str, spot: Spot) -> None:
        self._spot = spot
        self.fields: dict[str, Value] = {}
        self.tags: list[str] = []
        self._kept: list[tuple[str, bool]] = []
        words = text.split(" ")
        has_due = any(word.startswith("due:") for word in words)
        for number, word in enumerate(words):
            if not self._take_field(word, has_due=has_due):
                self._take_word(word, first=number == 0)
        self.title = self._title()

    def _take_field(self, word: str, *, has_due: bool) -> bool:
        try:
            found = field_of(word)
        except ValueError as refusal:
            key = word.partition(":")[0]
            if key not in _OTHERS_USE:
                self._spot.warn(key, f"{word[:60]!r} stays text: {str(refusal)[:120]}")
            return False
        if found is None or found[0] in self.fields or (found[0] in _NEEDS_DUE and not has_due):
            return False
        key, value = found
        if key == "tag":
            self.tags.append(str(value))
        else:
            self.fields[key] = value
        return True

    def _take_word(self, word: str, *, first: bool) -> None:
        tag = tag_of(word)
        if tag is not None:
            self.tags.append(tag)
        self._kept.append((unescaped(word, first=first), tag is None and bool(word)))

    def _title(self) -> str:
        """Return the text between the tags before and after it; only tags are their own title."""
        texts = [index for index, (_, is_text) in enumerate(self._kept) if is_text] or [0, len(self._kept) - 1]
        return " ".join(word for word, _ in self._kept[texts[0] : texts[-1] + 1])


def _fields(head: Head, words: _Words, spot: Spot) -> dict[str, object]:
    time_zone, now = spot.reading.profile.time_zone, spot.reading.now
    letter = head.priority or words.fields.get("pri")
    due = _due(words.fields)
    repeat = words.fields.get("rec") or words.fields.get("rrule")
    start = words.fields.get("t")
    if isinstance(start, date):
        if due is None and repeat is not None:
            due = DueDate(date=start)
        else:
            spot.warn("t", "a task has no start date; it comes in without")
    return {
        "title": fit_title(words.title, spot),
        "tags": fit_tags(words.tags, spot),
        "status": Status.COMPLETED if head.is_completed else Status.OPEN,
        "priority": PRIORITIES.get(str(letter), Priority.LOW) if letter else Priority.NONE,
        "due": due,
        "recurrence": repeat.recurrence if isinstance(repeat, Repeat) else None,
        "created_at": _midnight(head.created_on, time_zone),
        "completed_at": (_midnight(head.completed_on, time_zone) or now) if head.is_completed else None,
        "id": words.fields.get("id"),
        "external_id": words.fields.get("uid"),
    }


def _midnight(day: date | None, time_zone: str) -> datetime | None:
    return None if day is None else resolve(datetime.combine(day, time()), zone(time_zone))


def _due(fields: Mapping[str, Value]) -> Due | None:
    """Return the due that `due`, `at` and `tz` make up."""
    due, at, time_zone = fields.get("due"), fields.get("at"), fields.get("tz")
    if isinstance(due, DueDate) and isinstance(at, time):
        wall = datetime.combine(due.date, at)
        due = DueLocal(local=wall) if wall.tzinfo is None else DueAt(at=wall)
    if isinstance(time_zone, str) and isinstance(due, DueLocal):
        tz = zone(time_zone)
        return DueAt(at=on_clock(resolve(due.local, tz), tz), time_zone=tz.key)
    if isinstance(time_zone, str) and isinstance(due, DueAt):
        tz = zone(time_zone)
        return DueAt(at=on_clock(due.at, tz), time_zone=tz.key)
    return due if isinstance(due, DueAt | DueLocal | DueDate) else None
