"""How many deliveries are worked on at once: so many in all, and few of one person, so that others need not wait."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

TOTAL: Final = 256
PER_PERSON: Final = 4


class Lanes:
    """Places for work; one for a person who has all of theirs in use is waited for without holding up others."""

    def __init__(self, total: int = TOTAL, per_person: int = PER_PERSON) -> None:
        self._all = asyncio.Semaphore(total)
        self._own: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(per_person))
        self._users: Counter[str] = Counter()

    def users(self, person: str) -> int:
        """Return how many pieces of a person's work have a place or wait for one."""
        return self._users[person]

    @asynccontextmanager
    async def place(self, person: str) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        self._users[person] += 1
        try:
            async with self._own[person], self._all:
                yield
        finally:
            self._users[person] -= 1
            if not self._users[person]:
                del self._users[person], self._own[person]
