"""What the service keeps of a person: a ledger (settings, and which deliveries there are) and a document a delivery.

Nothing here reads a clock or calls anybody: every change of a document is a function of the document.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.kit.events import ReminderEvent
from services.kit.task import Due, Frozen

KEPT: Final = 1000
"""How many deliveries of a person are kept, the newest."""

_SLACK: Final = 50  # the oldest leave so many at a time

REMEMBERED: Final = timedelta(hours=24)
"""How long what an Idempotency-Key was used for is remembered."""

_WRITES: Final = 50  # beyond so many of a day the oldest are forgotten early

_ERROR_LENGTH: Final = 300


class Channel(StrEnum):
    """A way to reach a person."""

    IN_APP = "in_app"
    EMAIL = "email"
    WEBHOOK = "webhook"


class ChannelStatus(StrEnum):
    """How far a channel has come with a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    RETRYING = "retrying"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of a delivery: delivered as soon as one channel took it, missed when every channel gave up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    MISSED = "missed"


class Result(Frozen):
    """What one attempt of a channel came to.

    `permanent` says that another one would come to the same, `gone` that the receiver wants nothing more, ever.
    """

    error: str | None = None
    permanent: bool = False
    gone: bool = False


class ChannelRecord(Frozen):
    """A channel's part of a delivery: its status, how often it was tried, and the last error."""

    status: ChannelStatus = ChannelStatus.PENDING
    attempts: int = 0
    error: str | None = None
    attempted_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None

    @property
    def open(self) -> bool:
        """Whether there is something left to try."""
        return self.status in {ChannelStatus.PENDING, ChannelStatus.RETRYING}

    def begun(self, now: datetime) -> Self:
        """Return the record at the beginning of another attempt."""
        return self.model_copy(update={"attempts": self.attempts + 1, "attempted_at": now})

    def after(self, result: Result, now: datetime, attempts: int) -> Self:
        """Return the record after an attempt; it has failed for good after `attempts` of them."""
        if result.error is None:
            return self.model_copy(update={"status": ChannelStatus.DELIVERED, "error": None, "delivered_at": now})
        given_up = result.permanent or self.attempts >= attempts
        status = ChannelStatus.FAILED if given_up else ChannelStatus.RETRYING
        return self.model_copy(update={"status": status, "error": result.error[:_ERROR_LENGTH]})


class Ref(NamedTuple):
    """Which delivery: that of the reminder event (`person`, `epoch`, `seq`)."""

    person: str
    epoch: int
    seq: int

    @property
    def id(self) -> str:
        """What callers know the delivery by."""
        return f"{self.epoch}-{self.seq}"

    @property
    def event_id(self) -> str:
        """The id of the reminder's CloudEvent, and of everything that is sent for it."""
        return f"{self.person}:{self.epoch}:{self.seq}"


