"""English: which phrases there are, by the word that they begin with."""

from services.backend.quick.clues import Context, Found, Importance
from services.backend.quick.english import bounds, reminders, repeats
from services.backend.quick.english.leads import read, table, when
from services.backend.quick.english.words import AFTER_NUMBER, NUMBERS, ORDINALS, RARELY, WEEKDAYS, WEEKDAYS_EACH
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


def _on_plural(line: Line, index: int, context: Context) -> Found | None:
    """Read "on weekdays", "on Mondays", "on the last Friday of the month"."""
    return read(_REPEATS, line, index + 1, context)


_REPEATS = table(
    ("every each", repeats.every),
    (" ".join(RARELY), repeats.rarely),
    ("once", repeats.once),
    (" ".join(["weekdays", "workdays", "weekends", *WEEKDAYS_EACH]), repeats.plural),
    (" ".join(WEEKDAYS), repeats.listed),
    (" ".join([NUMBER, "the", *ORDINALS]), repeats.numbered),
)
_PHRASES = table(
    ("on", _on_plural),
    ("after", repeats.completion),
    (" ".join([NUMBER, "for", *NUMBERS]), repeats.times),
    ("until till til through thru ending", bounds.until),
    ("starting beginning from as effective", bounds.starting),
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
