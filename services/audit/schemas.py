"""What the audit API answers."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.kit.events import EventType

EntryType = EventType | Literal["trail.gap", "trail.erased"]


class Change(BaseModel):
    """One field of a task or profile before and after; null where there was, or is, none."""

    field: str
    before: Any = None
    after: Any = None


class AuditItem(BaseModel):
    """One entry of the trail.

    `type` is that of the event; `trail.gap` where the events `first_seq` to `seq` were lost; `trail.erased` where every
    epoch up to `epoch` was erased. Of an erased entry its place and its hashes are left, all else is null. `index`
    counts from 1; the hashes are SHA-256 in hexadecimal digits.
    """

    index: int
    epoch: int
    first_seq: int
    seq: int
    erased: bool
    type: EntryType | None = None
    at: AwareDatetime | None = None
    actor: str | None = Field(default=None, description="`person`, or the app id of the service that acted for them")
    change: UUID | None = Field(default=None, description="the change that the event is part of; undo takes it")
    task_id: UUID | None = None
    title: str | None = None
    reminder: str | None = None
    changes: list[Change] = Field(default_factory=list)
    hash: str
    previous_hash: str


class AuditPage(BaseModel):
    """Entries, newest first. `next_cursor` is null at the end; else there may be more, even where `items` is empty."""

    items: list[AuditItem]
    next_cursor: str | None


class Proof(BaseModel):
    """Whether the whole chain holds: how many `entries` were recomputed, and the hash (`head`) that they come to.

    Where it does not, `broken_at` is the index of the first entry that is wrong or missing, and `reason` says how.
    `behind` is how many events the log of tasks has beyond it, where there are any: they are on their way, or, if they
    do not come, the end was cut off.
    """

    ok: bool
    entries: int
    head: str
    broken_at: int | None = None
    reason: str | None = None
    behind: int | None = None
