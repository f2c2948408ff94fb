"""What a person was promised: every acknowledged change, and all that has to follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SHOWN = ("title", "description", "status", "priority", "tags", "due")


def shown(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a task nobody but the person changes."""
    return {name: task[name] for name in SHOWN}


@dataclass(slots=True)
class Ledger:
    """A person's acknowledged changes.

    `tasks` are those that have to be there, by id, as they were last acknowledged; `gone` those that were deleted;
    `children` the next occurrences that were announced; `reminders` when the one of a task is to come. `events` is
    how many events all of that comes to. `refused` are changes that were not taken though nothing was wrong with them.
    """

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    children: set[str] = field(default_factory=set)
    reminders: dict[str, datetime] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    changes: int = 0
    events: int = 0

    def put(self, task: Mapping[str, Any]) -> None:
        """Enter a task that was made or changed, which is one event; a reminder that is set comes to two more."""
        self.tasks[task["id"]] = shown(task)
        self.events += 1
        for reminder in task["reminders"]:
            if reminder["status"] == "scheduled" and task["id"] not in self.reminders:
                self.reminders[task["id"]] = datetime.fromisoformat(reminder["at"])
                self.events += 2

    def complete(self, task: Mapping[str, Any]) -> None:
        """Enter a completion, and the occurrence that has to come of it."""
        self.put(task)
        self.children.add(task["next_id"])
        self.events += 1

    def delete(self, task_id: str) -> None:
        """Enter a deletion."""
        del self.tasks[task_id]
        self.gone.add(task_id)
        self.events += 1
