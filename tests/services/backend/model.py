"""A task list in plain Python: what a person would write down who remembered every change."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]

FIELDS = ("title", "priority", "tags", "status")


@dataclass
class Entry:
    """One change: each task before and after it; whether it was undone."""

    change: str
    before: dict[str, Task | None]
    after: dict[str, Task | None]
    undone: bool = False


@dataclass
class Model:
    """The list, everything that was changed, and the ids that a person deleted."""

    tasks: dict[str, Task] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def begin(self) -> "Model":
        """Return a copy to try a change on."""
        return Model(deepcopy(self.tasks))

    def commit(self, trial: "Model", change: str | None) -> None:
        """Take over what was tried, under the id that the change was given."""
        ids = {*self.tasks, *trial.tasks}
        touched = {i for i in ids if self.tasks.get(i) != trial.tasks.get(i)}
        assert bool(touched) <= bool(change), "something changed without a change id"
        if change:
            before = {i: deepcopy(self.tasks.get(i)) for i in touched}
            self.entries.append(Entry(change, before, {i: deepcopy(trial.tasks.get(i)) for i in touched}))
        self.tasks = trial.tasks

    def latest(self) -> Entry | None:
        """Return what an undo without a name takes back."""
        return next((entry for entry in reversed(self.entries) if not entry.undone), None)

    def in_the_way(self, entry: Entry) -> set[str]:
        """Return the tasks of a change that later changes in force have touched."""
        later = self.entries[self.entries.index(entry) + 1 :]
        return {i for i in entry.after for other in later if not other.undone and i in other.after}

    def undo(self, entry: Entry) -> None:
        """Put every task back to what it was before a change."""
        self._put(entry.before)
        entry.undone = True

    def redo(self, entry: Entry) -> None:
        """Put every task to what it was after a change."""
        self._put(entry.after)
        entry.undone = False

    def _put(self, states: dict[str, Task | None]) -> None:
        for task_id, state in states.items():
            if state is None:
                self.tasks.pop(task_id, None)
            else:
                self.tasks[task_id] = deepcopy(state)

    def listed(self, status: str, priorities: list[str], tag: str | None) -> set[str]:
        """Return the ids that a list with these filters has to show."""
        return {
            task_id
            for task_id, task in self.tasks.items()
            if status in {"all", task["status"]}
            and (not priorities or task["priority"] in priorities)
            and (tag is None or tag.casefold() in {t.casefold() for t in task["tags"]})
        }
