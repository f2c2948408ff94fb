"""Reading a trail newest first: filters, keyset cursors, and a bound on what one call may cost."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

import orjson
from pydantic import ValidationError

from services.audit.chain import Entry, Header
from services.audit.schemas import AuditItem, AuditPage, EntryType
from services.audit.trail import Trail
from services.kit.pages import Page
from services.kit.problems import Problem, invalid

_CHUNK: Final = 8
_PAGES: Final = 64  # at most so many pages of the log are read for one answer
_BYTES: Final = 2 * 1024 * 1024
_CURSOR: Final = re.compile(r"(\d{1,9})\.(\d{0,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the log: before the entry at `offset` of a page, or after its last (None). Places outlast appends."""

    page: int
    offset: int | None = None

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Read a cursor; the 422 where it is none of ours."""
        try:
            match = _CURSOR.fullmatch(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode())
        except ValueError:
            match = None
        if match:
            place = cls(int(match[1]), int(match[2]) if match[2] else None)
            if str(place) == cursor:
                return place
        raise _not_a_cursor()

    def __str__(self) -> str:
        text = f"{self.page}.{'' if self.offset is None else self.offset}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @property
    def is_start(self) -> bool:
        """Tell whether nothing lies before this place."""
        return self.page < 1 or (self.page == 1 and self.offset == 0)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a caller asks for; what is not given is no limit. `since` (inclusive) and `until` are what `utc` writes."""

    task_id: UUID | None = None
    types: Sequence[EntryType] = ()
    actors: Sequence[str] = ()
    since: str | None = None
    until: str | None = None

    def takes(self, content: dict[str, Any]) -> bool:
        """Tell whether an entry of that content is asked for; an erased one (empty) is where everything is."""
        if self == Filter():
            return True
        at = content.get("at", "")
        return (
            bool(content)
            and (self.task_id is None or content.get("task_id") == str(self.task_id))
            and (not self.types or content.get("type") in self.types)
            and (not self.actors or content.get("actor") in self.actors)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
        )


@dataclass(slots=True)
class _Answer:
    """What was found so far, for one caller's filter; `room` is what the answer still holds."""

    wanted: Filter
    erased: int
    limit: int
    items: list[AuditItem] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.items) >= self.limit or self.size >= _BYTES

    def add(self, stored: dict[str, Any]) -> None:
        try:
            entry = Entry.model_validate(stored)
            is_gone = entry.content is None or (entry.kind == "event" and entry.epoch <= self.erased)
            content = {} if is_gone else entry.content or {}
            if self.wanted.takes(content):
                self.items.append(_item(entry, content))
                self.size += len(orjson.dumps(content))
        except (ValidationError, TypeError):
            return  # a damaged entry: to say so is for the proof


async def browse(trail: Trail, person: str, wanted: Filter, limit: int, cursor: str | None) -> AuditPage:
    """Return at most `limit` entries, or 2 MB, of a person's trail before `cursor`, newest first."""
    page = await trail.pages.open_page(person)
    place = Place(page.number) if cursor is None else Place.parse(cursor)
    if not 1 <= place.page <= page.number:
        raise _not_a_cursor()
    answer = _Answer(wanted, Header.of(page.header, person).position.erased, limit)
    place = await _collect(trail, person, page, place, answer)
    return AuditPage(items=answer.items, next_cursor=None if place.is_start else str(place))


async def _collect(trail: Trail, person: str, page: Page, place: Place, answer: _Answer) -> Place:
    """Fill the answer from `place` backwards; return the place that it came to."""
    for _ in range(_PAGES // _CHUNK):
        numbers = range(place.page, max(0, place.page - _CHUNK), -1)
        closed = await trail.read(person, [number for number in numbers if number != page.number])
        for number in numbers:
            entries = page.entries if number == page.number else closed[number] or []
            for offset, entry in _backwards(entries, place if place.page == number else Place(number)):
                answer.add(entry)
                if answer.is_full:
                    return Place(number, offset)
            place = Place(number - 1)
        if place.is_start:
            break
    return place


def _backwards(entries: list[dict[str, Any]], place: Place) -> Iterator[tuple[int, dict[str, Any]]]:
    until = len(entries) if place.offset is None else min(place.offset, len(entries))
    return ((offset, entries[offset]) for offset in range(until - 1, -1, -1))


def _item(entry: Entry, content: dict[str, Any]) -> AuditItem:
    return AuditItem(
        index=entry.index,
        epoch=entry.epoch,
        first_seq=entry.first,
        seq=entry.seq,
        erased=not content,
        hash=entry.hash,
        previous_hash=entry.prev,
        **content,
    )


def _not_a_cursor() -> Problem:
    return invalid("cursor", "is not one that this call gave; begin again without it")
