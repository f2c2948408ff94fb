"""Batch and undo: changes of many tasks, and taking one back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.backend import batch
from services.backend.api.acting import Acting
from services.backend.api.answers import BatchAnswer, answer
from services.backend.changes import undo_change
from services.kit.problems import documented
from services.kit.queries import StrictRoute
from services.kit.task import Frozen

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["changes"])


class UndoBody(Frozen):
    """The change to take back; without one, the caller's latest that is not undone yet."""

    change: UUID | None = None


class UndoAnswer(BaseModel):
    """The change that the undo is, the one that it took back, and the tasks that it gave another state."""

    change: UUID | None
    undone: UUID
    tasks: list[UUID] = Field(description="ids")


@router.post("/tasks/batch", responses={200: {"model": BatchAnswer}, **documented(400, 404, 409, 412, 413)})
async def batch_tasks(acting: Acting, body: batch.BatchRequest) -> Response:
    """Carry out up to 500 operations in one commit, all or none; a refusal names the operation by its `index`."""
    return await acting.act(lambda work: batch.run(work, body.operations))


@router.post("/undo", responses={200: {"model": UndoAnswer}, **documented(400, 409, 413)})
async def undo(acting: Acting, body: Annotated[UndoBody | None, Body()] = None) -> Response:
    """Take back a change; 409, naming them, where tasks of it changed since."""
    wanted = body.change if body else None
    return answer(await undo_change(acting.log, acting.person, wanted, acting.intent))
