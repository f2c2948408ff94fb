"""The tools that read a list."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, Field

from services.backend.api.answers import ListAnswer, listing
from services.backend.api.me import Me
from services.backend.api.occurrences import OccurrencesAnswer, OccurrencesBody, of_rule, of_task
from services.backend.api.tasks import TagsAnswer
from services.backend.api.transfer import Format
from services.backend.query import Query, run, tag_counts
from services.backend.tools.tool import Arguments, Call, Tool
from services.backend.transfer import FORMATS
from services.backend.views import Sort, StatusFilter
from services.kit.problems import Problem
from services.kit.task import Instant, Priority, ReminderStatus, Status, Task
from services.kit.tokens import Scope

MAX_EXPORT: Final = 1_000_000


class Page(Arguments):
    """Which part of a list to return."""

    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=4000, description="next_cursor of the page before")


class ListTasks(Page):
    """Filters, order and page of a list."""

    q: str = Field(default="", max_length=500, description="words, in title, description and tags")
    status: StatusFilter = StatusFilter.OPEN
    priority: list[Priority] = Field(default=[], description="any of these")
    tags: list[str] = Field(default=[], max_length=50, description="all of these")
    due_before: Instant | None = None
    due_after: Instant | None = None
    overdue: bool = Field(default=False, description="only open tasks whose due has passed")
    sort: Sort = Field(default=Sort.DUE, description="a missing due date comes last; - before it turns it round")


class SearchTasks(Page):
    """Words to look for."""

    q: str = Field(min_length=1, max_length=500, description="all of these words, in title, description and tags")
    status: StatusFilter = StatusFilter.ALL


class TaskId(Arguments):
    """Which task."""

    id: UUID = Field(description="of the task, as list_tasks and search_tasks tell it")


class TaskOccurrences(TaskId):
    """Which task's rule, and how many dates."""

    count: int = Field(default=5, ge=1, le=100)


class RuleOccurrences(OccurrencesBody, Arguments):
    """A rule that is not saved, the due that it begins at, and how many dates."""


class UpcomingReminders(Arguments):
    """Until when, and how many at most."""

    until: Instant | None = None
    limit: int = Field(default=50, ge=1, le=500)


class UpcomingReminder(BaseModel):
    """A reminder that lies ahead, and the task that it belongs to."""

    task: UUID
    title: str
    reminder: str
    at: AwareDatetime
    before: str | None


class RemindersAnswer(BaseModel):
    """Reminders, the next one first."""

    items: list[UpcomingReminder]
    total: int


class ExportTasks(Arguments):
    """In which format: json loses nothing, ics is iCalendar."""

    format: Format = Format.JSON


class ExportAnswer(BaseModel):
    """The whole list as the text of a file."""

    file_name: str
    media_type: str
    content: str