class Delivery(Frozen):
    """The delivery of one reminder: what it is about, and how far each channel has come.

    `round` counts the retry jobs that were scheduled; `held_until` keeps other processes away while one is at work;
    `reported` says that the backend knows the outcome.
    """

    person: str
    epoch: int
    seq: int
    task: UUID
    title: str
    due: Due | None
    reminder: str
    reminder_seq: int
    scheduled_at: AwareDatetime
    at: AwareDatetime
    late: bool
    recorded_at: AwareDatetime
    channels: dict[Channel, ChannelRecord]
    round: int = 0
    held_until: AwareDatetime | None = None
    reported: bool = False
    read_at: AwareDatetime | None = None

    @classmethod
    def of(cls, event: ReminderEvent, channels: Iterable[Channel], now: datetime) -> Self:
        """Return the delivery of a reminder that nothing was done for yet."""
        return cls(
            person=event.person,
            epoch=event.epoch,
            seq=event.seq,
            task=event.task.id,
            title=event.task.title,
            due=event.task.due,
            reminder=event.reminder,
            reminder_seq=event.reminder_seq,
            scheduled_at=event.scheduled_at,
            at=event.at,
            late=event.late,
            recorded_at=now,
            channels={channel: ChannelRecord() for channel in channels},
        )

    @property
    def ref(self) -> Ref:
        """Which delivery this is."""
        return Ref(self.person, self.epoch, self.seq)

    @property
    def open_channels(self) -> list[Channel]:
        """The channels that have something left to try."""
        return [channel for channel, record in self.channels.items() if record.open]

    @property
    def outcome(self) -> Outcome:
        """What became of it, as far as is known."""
        if any(record.status is ChannelStatus.DELIVERED for record in self.channels.values()):
            return Outcome.DELIVERED
        return Outcome.PENDING if self.open_channels else Outcome.MISSED

    @property
    def untried(self) -> bool:
        """Whether the first round is still to be ended; every later one has a job of its own."""
        return self.round == 0 and not self.done

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: every channel has ended, and the backend knows."""
        return self.reported and not self.open_channels

    def begun(self, now: datetime, held_until: datetime) -> Self:
        """Return the delivery at the beginning of a round: every open channel is about to be tried."""
        channels = {c: r.begun(now) if r.open else r for c, r in self.channels.items()}
        return self.model_copy(update={"channels": channels, "held_until": held_until})

    def after(self, channel: Channel, result: Result, now: datetime, attempts: int) -> Self:
        """Return the delivery after an attempt of one channel."""
        record = self.channels[channel].after(result, now, attempts)
        return self.model_copy(update={"channels": {**self.channels, channel: record}})

    def ended(self, number: int, *, reported: bool) -> Self:
        """Return the delivery at the end of round `number`, free for the next one."""
        ended = self.model_copy(update={"held_until": None, "reported": self.reported or reported})
        return ended if ended.done else ended.model_copy(update={"round": max(self.round, number + 1)})


class InAppSettings(Frozen):
    """Notifications on the open pages."""

    enabled: bool = True


class EmailSettings(Frozen):
    """Notifications by e-mail."""

    enabled: bool = False
    address: str | None = None


class WebhookSettings(Frozen):
    """Notifications by signed HTTP requests."""

    enabled: bool = False
    url: str | None = None


class Settings(Frozen):
    """Through which channels a person wants to be reached."""

    in_app: InAppSettings = InAppSettings()
    email: EmailSettings = EmailSettings()
    webhook: WebhookSettings = WebhookSettings()

    @property
    def enabled(self) -> list[Channel]:
        """The channels that are switched on."""
        return [channel for channel in Channel if getattr(self, channel).enabled]


Place = tuple[int, int]
"""(epoch, seq) of a delivery: deliveries in this order are oldest first."""


class Written(Frozen):
    """Settings that were written under an Idempotency-Key; `digest` tells them from others."""

    key: str
    digest: str
    at: AwareDatetime


class Ledger(Frozen):
    """A person's settings and the places of their deliveries, oldest first; every epoch up to `erased` is gone.

    `leaving` are places whose documents may be there still; whoever finds them deletes those. `written` are the writes
    of the settings in the last day that came under a key, newest last.
    """

    settings: Settings = Settings()
    written: tuple[Written, ...] = ()
    places: tuple[Place, ...] = ()
    pruned: Place = (0, 0)
    leaving: tuple[Place, ...] = ()
    erased: int = Field(default=0, ge=0)

    def setting(self, wanted: Settings, by: Written | None) -> Self:
        """Return the ledger with other settings, written under that key, if any."""
        if by is None:
            return self.model_copy(update={"settings": wanted})
        recent = tuple(w for w in self.written if w.at > by.at - REMEMBERED)[-_WRITES:]
        return self.model_copy(update={"settings": wanted, "written": (*recent, by)})

    def takes(self, place: Place) -> bool:
        """Whether a delivery at that place is a new one."""
        return place[0] > self.erased and place > self.pruned and place not in self.places

    def adding(self, place: Place) -> Self:
        """Return the ledger with one more delivery; well beyond `KEPT` the oldest leave."""
        places = tuple(sorted((*self.places, place)))
        if len(places) <= KEPT + _SLACK:
            return self.model_copy(update={"places": places})
        leaving, kept = places[:-KEPT], places[-KEPT:]
        return self.model_copy(update={"places": kept, "leaving": (*self.leaving, *leaving), "pruned": leaving[-1]})

    def left(self, places: Collection[Place]) -> Self:
        """Return the ledger after the documents at those places were deleted."""
        return self.model_copy(update={"leaving": tuple(p for p in self.leaving if p not in places)})

    def without(self, epoch: int) -> Self:
        """Return the ledger after every epoch up to `epoch` was erased, and the settings with them."""
        gone = tuple(place for place in self.places if place[0] <= epoch)
        return self.model_copy(
            update={
                "settings": Settings(),
                "written": (),
                "places": tuple(place for place in self.places if place[0] > epoch),
                "leaving": (*self.leaving, *gone),
                "erased": epoch,
            }
        )
