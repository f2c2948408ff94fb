"""Changes of one field of what words mean: title, tags, description, day, recurrence."""

import re
from collections.abc import Callable
from datetime import time
from typing import Any, Final

from services.backend.chat import answers, requests
from services.backend.chat.matching import matching
from services.backend.chat.plan import Asked, Plan
from services.backend.quick import read
from services.backend.row import Row
from services.backend.schemas import retagged
from services.kit.due import due_zone, resolve
from services.kit.task import Due, DueAt, DueDate

_TO: Final = re.compile(r" (?:to|as|into) ", re.IGNORECASE)
_QUOTES: Final = "\"'“”‘’ "
_NOON: Final = time(12)
_LONGEST_TITLE: Final = 500


def _update(row: Row, **fields: Any) -> requests.Operation:  # noqa: ANN401 - of a patch
    return requests.operation("update", row, task=fields)


def rename(asked: Asked, match: re.Match[str]) -> Plan:
    """Rename a task; titles may hold "to", so the longest name that one is known by counts."""
    words = match["rest"]
    unfound = Plan("Say it like “rename the rent to pay the landlord”. I changed nothing.")
    for joint in reversed(list(_TO.finditer(words))[:20]):
        what, title = words[: joint.start()].strip(_QUOTES), words[joint.end() :].strip(_QUOTES)
        if not 1 <= len(title) <= _LONGEST_TITLE:
            continue
        plan = requests.on_named(asked, what, _titled(title), f"renamed to “{title}”")
        if not plan.unfound:
            return plan
        unfound = plan
    return unfound


def _titled(title: str) -> Callable[[Row], requests.Operation]:
    return lambda row: _update(row, title=title)


def tag(asked: Asked, match: re.Match[str]) -> Plan:
    """Add tags to what the words mean."""
    tags = _tags(match["tags"])

    def tagged(row: Row) -> requests.Operation:
        return _update(row, tags=retagged(row.task.tags, add=tags))

    return requests.on_named(asked, match["rest"], tagged, "tagged " + " ".join(f"#{one}" for one in tags))


def untag(asked: Asked, match: re.Match[str]) -> Plan:
    """Take tags off what the words mean."""
    tags = _tags(match["tags"])

    def bared(row: Row) -> requests.Operation:
        return _update(row, tags=retagged(row.task.tags, remove=tags))

    return requests.on_named(asked, match["rest"], bared, "left without " + " ".join(f"#{one}" for one in tags))


def _tags(words: str) -> list[str]:
    found = re.findall(r"[^\W_][\w/-]*", words)
    return list(dict.fromkeys(one for one in found if one.lower() not in {"and", "tag", "tags", "the"}))


def describe(asked: Asked, match: re.Match[str]) -> Plan:
    """Add a line to the description of a task."""

    def described(row: Row) -> requests.Operation:
        before = row.task.description.rstrip()
        return _update(row, description=f"{before}\n\n{match['text']}" if before else match["text"])

    return requests.on_named(asked, match["rest"], described, "given that note")


def undated(asked: Asked, match: re.Match[str]) -> Plan:
    """Take the due off what the words mean."""
    return requests.on_named(asked, match["rest"], lambda row: _update(row, due=None), "left without a due date")


def snooze(asked: Asked, match: re.Match[str]) -> Plan | None:
    """Move what the words mean by an amount of time from when it is due; None where that is none."""
    amount = match["amount"]
    if answers.quick(asked, f"x in {amount}").title != "x":
        return None
    undatable = [row for row in requests.named(asked, match["rest"]) if shifted(asked, row, amount) is None]
    if undatable:
        listed = answers.listed_rows(asked, undatable)
        return Plan(f"These cannot be moved by {amount}, since they have no such day or time:\n{listed}")

    def later(row: Row) -> requests.Operation:
        due = shifted(asked, row, amount)
        return _update(row, due=due.model_dump(mode="json") if due else None)

    return requests.on_named(asked, match["rest"], later, f"moved by {amount}")


def shifted(asked: Asked, row: Row, amount: str) -> Due | None:
    """Return the due of a task so much later; None where it has none, or hours are added to a day."""
    due, home = row.task.due, asked.tasks.profile.time_zone
    if due is None:
        return None
    tz = due_zone(due, home)
    at = due.at if isinstance(due, DueAt) else resolve(requests.wall_of(due, home, _NOON), tz)
    found = read(f"x in {amount}", at, tz.key).due
    if found is None or (isinstance(due, DueDate) and not isinstance(found, DueDate)):
        return None
    return requests.moved(due, found, home)


def due_is(asked: Asked, match: re.Match[str]) -> Plan | None:
    """Read "the rent is due on Friday": of a task that is there, or of a new one."""
    when = re.sub(r"^(?:on|by|at) ", "", match["when"], flags=re.IGNORECASE)
    plan = requests.put_off(asked, match["rest"], when)
    if plan is not None and plan.unfound and not match["rest"].lower().startswith(("what", "which", "when", "nothing")):
        return requests.note(asked, f"{match['rest']} {when}")
    return plan


def repeat(asked: Asked, match: re.Match[str]) -> Plan | None:
    """Give a task that is there a recurrence; None where none is there, or it is no recurrence."""
    found = answers.quick(asked, f"x {match['rule']}")
    if found.recurrence is None or found.title != "x" or not matching(asked.tasks, match["rest"]):
        return None
    recurrence, begin = found.recurrence, found.due

    def repeated(row: Row) -> requests.Operation:
        due = begin if row.task.due is None or "BY" in recurrence.rrule else row.task.due
        return _update(
            row,
            recurrence=recurrence.model_dump(mode="json"),
            due=requests.moved(row.task.due, due, asked.tasks.profile.time_zone).model_dump(mode="json")
            if due
            else None,
        )

    means = next((span.means for span in found.spans if span.field == "recurrence"), match["rule"])
    return requests.on_named(asked, match["rest"], repeated, f"repeated {means}")
