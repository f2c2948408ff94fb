"""Tasks: list, read, write."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from services.backend import decide
from services.backend.api.acting import Acting, Expected, Log
from services.backend.api.answers import (
    JSON,
    CompletedAnswer,
    ListAnswer,
    TaskAnswer,
    conditional,
    is_known,
    listing,
)
from services.backend.query import Query as ListQuery
from services.backend.query import run, tag_counts
from services.backend.schemas import Tags, TaskCreate, TaskPatch
from services.backend.views import Sort, StatusFilter
from services.kit.identity import Reading
from services.kit.problems import Problem, documented
from services.kit.queries import StrictRoute
from services.kit.task import Frozen, Instant, Priority, Task

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["tasks"])

IfNoneMatch = Annotated[str | None, Header(description="The ETag of what the caller has: 304 where it still holds")]


class TagsBody(Frozen):
    """All tags that a task is to have."""

    tags: Tags


@router.get("/tasks", responses={200: {"model": ListAnswer}, 304: {"description": "Unchanged"}, **documented()})
async def list_tasks(
    caller: Reading,
    log: Log,
    q: Annotated[str, Query(max_length=500, description="words, in title, description and tags")] = "",
    status: StatusFilter = StatusFilter.OPEN,
    priority: Annotated[list[Priority] | None, Query(description="any of these")] = None,
    tag: Annotated[list[str] | None, Query(description="all of these", max_length=50)] = None,
    due_before: Instant | None = None,
    due_after: Instant | None = None,
    overdue: bool = False,
    sort: Annotated[Sort, Query(description="a missing due date comes last")] = Sort.CREATED,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the caller's tasks: search, filter, sort, page."""
    query = ListQuery(
        q=q,
        status=status,
        priority=frozenset(priority or ()),
        tags=frozenset(tag or ()),
        due_before=due_before,
        due_after=due_after,
        overdue=overdue,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    tasks = await log.read(caller.person)
    return conditional(listing(tasks, run(tasks, query, datetime.now(UTC))), if_none_match)


@router.post(
    "/tasks",
    status_code=201,
    responses={201: {"model": TaskAnswer}, 200: {"model": TaskAnswer}, **documented(400, 409, 413)},
)
async def create_task(acting: Acting, body: TaskCreate) -> Response:
    """Create a task. One whose `id` is taken already is answered 200 with the task that is there."""
    return await acting.act(lambda work: decide.create(work, body))


@router.get("/tasks/{task_id}", responses={200: {"model": Task}, 304: {"description": "Unchanged"}, **documented(404)})
async def get_task(caller: Reading, log: Log, task_id: UUID, if_none_match: IfNoneMatch = None) -> Response:
    """Read one task; its ETag is its version."""
    row = (await log.read(caller.person)).rows.get(task_id)
    if row is None:
        raise Problem(404, f"There is no task {task_id}.")
    etag = f'"{row.task.version}"'
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(row.body, headers={"ETag": etag, "Cache-Control": "private, no-cache"}, media_type=JSON)


@router.patch("/tasks/{task_id}", responses={200: {"model": TaskAnswer}, **documented(400, 404, 409, 412, 413)})
async def update_task(acting: Acting, task_id: UUID, body: TaskPatch, expected: Expected) -> Response:
    """Change the fields given; null clears one. A due given alone moves this occurrence, not the series."""
    return await acting.act(lambda work: decide.update(work, task_id, body, expected))


@router.delete("/tasks/{task_id}", status_code=204, response_class=Response, responses=documented(404, 412))
async def delete_task(acting: Acting, task_id: UUID, expected: Expected) -> Response:
    """Delete a task."""
    return await acting.act(lambda work: decide.delete(work, task_id, expected))


@router.post("/tasks/{task_id}/complete", responses={200: {"model": CompletedAnswer}, **documented(404, 412)})
async def complete_task(acting: Acting, task_id: UUID, expected: Expected) -> Response:
    """Complete a task; `next_id` names its next occurrence, which is there within a second."""
    return await acting.act(lambda work: decide.complete(work, task_id, expected))


@router.post("/tasks/{task_id}/reopen", responses={200: {"model": TaskAnswer}, **documented(404, 412)})
async def reopen_task(acting: Acting, task_id: UUID, expected: Expected) -> Response:
    """Undo a completion; the next occurrence goes, unless somebody touched it."""
    return await acting.act(lambda work: decide.reopen(work, task_id, expected))


@router.put("/tasks/{task_id}/tags", responses={200: {"model": TaskAnswer}, **documented(400, 404, 412)})
async def replace_tags(acting: Acting, task_id: UUID, body: TagsBody, expected: Expected) -> Response:
    """Replace a task's tags."""
    return await acting.act(lambda work: decide.update(work, task_id, TaskPatch(tags=body.tags), expected))


class TagCount(Frozen):
    """A tag, and how many open tasks have it."""

    tag: str
    count: int


class TagsAnswer(Frozen):
    """The tags of the open tasks, most used first."""

    items: list[TagCount]


@router.get("/tags", responses=documented())
async def list_tags(caller: Reading, log: Log) -> TagsAnswer:
    """List the tags in use with their counts."""
    tasks = await log.read(caller.person)
    return TagsAnswer(items=[TagCount(tag=tag, count=count) for tag, count in tag_counts(tasks)])
