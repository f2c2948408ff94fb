"""Import and export: the whole list as a file, and files of other programs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.backend.api.acting import Acting, Log
from services.backend.api.answers import JSON, answer
from services.backend.changes import import_tasks, preview_import
from services.backend.imports import Action, OnConflict
from services.backend.transfer import FORMATS
from services.backend.transfer.parsed import Parsed
from services.backend.transfer.parsed import Problem as FileProblem
from services.kit.effort import limited
from services.kit.identity import Reading
from services.kit.problems import Problem, documented
from services.kit.queries import StrictRoute
from services.kit.task import Profile

router = APIRouter(prefix="/api/tasks", route_class=StrictRoute, tags=["import and export"])

MAX_FILE_BYTES = 32 * 1024 * 1024
_FILE_YEARS = 20_000


class Format(StrEnum):
    """The formats of files."""

    JSON = "json"
    ICS = "ics"
    TODO_TXT = "todo.txt"


class ImportedItem(BaseModel):
    """What becomes of one task of the file."""

    line: int | None
    title: str
    action: Action
    id: UUID


class ImportAnswer(BaseModel):
    """How many tasks were created, replaced and skipped, the first of them, and what could not be read."""

    change: UUID | None
    dry_run: bool = False
    created: int
    replaced: int
    skipped: int
    items: list[ImportedItem] = Field(description="the first 200")
    problems: list[FileProblem]
    problems_omitted: int


_TEXTS: dict[str, Any] = {
    codec.media_type.split(";")[0]: {"schema": {"type": "string", "format": "binary"}} for codec in FORMATS.values()
}
_TAKEN = _TEXTS | {JSON: {"schema": {}}}
_GIVEN = {"content": _TEXTS | {JSON: {"schema": {"type": "object"}}}, "description": "The file"}


@router.get(
    "/export",
    response_class=Response,
    responses={200: _GIVEN, **documented()},
)
async def export_tasks(
    caller: Reading, log: Log, file_format: Annotated[Format, Query(alias="format")] = Format.JSON
) -> Response:
    """Export the whole list, completed tasks too; JSON loses nothing."""
    tasks = await log.read(caller.person)
    codec = FORMATS[file_format.value]
    pieces = codec.write([row.task for row in tasks.rows.values()], tasks.profile)
    headers = {"Content-Disposition": f'attachment; filename="{codec.file_name}"'}
    return StreamingResponse(pieces, headers=headers, media_type=codec.media_type)


@router.post(
    "/import",
    responses={200: {"model": ImportAnswer}, **documented(413)},
    openapi_extra={"requestBody": {"content": _TAKEN}},
)
async def import_file(
    request: Request,
    acting: Acting,
    file_format: Annotated[Format, Query(alias="format")] = Format.JSON,
    dry_run: bool = False,
    on_conflict: OnConflict = OnConflict.SKIP,
) -> Response:
    """Import a file, the request's body (at most 32 MB); `dry_run=true` shows what would come of it.

    Not atomic, but resumable: asked again under the same Idempotency-Key it goes on, and undo takes all of it back.
    """
    data = await request.body()
    if len(data) > MAX_FILE_BYTES:
        raise Problem(413, f"A file may have at most {MAX_FILE_BYTES} bytes.")
    tasks = await acting.log.read(acting.person)
    parsed = await read_file(file_format, data, tasks.profile)
    if dry_run:
        report = {"change": None, "dry_run": True, **await preview_import(tasks, parsed, on_conflict)}
        return Response(orjson.dumps(report), media_type=JSON)
    return answer(await import_tasks(acting.log, acting.person, parsed, on_conflict, acting.intent))


async def read_file(file_format: Format, data: bytes, profile: Profile) -> Parsed:
    """Return what a file holds, read beside the calls of others."""
    return await asyncio.to_thread(_bounded, FORMATS[file_format.value].read, data, profile)


def _bounded(read: Callable[[bytes, Profile, datetime], Parsed], data: bytes, profile: Profile) -> Parsed:
    with limited(years=_FILE_YEARS):
        return read(data, profile, datetime.now(UTC))
