"""The log itself over HTTP: what a client that keeps a copy of the tasks asks for where it can hold no WebSocket.

The cursor is that of the WebSocket, so that a client may change from one to the other and miss or repeat nothing.
"""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from services.backend.api.acting import Log
from services.backend.api.answers import JSON, is_known
from services.backend.api.tasks import IfNoneMatch
from services.backend.folding import Folded
from services.backend.log import TaskLog
from services.backend.publication import task_events
from services.kit.events import EventType, TaskEvent
from services.kit.identity import Reading
from services.kit.problems import Problem, documented
from services.kit.queries import StrictRoute
from services.kit.task import Profile, Task

router = APIRouter(prefix="/api", route_class=StrictRoute, tags=["changes"])

SLICE_BYTES: Final = 2_000_000
_MOST: Final = 500
_SHOWN: Final = {"seq", "type", "task", "key", "change", "at", "actor"}

Place = Annotated[int, Query(ge=0, lt=2**53)]


class LogEntry(BaseModel):
    """An event of the log, as the WebSocket tells it. `task` is as it is after the event, or last was when deleted."""

    seq: int = Field(ge=1)
    type: EventType
    task: Task | None
    key: str | None = Field(description="the Idempotency-Key of the request that caused it")
    change: UUID
    at: AwareDatetime
    actor: str
    profile: Profile | None = None
    reminder: str | None = None


class EventsAnswer(BaseModel):
    """Events that follow the caller's cursor without a gap. `seq` is where the log ends: ask on until it is reached."""

    epoch: int
    seq: int
    events: list[LogEntry]


@router.get(
    "/events", responses={200: {"model": EventsAnswer}, 304: {"description": "Nothing is new"}, **documented(410)}
)
async def read_events(
    caller: Reading,
    log: Log,
    epoch: Place = 0,
    since: Place = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Read the caller's log on from a cursor: the events after `since`, at most `limit` and about 2 MB.

    `epoch` and `since` are those that `GET /api/tasks` or this call answered, or the WebSocket told. The ETag is
    `"{epoch}-{seq}"` of the log's end: who stands there gets 304 for it. 410 where the log does not go on from the
    cursor: read all tasks anew (`GET /api/tasks?status=all`), and go on from the `epoch` and `seq` of the first page.
    """
    folded = await log.synced(caller.person)
    end = (folded.tasks.epoch, folded.tasks.seq)
    if epoch != end[0] or since > end[1]:
        raise Problem(
            410,
            "The log does not go on from this cursor: read the list anew, GET /api/tasks?status=all, and go on from "
            "the epoch and seq of its first page.",
        )
    headers = {"ETag": f'"{end[0]}-{end[1]}"', "Cache-Control": "private, no-cache"}
    if is_known(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    events = await read_slice(log, folded, since, limit, _shown) if since < end[1] else []
    body = b'{"epoch":%d,"seq":%d,"events":[%b]}' % (*end, b",".join(events))
    return Response(body, headers=headers, media_type=JSON)


async def read_slice(
    log: TaskLog, folded: Folded, since: int, limit: int, render: Callable[[TaskEvent], bytes]
) -> list[bytes]:
    """Return the events after `since`, each as `render` writes it: at most `limit`, and no more once 2 MB are full."""
    tasks = folded.tasks
    person, epoch = tasks.person, tasks.epoch
    events: list[bytes] = []
    size = 0
    async for commits in log.after(folded, since):
        for event in (event for commit in commits for event in task_events(person, epoch, commit, since)):
            if len(events) >= limit or size >= SLICE_BYTES:
                return events
            events.append(render(event))
            size += len(events[-1])
    return events


def _shown(event: TaskEvent) -> bytes:
    optional = {name for name in ("profile", "reminder") if getattr(event, name) is not None}
    return event.model_dump_json(include=_SHOWN | optional).encode()
