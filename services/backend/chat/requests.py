"""The common requests, one rule each: questions, and changes as operations of a batch on the versions shown."""

import re
from datetime import datetime
from typing import Any, Final

from services.backend.chat import answers
from services.backend.chat.matching import matching, narrowed
from services.backend.chat.plan import Asked, Plan, needs_yes
from services.backend.query import Query, run
from services.backend.row import Row
from services.backend.views import Sort
from services.kit.due import due_zone, on_clock, resolve, wall_clock
from services.kit.task import Due, DueAt, DueDate, DueLocal, Status

_OPENED: Final = re.compile(r"\b(?:all|everything|anything)\b", re.IGNORECASE)
_TO: Final = re.compile(r"(?P<what>.+?),? (?:to|until|till|by|for|on) (?P<when>.+)", re.IGNORECASE)
_MOST: Final = 500


def question(asked: Asked, match: re.Match[str]) -> Plan:
    """Answer "what is due this week?", "what is overdue?", "show #home", "show high priority"."""
    words = match["rest"].lower()
    zone = asked.tasks.profile.time_zone
    rows, called = _asked_for(asked, words)
    if rows is None:
        return Plan(f"I do not know what to look for in “{match['rest'].strip()}”. Try “what is due this week?”.")
    if not rows:
        return Plan(f"Nothing {called}.")
    return Plan(f"{answers.counted(len(rows))} {called}:\n{answers.listed(rows, zone)}")


def _asked_for(asked: Asked, words: str) -> tuple[list[Row] | None, str]:
    """Return the tasks that a question is about, and what they are; None where it is about none."""
    if "overdue" in words or "late" in words.split():
        return run(asked.tasks, Query(overdue=True, sort=Sort.DUE, limit=_MOST), asked.now).rows, "overdue"
    tags = re.findall(r"#([\w/-]+)", words)
    rows = run(asked.tasks, Query(tags=frozenset(tags), sort=Sort.DUE, limit=_MOST), asked.now).rows
    if tags:
        return rows, "with " + " ".join(f"#{tag}" for tag in tags)
    level = re.search(r"\b(urgent|high|medium|low)\b", words)
    if level is not None:
        return [row for row in rows if row.task.priority.value == level[1]], f"of {level[1]} priority"
    span = answers.span_of(asked, re.sub(r"^\s*(?:is|are|do i have|'s)?\s*(?:still )?(?:due)?", "", words))
    if span is None:
        everything = re.search(r"\b(?:tasks?|open|everything|all|todos?|to do|list|due)\b", words)
        return (rows, "open") if everything and not re.search(r"\babout\b", words) else _about(asked, words)
    first, last, called = span
    days = [(row, _day(asked, row)) for row in rows]
    found = [row for row, day in days if day is not None and first <= day <= last]
    return found, f"due {called}" if called[0].islower() else f"due on {called}"


def _about(asked: Asked, words: str) -> tuple[list[Row] | None, str]:
    topic = re.search(r"(?:about|with|for) (.+)", words)
    return (matching(asked.tasks, topic[1]), f"about “{topic[1]}”") if topic else (None, "")


def _day(asked: Asked, row: Row) -> Any:  # noqa: ANN401 - a date or nothing
    return wall_clock(row.task.due, asked.tasks.profile.time_zone).date() if row.task.due else None


