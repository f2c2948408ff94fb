"""Changes that are asked for, one rule each, as operations of a batch on the versions shown."""

import re
from collections.abc import Callable
from datetime import datetime, time
from typing import Any, Final

from pydantic import TypeAdapter

from services.backend.chat import answers
from services.backend.chat.matching import matching, narrowed
from services.backend.chat.plan import Asked, Plan, needs_yes
from services.backend.chat.questions import asked_for, rows_of
from services.backend.row import Row
from services.kit.due import due_zone, on_clock, resolve, wall_clock
from services.kit.task import Due, DueAt, DueDate, DueLocal, Status

_OPENED: Final = re.compile(r"\b(?:all|everything|anything)\b", re.IGNORECASE)
_JOINT: Final = re.compile(r",? (?:to|until|till|by|for|on) ", re.IGNORECASE)
_DUE: Final[TypeAdapter[Due | None]] = TypeAdapter(Due | None)
_MOST: Final = 500
Operation = dict[str, Any]


def operation(op: str, row: Row, **fields: Any) -> Operation:  # noqa: ANN401 - of a batch
    """Return an operation of a batch on the version of a task that was shown."""
    return {"op": op, "id": str(row.task.id), "version": row.task.version, **fields}


def on_named(
    asked: Asked, words: str, make: Callable[[Row], Operation], verb: str, status: Status = Status.OPEN
) -> Plan:
    """Return the plan of a change of what words mean: of several tasks the person chooses, of "all" a yes is wanted."""
    rows = named(asked, words) if status is Status.OPEN else matching(asked.tasks, words, status)
    if not rows:
        found = "is overdue" if words.lower().split() == ["everything", "overdue"] else f"fits “{words}”"
        none = f"Nothing {found}" if _is_many(words) else f"I found no {status.value} task for “{words}”"
        return Plan(f"{none}, and I changed nothing.", unfound=True)
    if len(rows) == 1 or _is_many(words):
        return on_rows(asked, rows, make, verb)
    shown = rows[: answers.SHOWN]
    asking = f"Which one? Say its number.\n{answers.listed_rows(asked, rows, numbers=True)}"
    operations = [make(row) for row in shown]
    told = [_done(asked, [row], [one], verb) for row, one in zip(shown, operations, strict=True)]
    return Plan(asking, operations, choose=True, ask=True, told=told)


def on_rows(asked: Asked, rows: list[Row], make: Callable[[Row], Operation], verb: str) -> Plan:
    """Return the plan of a change of tasks: several, and deletions, want a yes first."""
    operations = [make(row) for row in rows]
    done = _done(asked, rows, operations, verb)
    if not needs_yes(operations):
        return Plan("", operations, done=done)
    shown = answers.listed_rows(asked, rows)
    return Plan(
        f"That is {answers.counted(len(rows))} to be {verb}:\n{shown}\nShall I? (yes or no)", operations, done, ask=True
    )


def _done(asked: Asked, rows: list[Row], operations: list[Operation], verb: str) -> str:
    """Return what to say of a change: the tasks with the dues that they have then."""
    tasks = [
        row.task.model_copy(update={"due": _DUE.validate_python(one["task"]["due"])}) if _is_moved(one) else row.task
        for row, one in zip(rows, operations, strict=True)
    ]
    shown = answers.listed(tasks, asked.tasks.profile.time_zone)
    return f"{answers.counted(len(rows))} {verb}:\n{shown}\nSay “undo” to take it back."


def _is_moved(wanted: Operation) -> bool:
    return "due" in wanted.get("task", {})


def _is_many(words: str) -> bool:
    return _OPENED.search(words) is not None or "overdue" in words.lower().split()


def named(asked: Asked, words: str) -> list[Row]:
    """Return the open tasks that words name: "everything overdue", "all #home", "all work tasks", words of a title."""
    if _is_many(words):
        return narrowed(asked_for(asked, words.lower())[0] or [], words)[:_MOST]
    return matching(asked.tasks, words)


def done(asked: Asked, match: re.Match[str]) -> Plan:
    """Complete what the words mean."""
    return on_named(asked, match["rest"], lambda row: operation("complete", row), "completed")


def reopen(asked: Asked, match: re.Match[str]) -> Plan:
    """Reopen the completed task that the words mean."""
    return on_named(asked, match["rest"], lambda row: operation("reopen", row), "reopened", Status.COMPLETED)


