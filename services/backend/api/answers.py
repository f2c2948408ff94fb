"""What the calls answer: the models of the contract, and the bytes that follow from an outcome."""

import hashlib
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.backend.commit import Outcome
from services.backend.query import Found
from services.backend.tasklist import Reply, TaskList
from services.kit.problems import Problem
from services.kit.task import Task

JSON = "application/json"


class TaskAnswer(Task):
    """A task, and the change that was made of it (null where nothing changed)."""

    change: UUID | None = None


class CompletedAnswer(TaskAnswer):
    """A task, its change, and the id of its next occurrence where it recurs."""

    next_id: UUID | None = None


class ListAnswer(BaseModel):
    """A page of a list. `total` counts all tasks that match; `epoch` and `seq` say which state of the list it shows."""

    items: list[Task]
    next_cursor: str | None = Field(description="where the next page begins; null on the last")
    total: int
    epoch: int
    seq: int


class BatchResult(BaseModel):
    """What one operation came to; `task` is null for a deletion."""

    status: int
    id: UUID
    task: Task | None = None
    next_id: UUID | None = None


class BatchAnswer(BaseModel):
    """One result for each operation, in their order, and the change that all of them are."""

    change: UUID | None
    results: list[BatchResult]


def _shown(outcome: Outcome, reply: Reply, task_id: UUID) -> Task:
    """Return a task as a reply shows it: after its events, or as it was where there were none."""
    if reply.shown is not None:
        return reply.shown
    upto = reply.upto
    for event in reversed(outcome.commit.events if outcome.commit else ()):
        if event.task is not None and event.task.id == task_id and (upto is None or event.seq <= upto):
            return event.task
    task = outcome.tasks.get(task_id)
    if task is None:
        raise Problem(404, f"There is no task {task_id}.")
    return task


def answer(outcome: Outcome, *, nested: bool = False) -> Response:
    """Return the response for what a command came to; a repeat under the same key gets the same.

    `nested` shows the task as the member `task`, where more is told beside it.
    """
    reply, change = outcome.reply, outcome.change
    headers = {"X-Change-Id": str(change)} if change else {}
    if reply.status == 204:
        return Response(status_code=204, headers=headers)
    members = document(outcome, nested=nested)
    if reply.task is not None:
        task = members["task"] if nested else members
        headers["ETag"] = f'"{task["version"]}"'
        if reply.status == 201:
            headers["Location"] = f"/api/tasks/{task['id']}"
    return Response(orjson.dumps(members), reply.status, headers, media_type=JSON)


def document(outcome: Outcome, *, nested: bool = False) -> dict[str, Any]:
    """Return the members of the answer to what a command came to: the task, results, extras, and the change."""
    reply, change = outcome.reply, outcome.change
    members: dict[str, Any] = {"change": str(change) if change else None}
    if reply.task is not None:
        task = _shown(outcome, reply, reply.task).model_dump(mode="json")
        members |= {"task": task} if nested else task
    if reply.results is not None:
        members["results"] = [_result(outcome, result) for result in reply.results]
    return members | reply.extra


def _result(outcome: Outcome, reply: Reply) -> dict[str, Any]:
    if reply.task is None:
        return {"status": reply.status, "task": None, **reply.extra}
    task = _shown(outcome, reply, reply.task).model_dump(mode="json")
    return {"status": reply.status, "id": str(reply.task), "task": task, **reply.extra}


def listing(tasks: TaskList, found: Found) -> bytes:
    """Return the body of a list, put together from the tasks' own bytes."""
    tail = {"next_cursor": found.next_cursor, "total": found.total, "epoch": tasks.epoch, "seq": tasks.seq}
    items = b",".join(row.body for row in found.rows)
    return b'{"items":[' + items + b"]," + orjson.dumps(tail)[1:]


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Tell whether `If-None-Match` names an ETag."""
    given = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return etag in given or "*" in given


def conditional(body: bytes, if_none_match: str | None) -> Response:
    """Return the body with its ETag, or 304 where the caller has it already."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSON)