def _operation(op: str, row: Row, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of a batch
    return {"op": op, "id": str(row.task.id), "version": row.task.version, **fields}


def _one(asked: Asked, words: str, op: str, verb: str, status: Status = Status.OPEN) -> Plan:
    """Return the plan of an operation on the one task that words mean; of several the person chooses."""
    zone = asked.tasks.profile.time_zone
    rows = _named(asked, words) if status is Status.OPEN else matching(asked.tasks, words, status)
    if not rows:
        return Plan(f"I found no {status.value} task for “{words}”, and changed nothing.")
    operations = [_operation(op, row) for row in rows[: answers.SHOWN]]
    if len(rows) > 1 and _OPENED.search(words) is None and "overdue" not in words.split():
        asking = f"Which one? Say its number.\n{answers.listed(rows, zone, numbers=True)}"
        return Plan(asking, operations, choose=True, ask=True)
    return _asked(asked, rows, [_operation(op, row) for row in rows], verb)


def _asked(asked: Asked, rows: list[Row], operations: list[dict[str, Any]], verb: str) -> Plan:
    """Return the plan of operations on tasks: several, and deletions, want a yes first."""
    zone = asked.tasks.profile.time_zone
    done = f"{answers.counted(len(rows))} {verb}:\n{answers.listed(rows, zone)}\nSay “undo” to take it back."
    if not needs_yes(operations):
        return Plan("", operations, done=done)
    shown = answers.listed(rows, zone)
    return Plan(
        f"That is {answers.counted(len(rows))} to be {verb}:\n{shown}\nShall I? (yes or no)", operations, done, ask=True
    )


def _named(asked: Asked, words: str) -> list[Row]:
    """Return the open tasks that words name: "everything overdue", "all #home", "all work tasks", words of a title."""
    if _OPENED.search(words) or "overdue" in words.lower().split():
        return narrowed(_asked_for(asked, words.lower())[0] or [], words)[:_MOST]
    return matching(asked.tasks, words)


def done(asked: Asked, match: re.Match[str]) -> Plan:
    """Complete what the words mean."""
    return _one(asked, match["rest"], "complete", "completed")


def reopen(asked: Asked, match: re.Match[str]) -> Plan:
    """Reopen the completed task that the words mean."""
    return _one(asked, match["rest"], "reopen", "reopened", Status.COMPLETED)


def delete(asked: Asked, match: re.Match[str]) -> Plan:
    """Delete what the words mean, after a yes."""
    return _one(asked, match["rest"], "delete", "deleted")


def prioritise(asked: Asked, match: re.Match[str]) -> Plan:
    """Give what the words mean another priority."""
    words = re.sub(r"^(?:the )?priority of ", "", match["rest"], flags=re.IGNORECASE)
    rows = _named(asked, words)
    if len(rows) != 1 and _OPENED.search(words) is None:
        return _none_or_several(asked, words, rows)
    task = {"priority": match["level"].lower()}
    return _asked(asked, rows, [_operation("update", row, task=task) for row in rows], f"set to {task['priority']}")


def _none_or_several(asked: Asked, words: str, rows: list[Row]) -> Plan:
    if not rows:
        return Plan(f"I found no open task for “{words}”, and changed nothing.")
    shown = answers.listed(rows, asked.tasks.profile.time_zone)
    return Plan(f"Several tasks fit “{words}”; say more of the title:\n{shown}")


def move(asked: Asked, match: re.Match[str]) -> Plan:
    """Move what the words mean to another day; a task keeps its time of day where none is said."""
    parts = _TO.fullmatch(match["rest"].rstrip(" .!?"))
    found = answers.quick(asked, f"x {parts['when']}") if parts else None
    if parts is None or found is None or found.due is None or found.title != "x" or found.recurrence is not None:
        return Plan("Say what to move and to when, like “move the rent to Friday at 9am”. I changed nothing.")
    rows = _named(asked, parts["what"])
    if not rows or (len(rows) > 1 and not _OPENED.search(parts["what"]) and "overdue" not in parts["what"].lower()):
        return _none_or_several(asked, parts["what"], rows)
    zone = asked.tasks.profile.time_zone
    operations = [
        _operation("update", row, task={"due": moved(row.task.due, found.due, zone).model_dump(mode="json")})
        for row in rows
    ]
    return _asked(asked, rows, operations, f"moved to {answers.due_words(found.due, zone)}")


def moved(due: Due | None, target: Due, time_zone: str) -> Due:
    """Return a due moved to another: to its day alone, at its own time of day, where the target has no time."""
    if due is None or isinstance(due, DueDate) or not isinstance(target, DueDate):
        return target
    wall = datetime.combine(target.date, wall_clock(due, time_zone).time())
    if isinstance(due, DueLocal):
        return DueLocal(local=wall)
    tz = due_zone(due, time_zone)
    return DueAt(at=on_clock(resolve(wall, tz), tz), time_zone=tz.key)


def add(asked: Asked, match: re.Match[str]) -> Plan:
    """Note a task."""
    return note(asked, match["rest"])


def note(asked: Asked, line: str) -> Plan:
    """Note a quick line as a task."""
    found = answers.quick(asked, line[:1000])
    if not 1 <= len(found.title) <= 500:
        return Plan("That leaves no title of 1 to 500 characters; I noted nothing.")
    task = found.model_dump(mode="json", exclude={"spans"}, exclude_none=True)
    said = [span.means for span in found.spans] + [span.note for span in found.spans if span.note]
    means = f" ({'; '.join(dict.fromkeys(said))})" if said else ""
    return Plan("", [{"op": "create", "task": task}], done=f"Noted “{found.title}”{means}.")
