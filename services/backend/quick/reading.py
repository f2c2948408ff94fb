"""Reading a line: its phrases, which of them count, and the task that they come to."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from services.backend.quick.assembly import put_together
from services.backend.quick.clues import Alarms, Context, Found, Phrase
from services.backend.quick.locales import Phrases, month_first, phrases
from services.backend.quick.marks import mark
from services.backend.quick.title import remainder
from services.backend.quick.tokens import Line
from services.backend.schemas import ReminderInput
from services.kit.due import zone
from services.kit.task import Due, Priority, Recurrence


class Span(BaseModel):
    """A piece of the line, from `start` to `end` in Unicode code points, that was understood."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    field: str = Field(description="of the task", examples=["due"])
    means: str = Field(description="in words", examples=["every month on day 1"])
    note: str | None = Field(default=None, description="how it was read, where it could be read in another way")


class QuickTask(BaseModel):
    """What a line says of a task, as it can be written; `spans` are in the order of the line."""

    title: str
    priority: Priority = Priority.NONE
    tags: tuple[str, ...] = ()
    due: Due | None = None
    recurrence: Recurrence | None = None
    reminders: tuple[ReminderInput, ...] = ()
    spans: tuple[Span, ...] = ()


def read(text: str, now: datetime, time_zone: str, locale: str = "en") -> QuickTask:
    """Return the task that a line of text tells of, at the instant `now` for a person of that zone and locale.

    ValueError for a `time_zone` that is none, and for nothing else.
    """
    tz = zone(time_zone)
    local = now.astimezone(tz).replace(tzinfo=None, fold=0)
    context = Context(now=local, instant=now.astimezone(UTC), zone=tz, month_first=month_first(locale))
    line = Line(text)
    said = list(found_phrases(line, context, phrases(locale)))
    found = put_together(said, context)
    title = remainder(text, [(piece.start, piece.end) for piece in found.pieces])
    if said and said[0].start == line.token(0).start and isinstance(said[0].clue, Alarms):
        title = title.removeprefix("to ")
    return QuickTask(
        title=title or " ".join(text.split()),
        priority=found.priority,
        tags=tuple(found.tags),
        due=found.due,
        recurrence=found.recurrence,
        reminders=tuple(found.reminders),
        spans=tuple(Span(**piece._asdict()) for piece in found.pieces),
    )


def found_phrases(line: Line, context: Context, language: Phrases) -> Iterator[Phrase]:
    """Yield the phrases of a line from left to right, none over another; of those at one word the longest."""
    index = 0
    while index < len(line):
        found = _at(line, index, context, language) if line.begins(index) else None
        if found is None:
            index += 1
            continue
        start, end = line.token(index).start, line.token(found.end - 1).end
        yield Phrase(start, end, found.clue, found.led)
        index = found.end


def _at(line: Line, index: int, context: Context, language: Phrases) -> Found | None:
    found = mark(line, index) or language(line, index, context)
    return found if found is not None and index < found.end <= len(line) and line.ends(found.end) else None
