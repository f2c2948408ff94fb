"""What the words of a todo.txt line mean: its head (mark, priority, dates), tags and `key:value` fields."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from services.backend.schemas import MAX_TAG
from services.backend.transfer.todotxt.repeat import Repeat, parse_rec, parse_rrule
from services.kit.due import check_year, check_zone
from services.kit.task import Due, DueAt, DueDate, DueLocal

MAX_ID: Final = 255

Value = str | date | time | Due | Repeat | UUID

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PRIORITY = re.compile(r"\([A-Z]\)")
_TAG = re.compile(r"[+@].+", re.DOTALL)
_HEAD_WORD = re.compile(r"x|\([A-Z]\)|\d{4}-\d\d-\d\d", re.ASCII)
_FIELD = re.compile(r"([a-z]+):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Head:
    """What a line begins with, and the text after it."""

    is_completed: bool
    priority: str | None
    completed_on: date | None
    created_on: date | None
    text: str


def split_head(line: str) -> Head:
    """Split a line after its marks: `x`, `(A)`, and one date (creation), or two where it is completed."""
    is_completed = line.startswith("x ")
    text = line[2:].lstrip(" ") if is_completed else line
    priority = None
    if _PRIORITY.fullmatch(text[:3]) and text[3:4] == " ":
        priority, text = text[1], text[4:].lstrip(" ")
    first, text = _leading_date(text)
    second = None
    if is_completed and first is not None:
        second, text = _leading_date(text)
    completed_on, created_on = (first, second) if is_completed else (None, first)
    return Head(is_completed, priority, completed_on, created_on, text)


def _leading_date(text: str) -> tuple[date | None, str]:
    word, _, rest = text.partition(" ")
    try:
        return parse_date(word), rest.lstrip(" ")
    except ValueError:
        return None, text


def parse_date(text: str) -> date:
    """Return a date written as 2026-12-01; ValueError when it is none."""
    if not _DATE.fullmatch(text):
        raise ValueError("not a date; give one like 2026-12-01")
    value = date.fromisoformat(text)
    check_year(value)
    return value


def _parse_due(text: str) -> Due:
    if "T" not in text:
        return DueDate(date=parse_date(text))
    value = datetime.fromisoformat(text)
    check_year(value)
    return DueLocal(local=value) if value.tzinfo is None else DueAt(at=value)


def _parse_priority(text: str) -> str:
    if not re.fullmatch("[A-Z]", text):
        raise ValueError("not a priority; give a letter from A to Z")
    return text


def _decoded(longest: int) -> Callable[[str], str]:
    def decode(text: str) -> str:
        value = unquote(text, errors="replace").replace("\x00", "")
        if not 1 <= len(value) <= longest:
            raise ValueError(f"must have 1 to {longest} characters")
        return value

    return decode


FIELDS: Final[Mapping[str, Callable[[str], Value]]] = {
    "due": _parse_due,
    "at": time.fromisoformat,
    "tz": check_zone,
    "t": parse_date,
    "rec": parse_rec,
    "rrule": parse_rrule,
    "pri": _parse_priority,
    "id": UUID,
    "uid": _decoded(MAX_ID),
    "tag": _decoded(MAX_TAG),
}
"""The keys that are understood, with what reads their values: ValueError for a word that is just text."""


def field_of(word: str) -> tuple[str, Value] | None:
    """Return the key and value of a field, None for a word that is none; ValueError when its value cannot be read."""
    match = _FIELD.fullmatch(word)
    if match is None or match[1] not in FIELDS:
        return None
    return match[1], FIELDS[match[1]](match[2])


def tag_of(word: str) -> str | None:
    """Return the tag that a word is: `+project` without its sign, `@context` with it."""
    if not _TAG.fullmatch(word):
        return None
    return word.removeprefix("+")


def escaped(word: str, *, first: bool) -> str:
    """Return a title's word so that it is read as text; `first`: where a line's head may be looked for."""
    return f"\\{word}" if _is_markup(word.lstrip("\\"), first=first) else word


def unescaped(word: str, *, first: bool) -> str:
    """Return the word that `escaped` was given."""
    return word[1:] if word.startswith("\\") and _is_markup(word.lstrip("\\"), first=first) else word


def _is_markup(word: str, *, first: bool) -> bool:
    if tag_of(word) is not None or (first and _HEAD_WORD.fullmatch(word)):
        return True
    try:
        return field_of(word) is not None
    except ValueError:
        return False
