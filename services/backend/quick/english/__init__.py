"""English: which phrases there are, by the word that they begin with."""

from services.backend.quick.clues import Clock, Context, Found, Importance, Occasion
from services.backend.quick.english import bounds, reminders, repeats
from services.backend.quick.english.leads import read, table, when
from services.backend.quick.english.words import (
    AFTER_NUMBER,
    NUMBERS,
    OCCASIONS,
    ORDINALS,
    PARTS,
    RARELY,
    WEEKDAYS,
    WEEKDAYS_EACH,
)
from services.backend.quick.tokens import NUMBER, Line
from services.kit.task import Priority

_DEGREES = {
    "no": Priority.NONE,
    "low": Priority.LOW,
    "medium": Priority.MEDIUM,
    "normal": Priority.MEDIUM,
    "high": Priority.HIGH,
    "top": Priority.URGENT,
    "highest": Priority.URGENT,
    "urgent": Priority.URGENT,
}


_MORNING = Clock(PARTS["morning"], vague=True)


def _degree(line: Line, index: int, _: Context) -> Found | None:
    """Read "high priority", "with low priority"."""
    at = index + (line.word(index) == "with")
    if line.word(at) not in _DEGREES or line.word(at + 1) != "priority":
        return None
    return Found(at + 2, Importance(_DEGREES[line.word(at)]))


def _priority(line: Line, index: int, _: Context) -> Found | None:
    """Read "priority high", "priority: low"."""
    at = index + (2 if line.glued(index + 1) in {":", "="} else 1)
    word = line.word(at)
    return Found(at + 1, Importance(_DEGREES[word])) if word in _DEGREES else None


def _occasion(line: Line, index: int, _: Context) -> Found | None:
    """Take "dinner" or "breakfast" for the half of the day that an hour is in; the word is of the title."""
    if line.word(index) == "get":
        return Found(index + 2, Occasion(_MORNING)) if line.word(index + 1) == "up" else None
    return Found(index + 1, Occasion(Clock(OCCASIONS[line.word(index)], vague=True)))


def _on_plural(line: Line, index: int, context: Context) -> Found | None:
    """Read "on weekdays", "on Mondays", "on the last Friday of the month"."""
    return read(_REPEATS, line, index + 1, context)


_REPEATS = table(
    ("every each", repeats.every),
    (" ".join(RARELY), repeats.rarely),
    ("once", repeats.once),
    (" ".join(["weekdays", "workdays", "weekends", *WEEKDAYS_EACH]), repeats.plural),
    (" ".join(WEEKDAYS), repeats.listed),
    ("m mwf", repeats.in_letters),
    (" ".join([NUMBER, "the", *ORDINALS]), repeats.numbered),
)
_PHRASES = table(
    ("on", _on_plural),
    ("after", repeats.completion),
    (" ".join([NUMBER, "for", *NUMBERS]), repeats.times),
    ("until till til through thru ending", bounds.until),
    ("starting beginning from as effective", bounds.starting),
    ("to -", bounds.up_to),
    (" ".join(["get", *OCCASIONS]), _occasion),
    ("remind reminder reminders alert notify and with a please set", reminders.remind),
    (" ".join(["with", *_DEGREES]), _degree),
    ("priority", _priority),
)


def phrase(line: Line, index: int, context: Context) -> Found | None:
    """Return the longest phrase of English that begins at a token."""
    if line.key(index) == NUMBER and line.word(index + 1) not in AFTER_NUMBER:
        return None
    found = [
        read(_REPEATS, line, index, context),
        read(_PHRASES, line, index, context),
        when(line, index, context),
    ]
    return max((one for one in found if one is not None), key=lambda one: one.end, default=None)
