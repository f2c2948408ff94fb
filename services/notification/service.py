"""The parts of the notification service, put together once for a process."""

from datetime import UTC, datetime

from services.kit.app import Platform
from services.notification.backend import Backend
from services.notification.channels import Channels
from services.notification.dispatcher import Dispatcher
from services.notification.erase import Eraser
from services.notification.guard import Guard
from services.notification.intake import Intake
from services.notification.models import Delivery, Place, Ref
from services.notification.options import Options
from services.notification.schemas import Notification, NotificationPage
from services.notification.signing import Keys
from services.notification.store import Store
from services.notification.trial import Tester


class Notifications:
    """Everything that the routes and the consumer work with."""

    def __init__(self, platform: Platform, options: Options, guard: Guard) -> None:
        sidecar = platform.sidecar
        backend = Backend(sidecar)
        self.guard = guard
        self.keys = Keys(sidecar)
        self.store = Store(sidecar)
        channels = Channels(sidecar, guard, self.keys)
        self.dispatcher = Dispatcher(sidecar, self.store, channels, backend, options)
        self.intake = Intake(self.store, self.dispatcher)
        self.eraser = Eraser(sidecar, self.store, backend)
        self.tester = Tester(self.store, channels, backend)

    async def page(self, person: str, before: Place | None, limit: int) -> NotificationPage:
        """Return up to `limit` notifications, newest first, older than the place `before`."""
        ledger = await self.store.ledger(person)
        places = [place for place in reversed(ledger.places) if before is None or place < before]
        refs = [Ref(person, *place) for place in places[:limit]]
        items = [Notification.of(delivery) for delivery in await self.store.deliveries(refs)]
        return NotificationPage(items=items, next_cursor=refs[-1].id if len(places) > limit else None)

    async def mark_read(self, ref: Ref) -> Notification | None:
        """Mark a delivery as read, unless it is; None where there is none."""
        now = datetime.now(UTC)

        def decide(found: Delivery) -> Delivery | None:
            return None if found.read_at else found.model_copy(update={"read_at": now})

        delivery = await self.store.change(ref, decide)
        return Notification.of(delivery) if delivery else None
