"""A person's documents: where they are kept, and the few ways in which they are read and changed.

`notifications/{person}` is the ledger, `notifications/{person}/{epoch}-{seq}` a delivery and
`notifications/{person}/tests` what was tested in the last day.
"""

from collections.abc import Callable, Sequence

from services.kit.documents import Documents
from services.kit.problems import invalid
from services.kit.sidecar import Sidecar
from services.notification.models import REMEMBERED, Delivery, Ledger, Ref, Settings, Written


def ledger_key(person: str) -> str:
    """Return the key of a person's ledger."""
    return f"notifications/{person}"


def delivery_key(ref: Ref) -> str:
    """Return the key of a delivery."""
    return f"notifications/{ref.person}/{ref.id}"


def trials_key(person: str) -> str:
    """Return the key of what a person tested."""
    return f"notifications/{person}/tests"


class Store:
    """The ledgers and deliveries; every method may raise SidecarError."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.documents = Documents(sidecar)

    async def ledger(self, person: str) -> Ledger:
        """Return a person's ledger; one that was never written is an empty one."""
        return await self.documents.read(ledger_key(person), Ledger) or Ledger()

    async def change_ledger(self, person: str, decide: Callable[[Ledger], Ledger | None]) -> Ledger:
        """Change a person's ledger as `decide` says (None leaves it), and return it as it then is."""
        key = ledger_key(person)
        return await self.documents.update(key, Ledger, lambda found: decide(found or Ledger())) or Ledger()

    async def settings(self, person: str, wanted: Settings, by: Written | None = None) -> Settings:
        """Put a person's settings in place of what they were; return `wanted`.

        Where `by` was written before, nothing changes: settings that were made since then stay. 422 where its key
        stood for others.
        """

        def decide(found: Ledger) -> Ledger | None:
            before = by and next((w for w in found.written if w.key == by.key and w.at > by.at - REMEMBERED), None)
            if by is None or before is None:
                return None if by is None and found.settings == wanted else found.setting(wanted, by)
            if before.digest != by.digest:
                raise invalid("Idempotency-Key", "was used for another body in the last 24 hours")
            return None

        await self.change_ledger(person, decide)
        return wanted

    async def create(self, delivery: Delivery) -> Delivery:
        """Write a delivery unless it is there already; return what is there."""
        key = delivery_key(delivery.ref)
        return await self.documents.update(key, Delivery, lambda found: None if found else delivery) or delivery

    async def change(self, ref: Ref, decide: Callable[[Delivery], Delivery | None]) -> Delivery | None:
        """Change a delivery as `decide` says (None leaves it); return it as it then is, None where there is none."""
        return await self.documents.update(delivery_key(ref), Delivery, lambda found: decide(found) if found else None)

    async def deliveries(self, refs: Sequence[Ref]) -> list[Delivery]:
        """Return the deliveries that are there, in the order of `refs`."""
        keys = [delivery_key(ref) for ref in refs]
        found = await self.documents.read_many(keys, Delivery)
        return [found[key] for key in keys if key in found]

    async def discard(self, refs: Sequence[Ref]) -> None:
        """Delete the documents of deliveries."""
        await self.documents.delete([delivery_key(ref) for ref in refs])

    async def forget_trials(self, person: str) -> None:
        """Delete what is remembered of a person's tests."""
        await self.documents.delete([trials_key(person)])
