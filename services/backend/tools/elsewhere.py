"""The tools whose answer another service has: the audit trail, and what was delivered. They are asked as the caller."""

from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, Field

from components.catalogue import AUDIT, NOTIFICATION
from services.backend.tools.tool import Arguments, Call, Changing, Tool
from services.kit.task import Instant, utc
from services.kit.tokens import Scope


class ReadAudit(Arguments):
    """Which entries of the trail, newest first."""

    task_id: UUID | None = None
    since: Instant | None = Field(default=None, description="at this instant or later")
    until: Instant | None = Field(default=None, description="before this instant")
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=64, description="next_cursor of the page before")


class AuditEntries(BaseModel):
    """Entries of the trail: `index`, `type`, `at`, `actor`, `task_id`, `title`, `changes`, `hash` and more of each."""

    items: list[dict[str, Any]]
    next_cursor: str | None


class AuditProof(BaseModel):
    """Whether the whole chain holds; `broken_at` and `reason` only where it does not."""

    ok: bool
    entries: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


class ListNotifications(Arguments):
    """Which page of the notifications."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=64, description="next_cursor of the page before")


class Notifications(BaseModel):
    """Deliveries: `id`, `task`, `title`, `at`, `outcome`, `channels`, `read_at` and more of each."""

    items: list[dict[str, Any]]
    next_cursor: str | None


class NotificationId(Changing):
    """Which notification."""

    id: str = Field(pattern=r"^[0-9]{1,15}-[0-9]{1,15}$")


class NotificationRead(BaseModel):
    """The notification, and when it was read."""

    id: str
    title: str
    read_at: str


async def read_audit(call: Call, wanted: ReadAudit) -> dict[str, Any]:
    """Return entries of the caller's trail."""
    times = {"since": wanted.since, "until": wanted.until}
    query = {name: utc(moment) for name, moment in times.items() if moment is not None}
    plain = wanted.model_dump(mode="json", include={"task_id", "limit", "cursor"}, exclude_none=True)
    return await call.ask(AUDIT, "GET", "/api/audit", query | {name: str(value) for name, value in plain.items()})


async def verify_audit(call: Call, _: Arguments) -> dict[str, Any]:
    """Return the proof that the trail is whole."""
    return await call.ask(AUDIT, "GET", "/api/audit/verify")


async def list_notifications(call: Call, wanted: ListNotifications) -> dict[str, Any]:
    """Return what was delivered."""
    query = {name: str(value) for name, value in wanted.model_dump(exclude_none=True).items()}
    return await call.ask(NOTIFICATION, "GET", "/api/notifications", query)


async def mark_notification_read(call: Call, wanted: NotificationId) -> dict[str, Any]:
    """Mark a notification as read."""
    return await call.ask(NOTIFICATION, "POST", f"/api/notifications/{wanted.id}/read")


TOOLS: Final[tuple[Tool[Any], ...]] = (
    Tool(
        "read_audit",
        "Read the audit trail",
        "Tell what happened to the person's tasks, when, by whom, and what each field was before; newest first.",
        ReadAudit,
        AuditEntries,
        Scope.TASKS_READ,
        read_audit,
    ),
    Tool(
        "verify_audit",
        "Verify the audit trail",
        "Recompute the hash chain of the person's trail and tell whether it is whole.",
        Arguments,
        AuditProof,
        Scope.TASKS_READ,
        verify_audit,
    ),
    Tool(
        "list_notifications",
        "List notifications",
        "List the reminders that were delivered, through which channels and with which result; newest first.",
        ListNotifications,
        Notifications,
        Scope.TASKS_READ,
        list_notifications,
    ),
    Tool(
        "mark_notification_read",
        "Mark a notification as read",
        "Mark a notification as read; one that was read before keeps its time.",
        NotificationId,
        NotificationRead,
        Scope.TASKS_WRITE,
        mark_notification_read,
        is_idempotent=True,
    ),
)
