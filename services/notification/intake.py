"""Takes the events of `reminders`: writes the delivery down, promises it, and lets the partition go on.

Nothing is sent while the partition waits. An event that comes again finds its delivery, and
promises it anew unless its first round is over: from then on jobs carry it.
"""

import re
from datetime import UTC, datetime
from typing import Final

from services.kit import trace
from services.kit.consumer import CloudEvent, Poisoned, parsed
from services.kit.events import ReminderEvent
from services.notification.dispatcher import Dispatcher
from services.notification.models import Delivery, Ledger, Place, Ref
from services.notification.store import Store

_PERSON: Final = re.compile(r"[0-9a-f]{32}")


class Intake:
    """The consumer of `reminders`."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    async def handle(self, event: CloudEvent) -> None:
        """Take one event; Poisoned for what is no reminder, SidecarError for not now."""
        reminder = parsed(ReminderEvent, event.data)
        if event.id != reminder.id:
            raise Poisoned(f"the event {event.id} says that it is {reminder.id}")
        if not _PERSON.fullmatch(reminder.person):
            raise Poisoned("the person is not an id")
        trace.person.set(reminder.person)
        delivery = await self._record(reminder)
        if delivery is not None and delivery.untried:
            await self._dispatcher.take_up(delivery)

    async def _record(self, event: ReminderEvent) -> Delivery | None:
        """Write the delivery, unless it is there; None where it was erased or is long over.

        The ledger comes first: what it does not name nobody would find to erase.
        """
        ref = Ref(event.person, event.epoch, event.seq)
        place = (event.epoch, event.seq)
        ledger = await self._store.change_ledger(
            event.person, lambda found: found.adding(place) if found.takes(place) else None
        )
        if place not in ledger.places:
            await self._store.discard([ref])
            return None
        if ledger.leaving:
            await self._sweep(event.person, ledger)
        return await self._store.create(Delivery.of(event, ledger.settings.enabled, datetime.now(UTC)))

    async def _sweep(self, person: str, ledger: Ledger) -> None:
        leaving: tuple[Place, ...] = ledger.leaving
        await self._store.discard([Ref(person, *place) for place in leaving])
        await self._store.change_ledger(person, lambda found: found.left(leaving))
