"""From a completed task to the request for its next occurrence: each event once, in its order, without a gap."""

import asyncio
import logging
from typing import Any, Final
from weakref import WeakValueDictionary

from pydantic import ValidationError

from components.catalogue import BACKEND
from services.kit.consumer import Poisoned, shape
from services.kit.events import EventType, TaskEvent
from services.kit.ids import occurrence_id
from services.kit.position import Verdict, read_log
from services.kit.recurrence import next_due
from services.kit.sidecar import Sidecar, SidecarError
from services.recurring_task.metrics import GAPS, OCCURRENCES
from services.recurring_task.standing import Standing, Standings

log = logging.getLogger(__name__)

# 404 and 409: the person, the task or its completion is gone, or the occurrence was deleted; nobody wants it any more.
_OUTCOMES: Final = {201: "created", 200: "there", 404: "gone", 409: "refused"}
_UNREADABLE: Final = (400, 413, 422)


def occurrence_request(event: TaskEvent, time_zone: str) -> dict[str, Any] | None:
    """Return the body of `POST /internal/occurrences` that an event calls for; None where it calls for none.

    ValueError where the task's rule or date cannot be read.
    """
    task = event.task
    if event.type is not EventType.COMPLETED or task is None or task.recurrence is None or task.series_id is None:
        return None
    nominal, number = task.nominal or task.due, task.occurrence or 1
    if nominal is None:
        return None
    due = next_due(task.recurrence, nominal, number, task.completed_at or event.at, time_zone)
    if due is None:
        return None
    return {
        "person": event.person,
        "epoch": event.epoch,
        "parent": str(task.id),
        "version": task.version,
        "id": str(occurrence_id(task.series_id, number + 1)),
        "occurrence": number + 1,
        "due": due.model_dump(mode="json"),
    }


class Occurrences:
    """Takes the events of `task-events`."""

    def __init__(self, sidecar: Sidecar, standings: Standings) -> None:
        self._sidecar = sidecar
        self._standings = standings
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, event: TaskEvent) -> None:
        """Handle an event after those that lie before it; one that was handled changes nothing.

        SidecarError where it cannot be handled now, Poisoned where it, or one in the gap before it, never can.
        """
        async with self.lock(event.person):
            standing = await self._standings.get(event.person)
            verdict = standing.position.judge(event.epoch, event.seq)
            if verdict is Verdict.NEXT:
                await self._handle(event, standing)
            elif verdict is Verdict.GAP:
                await self._fill(event, standing)

    async def erase(self, person: str, epoch: int) -> None:
        """Forget a person up to `epoch`; events of it that come later are dropped."""
        async with self.lock(person):
            await self._standings.erase(person, epoch)

    def lock(self, person: str) -> asyncio.Lock:
        """Return the lock under which a person's standing changes."""
        return self._locks.setdefault(person, asyncio.Lock())

    async def _handle(self, event: TaskEvent, standing: Standing) -> Standing:
        after = standing.after(event)
        try:
            request = occurrence_request(event, after.time_zone)
            if request is not None:
                await self._ask(request)
        except (Poisoned, ValueError) as error:
            self._standings.put(event.person, after)
            raise Poisoned(f"no next occurrence for {event.id}: {error}") from error
        self._standings.put(event.person, after)
        return after

    async def _fill(self, event: TaskEvent, standing: Standing) -> None:
        """Handle what the backend's log has after the standing. The log is the truth: an event it lacks is dropped."""
        position = standing.position
        log.info("filling the gap after %d:%d before %s", position.epoch, position.seq, event.id)
        GAPS.inc()
        poisoned: list[str] = []
        try:
            async for missed in read_log(self._sidecar, event.person, position.epoch, position.seq):
                if standing.position.judge(missed.epoch, missed.seq) is Verdict.OLD:
                    continue
                try:
                    standing = await self._handle(missed, standing)
                except Poisoned as error:
                    poisoned.append(str(error))
                    standing = standing.after(missed)
        except ValidationError as error:
            poisoned.append(f"the log before {event.id} cannot be read: {shape(error)}")
            if standing.position.judge(event.epoch, event.seq) is not Verdict.OLD:
                standing = await self._handle(event, standing)
        if poisoned:
            raise Poisoned("; ".join(poisoned))
        if standing.position.judge(event.epoch, event.seq) is not Verdict.OLD:
            log.warning("dropped %s, which the log does not have", event.id)

    async def _ask(self, request: dict[str, Any]) -> None:
        reply = await self._sidecar.invoke(BACKEND, "POST", "/internal/occurrences", body=request)
        if reply.status in _UNREADABLE:
            raise Poisoned(f"the backend cannot read the request: {reply.status} {reply.body[:500]!r}")
        if reply.status not in _OUTCOMES:
            raise SidecarError(f"the backend cannot make the occurrence now: {reply.status}")
        OCCURRENCES.labels(_OUTCOMES[reply.status]).inc()
        log.info("occurrence %s of %s: %s", request["id"], request["parent"], _OUTCOMES[reply.status])
