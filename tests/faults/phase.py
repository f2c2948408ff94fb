"""One fault: people write, the platform is struck, and what is left is held against what was promised."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import aiohttp
from harness.follower import Follower
from harness.person import Person
from harness.waiting import eventually

from faults.evidence import Evidence, Findings, judge
from faults.ledger import Ledger
from faults.stage import PATIENCE_SECONDS, Stage
from faults.strikes import Durations, Fault
from faults.writers import CHANGES_A_TURN, write

T = TypeVar("T")

_WRITERS = 2  # of each person at once


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done for each fault: by so many people, so many changes at least, and so many strikes.

    `pace` is how many changes a second everybody together makes at most, so that what follows a fault is seen by
    itself and not through a machine that is short of time.
    """

    people: int
    changes: int
    strikes: int
    pace: float
    durations: Durations


@dataclass(slots=True)
class Member:
    """A person, what they were promised, and a device of theirs."""

    person: Person
    known_as: str
    ledger: Ledger
    device: Follower


@dataclass(slots=True)
class Phase:
    """What one fault came to: after how many seconds everything worked again, and what never did."""

    fault: Fault
    members: list[Member]
    recoveries: list[float] = field(default_factory=list)
    never_whole: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def changes(self) -> int:
        """How many changes were acknowledged so far."""
        return sum(member.ledger.changes for member in self.members)

    @property
    def unavailable(self) -> list[tuple[int, str | None]]:
        """The answers with a 5xx: status and `Retry-After`."""
        return [answer for member in self.members for answer in member.person.unavailable]

    @property
    def unanswered(self) -> int:
        """How many calls got no answer."""
        return sum(member.person.unanswered for member in self.members)

    @property
    def waits(self) -> list[float]:
        """How many seconds each change took until it was acknowledged."""
        return [wait for member in self.members for wait in member.person.waits]


