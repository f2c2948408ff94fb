"""The events of the three topics: the models that the JSON Schemas in `contracts/` are made from.

An event travels as a CloudEvent 1.0 whose `id` is `{person}:{epoch}:{seq}`, whose `type` is that of the event and
whose `partitionkey` is the person.
"""

from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.kit.task import Frozen, Profile, Task
from services.kit.tokens import Scope


class EventType(StrEnum):
    """What happened."""

    CREATED = "task.created"
    UPDATED = "task.updated"
    COMPLETED = "task.completed"
    REOPENED = "task.reopened"
    DELETED = "task.deleted"
    RESTORED = "task.restored"
    REMINDER_DUE = "reminder.due"
    REMINDER_SETTLED = "reminder.settled"
    PROFILE_UPDATED = "profile.updated"
    TOKEN_CREATED = "token.created"  # noqa: S105 - what happened
    TOKEN_REVOKED = "token.revoked"  # noqa: S105


class TokenInfo(Frozen):
    """What events tell of a personal access token; `expires_at` is in UTC."""

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    expires_at: AwareDatetime


class TaskEvent(Frozen):
    """One event of a person's log: `data` on `task-events` and `task-updates`.

    `seq` rises by one per person and epoch. `task` is the task as it is after the event (as it last was, when it is
    deleted; null where the event is not about one); `was` holds the former values of the fields that changed.
    `actor` is `person` or the app id of the service that acted for them. `key` is the Idempotency-Key of the request
    that caused it.
    """

    person: str
    epoch: int = Field(ge=1)
    seq: int = Field(ge=1)
    type: EventType
    at: AwareDatetime
    change: UUID
    key: str | None = None
    actor: str = "person"
    task: Task | None = None
    profile: Profile | None = None
    token: TokenInfo | None = None
    was: dict[str, Any] = Field(default_factory=dict)
    reminder: str | None = None

    @property
    def id(self) -> str:
        """The CloudEvent id: `{person}:{epoch}:{seq}`."""
        return f"{self.person}:{self.epoch}:{self.seq}"


class ReminderEvent(Frozen):
    """A reminder that fell due: `data` on `reminders`, a copy of the log's `reminder.due`.

    `scheduled_at` is when it should have come, `at` when it did; `late` says that the two are further apart than a
    minute. `reminder_seq` names the setting of the reminder that fell due.
    """

    person: str
    epoch: int = Field(ge=1)
    seq: int = Field(ge=1)
    type: Literal[EventType.REMINDER_DUE] = EventType.REMINDER_DUE
    at: AwareDatetime
    scheduled_at: AwareDatetime
    late: bool
    reminder: str
    reminder_seq: int
    task: Task

    @property
    def id(self) -> str:
        """The CloudEvent id: `{person}:{epoch}:{seq}`."""
        return f"{self.person}:{self.epoch}:{self.seq}"


class NotificationUpdate(Frozen):
    """A delivery and its result: `data` of the type `notification` on `task-updates`, which has no place in the log."""

    person: str
    notification: dict[str, Any]


class ChatUpdate(Frozen):
    """A step of a chat: `data` of the type `chat` on `task-updates`, which has no place in the log.

    `chat` holds the conversation, the turn and its state (working, done or failed); done, the reply and the changes.
    """

    person: str
    chat: dict[str, Any]


NOTIFICATION_TYPE = "notification"
CHAT_TYPE = "chat"
