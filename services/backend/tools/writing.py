"""The tools that change a list; each change can be taken back with `undo`."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from services.backend import batch, decide
from services.backend.api import quick
from services.backend.api.answers import BatchAnswer, CompletedAnswer, TaskAnswer, document
from services.backend.api.changes import UndoAnswer
from services.backend.api.quick import QuickBody, QuickDraft
from services.backend.api.transfer import Format, ImportAnswer, read_file
from services.backend.changes import import_tasks as take_in
from services.backend.changes import preview_import, undo_change
from services.backend.imports import OnConflict
from services.backend.quick import Span
from services.backend.schemas import Description, ExternalId, Tags, TaskCreate, TaskPatch, Title, retagged
from services.backend.tasklist import Reply
from services.backend.tools.tool import Call, Changing, Tool
from services.backend.workspace import Workspace
from services.kit.problems import from_validation
from services.kit.task import Due, Frozen, Instant, Priority, Recurrence, Task
from services.kit.tokens import Scope

_M = TypeVar("_M", bound=BaseModel)


class ReminderFields(Frozen):
    """A reminder: at an instant, or so long before the due."""

    id: str | None = Field(default=None, min_length=1, max_length=64, description="of a reminder that is there already")
    before: str | None = Field(default=None, max_length=32, description="an ISO 8601 duration", examples=["P1D"])
    at: Instant | None = None


class AddTask(Changing):
    """A new task."""

    title: Title = Field(description="1 to 500 characters")
    description: Description = ""
    priority: Priority = Priority.NONE
    tags: Tags = ()
    due: Due | None = None
    recurrence: Recurrence | None = Field(default=None, description="needs a due")
    reminders: tuple[ReminderFields, ...] = Field(default=(), max_length=10)
    id: UUID | None = Field(default=None, description="one that is taken already returns the task that is there")
    external_id: ExternalId | None = Field(default=None, description="what another program knows the task by")


class QuickAdd(QuickBody, Changing):
    """One line of natural language, and the zone that its times are read in; without one, the person's."""

    dry_run: bool = Field(default=False, description="only tell what the line would make")


class Versioned(Changing):
    """Which task; with `version`, only if it is still at it."""

    id: UUID = Field(description="of the task, as list_tasks and search_tasks tell it")
    version: int | None = Field(default=None, description="refuse the change if the task has another version by now")

    @property
    def expected(self) -> frozenset[int] | None:
        """The versions that the change is meant for; None where any will do."""
        return None if self.version is None else frozenset({self.version})


class UpdateTask(Versioned):
    """The fields to change; null clears one. A due given alone moves this occurrence, not the series."""

    title: Title = Field(default="", description="1 to 500 characters")
    description: Description | None = None
    priority: Priority | None = None
    tags: Tags | None = Field(default=None, description="all tags that it is to have")
    due: Due | None = None
    recurrence: Recurrence | None = None
    reminders: tuple[ReminderFields, ...] | None = Field(default=None, description="all that it is to have")
    external_id: ExternalId | None = None


class TagTask(Versioned):
    """Tags to put on a task and tags to take off it; the others stay."""

    add: Tags = ()
    remove: tuple[str, ...] = Field(default=(), max_length=50, description="in any case; one it does not have is fine")


class SetReminders(Versioned):
    """All reminders that the task is to have; none clears them."""

    reminders: tuple[ReminderFields, ...] = Field(max_length=10)


class Batch(Changing):
    """Up to 500 operations, in their order, all or none; undone as one."""

    operations: tuple[batch.Operation, ...] = Field(min_length=1, max_length=batch.MAX_OPERATIONS)


class Undo(Changing):
    """The change to take back; without one, the latest that is not undone yet."""

    change: UUID | None = Field(default=None, description="the id that a change returned; without it the latest")


class ImportTasks(Changing):
    """The text of a file, and what becomes of tasks that are there already."""

    content: str = Field(min_length=1, max_length=1_000_000)
    format: Format = Format.JSON
    dry_run: bool = Field(default=False, description="only tell what would come of it")
    on_conflict: OnConflict = OnConflict.SKIP


async def add_task(call: Call, wanted: AddTask) -> dict[str, Any]:
    """Create a task."""
    body = _as(TaskCreate, wanted)
    return await call.act(lambda work: decide.create(work, body))


async def quick_add(call: Call, wanted: QuickAdd) -> dict[str, Any]:
    """Make a task from one line."""
    if wanted.dry_run:
        return quick.preview(wanted, (await call.tasks()).profile)
    return document(await call.log.execute(call.caller.person, quick.command(wanted), call.intent), nested=True)


async def update_task(call: Call, wanted: UpdateTask) -> dict[str, Any]:
    """Change the fields given."""
    body = _as(TaskPatch, wanted, leaving={"id"})
    return await call.act(lambda work: decide.update(work, wanted.id, body, wanted.expected))


async def complete_task(call: Call, wanted: Versioned) -> dict[str, Any]:
    """Complete a task."""
    return await call.act(lambda work: decide.complete(work, wanted.id, wanted.expected))


async def reopen_task(call: Call, wanted: Versioned) -> dict[str, Any]:
    """Undo a completion."""
    return await call.act(lambda work: decide.reopen(work, wanted.id, wanted.expected))


