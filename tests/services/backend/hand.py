"""A person's hand on a task log: commands in short form, and what there is to see of a list."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.memory import Memory
from services.backend import decide
from services.backend.changes import undo_change
from services.backend.commit import Intent, Outcome
from services.backend.log import TaskLog
from services.backend.schemas import TaskCreate, TaskPatch
from services.backend.service_commands import OccurrenceRequest, ReminderTrigger, fire_reminder, next_occurrence
from services.backend.tasklist import Commit, LogEvent, Reply, TaskList
from services.backend.workspace import Workspace
from services.kit.ids import occurrence_id, person_id, uuid7
from services.kit.task import DueDate, Task

PERSON = person_id("tests", "hand")


def soon(**ahead: float) -> datetime:
    """Return a moment that lies ahead, to the second."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**ahead)


def due_in(**ahead: float) -> dict[str, Any]:
    """Return a due that lies ahead, as a caller writes it."""
    return {"at": soon(**ahead).isoformat(), "time_zone": "UTC"}


class Hand:
    """Acts for one person on a log; `sidecar` is in memory unless one is given."""

    def __init__(self, sidecar: Any = None, person: str = PERSON) -> None:
        self.sidecar = sidecar if sidecar is not None else Memory()
        self.person = person
        self.log = TaskLog(self.sidecar)

    async def do(self, command: Callable[[Workspace], Reply], **intent: Any) -> Outcome:
        return await self.log.execute(self.person, command, Intent(**intent))

    async def create(self, title: str = "A task", **fields: Any) -> UUID:
        """Create a task; return its id."""
        body = TaskCreate.model_validate({"title": title, **fields})
        return (await self.do(lambda work: decide.create(work, body))).reply.task or uuid7()

    async def patch(self, task_id: UUID, **fields: Any) -> Outcome:
        body = TaskPatch.model_validate(fields)
        return await self.do(lambda work: decide.update(work, task_id, body))

    async def complete(self, task_id: UUID) -> Outcome:
        return await self.do(lambda work: decide.complete(work, task_id))

    async def reopen(self, task_id: UUID) -> Outcome:
        return await self.do(lambda work: decide.reopen(work, task_id))

    async def delete(self, task_id: UUID) -> Outcome:
        return await self.do(lambda work: decide.delete(work, task_id))

    async def undo(self, change: UUID | None = None, **intent: Any) -> Outcome:
        return await undo_change(self.log, self.person, change, Intent(**intent))

    async def next(self, parent: UUID) -> Outcome:
        """Do what recurring-task does when it hears that `parent` was completed."""
        tasks = await self.tasks()
        task = tasks.rows[parent].task
        number = (task.occurrence or 1) + 1
        request = OccurrenceRequest(
            person=self.person,
            epoch=tasks.epoch,
            parent=parent,
            version=task.version,
            id=occurrence_id(task.series_id or uuid7(), number),
            occurrence=number,
            due=task.due or DueDate(date=task.created_at.date()),
        )
        return await self.do(lambda work: next_occurrence(work, request), actor="recurring-task")

    async def fire(self, trigger: ReminderTrigger) -> Outcome:
        return await self.do(lambda work: fire_reminder(work, trigger), actor="reminder")

    async def trigger(self, task_id: UUID, reminder: str = "r1") -> ReminderTrigger:
        """Return what the job of a reminder carries, as it is set now."""
        tasks = await self.tasks()
        seq = next(r.seq for r in tasks.rows[task_id].task.reminders if r.id == reminder)
        return ReminderTrigger(person=self.person, epoch=tasks.epoch, task=task_id, reminder=reminder, seq=seq)

    async def tasks(self) -> TaskList:
        return await self.log.read(self.person)

    async def task(self, task_id: UUID) -> Task | None:
        return (await self.tasks()).get(task_id)

    async def here(self, task_id: UUID) -> Task:
        """Return a task that has to be there."""
        task = await self.task(task_id)
        assert task is not None
        return task

    async def commits(self) -> list[Commit]:
        """Return the whole log."""
        folded = await self.log.synced(self.person)
        pages = [await self.log.commits(folded, n) for n in range(1, folded.page.number + 1)]
        return [commit for page in pages for commit in page]

    async def events(self) -> list[LogEvent]:
        return [event for commit in await self.commits() for event in commit.events]


def content(task: Task | None) -> dict[str, Any] | None:
    """Return what a person sees of a task: without its counters, and without when its reminders were set."""
    if task is None:
        return None
    document = task.model_dump(mode="json", exclude={"seq", "version", "updated_at"})
    document["reminders"] = [{k: v for k, v in r.items() if k != "seq"} for r in document["reminders"]]
    return document


def contents(tasks: TaskList) -> dict[UUID, Any]:
    """Return what a person sees of a list."""
    return {task_id: content(row.task) for task_id, row in tasks.rows.items()}


def state(tasks: TaskList) -> dict[str, Any]:
    """Return everything that a fold holds."""
    return {
        "epoch": tasks.epoch,
        "seq": tasks.seq,
        "rows": [(row.task, row.person_seq) for row in tasks.rows.values()],
        "deleted": tasks.deleted,
        "external": tasks.external,
        "profile": tasks.profile,
        "changes": [
            (i, [tuple(s) for s in c.spans], c.undone_by, c.undoes, c.partial) for i, c in tasks.changes.items()
        ],
        "keys": list(tasks.keys.items()),
    }


def every_seq(events: list[LogEvent]) -> bool:
    """Tell whether the events of a log are numbered from 1 without a gap."""
    return [event.seq for event in events] == list(range(1, len(events) + 1))
