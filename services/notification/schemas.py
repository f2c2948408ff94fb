"""What callers of the API send and read; every limit of the settings stands here, once."""

import re
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from services.kit.task import Due, Frozen
from services.notification.guard import MAX_URL
from services.notification.models import (
    Channel,
    ChannelRecord,
    Delivery,
    EmailSettings,
    InAppSettings,
    Outcome,
    Settings,
    WebhookSettings,
)

MAX_ADDRESS: Final = 254
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")


def checked_address(value: str) -> str:
    """Return an e-mail address; ValueError for what is not one plain `name@example.com`.

    Only the dot-atom form of RFC 5321 passes: quoted names, comments, lists and line breaks have ways into headers.
    """
    local, _, domain = value.rpartition("@")
    if len(value) > MAX_ADDRESS or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise ValueError(f"must be an e-mail address like name@example.com, of at most {MAX_ADDRESS} characters")
    return value


class WebhookBody(WebhookSettings):
    """Settings of the webhook; `signing_key` verifies its signatures (Standard Webhooks) and cannot be chosen."""

    url: str | None = Field(default=None, min_length=1, max_length=MAX_URL)
    signing_key: str | None = None


class EmailBody(EmailSettings):
    """Settings of e-mail."""

    address: Annotated[str, StringConstraints(max_length=1000), AfterValidator(checked_address)] | None = None


class SettingsBody(Frozen):
    """The settings as they are read and written; a channel that is left out gets its default."""

    in_app: InAppSettings = InAppSettings()
    email: EmailBody = EmailBody()
    webhook: WebhookBody = WebhookBody()

    @classmethod
    def of(cls, settings: Settings, signing_key: str) -> Self:
        """Return the settings as they are read."""
        return cls(
            in_app=settings.in_app,
            email=EmailBody.model_construct(**dict(settings.email)),
            webhook=WebhookBody(**dict(settings.webhook), signing_key=signing_key),
        )

    def settings(self) -> Settings:
        """Return the settings as they are kept."""
        return Settings(
            in_app=self.in_app,
            email=EmailSettings(**dict(self.email)),
            webhook=WebhookSettings(enabled=self.webhook.enabled, url=self.webhook.url),
        )


class Notification(BaseModel):
    """One delivery: of which reminder, through which channels, with which result.

    `late` says that the reminder came more than a minute after `scheduled_at`. `read_at` is when the person read it.
    """

    id: str
    task: UUID
    title: str
    due: Due | None
    reminder: str
    scheduled_at: AwareDatetime
    at: AwareDatetime
    late: bool
    outcome: Outcome
    channels: dict[Channel, ChannelRecord]
    recorded_at: AwareDatetime
    read_at: AwareDatetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return a delivery as it is read."""
        return cls(
            id=delivery.ref.id,
            task=delivery.task,
            title=delivery.title,
            due=delivery.due,
            reminder=delivery.reminder,
            scheduled_at=delivery.scheduled_at,
            at=delivery.at,
            late=delivery.late,
            outcome=delivery.outcome,
            channels=delivery.channels,
            recorded_at=delivery.recorded_at,
            read_at=delivery.read_at,
        )


class NotificationPage(BaseModel):
    """Notifications, newest first; `next_cursor` is null on the last page."""

    items: list[Notification]
    next_cursor: str | None


class TrialBody(Frozen):
    """Which channels to test; all that are switched on where none is named."""

    channels: tuple[Channel, ...] | None = Field(default=None, min_length=1, max_length=len(Channel))

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.channels is not None and len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel is named twice")
        return self


class TrialResult(Frozen):
    """What a test of one channel came to."""

    delivered: bool
    error: str | None = None


class TrialReport(Frozen):
    """What a test came to, by channel; `id` is the one that the messages carry."""

    id: str
    results: dict[Channel, TrialResult]