async def delete_task(call: Call, wanted: Versioned) -> dict[str, Any]:
    """Delete a task."""
    return await call.act(lambda work: decide.delete(work, wanted.id, wanted.expected))


async def tag_task(call: Call, wanted: TagTask) -> dict[str, Any]:
    """Put tags on a task and take some off it."""

    def command(work: Workspace) -> Reply:
        body = _patch(tags=retagged(work.need(wanted.id).tags, add=wanted.add, remove=wanted.remove))
        return decide.update(work, wanted.id, body, wanted.expected)

    return await call.act(command)


async def set_reminders(call: Call, wanted: SetReminders) -> dict[str, Any]:
    """Replace a task's reminders."""
    body = _as(TaskPatch, wanted, leaving={"id"})
    return await call.act(lambda work: decide.update(work, wanted.id, body, wanted.expected))


async def batch_tasks(call: Call, wanted: Batch) -> dict[str, Any]:
    """Carry out several operations."""
    return await call.act(lambda work: batch.run(work, wanted.operations))


async def undo(call: Call, wanted: Undo) -> dict[str, Any]:
    """Take back a change."""
    return document(await undo_change(call.log, call.caller.person, wanted.change, call.intent))


async def import_tasks(call: Call, wanted: ImportTasks) -> dict[str, Any]:
    """Take in a file."""
    tasks = await call.tasks()
    parsed = await read_file(wanted.format, wanted.content.encode(), tasks.profile)
    if wanted.dry_run:
        return {"change": None, "dry_run": True, **await preview_import(tasks, parsed, wanted.on_conflict)}
    return document(await take_in(call.log, call.caller.person, parsed, wanted.on_conflict, call.intent))


def _as(model: type[_M], wanted: Changing, *, leaving: Iterable[str] = ()) -> _M:
    """Return the arguments that were given as the body of the REST call; its 422 where they are none."""
    values = wanted.model_dump(exclude_unset=True, exclude={"idempotency_key", "version", *leaving})
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise from_validation(error.errors()) from None


def _patch(**values: object) -> TaskPatch:
    try:
        return TaskPatch.model_validate(values)
    except ValidationError as error:
        raise from_validation(error.errors()) from None


class QuickResult(BaseModel):
    """The task that was made, or would be, and the pieces of the line that were understood."""

    task: Task | QuickDraft
    spans: list[Span]
    change: UUID | None


class ChangeAnswer(BaseModel):
    """The change that was made; null where nothing changed."""

    change: UUID | None


_WRITE: Final = Scope.TASKS_WRITE
TOOLS: Final[tuple[Tool[Any], ...]] = (
    Tool(
        "add_task",
        "Add a task",
        "Create a task. A due is an instant with a zone, a floating local time, or a date.",
        AddTask,
        TaskAnswer,
        _WRITE,
        add_task,
    ),
    Tool(
        "quick_add",
        "Quick add",
        "Create a task from one line of English; dates, times, recurrence, !priority, #tags and reminders are read, "
        "and the rest is the title: pay rent every month on the 1st at 9am !high #home remind 1d before.",
        QuickAdd,
        QuickResult,
        _WRITE,
        quick_add,
    ),
    Tool(
        "update_task",
        "Update a task",
        "Change the fields given and leave the others; null clears one.",
        UpdateTask,
        TaskAnswer,
        _WRITE,
        update_task,
        is_destructive=True,
        is_idempotent=True,
    ),
    Tool(
        "complete_task",
        "Complete a task",
        "Complete a task; next_id names its next occurrence where it recurs.",
        Versioned,
        CompletedAnswer,
        _WRITE,
        complete_task,
        is_idempotent=True,
    ),
    Tool(
        "reopen_task",
        "Reopen a task",
        "Undo a completion; the next occurrence goes, unless somebody touched it.",
        Versioned,
        TaskAnswer,
        _WRITE,
        reopen_task,
        is_destructive=True,
        is_idempotent=True,
    ),
    Tool(
        "delete_task",
        "Delete a task",
        "Delete a task; undo brings it back.",
        Versioned,
        ChangeAnswer,
        _WRITE,
        delete_task,
        is_destructive=True,
        is_idempotent=True,
    ),
    Tool(
        "tag_task",
        "Tag a task",
        "Put tags on a task and take tags off it.",
        TagTask,
        TaskAnswer,
        _WRITE,
        tag_task,
        is_idempotent=True,
    ),
    Tool(
        "set_reminders",
        "Set reminders",
        "Replace the reminders of a task: each at an instant, or so long before its due.",
        SetReminders,
        TaskAnswer,
        _WRITE,
        set_reminders,
        is_destructive=True,
        is_idempotent=True,
    ),
    Tool(
        "batch_tasks",
        "Change many tasks",
        "Create, update, complete, reopen and delete up to 500 tasks in one change, all or none.",
        Batch,
        BatchAnswer,
        _WRITE,
        batch_tasks,
        is_destructive=True,
    ),
    Tool(
        "undo",
        "Undo",
        "Take back a change, or the person's latest that is not undone yet.",
        Undo,
        UndoAnswer,
        _WRITE,
        undo,
        is_destructive=True,
    ),
    Tool(
        "import_tasks",
        "Import tasks",
        "Take in the text of a file (json, ics or todo.txt); dry_run tells what would come of it.",
        ImportTasks,
        ImportAnswer,
        _WRITE,
        import_tasks,
        is_destructive=True,
    ),
)
