"""A person's tasks as the fold of their log: what commands are decided against and lists are read from.

`apply` is the only thing that changes a list, one commit at a time and in order; it touches nothing outside.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.backend.row import Row
from services.backend.views import Views
from services.kit.events import EventType, TokenInfo
from services.kit.task import Frozen, Profile, Task

KEY_HOURS: Final = 24
CHANGES_KEPT: Final = 200
PERSON: Final = "person"


class LogEvent(Frozen):
    """An event as the log holds it; what it shares with its commit stands there.

    `withdrawn` marks a deletion that took back what a service had made: its id may be made again. `replaces` is the
    seq of the person's event that the task's former state came from, `restores` that of the one that an undo went
    back to.
    """

    seq: int
    type: EventType
    task: Task | None = None
    profile: Profile | None = None
    token: TokenInfo | None = None
    was: dict[str, Any] = Field(default_factory=dict)
    reminder: str | None = None
    withdrawn: bool = False
    replaces: int = 0
    restores: int | None = None

    @property
    def stands(self) -> int:
        """The seq of the person's event that the task's state comes from, once this event of theirs is applied."""
        if self.withdrawn:
            return 0
        return self.seq if self.restores is None else self.restores


class Reply(Frozen):
    """What a command answers, kept with its commit so that a repeat under the same key answers the same.

    `task` is the one that the answer shows, `results` one for each operation of a batch, `extra` further members.
    `shown` keeps the task as it was answered where no event of the commit does; `upto` is the head of the log after
    this operation of a batch.
    """

    status: int = 200
    task: UUID | None = None
    results: tuple["Reply", ...] | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
    shown: Task | None = None
    upto: int | None = None


class Commit(Frozen):
    """What one write appends to a log: all events of it, or none.

    `key` and `request` are the Idempotency-Key and a hash of the request; `undoes` names the change that this one
    takes back; `partial` says that more commits of the same change follow; `last` is the head of the log after it.
    """

    id: str
    at: AwareDatetime
    change: UUID
    actor: str = PERSON
    key: str | None = None
    request: str | None = None
    undoes: UUID | None = None
    partial: bool = False
    reply: Reply = Field(default_factory=Reply)
    last: int
    trace: str | None = None
    events: tuple[LogEvent, ...] = ()


@dataclass(slots=True)
class Change:
    """Where the commits of one change of the person stand: (first seq, last seq, page) each.

    What became of a token is no such change: undo must not bring one back.
    """

    spans: list[tuple[int, int, int]] = field(default_factory=list)
    undone_by: UUID | None = None
    undoes: UUID | None = None
    partial: bool = False

    def covers(self, seq: int) -> bool:
        """Tell whether the event `seq` is one of this change's."""
        return any(first <= seq <= last for first, last, _ in self.spans)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """An Idempotency-Key that was used: by which request and change, and on which page its commit stands."""

    request: str
    change: UUID
    commit: str
    page: int
    at: datetime
    partial: bool


class TaskList:
    """The fold of a person's log up to `seq`."""

    def __init__(self, person: str, epoch: int = 0) -> None:
        self.person = person
        self.epoch = epoch
        self.seq = 0
        self.rows: dict[UUID, Row] = {}
        self.deleted: dict[UUID, int] = {}
        self.external: dict[str, UUID] = {}
        self.profile = Profile()
        self.changes: dict[UUID, Change] = {}
        self.keys: dict[str, KeyUse] = {}
        self.views = Views()

    def get(self, task_id: UUID) -> Task | None:
        """Return a task; None where there is none."""
        row = self.rows.get(task_id)
        return row.task if row else None

    def apply(self, commit: Commit, page: int) -> None:
        """Take a commit that stands on `page`; its events follow the last one taken."""
        for event in commit.events:
            self._apply_event(event, commit.actor)
        if commit.last != self.seq:
            raise ValueError(f"a commit of the log of {self.person} ends at {commit.last}, its events at {self.seq}")
        self._remember(commit, page)

    def _apply_event(self, event: LogEvent, actor: str) -> None:
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} does not follow {self.seq} in the log of {self.person}")
        self.seq = event.seq
        if event.profile is not None:
            self._set_profile(event.profile)
        if event.task is None:
            return
        known = self.rows.pop(event.task.id, None)
        person_seq = event.stands if actor == PERSON else (known.person_seq if known else 0)
        if known and known.task.external_id:
            self.external.pop(known.task.external_id, None)
        if event.type is EventType.DELETED:
            if not event.withdrawn:
                self.deleted[event.task.id] = person_seq
            self.views.replace(known, None)
            return
        self.deleted.pop(event.task.id, None)
        row = self.rows[event.task.id] = Row(event.task, person_seq, self.profile.time_zone)
        self.views.replace(known, row)
        if event.task.external_id:
            self.external[event.task.external_id] = event.task.id

    def _set_profile(self, profile: Profile) -> None:
        """Take a new profile; what dates and floating times mean may change with it."""
        self.profile = profile
        self.rows = {i: Row(row.task, row.person_seq, profile.time_zone) for i, row in self.rows.items()}
        self.views.clear()

    def _remember(self, commit: Commit, page: int) -> None:
        if commit.key is not None:
            use = KeyUse(commit.request or "", commit.change, commit.id, page, commit.at, commit.partial)
            self.keys.pop(commit.key, None)
            self.keys[commit.key] = use
        self._forget_keys(commit.at - timedelta(hours=KEY_HOURS))
        if commit.actor != PERSON or not commit.events or commit.events[0].token is not None:
            return
        change = self.changes.setdefault(commit.change, Change(undoes=commit.undoes))
        change.partial = commit.partial
        change.spans.append((commit.events[0].seq, commit.events[-1].seq, page))
        self._mark_undone(commit)
        while len(self.changes) > CHANGES_KEPT:
            del self.changes[next(iter(self.changes))]

    def _mark_undone(self, commit: Commit) -> None:
        """Mark what an undo took back; where that was an undo, what it had undone is in force again, and so on."""
        in_force, undone = commit.change, commit.undoes
        while undone in self.changes:
            self.changes[undone].undone_by = in_force
            again = self.changes[undone].undoes
            if again not in self.changes:
                return
            self.changes[again].undone_by = None
            in_force, undone = again, self.changes[again].undoes

    def _forget_keys(self, before: datetime) -> None:
        while self.keys:
            oldest = next(iter(self.keys))
            if self.keys[oldest].at >= before:
                return
            del self.keys[oldest]
