"""Forgets a person: everything up to an epoch goes, and a tombstone stays that drops what comes late."""

from collections.abc import Sequence
from typing import Final

from services.kit.sidecar import Sidecar
from services.notification.backend import Backend
from services.notification.jobs import Round
from services.notification.models import Ref
from services.notification.store import Store

_BATCH: Final = 100


class Eraser:
    """Erases people."""

    def __init__(self, sidecar: Sidecar, store: Store, backend: Backend) -> None:
        self._sidecar = sidecar
        self._store = store
        self._backend = backend

    async def erase(self, person: str, epoch: int) -> None:
        """Erase a person's settings, deliveries, jobs and tests up to `epoch`.

        The ledger turns into the tombstone first and lists what has to go, so that whoever comes again goes on where
        it stopped. SidecarError when it has to be done again. Settings made after the tombstone are not touched.
        """
        self._backend.forget(person)
        ledger = await self._store.change_ledger(
            person, lambda found: found.without(epoch) if epoch > found.erased else None
        )
        await self._store.forget_trials(person)
        for start in range(0, len(ledger.leaving), _BATCH):
            await self._delete([Ref(person, *place) for place in ledger.leaving[start : start + _BATCH]])
        if leaving := ledger.leaving:
            await self._store.change_ledger(person, lambda found: found.left(leaving))

    async def _delete(self, refs: Sequence[Ref]) -> None:
        for delivery in await self._store.deliveries(refs):
            if not delivery.done:
                current = Round(delivery.ref, delivery.round)
                await self._sidecar.unschedule(current.name)
                await self._sidecar.unschedule(current.next.name)
        await self._store.discard(refs)
