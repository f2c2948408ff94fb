"""The retry jobs of deliveries: their names, which say everything that a trigger has to know, and when they come."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from components.catalogue import CATALOGUE, NOTIFICATION
from services.kit.sidecar import Job
from services.notification.models import Ref

_POLICY: Final = CATALOGUE[NOTIFICATION].jobs[0]
_NAME: Final = re.compile(
    rf"{re.escape(_POLICY.prefix)}(?P<person>[0-9a-f]{{32}})-(?P<epoch>\d{{1,15}})-(?P<seq>\d{{1,15}})-(?P<round>\d{{1,6}})"
)


class Round(NamedTuple):
    """One round of a delivery, from 0; each has a job of its own, for a job is never given another time."""

    ref: Ref
    number: int

    @property
    def name(self) -> str:
        """The name of the job that makes the round happen."""
        return f"{_POLICY.prefix}{self.ref.person}-{self.ref.id}-{self.number}"

    @property
    def next(self) -> "Round":
        """The round after this one."""
        return Round(self.ref, self.number + 1)

    @classmethod
    def parse(cls, name: str) -> "Round | None":
        """Return the round that a job's name stands for, or None for a name of another kind."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        return cls(Ref(match["person"], int(match["epoch"]), int(match["seq"])), int(match["round"]))

    def job(self, due: datetime) -> Job:
        """Return the job of the round at that time."""
        return Job(
            name=self.name,
            due=due,
            data={},
            interval=_POLICY.interval_seconds,
            max_retries=_POLICY.max_retries,
        )


def wait_before(following: Round, seconds: Sequence[float]) -> timedelta:
    """Return how long to wait before a round (from 1); the last wait repeats. 10% more or less, by the job's name.

    The spread keeps what failed together from coming back together, and is the same for everyone who computes it.
    """
    wait = seconds[min(following.number, len(seconds)) - 1]
    spread = int.from_bytes(hashlib.blake2b(following.name.encode(), digest_size=2).digest(), "big") / 0xFFFF
    return timedelta(seconds=wait * (0.9 + 0.2 * spread))
