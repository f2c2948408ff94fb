"""What the service asks the backend, and what it tells it: a person's profile, and the outcome of a reminder."""

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Final

from pydantic import BaseModel, ValidationError

from components.catalogue import BACKEND
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import Profile
from services.notification.models import Delivery

log = logging.getLogger(__name__)

_PROFILE_SECONDS: Final = 60
_PROFILES: Final = 10_000
AT_ONCE: Final = 16
_TAKEN: Final = frozenset({200, 204})
_STALE: Final = frozenset({404, 409})


class _Profile(BaseModel):
    """The backend's answer, of which two fields matter here."""

    time_zone: str
    locale: str


class Backend:
    """The backend, by service invocation.

    Few calls are under way at once: after an outage hundreds of outcomes are told, and a call must not spend its time
    limit waiting behind the others.
    """

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._profiles: OrderedDict[str, tuple[float, Profile]] = OrderedDict()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def profile(self, person: str) -> Profile:
        """Return a person's profile, at most a minute old; the default one when the backend does not tell."""
        kept = self._profiles.get(person)
        if kept is not None and time.monotonic() - kept[0] < _PROFILE_SECONDS:
            return kept[1]
        try:
            async with self._places:
                answer = await self._sidecar.invoke(BACKEND, "GET", f"/internal/people/{person}", timeout=3)
            if answer.status != 200:
                return Profile()
            profile = Profile.model_validate(_Profile.model_validate_json(answer.body).model_dump())
        except (SidecarError, ValidationError) as error:
            log.warning("the profile cannot be read just now, UTC is used: %s", error)
            return Profile()
        self._profiles[person] = (time.monotonic(), profile)
        while len(self._profiles) > _PROFILES:
            self._profiles.popitem(last=False)
        return profile

    def forget(self, person: str) -> None:
        """Drop what is known of a person."""
        self._profiles.pop(person, None)

    async def report(self, delivery: Delivery) -> bool:
        """Tell the backend the outcome; False when it has to be told again. A stale reminder (404, 409) is told."""
        body = {
            "person": delivery.person,
            "epoch": delivery.epoch,
            "task": str(delivery.task),
            "reminder": delivery.reminder,
            "seq": delivery.reminder_seq,
            "status": delivery.outcome.value,
        }
        try:
            async with self._places:
                answer = await self._sidecar.invoke(BACKEND, "POST", "/internal/reminders", body=body)
        except SidecarError as error:
            log.warning("the outcome of a reminder cannot be reported just now: %s", error)
            return False
        if answer.status in _TAKEN | _STALE:
            return True
        log.warning("the backend answered %d to the outcome of a reminder", answer.status)
        return False
