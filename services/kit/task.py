"""The vocabulary of the platform: a task, its due, its recurrence and its reminders, as every caller reads them."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, NaiveDatetime, Tag


class Frozen(BaseModel):
    """A record that refuses unknown fields and is never changed after it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Priority(StrEnum):
    """How much a task matters."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Status(StrEnum):
    """Whether a task is still to be done."""

    OPEN = "open"
    COMPLETED = "completed"


def _written(value: Any) -> Any:  # noqa: ANN401 - whatever a caller sent
    """Refuse a number, which would be taken for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not re.search(r"\d-\d", value)):
        raise ValueError("must be written like 2026-12-01, or 2026-12-01T09:00:00+01:00 (RFC 3339)")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class DueAt(Frozen):
    """Due at an instant, read on the clocks of an IANA time zone."""

    at: Instant
    time_zone: str | None = Field(default=None, max_length=64, examples=["Europe/Rome"])


class DueLocal(Frozen):
    """Due at a wall-clock time wherever the person is (floating)."""

    local: Annotated[NaiveDatetime, BeforeValidator(_written)]


class DueDate(Frozen):
    """Due on a day."""

    date: Annotated[date, BeforeValidator(_written)]


def _due_kind(value: Any) -> str | None:  # noqa: ANN401 - whatever a caller sent
    for kind in ("at", "local", "date"):
        if (kind in value) if isinstance(value, dict) else hasattr(value, kind):
            return kind
    return None


Due = Annotated[
    Annotated[DueAt, Tag("at")] | Annotated[DueLocal, Tag("local")] | Annotated[DueDate, Tag("date")],
    Discriminator(
        _due_kind,
        custom_error_type="due",
        custom_error_message='Give one of {"at", "time_zone"}, {"local"} or {"date"}',
    ),
]


class RecurrenceMode(StrEnum):
    """What the next occurrence is counted from."""

    FROM_DUE = "from_due"
    FROM_COMPLETION = "from_completion"


class Recurrence(Frozen):
    """An RFC 5545 RRULE, computed in the wall clock of the due's zone."""

    rrule: str = Field(min_length=1, max_length=500, examples=["FREQ=MONTHLY;BYMONTHDAY=1"])
    mode: RecurrenceMode = RecurrenceMode.FROM_DUE


class ReminderStatus(StrEnum):
    """How far a reminder has come.

    scheduled: its time lies ahead. due: its time came, a delivery is under way. delivered: a channel took it.
    missed: its time had passed when it was set, or no channel took it. cancelled: the task was completed first.
    """

    SCHEDULED = "scheduled"
    DUE = "due"
    DELIVERED = "delivered"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Reminder(Frozen):
    """A reminder at an instant; `before` is an ISO 8601 duration where it follows the due.

    `seq` is that of the event which set it to this time: a trigger that carries another one is stale.
    """

    id: str = Field(min_length=1, max_length=64)
    before: str | None = Field(default=None, max_length=32, examples=["P1D"])
    at: AwareDatetime
    status: ReminderStatus = ReminderStatus.SCHEDULED
    seq: int = Field(default=0, ge=0)


class Task(Frozen):
    """A task as it is read.

    `seq` is that of the last event which changed it, `version` the count of its changes. `nominal` is the date that
    the rule gave this occurrence, whatever its due was moved to since.
    """

    id: UUID
    seq: int = Field(ge=0)
    version: int = Field(ge=1)
    title: str = Field(min_length=1, max_length=500)
    description: str = Field(default="", max_length=20_000)
    status: Status = Status.OPEN
    priority: Priority = Priority.NONE
    tags: tuple[str, ...] = ()
    due: Due | None = None
    recurrence: Recurrence | None = None
    series_id: UUID | None = None
    occurrence: int | None = Field(default=None, ge=1)
    nominal: Due | None = None
    reminders: tuple[Reminder, ...] = ()
    external_id: str | None = Field(default=None, max_length=255)
    created_at: AwareDatetime
    updated_at: AwareDatetime
    completed_at: AwareDatetime | None = None


class Profile(Frozen):
    """What the platform knows of a person: a locale, and the zone that dates and floating times are read in."""

    time_zone: str = "UTC"
    locale: str = "en"


def utc(moment: datetime) -> str:
    """Return an aware datetime as RFC 3339 in UTC, ending in `Z`, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