async def run(stage: Stage, fault: Fault, scale: Scale) -> Phase:
    """Strike the platform while people write; return when everything that has to follow has followed, or never will."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        members = [await _member(stage, number, stack) for number in range(scale.people)]
        phase = Phase(fault, members)
        probe = await _Probe.enter(stage, stack)
        end, think = asyncio.Event(), CHANGES_A_TURN * scale.people * _WRITERS / scale.pace
        writing = asyncio.gather(
            *(write(m.person, m.ledger, f"{n}.{w}", end, think) for n, m in enumerate(members) for w in range(_WRITERS))
        )
        striking = asyncio.create_task(_strike(stage, phase, scale, probe))
        try:
            await asyncio.wait({writing, striking}, return_when=asyncio.FIRST_COMPLETED)
            end.set()
            if writing.done():  # they go on until they are told: something in the test itself is wrong
                await writing
            await striking
            await writing
        finally:
            striking.cancel()
            writing.cancel()
            await asyncio.gather(striking, writing, return_exceptions=True)
        await _followed(members)
    phase.seconds = time.monotonic() - began
    return phase


async def _member(stage: Stage, number: int, stack: AsyncExitStack) -> Member:
    person, known_as = stage.someone(number)
    if number % 5 == 0:
        channels = {
            "email": {"enabled": True, "address": f"{number}@example.com"},
            "webhook": {"enabled": True, "url": f"http://127.0.0.1:{stage.receiver}/hook"},
        }
        await person.insist("PUT", "/api/notifications/settings", json=channels)
    device = await stack.enter_async_context(stage.follower(person, number))
    return Member(person, known_as, Ledger(), device)


async def _strike(stage: Stage, phase: Phase, scale: Scale, probe: "_Probe") -> None:
    for number in range(scale.strikes):
        share = scale.changes * (number + 1) / (scale.strikes + 1)
        await eventually(lambda share=share: phase.changes >= share, PATIENCE_SECONDS)  # type: ignore[misc]
        await phase.fault.strike(stage, scale.durations, number)
        began = time.monotonic()
        try:
            await eventually(stage.is_whole, PATIENCE_SECONDS, every=0.1)
            await probe.passes()
        except AssertionError as error:
            phase.never_whole.append(f"after strike {number + 1}: {error}")
            return
        phase.recoveries.append(time.monotonic() - began)
    await eventually(lambda: phase.changes >= scale.changes, 10 * PATIENCE_SECONDS)


class _Probe:
    """A person whose changes show whether everything works: what a change of theirs has to bring, in the end."""

    def __init__(self, person: Person, devices: Sequence[Follower]) -> None:
        self._person = person
        self._devices = devices

    @classmethod
    async def enter(cls, stage: Stage, stack: AsyncExitStack) -> "_Probe":
        person, _ = stage.someone(0)
        devices = [await stack.enter_async_context(stage.follower(person, number)) for number in range(2)]
        return cls(person, devices)

    async def passes(self) -> None:
        """Wait until a new task is seen by a client of each replica, in the trail, and its reminder delivered."""
        at = datetime.now(UTC) + timedelta(seconds=1)
        body = {"title": str(uuid4()), "reminders": [{"at": at.isoformat()}]}
        task = (await self._person.insist("POST", "/api/tasks", json=body))["id"]
        for device in self._devices:
            await device.until(lambda d: task in d.tasks, PATIENCE_SECONDS)
        await eventually(_calmly(lambda: self._recorded(task)), PATIENCE_SECONDS, every=0.1)
        await eventually(_calmly(lambda: self._delivered(task)), PATIENCE_SECONDS, every=0.1)

    async def _recorded(self, task: str) -> bool:
        return bool((await self._person.call("GET", f"/api/audit?task_id={task}"))["items"])

    async def _delivered(self, task: str) -> bool:
        found = await self._person.call("GET", "/api/notifications?limit=5")
        return any(item["task"] == task and item["outcome"] == "delivered" for item in found["items"])


def _calmly(check: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T | None]]:
    """Return a check that takes a call without an answer for a no."""

    async def checked() -> T | None:
        try:
            return await check()
        except (aiohttp.ClientError, TimeoutError):
            return None

    return checked


async def _followed(members: Sequence[Member]) -> None:
    """Wait for all that has to follow; where something never does, the evidence will show it."""
    end = time.monotonic() + PATIENCE_SECONDS
    for member in members:
        try:
            await eventually(_calmly(lambda m=member: _is_done(m)), max(0.0, end - time.monotonic()), every=0.2)  # type: ignore[misc]
        except AssertionError:
            continue


async def _is_done(member: Member) -> bool:
    person, ledger = member.person, member.ledger
    head = (await person.call("GET", "/api/tasks?limit=1"))["seq"]
    if head < ledger.events or member.device.seq != head:
        return False
    if [entry["seq"] for entry in (await person.call("GET", "/api/audit?limit=1"))["items"]] != [head]:
        return False
    found = await person.everything("/api/notifications", limit=100)
    closed = all(c["status"] not in {"pending", "retrying"} for item in found for c in item["channels"].values())
    return closed and len({item["task"] for item in found}) >= len(ledger.reminders)


async def examine(stage: Stage, phase: Phase) -> Findings:
    """Read everything that the platform says of the people of a phase, and judge it."""
    mails, found = stage.mails(), []
    for member in phase.members:
        sent = [{k: n for k, n in all_.items() if k.startswith(member.known_as)} for all_ in (mails, stage.webhooks)]
        asked = _calmly(lambda m=member, s=sent: _evidence(m, *s))  # type: ignore[misc]
        found.append(judge(await eventually(asked, PATIENCE_SECONDS, every=1)))
    return Findings.all_of(found)


async def _evidence(member: Member, mails: dict[str, int], webhooks: dict[str, int]) -> Evidence:
    person, device = member.person, member.device
    return Evidence(
        ledger=member.ledger,
        tasks=await person.everything("/api/tasks?status=all"),
        head=(await person.call("GET", "/api/tasks?limit=1"))["seq"],
        audit=await person.everything("/api/audit"),
        proof=await person.call("GET", "/api/audit/verify"),
        notifications=await person.everything("/api/notifications", limit=100),
        stretches=device.stretches,
        seen=device.tasks,
        mails=mails,
        webhooks=webhooks,
    )
