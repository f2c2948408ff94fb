"""What a language model wants changed, gathered as one batch: tried on the list at once, made only when the turn ends.

So a model that fails halfway has changed nothing, its changes are one undo, and what needs a yes can be asked about
in words of ours, whatever the model says of it.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from services.backend import batch
from services.backend.chat import answers
from services.backend.chat.plan import Asked, Plan, needs_yes
from services.backend.schemas import TaskPatch, retagged
from services.backend.tools.tool import Arguments
from services.backend.tools.writing import AddTask, QuickAdd, SetReminders, TagTask, Undo, UpdateTask, Versioned
from services.backend.undo import latest_change
from services.backend.workspace import Workspace
from services.kit.ids import uuid7
from services.kit.problems import Problem, from_validation, invalid
from services.kit.task import Priority, Task

MAX_OPERATIONS: Final = 50
_TITLE: Final = 100

Operation = dict[str, Any]


class Draft:
    """The changes of a turn, none of them made."""

    def __init__(self, asked: Asked) -> None:
        self.operations: list[Operation] = []
        self.undoes: UUID | None = None
        self._asked = asked
        self._work = self._fresh()
        self._told: list[str] = []

    def add(self, name: str, wanted: Arguments) -> dict[str, Any]:
        """Note the changes of a tool; the problem that it would be refused with."""
        if isinstance(wanted, Undo):
            return self._undo(wanted)
        if self.undoes is not None:
            raise Problem(409, "An undo is planned in this turn, and stands alone.")
        if len(self.operations) == MAX_OPERATIONS:
            raise Problem(409, f"{MAX_OPERATIONS} changes are planned already, which is all that one turn makes.")
        operation = DRAFTED[name](self, wanted)
        trial = [*self.operations, operation]
        work = self._fresh()
        try:
            batch.run(work, batch.BatchRequest.model_validate({"operations": trial}).operations)
        except ValidationError as error:
            raise from_validation(error.errors()) from None
        self._told.append(self._words(operation))
        self.operations, self._work = trial, work
        return {"planned": self._told[-1], "asks_first": needs_yes(trial)}

    def plan(self, said: str) -> Plan:
        """Return the plan of the turn, whose last words are the model's."""
        if self.undoes is not None:
            return Plan("That would take back your latest change. Shall I? (yes or no)", undoes=self.undoes)
        if not self.operations:
            return Plan(said)
        listed = "\n".join(f"- {told}" for told in self._told)
        done = f"Done:\n{listed}\nSay “undo” to take it back."
        if needs_yes(self.operations):
            return Plan(f"That would:\n{listed}\nShall I? (yes or no)", self.operations, done=done, ask=True)
        return Plan(said, self.operations, done=f"{said}\n\n{done}" if said else done)

    def create(self, wanted: AddTask) -> Operation:
        """Return the creation of a task, under an id that later changes of the turn can name."""
        given = _given(wanted)
        return {"op": "create", "task": {"id": str(uuid7()), **given}}

    def quick(self, wanted: QuickAdd) -> Operation:
        """Return the creation of the task that a line tells of."""
        found = answers.quick(self._asked, wanted.text)
        task = found.model_dump(mode="json", exclude={"spans"}, exclude_none=True)
        return {"op": "create", "task": {"id": str(uuid7()), **task}}

    def update(self, wanted: UpdateTask | SetReminders) -> Operation:
        """Return the change of fields."""
        return self.of("update", wanted, task=_given(wanted))

    def tag(self, wanted: TagTask) -> Operation:
        """Return the change of tags."""
        tags = retagged(self._work.need(wanted.id).tags, add=wanted.add, remove=wanted.remove)
        return self.of("update", wanted, task={"tags": tags})

    def of(self, op: str, wanted: Versioned, **fields: Any) -> Operation:  # noqa: ANN401 - of a batch
        """Return an operation, on the version that the turn began with; a second one follows from the first."""
        known = self._asked.tasks.get(wanted.id)
        is_first = all(operation.get("id") != str(wanted.id) for operation in self.operations)
        version = {"version": known.version} if known is not None and is_first else {}
        return {"op": op, "id": str(wanted.id), **version, **fields}

    def _undo(self, wanted: Undo) -> dict[str, Any]:
        if self.operations:
            raise Problem(409, "Changes are planned in this turn; an undo stands alone.")
        if wanted.change is not None:
            raise invalid("change", "must be left out: only the latest change is taken back here")
        self.undoes = latest_change(self._asked.tasks)
        return {"planned": "take back the latest change", "asks_first": True}

    def _fresh(self) -> Workspace:
        return Workspace(self._asked.tasks, self._asked.now)

    def _words(self, operation: Operation) -> str:
        """Return what an operation does, in words that owe nothing to the model but a new title."""
        if operation["op"] == "create":
            return f"add {_quoted(operation['task']['title'])}{self._fields(operation['task'])}"
        task: Task = self._work.need(UUID(operation["id"]))
        if operation["op"] == "update":
            return f"change {_quoted(task.title)}{self._fields(operation['task'], renamed=True)}"
        return f"{operation['op']} {_quoted(task.title)}"

    def _fields(self, task: dict[str, Any], *, renamed: bool = False) -> str:
        known = TaskPatch.model_validate(task)
        words = []
        if renamed and "title" in task:
            words.append(f"title {_quoted(known.title)}")
        if "due" in task:
            zone = self._asked.tasks.profile.time_zone
            words.append(f"due {answers.due_words(known.due, zone)}" if known.due else "no due date")
        if known.priority is not None and "priority" in task and (renamed or known.priority is not Priority.NONE):
            words.append("no priority" if known.priority is Priority.NONE else f"{known.priority.value} priority")
        if "tags" in task:
            words.append(" ".join(f"#{tag}" for tag in known.tags or ()) or "no tags")
        words += [name.replace("_", " ") for name in ("description", "recurrence", "reminders") if task.get(name)]
        return f" ({', '.join(words)})" if words else ""


def _given(wanted: Arguments) -> dict[str, Any]:
    return wanted.model_dump(
        mode="json", exclude_unset=True, exclude={"id", "idempotency_key", "version", "external_id"}
    )


def _quoted(title: str) -> str:
    line = " ".join(title.split())
    return f"“{line if len(line) <= _TITLE else line[: _TITLE - 1] + '…'}”"


DRAFTED: Final[dict[str, Callable[[Draft, Any], Operation]]] = {
    "add_task": Draft.create,
    "quick_add": Draft.quick,
    "update_task": Draft.update,
    "set_reminders": Draft.update,
    "tag_task": Draft.tag,
    "complete_task": lambda draft, wanted: draft.of("complete", wanted),
    "reopen_task": lambda draft, wanted: draft.of("reopen", wanted),
    "delete_task": lambda draft, wanted: draft.of("delete", wanted),
    "undo": lambda _draft, _wanted: {},
}
"""The tools whose changes a turn can gather; import and batch are not among them, since several calls do the same."""
