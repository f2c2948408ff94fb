"""Nobody's events are forgotten: who wrote in which hour, and the sweep that looks after what was left behind.

A person's first write in an hour, on a replica, notes them under `active/{hour}/{shard}` before the commit. A replica
sweeps the hours since the last full sweep when it starts, and this hour and the last every few minutes.
"""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from components.catalogue import STATE_STORE
from services.backend.log import TaskLog
from services.backend.relay import Relay
from services.kit.pages import Page
from services.kit.sidecar import Sidecar, SidecarError

log = logging.getLogger(__name__)

SHARDS: Final = 16
SWEEP_SECONDS: Final = 300
_KEEP_DAYS: Final = 30
_ATTEMPTS: Final = 12
_PREFIX: Final = "active"
_LAST_SWEEP: Final = "active/swept"
_RETRY_SECONDS: Final = 2
_BULK: Final = 64


class ActivePeople:
    """The index of who wrote when."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._hour = ""
        self._noted: set[str] = set()
        self._waiting: dict[int, set[str]] = {}
        self._locks = [asyncio.Lock() for _ in range(SHARDS)]

    async def note(self, person: str) -> None:
        """Note that a person is about to write; nothing to do when they are noted for this hour."""
        hour = _hour(datetime.now(UTC))
        if hour != self._hour:
            self._hour, self._noted = hour, set()
        if person in self._noted:
            return
        shard = int(person[:2], 16) % SHARDS
        self._waiting.setdefault(shard, set()).add(person)
        async with self._locks[shard]:
            people = self._waiting.pop(shard, set())
            if people:
                try:
                    await self._add(f"{_PREFIX}/{hour}/{shard}", people)
                except BaseException:  # those who waited with this one must not go on as if they were noted
                    self._waiting.setdefault(shard, set()).update(people)
                    raise
                if hour == self._hour:
                    self._noted |= people

    async def _add(self, key: str, people: set[str]) -> None:
        for attempt in range(_ATTEMPTS):
            item = await self._sidecar.get(STATE_STORE, key)
            known = set(orjson.loads(item.data)) if item else set()
            if people <= known:
                return
            data = orjson.dumps(sorted(known | people))
            try:
                await self._sidecar.save(STATE_STORE, key, data, etag=item.etag, ttl=_KEEP_DAYS * 86_400)
            except SidecarError:
                if attempt == _ATTEMPTS - 1:
                    raise
                await asyncio.sleep(0.01 * attempt)
            else:
                return

    async def in_hours(self, first: datetime, last: datetime) -> set[str]:
        """Return everyone noted from one hour to another, both included."""
        people: set[str] = set()
        while _hour(first) <= _hour(last):
            keys = [f"{_PREFIX}/{_hour(first)}/{shard}" for shard in range(SHARDS)]
            for item in (await self._sidecar.get_many(STATE_STORE, keys)).values():
                people |= set(orjson.loads(item.data))
            first += timedelta(hours=1)
        return people

    async def last_sweep(self) -> datetime:
        """Return when the last full sweep began, at most as long ago as notes are kept; now, where there was none."""
        item = await self._sidecar.get(STATE_STORE, _LAST_SWEEP)
        oldest = datetime.now(UTC) - timedelta(days=_KEEP_DAYS)
        if not item:
            return datetime.now(UTC)
        return max(oldest, datetime.fromisoformat(orjson.loads(item.data)))

    async def swept(self, began: datetime) -> None:
        """Record that everything noted before `began` has been looked after."""
        await self._sidecar.save(STATE_STORE, _LAST_SWEEP, orjson.dumps(began.isoformat()))


class Sweeper:
    """Tells the relay of everyone whose log has something that was not sent."""

    def __init__(self, people: ActivePeople, tasks: TaskLog, relay: Relay) -> None:
        self._people = people
        self._tasks = tasks
        self._relay = relay

    async def run(self) -> None:
        """Sweep now and then every few minutes, until cancelled."""
        while True:
            try:
                await self.sweep()
            except SidecarError as error:
                log.warning("the sweep will be tried again: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            except Exception:
                log.exception("the sweep failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> int:
        """Look after everyone who wrote since the hour before the last sweep; return how many were behind."""
        began = datetime.now(UTC)
        since = await self._people.last_sweep() - timedelta(hours=1)
        people = sorted(await self._people.in_hours(since, began))
        behind = 0
        for start in range(0, len(people), _BULK):
            pages = await self._tasks.pages.open_pages(people[start : start + _BULK])
            for person in [name for name, page in pages.items() if _is_behind(page)]:
                behind += 1
                await self._people.note(person)
                self._relay.notice(person, certain=False)
        await self._people.swept(began)
        return behind


def _is_behind(page: Page) -> bool:
    """Tell whether a log was not relayed to its end."""
    header = page.header
    return "erased" not in header and min(header.get("published", 0), header.get("jobs", 0)) < header.get("head", 0)


def _hour(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H}"