async def list_tasks(call: Call, wanted: ListTasks) -> dict[str, Any]:
    """Return a page of the list."""
    query = Query(
        q=wanted.q,
        status=wanted.status,
        priority=frozenset(wanted.priority),
        tags=frozenset(wanted.tags),
        due_before=wanted.due_before,
        due_after=wanted.due_after,
        overdue=wanted.overdue,
        sort=wanted.sort,
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
    return await found(call, query)


async def found(call: Call, query: Query) -> dict[str, Any]:
    """Return the page of the caller's list that a query asks for."""
    tasks = await call.tasks()
    page: dict[str, Any] = orjson.loads(listing(tasks, run(tasks, query, datetime.now(UTC))))
    return page


async def search_tasks(call: Call, wanted: SearchTasks) -> dict[str, Any]:
    """Return the tasks that the words are found in, those changed last first."""
    sort = Sort.UPDATED_DESCENDING
    query = Query(q=wanted.q, status=wanted.status, sort=sort, limit=wanted.limit, cursor=wanted.cursor)
    return await found(call, query)


async def get_task(call: Call, wanted: TaskId) -> dict[str, Any]:
    """Return one task."""
    row = (await call.tasks()).rows.get(wanted.id)
    if row is None:
        raise Problem(404, f"There is no task {wanted.id}.")
    task: dict[str, Any] = orjson.loads(row.body)
    return task


async def list_tags(call: Call, _: Arguments) -> dict[str, Any]:
    """Return the tags of the open tasks with their counts."""
    return {"items": [{"tag": tag, "count": count} for tag, count in tag_counts(await call.tasks())]}


async def list_occurrences(call: Call, wanted: TaskOccurrences) -> dict[str, Any]:
    """Return the next dates of a task's rule."""
    return of_task(await call.tasks(), wanted.id, wanted.count).model_dump(mode="json")


async def preview_occurrences(call: Call, wanted: RuleOccurrences) -> dict[str, Any]:
    """Return the next dates of a rule."""
    return of_rule(await call.tasks(), wanted).model_dump(mode="json")


async def list_reminders(call: Call, wanted: UpcomingReminders) -> dict[str, Any]:
    """Return the reminders of open tasks that lie ahead."""
    upcoming = sorted(
        (
            UpcomingReminder(task=row.task.id, title=row.task.title, reminder=r.id, at=r.at, before=r.before)
            for row in (await call.tasks()).rows.values()
            for r in (row.task.reminders if row.task.status is Status.OPEN else ())
            if r.status is ReminderStatus.SCHEDULED and (wanted.until is None or r.at <= wanted.until)
        ),
        key=lambda reminder: reminder.at,
    )
    return RemindersAnswer(items=upcoming[: wanted.limit], total=len(upcoming)).model_dump(mode="json")


async def export_tasks(call: Call, wanted: ExportTasks) -> dict[str, Any]:
    """Return the whole list as a file's text; 413 for one that is better fetched by the REST call."""
    tasks = await call.tasks()
    codec = FORMATS[wanted.format.value]
    content = b""
    for piece in codec.write([row.task for row in tasks.rows.values()], tasks.profile):
        content += piece
        if len(content) > MAX_EXPORT:
            raise Problem(413, f"The file has more than {MAX_EXPORT} bytes; fetch it with GET /api/tasks/export.")
    return {"file_name": codec.file_name, "media_type": codec.media_type, "content": content.decode()}


async def who_am_i(call: Call, _: Arguments) -> dict[str, Any]:
    """Return who is calling."""
    profile = (await call.tasks()).profile
    return Me(**call.caller.model_dump(), **profile.model_dump()).model_dump(mode="json")


_READ: Final = Scope.TASKS_READ
TOOLS: Final[tuple[Tool[Any], ...]] = (
    Tool(
        "list_tasks",
        "List tasks",
        "List the person's tasks, filtered and in order; open ones by due date unless asked otherwise.",
        ListTasks,
        ListAnswer,
        _READ,
        list_tasks,
    ),
    Tool(
        "search_tasks",
        "Search tasks",
        "Find tasks by words, open and completed; case and accents do not matter.",
        SearchTasks,
        ListAnswer,
        _READ,
        search_tasks,
    ),
    Tool("get_task", "Get a task", "Read one task by its id.", TaskId, Task, _READ, get_task),
    Tool(
        "list_tags",
        "List tags",
        "List the tags of the open tasks with counts.",
        Arguments,
        TagsAnswer,
        _READ,
        list_tags,
    ),
    Tool(
        "list_reminders",
        "List reminders",
        "List the reminders that lie ahead, the next one first.",
        UpcomingReminders,
        RemindersAnswer,
        _READ,
        list_reminders,
    ),
    Tool(
        "list_occurrences",
        "List the next dates of a task",
        "List the next dates of a recurring task's rule; none where the task does not recur.",
        TaskOccurrences,
        OccurrencesAnswer,
        _READ,
        list_occurrences,
    ),
    Tool(
        "preview_occurrences",
        "Preview a rule",
        "List the next dates of an RFC 5545 rule before a task with it is saved.",
        RuleOccurrences,
        OccurrencesAnswer,
        _READ,
        preview_occurrences,
    ),
    Tool(
        "export_tasks",
        "Export tasks",
        "Return the whole list, completed tasks too, as the text of a file: json, ics or todo.txt.",
        ExportTasks,
        ExportAnswer,
        _READ,
        export_tasks,
    ),
    Tool("who_am_i", "Who am I", "Tell whose list it is, in which time zone.", Arguments, Me, _READ, who_am_i),
)
