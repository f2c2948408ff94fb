"""The written lines of `data/quick_lines.yaml`, each with its zone, reference time, locale and expected task."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from services.backend.quick import QuickTask
from services.kit.task import Due, DueAt, DueDate

TABLE = Path(__file__).parent / "data" / "quick_lines.yaml"
_FIELDS = {"line", "title", "due", "rrule", "mode", "priority", "tags", "reminders"}


@dataclass(frozen=True, slots=True)
class Case:
    """A line, what it is read with, and the task that it tells of."""

    line: str
    zone: str
    now: datetime
    locale: str
    task: dict[str, Any]


def cases(path: Path = TABLE) -> list[Case]:
    """Return the cases of a table; an unknown field in it is an error."""
    found = []
    for group in yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader):
        for case in group["cases"]:
            assert set(case) <= _FIELDS, case
            found.append(Case(case["line"], group["zone"], _moment(group["now"]), group["locale"], _task(case, group)))
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _task(case: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": case["title"],
        "due": _due(case["due"], group["zone"]) if "due" in case else None,
        "rrule": case.get("rrule"),
        "mode": case.get("mode", "from_due") if "rrule" in case else None,
        "priority": case.get("priority", "none"),
        "tags": case.get("tags", []),
        "reminders": case.get("reminders", []),
    }


def _due(text: str, zone: str) -> tuple[str, str]:
    moment, _, named = text.partition(" ")
    return (moment, "") if len(moment) == 10 else (moment, named or zone)


def shown(task: QuickTask) -> dict[str, Any]:
    """Return what was read in the form of a case's task."""
    return {
        "title": task.title,
        "due": _shown_due(task.due) if task.due else None,
        "rrule": task.recurrence.rrule if task.recurrence else None,
        "mode": task.recurrence.mode.value if task.recurrence else None,
        "priority": task.priority.value,
        "tags": list(task.tags),
        "reminders": [one.before or (one.at.isoformat("T", "minutes") if one.at else "") for one in task.reminders],
    }


def _shown_due(due: Due) -> tuple[str, str]:
    if isinstance(due, DueDate):
        return due.date.isoformat(), ""
    assert isinstance(due, DueAt)
    assert due.at.second == 0
    return due.at.isoformat("T", "minutes"), due.time_zone or ""
