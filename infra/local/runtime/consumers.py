"""Consumer groups: which application takes which partition, and the loop that feeds it.

A group has one worker a partition. The worker asks for the partition's owner before each delivery, so a rebalance
needs no protocol: what is under way ends (or fails with its process), and the next delivery goes to the new owner.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from infra.local.runtime.applications import Application
from infra.local.runtime.delivery import deliver
from infra.local.runtime.subscriptions import Subscription
from infra.local.runtime.topics import Broker, Partition, Topic

log = logging.getLogger(__name__)

STOP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before a message is tried again: doubled from `first` up to `cap`, in seconds."""

    first: float
    cap: float

    def seconds(self, failures: int) -> float:
        """Return the wait after that many failures in a row."""
        return float(min(self.cap, self.first * 2 ** min(failures - 1, 30)))


@dataclass(frozen=True, slots=True)
class Member:
    """An application in a group, with the subscription that brought it there."""

    application: Application
    subscription: Subscription


class Group:
    """A consumer group on one topic. `moved` is told (partition, next offset) whenever it has come further."""

    def __init__(
        self,
        broker: Broker,
        topic: Topic,
        start: dict[int, int],
        backoff: Backoff,
        moved: Callable[[int, int], None],
    ) -> None:
        self._members: list[Member] = []
        self._workers = [
            _Worker(
                broker,
                (topic.id, number),
                start[number],
                backoff=backoff,
                owner=self._owner,
                moved=moved,
            )
            for number in range(topic.partitions)
        ]

    def join(self, member: Member) -> None:
        """Let the application take its share of the partitions."""
        self._members.append(member)
        self._rebalance()

    def leave(self, application: Application) -> bool:
        """Take the application out; tell whether the group is empty now."""
        self._members = [member for member in self._members if member.application is not application]
        self._rebalance()
        return not self._members

    async def stop(self) -> None:
        """End every worker; what is being delivered gets a moment to finish."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    def _owner(self, partition: int) -> Member | None:
        return self._members[partition % len(self._members)] if self._members else None

    def _rebalance(self) -> None:
        for worker in self._workers:
            worker.owner_changed()


class _Worker:
    """Feeds one partition, in order, to whoever owns it."""

    def __init__(
        self,
        broker: Broker,
        partition: Partition,
        start: int,
        *,
        backoff: Backoff,
        owner: Callable[[int], Member | None],
        moved: Callable[[int, int], None],
    ) -> None:
        self._broker = broker
        self._partition = partition
        self._next = start
        self._backoff = backoff
        self._owner = owner
        self._moved = moved
        self._failures = 0
        self._stopping = False
        self._wake = asyncio.Event()
        self._owner_changed = asyncio.Event()
        self._unlisten = broker.listen(partition, self._wake.set)
        self._task = asyncio.create_task(self._run())

    def owner_changed(self) -> None:
        self._failures = 0
        self._owner_changed.set()
        self._wake.set()

    async def stop(self) -> None:
        self._stopping = True
        self._unlisten()
        self.owner_changed()
        await asyncio.wait({self._task}, timeout=STOP_SECONDS)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                while await self._step():
                    pass
            except Exception:
                log.exception("partition %d waits after an error of the runtime", self._partition[1])
                await self._pause()
            else:
                await self._wake.wait()

    async def _step(self) -> bool:
        """Deliver what comes next; tell whether there may be more to do."""
        self._owner_changed.clear()
        member = self._owner(self._partition[1])
        if member is None or self._stopping:
            return False
        messages = self._broker.fetch(self._partition, self._next, member.subscription.bulk or 1)
        if not messages:
            return False
        done = await deliver(member.application, member.subscription, self._partition[1], messages)
        if done:
            self._failures = 0
            self._next = messages[done - 1].offset + 1
            self._moved(self._partition[1], self._next)
        if done < len(messages):
            await self._pause()
        return True

    async def _pause(self) -> None:
        """Wait before the next try; not at all when another application, or a new process, can take it."""
        self._failures += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(self._owner_changed.wait(), self._backoff.seconds(self._failures))
