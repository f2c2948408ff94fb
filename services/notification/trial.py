"""Tests of channels that a person asks for: sent at once, limited in number, and once for each Idempotency-Key."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import AwareDatetime

from services.kit.ids import uuid7
from services.kit.problems import Problem, invalid
from services.kit.task import Frozen
from services.notification.backend import Backend
from services.notification.channels import Channels
from services.notification.messages import trial_message
from services.notification.models import REMEMBERED, Channel, Settings
from services.notification.schemas import TrialBody, TrialReport, TrialResult
from services.notification.store import Store, trials_key

HOURLY: Final = 30
_HOUR: Final = timedelta(hours=1)
_UNDER_WAY: Final = timedelta(minutes=1)


class Trial(Frozen):
    """A test that was asked for; `report` is null until it is through."""

    key: str
    digest: str
    at: AwareDatetime
    report: TrialReport | None = None


class Trials(Frozen):
    """What a person tested in the last day."""

    items: tuple[Trial, ...] = ()

    def since(self, moment: datetime) -> tuple[Trial, ...]:
        """Return the tests that were asked for after a moment."""
        return tuple(trial for trial in self.items if trial.at > moment)


class Tester:
    """Sends tests."""

    def __init__(self, store: Store, channels: Channels, backend: Backend) -> None:
        self._store = store
        self._channels = channels
        self._backend = backend

    async def test(self, person: str, body: TrialBody, key: str | None) -> TrialReport:
        """Send a test and return what came of it; the same report again for the same key.

        Problems: 409 while the same test is under way, 422 for a channel that is not set up or a key with another
        body, 429 beyond `HOURLY` tests an hour.
        """
        settings = (await self._store.ledger(person)).settings
        chosen = _chosen(settings, body)
        digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        trial = Trial(key=key or str(uuid7()), digest=digest, at=datetime.now(UTC))
        known = await self._begin(person, trial)
        if known is not None:
            return known
        report = await self._send(person, trial, chosen, settings)
        await self._change(person, trial.model_copy(update={"report": report}))
        return report

    async def _begin(self, person: str, trial: Trial) -> TrialReport | None:
        """Write that the test begins; the report of the first, where this is a repetition."""
        known: TrialReport | None = None

        def decide(found: Trials | None) -> Trials | None:
            nonlocal known
            kept = (found or Trials()).since(trial.at - REMEMBERED)
            before = next((t for t in kept if t.key == trial.key), None)
            if before == trial:
                return None
            if before is not None:
                known = _repeated(before, trial)
                if known is not None:
                    return None
            _check_rate(kept, trial.at)
            return Trials(items=(*(t for t in kept if t.key != trial.key), trial))

        await self._update(person, decide)
        return known

    async def _change(self, person: str, trial: Trial) -> None:
        await self._update(
            person,
            lambda found: (
                Trials(items=tuple(trial if t.key == trial.key else t for t in found.items)) if found else None
            ),
        )

    async def _update(self, person: str, decide: Callable[[Trials | None], Trials | None]) -> None:
        key = trials_key(person)
        await self._store.documents.update(key, Trials, decide, ttl=int(REMEMBERED.total_seconds()))

    async def _send(self, person: str, trial: Trial, chosen: Sequence[Channel], settings: Settings) -> TrialReport:
        test_id = f"test-{hashlib.sha256(f'{person} {trial.key}'.encode()).hexdigest()[:32]}"
        message = trial_message(test_id, person, await self._backend.profile(person), trial.at)
        results = await asyncio.gather(*(self._channels.send(c, message, settings) for c in chosen))
        return TrialReport(
            id=test_id,
            results={
                channel: TrialResult(delivered=result.error is None, error=result.error)
                for channel, result in zip(chosen, results, strict=True)
            },
        )


def _chosen(settings: Settings, body: TrialBody) -> Sequence[Channel]:
    chosen = settings.enabled if body.channels is None else body.channels
    if not chosen:
        raise invalid("channels", "every channel is switched off; name the ones to test")
    if Channel.EMAIL in chosen and not settings.email.address:
        raise invalid("channels", "there is no e-mail address in the settings")
    if Channel.WEBHOOK in chosen and not settings.webhook.url:
        raise invalid("channels", "there is no webhook URL in the settings")
    return chosen


def _repeated(before: Trial, trial: Trial) -> TrialReport | None:
    """Return the first report; None where the first test died on the way and has to be made again."""
    if before.digest != trial.digest:
        raise invalid("Idempotency-Key", "was used for another body in the last 24 hours")
    if before.report is None and before.at > trial.at - _UNDER_WAY:
        raise Problem(409, "This test is under way; ask again in a moment.", headers={"Retry-After": "5"})
    return before.report


def _check_rate(kept: Sequence[Trial], now: datetime) -> None:
    recent = [trial for trial in kept if trial.at > now - _HOUR]
    if len(recent) >= HOURLY:
        wait = int((recent[0].at + _HOUR - now).total_seconds()) + 1
        raise Problem(429, f"At most {HOURLY} tests an hour.", headers={"Retry-After": str(wait)})
