"""What other services and the sidecar call; none of it can be reached through the gateway."""

import json
import logging
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from components.catalogue import BACKEND
from services.backend.api.acting import Log
from services.backend.api.answers import JSON, answer
from services.backend.api.events import read_slice
from services.backend.commit import Intent
from services.backend.erase import ERASE_JOB, Eraser, EraseTrigger
from services.backend.log import TaskLog
from services.backend.publication import REMINDER_JOB
from services.backend.row import Row
from services.backend.service_commands import (
    OccurrenceRequest,
    ReminderReport,
    ReminderTrigger,
    fire_reminder,
    next_occurrence,
    settle_reminder,
)
from services.backend.tasklist import TaskList
from services.backend.tokens import TokenDesk
from services.kit.identity import CallingService
from services.kit.metrics import REMINDER_LATENESS
from services.kit.problems import Problem, from_validation, invalid
from services.kit.task import Profile, ReminderStatus
from services.kit.tokens import Presented, TokenCaller

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)

SNAPSHOT_BYTES = 900_000


@router.get("/internal/log/{person}")
async def read_log(
    _: CallingService,
    tasks: Log,
    person: str,
    epoch: int = 0,
    since: int = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """Return the events after `since`, from the beginning where the epoch is another; 404 where there is no log."""
    folded = await tasks.synced(person)
    head = folded.tasks
    if not head.epoch:
        raise Problem(404, "This person has no log.")
    epoch_now, seq = head.epoch, head.seq
    start = since if epoch == epoch_now else 0
    events = await read_slice(tasks, folded, start, limit, lambda event: event.model_dump_json().encode())
    body = b'{"epoch":%d,"seq":%d,"events":[%b]}' % (epoch_now, seq, b",".join(events))
    return Response(body, media_type=JSON)


@router.get("/internal/snapshot/{person}")
async def read_snapshot(_: CallingService, tasks: Log, person: str, cursor: str = "") -> Response:
    """Return all tasks in parts of under 1 MB, by id; each says which state of the list it shows."""
    head = await tasks.read(person)
    rows = sorted((row for row in head.rows.values() if row.task.id.hex > cursor), key=lambda row: row.task.id.hex)
    shown: list[Row] = []
    size = 0
    for row in rows:
        size += len(row.body)
        if shown and size > SNAPSHOT_BYTES:
            break
        shown.append(row)
    more = shown[-1].task.id.hex if len(shown) < len(rows) else None
    tail = orjson.dumps({"epoch": head.epoch, "seq": head.seq, "next_cursor": more})[1:]
    return Response(b'{"tasks":[' + b",".join(row.body for row in shown) + b"]," + tail, media_type=JSON)


class PresentedToken(BaseModel):
    """A token that a service was called with: whose it says it is, and its hash."""

    person: str = Field(pattern=r"^[0-9a-f]{32}$")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


@router.post("/internal/tokens")
async def check_token(_: CallingService, request: Request, body: PresentedToken) -> TokenCaller:
    """Return whom a personal access token speaks for; 404 where it is not in force."""
    tokens: TokenDesk = request.app.state.tokens
    found = await tokens.check(Presented(body.person, body.digest))
    if found is None:
        raise Problem(404, "This token is not in force.")
    return found


class HeadsRequest(BaseModel):
    """The people whose heads are asked for."""

    people: list[str] = Field(max_length=200)


@router.post("/internal/heads")
async def read_heads(_: CallingService, tasks: Log, body: HeadsRequest) -> dict[str, dict[str, dict[str, int]]]:
    """Return how far each log has come; people without one are left out."""
    pages = await tasks.pages.open_pages(body.people)
    heads = {
        person: {"epoch": page.epoch, "seq": page.header.get("head", 0)}
        for person, page in pages.items()
        if "erased" not in page.header
    }
    return {"heads": heads}


@router.get("/internal/people/{person}")
async def read_profile(_: CallingService, tasks: Log, person: str) -> Profile:
    """Return what a service needs to speak to a person: zone and locale."""
    return (await tasks.read(person)).profile


@router.post("/internal/occurrences")
async def create_occurrence(caller: CallingService, tasks: Log, body: OccurrenceRequest) -> Response:
    """Create the next occurrence of a completed task, once, however often it is asked for."""
    await _same_epoch(tasks, body.person, body.epoch)
    outcome = await tasks.execute(body.person, lambda work: next_occurrence(work, body), Intent(actor=caller))
    return answer(outcome)


@router.post("/internal/reminders")
async def report_reminder(caller: CallingService, tasks: Log, body: ReminderReport) -> Response:
    """Take what became of a reminder that fell due."""
    await _same_epoch(tasks, body.person, body.epoch)
    await tasks.execute(body.person, lambda work: settle_reminder(work, body), Intent(actor=caller))
    return Response(status_code=204)


async def _same_epoch(tasks: TaskLog, person: str, epoch: int) -> None:
    if (await tasks.read(person)).epoch != epoch:
        raise Problem(404, "The log of that epoch was erased.")


@router.post("/job/{name}")
async def on_job(request: Request, tasks: Log, name: str) -> Response:
    """Take the trigger of a job: a reminder that falls due, or an erasure that goes on."""
    return await _run_job(request, tasks, name, await request.body())


class OperatorTrigger(BaseModel):
    """A job's name and data, as an operator gives them."""

    name: str
    data: dict[str, Any]


@router.post("/api/jobs/trigger")
async def trigger_job(request: Request, tasks: Log, body: OperatorTrigger) -> Response:
    """Do what a job's trigger does; for an operator, inside the cluster."""
    return await _run_job(request, tasks, body.name, json.dumps(body.data).encode())


async def _run_job(request: Request, tasks: TaskLog, name: str, data: bytes) -> Response:
    if "dapr-caller-app-id" in request.headers:
        raise Problem(403, "Triggers come from the sidecar itself or from an operator, not from another service.")
    try:
        if name.startswith(REMINDER_JOB.prefix):
            await _fire(tasks, ReminderTrigger.model_validate_json(data))
        elif name.startswith(ERASE_JOB.prefix):
            eraser: Eraser = request.app.state.eraser
            await eraser.erase(EraseTrigger.model_validate_json(data))
        else:
            raise invalid(
                "name",
                f"there is no job {name[:100]!r} here; names begin with {REMINDER_JOB.prefix} or {ERASE_JOB.prefix}",
            )
    except ValidationError as error:
        raise from_validation(error.errors()) from None
    return JSONResponse({"status": "done"})


async def _fire(tasks: TaskLog, trigger: ReminderTrigger) -> None:
    head = await tasks.read(trigger.person)
    if head.epoch != trigger.epoch:
        return
    outcome = await tasks.execute(trigger.person, lambda work: fire_reminder(work, trigger), Intent(actor=BACKEND))
    if outcome.change is not None:
        REMINDER_LATENESS.observe(_lateness(outcome.tasks, trigger))


def _lateness(tasks: TaskList, trigger: ReminderTrigger) -> float:
    task = tasks.get(UUID(str(trigger.task)))
    times = (
        [r.at for r in task.reminders if r.id == trigger.reminder and r.status is ReminderStatus.DUE] if task else []
    )
    return max(0.0, (datetime.now(UTC) - times[0]).total_seconds()) if times else 0.0
