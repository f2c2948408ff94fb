"""Batches: several operations decided on one workspace, all or none."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.backend import decide
from services.backend.schemas import TaskCreate, TaskPatch
from services.backend.tasklist import Reply
from services.backend.workspace import Workspace
from services.kit.effort import limited
from services.kit.problems import FieldError, Problem
from services.kit.task import Frozen

MAX_OPERATIONS = 500
YEARS = 2_000  # that its rules may be worked out for, in all


class CreateOperation(Frozen):
    """Create a task."""

    op: Literal["create"]
    task: TaskCreate


class UpdateOperation(Frozen):
    """Change the fields given; with `version`, only if the task is still at it."""

    op: Literal["update"]
    id: UUID
    task: TaskPatch
    version: int | None = None


class StatusOperation(Frozen):
    """Complete, reopen or delete a task; with `version`, only if it is still at it."""

    op: Literal["complete", "reopen", "delete"]
    id: UUID
    version: int | None = None


Operation = Annotated[CreateOperation | UpdateOperation | StatusOperation, Field(discriminator="op")]


class BatchRequest(Frozen):
    """Up to 500 operations, carried out in their order in one commit."""

    operations: tuple[Operation, ...] = Field(min_length=1, max_length=MAX_OPERATIONS)


def run(work: Workspace, operations: Sequence[Operation]) -> Reply:
    """Carry out the operations; a refusal names the first that was refused by its index, and nothing is done."""
    results = []
    with limited(years=YEARS):
        for index, operation in enumerate(operations):
            try:
                before = work.next_seq
                reply = _one(work, operation)
                shown = work.get(reply.task) if reply.task and work.next_seq == before else None
                results.append(reply.model_copy(update={"upto": work.next_seq - 1, "shown": shown}))
            except Problem as problem:
                raise _at(index, problem) from None
    return Reply(status=200, results=tuple(results))


def _one(work: Workspace, operation: Operation) -> Reply:
    if isinstance(operation, CreateOperation):
        return decide.create(work, operation.task)
    expected = None if operation.version is None else frozenset({operation.version})
    if isinstance(operation, UpdateOperation):
        return decide.update(work, operation.id, operation.task, expected)
    command = {"complete": decide.complete, "reopen": decide.reopen, "delete": decide.delete}[operation.op]
    reply = command(work, operation.id, expected)
    return reply if reply.task else reply.model_copy(update={"extra": {"id": str(operation.id)}})


def _at(index: int, problem: Problem) -> Problem:
    prefix = f"operations.{index}"
    errors = [FieldError(field=f"{prefix}.{e.field}", message=e.message) for e in problem.errors]
    errors = errors or [FieldError(field=prefix, message=problem.detail)]
    extensions = problem.extensions | {"index": index}
    return Problem(problem.status, f"{prefix}: {problem.detail}", errors=errors, **extensions)
