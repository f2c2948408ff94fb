"""Text of any origin brought into the platform's limits, and every cut told."""

import codecs
from collections.abc import Iterable
from typing import Final

from services.backend.schemas import MAX_TAG, MAX_TAGS, tag_key
from services.backend.transfer.parsed import Spot

MAX_TITLE: Final = 500
MAX_DESCRIPTION: Final = 20_000
UNTITLED: Final = "Untitled"


def as_utf8(data: bytes) -> bytes:
    """Return a file's bytes without byte order mark, in UTF-8 where it says UTF-16, with line feeds to end lines."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def decoded(raw: bytes) -> tuple[str, bool]:
    """Return a line as text, from UTF-8 or else from Windows-1252, without NUL, and whether it was UTF-8."""
    raw = raw.replace(b"\x00", b"")
    try:
        return raw.decode(), True
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), False


def fit_title(text: str, spot: Spot) -> str:
    """Return a title of 1 to 500 characters."""
    text = text.strip()
    if not text:
        spot.warn("title", f"there is no title; the task is called {UNTITLED!r}")
        return UNTITLED
    return _cut(text, MAX_TITLE, "title", spot).strip()


def fit_description(text: str, spot: Spot) -> str:
    """Return a description of at most 20,000 characters."""
    return _cut(text, MAX_DESCRIPTION, "description", spot)


def fit_tags(values: Iterable[str], spot: Spot) -> tuple[str, ...]:
    """Return the tags, trimmed, each once whatever its case, at most 50 of at most 64 characters."""
    tags: dict[str, str] = {}
    for value in values:
        tag = value.strip()
        if tag and tag_key(tag) not in tags and len(tags) <= MAX_TAGS:
            tags[tag_key(tag)] = _cut(tag, MAX_TAG, "tags", spot)
    kept = list({tag_key(tag.strip()): tag.strip() for tag in tags.values()}.values())
    if len(kept) > MAX_TAGS:
        spot.warn("tags", f"only the first {MAX_TAGS} tags come in")
    return tuple(kept[:MAX_TAGS])


def _cut(text: str, length: int, field: str, spot: Spot) -> str:
    if len(text) <= length:
        return text
    spot.warn(field, f"has {len(text):,} characters; only the first {length:,} come in")
    return text[:length]