def delete(asked: Asked, match: re.Match[str]) -> Plan:
    """Delete what the words mean, after a yes."""
    return on_named(asked, match["rest"], lambda row: operation("delete", row), "deleted")


def delete_completed(asked: Asked, _: re.Match[str]) -> Plan:
    """Delete what is completed, after a yes."""
    rows = rows_of(asked, Status.COMPLETED)[:_MOST]
    if not rows:
        return Plan("No task is completed, so there is nothing to delete.")
    return on_rows(asked, rows, lambda row: operation("delete", row), "deleted")


def prioritise(asked: Asked, match: re.Match[str]) -> Plan:
    """Give what the words mean another priority."""
    words = re.sub(r"^(?:the )?priority of ", "", match["rest"], flags=re.IGNORECASE)
    level = {"no": "none", "normal": "medium"}.get(match["level"].lower(), match["level"].lower())
    called = "left without priority" if level == "none" else f"set to {level}"
    return on_named(asked, words, lambda row: operation("update", row, task={"priority": level}), called)


def move(asked: Asked, match: re.Match[str]) -> Plan:
    """Move what the words mean to another day; a task keeps its time of day where none is said."""
    return moved_to(asked, match["rest"]) or Plan(
        "Say what to move and to when, like “move the rent to Friday at 9am”. I changed nothing."
    )


def set_to(asked: Asked, match: re.Match[str]) -> Plan | None:
    """Read "set the rent to Friday" as a move; what is no date is for another rule."""
    return moved_to(asked, match["rest"])


def moved_to(asked: Asked, words: str) -> Plan | None:
    """Return the plan of "the rent to Friday at 9am"; None where it names no day. Titles may hold "to" and "on"."""
    plans = []
    for joint in reversed(list(_JOINT.finditer(words))[:20]):
        plan = put_off(asked, words[: joint.start()], words[joint.end() :])
        if plan is not None and not plan.unfound:
            return plan
        plans.append(plan)
    return next((plan for plan in plans if plan is not None), None)


def put_off(asked: Asked, what: str, when: str) -> Plan | None:
    """Return the plan of moving what words mean to a day or time; None where `when` is none."""
    found = answers.quick(asked, f"x {when.rstrip(' .!?')}")
    if found.due is None or found.title != "x" or found.recurrence is not None:
        return None
    due, zone = found.due, asked.tasks.profile.time_zone

    def moving(row: Row) -> Operation:
        return operation("update", row, task={"due": moved(row.task.due, due, zone).model_dump(mode="json")})

    return on_named(asked, what, moving, f"moved to {answers.due_words(due, zone)}")


def moved(due: Due | None, target: Due, time_zone: str) -> Due:
    """Return a due moved to another: to its day alone, at its own time of day, where the target has no time."""
    if due is None or isinstance(due, DueDate) or not isinstance(target, DueDate):
        return target
    wall = datetime.combine(target.date, wall_clock(due, time_zone).time())
    if isinstance(due, DueLocal):
        return DueLocal(local=wall)
    tz = due_zone(due, time_zone)
    return DueAt(at=on_clock(resolve(wall, tz), tz), time_zone=tz.key)


def wall_of(due: Due, time_zone: str, hour: time) -> datetime:
    """Return the wall-clock time of a due; of a day at that hour."""
    return datetime.combine(due.date, hour) if isinstance(due, DueDate) else wall_clock(due, time_zone)


def add(asked: Asked, match: re.Match[str]) -> Plan:
    """Note a task."""
    return note(asked, match["rest"])


def note(asked: Asked, line: str) -> Plan:
    """Note a quick line as a task."""
    found = answers.quick(asked, line[:1000])
    if not 1 <= len(found.title) <= 500:
        return Plan("That leaves no title of 1 to 500 characters; I noted nothing.")
    task = found.model_dump(mode="json", exclude={"spans"}, exclude_none=True)
    said: list[str] = []
    for meaning in (*(span.means for span in found.spans), *(span.note for span in found.spans)):
        if meaning and not any(meaning in known for known in said):  # a day's meaning has the hour beside it too
            said.append(meaning)
    means = f" ({'; '.join(said)})" if said else ""
    return Plan("", [{"op": "create", "task": task}], done=f"Noted “{found.title}”{means}.")
