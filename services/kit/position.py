"""Where a consumer stands in a person's log: what makes at-least-once delivery have its effect exactly once."""

from collections.abc import AsyncIterator
from enum import Enum, auto

from pydantic import BaseModel, Field

from components.catalogue import BACKEND
from services.kit.events import TaskEvent
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import Frozen

_BATCH = 500
_END = 2**53 - 1


class Verdict(Enum):
    """What an event is to a consumer that stands at some position."""

    NEXT = auto()
    OLD = auto()
    GAP = auto()


class Position(Frozen):
    """The last event whose effect is there, and the highest epoch that was erased (its events are dropped for ever)."""

    epoch: int = 0
    seq: int = 0
    erased: int = 0

    def judge(self, epoch: int, seq: int) -> Verdict:
        """Tell whether the event (epoch, seq) is the next one, an old one, or lies behind a gap."""
        if epoch <= self.erased or (epoch, seq) <= (self.epoch, self.seq):
            return Verdict.OLD
        expected = self.seq + 1 if epoch == self.epoch else 1
        return Verdict.NEXT if seq == expected else Verdict.GAP

    def at(self, epoch: int, seq: int) -> "Position":
        """Return the position after the event (epoch, seq)."""
        return Position(epoch=epoch, seq=seq, erased=self.erased)

    def without(self, epoch: int) -> "Position":
        """Return the position after every epoch up to `epoch` was erased."""
        erased = max(self.erased, epoch)
        return Position(erased=erased) if self.epoch <= erased else self.model_copy(update={"erased": erased})


class LogSlice(BaseModel):
    """The backend's answer to `GET /internal/log/{person}`: the current epoch, its head, events after `since`.

    Where the caller's epoch is not the current one, `events` starts at the beginning of the current one.
    """

    epoch: int
    seq: int
    events: list[TaskEvent] = Field(default_factory=list)


async def read_log(sidecar: Sidecar, person: str, epoch: int, since: int) -> AsyncIterator[TaskEvent]:
    """Yield a person's events after (epoch, since) from the backend's log, up to its head; none when it was erased."""
    while part := await _part(sidecar, person, epoch, since):
        for event in part.events:
            yield event
        if not part.events or part.events[-1].seq >= part.seq:
            return
        epoch, since = part.epoch, part.events[-1].seq


async def count_beyond(sidecar: Sidecar, person: str, position: Position) -> int:
    """Return how many events the backend's log has beyond a position; none where the log was erased."""
    part = await _part(sidecar, person, position.epoch, _END, limit=1)
    if part is None or part.epoch <= position.erased or part.epoch < position.epoch:
        return 0
    return max(0, part.seq - position.seq) if part.epoch == position.epoch else part.seq


async def _part(sidecar: Sidecar, person: str, epoch: int, since: int, limit: int = _BATCH) -> LogSlice | None:
    """Return the events after (epoch, since), at most `limit`; None where there is no log."""
    query = {"epoch": str(epoch), "since": str(since), "limit": str(limit)}
    answer = await sidecar.invoke(BACKEND, "GET", f"/internal/log/{person}", query=query)
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise SidecarError(f"the log of {person} cannot be read just now: {answer.status}")
    return LogSlice.model_validate_json(answer.body, extra="ignore")
