"""Carries deliveries through: a round tries every channel that is open, and the next one comes by a job.

A round is taken up by writing so, each result is written when it is known, and the job of a round stays until the
round has ended. So a process that dies leaves a job behind, which goes on with what is still open: in the store
everything is counted once, and e-mail and webhooks go out at least once under one id.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from services.kit.sidecar import Sidecar, SidecarError
from services.notification.backend import Backend
from services.notification.channels import Channels, Message
from services.notification.jobs import Round, wait_before
from services.notification.lanes import Lanes
from services.notification.messages import reminder_message
from services.notification.metrics import OUTCOMES, WAITING
from services.notification.models import Channel, Delivery, Ledger, Outcome, Result
from services.notification.options import Options
from services.notification.store import Store

log = logging.getLogger(__name__)

MAX_WAITING: Final = 1000
MAX_OF_ONE: Final = 50
_LANE_SECONDS: Final = 1
_DRAIN_SECONDS: Final = 3
_REPORT_AGAIN: Final = timedelta(minutes=10)


class Held(Exception):
    """Somebody is at work on this delivery; come back later."""


class Dispatcher:
    """Works on deliveries, in the background or when a job says so."""

    def __init__(self, sidecar: Sidecar, store: Store, channels: Channels, backend: Backend, options: Options) -> None:
        self._sidecar = sidecar
        self._store = store
        self._channels = channels
        self._backend = backend
        self._options = options
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take_up(self, delivery: Delivery) -> None:
        """Promise a new delivery by a job, then begin with it in the background; SidecarError when nothing is promised.

        With too much in hand already, in all or for the person, the job alone carries it on.
        """
        first = Round(delivery.ref, 0)
        await self._sidecar.schedule(first.job(_now() + timedelta(seconds=self._options.hold_seconds)))
        if len(self._tasks) >= MAX_WAITING or self._lanes.users(delivery.person) >= MAX_OF_ONE:
            return
        task = asyncio.create_task(self._in_background(first))
        self._tasks.add(task)
        WAITING.set(len(self._tasks))
        task.add_done_callback(self._forget)

    async def run_job(self, job: Round) -> None:
        """Do the round of a job; Held or SidecarError when it has to come again."""
        try:
            async with asyncio.timeout(_LANE_SECONDS) as patience, self._lanes.place(job.ref.person):
                patience.reschedule(None)
                await self._run(job)
        except TimeoutError:
            raise Held(job.name) from None

    async def close(self) -> None:
        """Let what is under way end, for a moment; jobs carry on the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_DRAIN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        WAITING.set(len(self._tasks))

    async def _in_background(self, first: Round) -> None:
        try:
            async with self._lanes.place(first.ref.person):
                await self._run(first)
            await self._sidecar.unschedule(first.name)
        except (Held, SidecarError) as error:
            log.info("%s is left to its job: %s", first.name, error)
        except Exception:
            log.exception("%s failed and is left to its job", first.name)

    async def _run(self, current: Round) -> None:
        ref = current.ref
        ledger = await self._store.ledger(ref.person)
        if ref.epoch <= ledger.erased:
            await self._store.discard([ref])
            return
        delivery = await self._begin(current)
        if delivery is None:
            return
        await self._end(current, *await self._try_channels(delivery, ledger))

    async def _begin(self, current: Round) -> Delivery | None:
        """Write that the round is taken up; None when there is nothing to do, Held when somebody else has it."""
        now, begun = _now(), False

        def decide(delivery: Delivery) -> Delivery | None:
            nonlocal begun
            begun = not delivery.done and current.number >= delivery.round
            if not begun:
                return None
            if delivery.held_until is not None and delivery.held_until > now:
                raise Held(current.name)
            return delivery.begun(now, now + timedelta(seconds=self._options.hold_seconds))

        delivery = await self._store.change(current.ref, decide)
        return delivery if begun else None

    async def _try_channels(self, delivery: Delivery, ledger: Ledger) -> tuple[Delivery, bool]:
        """Try the open channels at once, write each result when it comes, and tell the backend the outcome, once.

        Return the delivery as it then is, and whether the backend knows.
        """
        message = reminder_message(delivery, await self._backend.profile(delivery.person), _now())
        tasks = [asyncio.create_task(self._attempt(c, message, ledger)) for c in delivery.open_channels]
        reported = delivery.reported or (not tasks and await self._report(delivery))
        try:
            for attempt in asyncio.as_completed(tasks):
                delivery = await self._write(delivery, *await attempt)
                if not reported and delivery.outcome is not Outcome.PENDING:
                    reported = await self._report(delivery)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return delivery, reported

    async def _attempt(self, channel: Channel, message: Message, ledger: Ledger) -> tuple[Channel, Result]:
        if channel not in ledger.settings.enabled:
            return channel, Result(error="the channel was switched off", permanent=True)
        result = await self._channels.send(channel, message, ledger.settings)
        if result.gone:
            await self._switch_off_webhook(message.person, ledger.settings.webhook.url)
        return channel, result

    async def _write(self, delivery: Delivery, channel: Channel, result: Result) -> Delivery:
        now, attempts = _now(), self._options.attempts

        def decide(found: Delivery) -> Delivery | None:
            return found.after(channel, result, now, attempts) if found.channels[channel].open else None

        return await self._store.change(delivery.ref, decide) or delivery.after(channel, result, now, attempts)

    async def _report(self, delivery: Delivery) -> bool:
        """Tell the backend the outcome; write at once that it knows, where a channel may take its time."""
        reported = await self._backend.report(delivery)
        if reported:
            OUTCOMES.labels(delivery.outcome.value).inc()
            if delivery.open_channels:
                await self._store.change(delivery.ref, lambda found: found.model_copy(update={"reported": True}))
        return reported

    async def _end(self, current: Round, delivery: Delivery, reported: bool) -> None:
        """Write that the round has ended; where something is left, the job of the next one is scheduled before."""
        if not delivery.ended(current.number, reported=reported).done:
            wait = wait_before(current.next, self._options.retry_seconds)
            if not delivery.open_channels:
                wait = min(wait, _REPORT_AGAIN)
            await self._sidecar.schedule(current.next.job(_now() + wait))
        await self._store.change(delivery.ref, lambda found: found.ended(current.number, reported=reported))

    async def _switch_off_webhook(self, person: str, url: str | None) -> None:
        def decide(ledger: Ledger) -> Ledger | None:
            settings = ledger.settings
            if settings.webhook.url != url or not settings.webhook.enabled:
                return None
            webhook = settings.webhook.model_copy(update={"enabled": False})
            return ledger.model_copy(update={"settings": settings.model_copy(update={"webhook": webhook})})

        await self._store.change_ledger(person, decide)


def _now() -> datetime:
    return datetime.now(UTC)
