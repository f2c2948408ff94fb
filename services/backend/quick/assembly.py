"""Putting a line's phrases together: marks, schedule and reminders; what has no place stays in the title."""

from dataclasses import dataclass, field

from services.backend.quick import alarms, describe
from services.backend.quick.choice import choose, task_alarm
from services.backend.quick.clues import Alarm, Alarms, Context, Importance, Label, Phrase, Repeat
from services.backend.quick.schedule import Piece, piece, recurring_schedule, single_schedule
from services.backend.schemas import MAX_REMINDERS, MAX_TAGS, ReminderInput, tag_key
from services.kit.task import Due, Priority, Recurrence


@dataclass(slots=True)
class Result:
    """The fields of a task, and the pieces of the line that they came from."""

    priority: Priority = Priority.NONE
    tags: list[str] = field(default_factory=list)
    due: Due | None = None
    recurrence: Recurrence | None = None
    reminders: list[ReminderInput] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


def put_together(phrases: list[Phrase], context: Context) -> Result:
    """Return the task that the phrases tell of; its pieces in the order of the line, none over another."""
    result = Result()
    _label(result, phrases)
    _schedule(result, phrases, context)
    _remind(result, phrases, context)
    result.pieces = sorted({found.start: found for found in result.pieces}.values())
    return result


def _label(result: Result, phrases: list[Phrase]) -> None:
    """Take the tags, each once, and the last priority."""
    known: set[str] = set()
    for phrase in phrases:
        if isinstance(phrase.clue, Label) and (len(known) < MAX_TAGS or tag_key(phrase.clue.tag) in known):
            if tag_key(phrase.clue.tag) not in known:
                result.tags.append(phrase.clue.tag)
            known.add(tag_key(phrase.clue.tag))
            result.pieces.append(piece(phrase, "tags", f"tag {phrase.clue.tag}"))
    for phrase in reversed(phrases):
        if isinstance(phrase.clue, Importance):
            result.priority = phrase.clue.priority
            result.pieces.append(piece(phrase, "priority", f"priority {phrase.clue.priority.value}"))
            return


def _schedule(result: Result, phrases: list[Phrase], context: Context) -> None:
    recurs = any(isinstance(phrase.clue, Repeat) for phrase in phrases)
    found = recurring_schedule(choose(phrases, recurring=True), context) if recurs else None
    found = found or single_schedule(choose(phrases, recurring=False), context)
    result.due, result.recurrence = found.due, found.recurrence
    result.pieces += found.pieces


def _remind(result: Result, phrases: list[Phrase], context: Context) -> None:
    for phrase in phrases:
        if not isinstance(phrase.clue, Alarms):
            continue
        found = [_reminder(alarm, phrase, phrases, result.due, context) for alarm in phrase.clue.alarms]
        new = [one for one in found if one is not None and one not in result.reminders]
        if None in found or len(result.reminders) + len(new) > MAX_REMINDERS:
            continue
        result.reminders += new
        result.pieces = [one for one in result.pieces if one.start != phrase.start]
        words = ", ".join(_words(one) for one in found if one is not None)
        result.pieces.append(piece(phrase, "reminders", f"reminder {words}"))


def _reminder(
    alarm: Alarm, phrase: Phrase, phrases: list[Phrase], due: Due | None, context: Context
) -> ReminderInput | None:
    """Return a reminder; one that says when the task is due is for that time."""
    main = task_alarm(phrases)
    if main is not None and main[0] is phrase and due is not None:
        alarm = Alarm(relative=True)
    return alarms.reminder(alarm, due, context)


def _words(reminder: ReminderInput) -> str:
    return (
        describe.before(reminder.before)
        if reminder.before
        else f"on {describe.moment(reminder.at)}"
        if reminder.at
        else ""
    )
