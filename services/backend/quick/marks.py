"""Marks that are the same in every language: #tags, !high, !!, !!1, p1."""

from typing import Final

from services.backend.quick.clues import Found, Importance, Label
from services.backend.quick.tokens import Line
from services.backend.schemas import MAX_TAG
from services.kit.task import Priority

_LEVELS: Final = {1: Priority.URGENT, 2: Priority.HIGH, 3: Priority.MEDIUM, 4: Priority.LOW}
_NAMES: Final = {
    **{priority.value: priority for priority in Priority},
    "med": Priority.MEDIUM,
    "normal": Priority.MEDIUM,
    "important": Priority.HIGH,
    "critical": Priority.URGENT,
}
_SIGNS: Final = frozenset("-_/")


def mark(line: Line, index: int) -> Found | None:
    """Return the mark at a token."""
    match line.word(index):
        case "#":
            return _tag(line, index)
        case "!":
            return _bang(line, index)
        case "p":
            level = _LEVELS.get(line.number(index + 1) or 0) if line.glued(index + 1) else None
            return Found(index + 2, Importance(level)) if level else None
        case _:
            return None


def _tag(line: Line, index: int) -> Found | None:
    """Read a tag: letters, digits, "-", "_" and "/", at least one of them a letter."""
    start = line.token(index).end
    end, last = index + 1, start
    while (word := line.glued(end)) and last - start <= MAX_TAG and (word[0].isalnum() or word in _SIGNS):
        last = line.token(end).end
        end += 1
    tag = line.text[start:last]
    if not 1 <= len(tag) <= MAX_TAG or not any(c.isalpha() for c in tag):
        return None
    return Found(end, Label(tag))


def _bang(line: Line, index: int) -> Found | None:
    after = line.glued(index + 1)
    if after == "!":
        level = _LEVELS.get(line.number(index + 2, 1) or 0) if line.glued(index + 2) else None
        if level is not None:
            return Found(index + 3, Importance(level))
        third = line.glued(index + 2) == "!"
        return Found(index + 2 + third, Importance(Priority.URGENT if third else Priority.HIGH))
    number = line.number(index + 1) if after else None
    level = _LEVELS.get(number) if number else _NAMES.get(after)
    return Found(index + 2, Importance(level)) if level else None
