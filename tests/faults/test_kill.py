"""`kill -9` of each process in the middle of a thousand writes, five times, and what was promised is counted.

No acknowledged write is lost, no event is lost, no effect is doubled in our stores, and every WebSocket client sees a
`seq` without a gap.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import aiohttp
import pytest
from harness.follower import Follower
from harness.issuer import Issuer
from harness.person import Person
from harness.platform import RUNTIME, Platform
from harness.ports import free_ports
from harness.waiting import eventually

from components.catalogue import BACKEND, CATALOGUE

WRITES = 1_000
KILLS = 5
PEOPLE = 5
WRITERS = 2  # of each person at once
SILENT = 20
VICTIMS = (RUNTIME, *(service.app_id for service in CATALOGUE.services))
DAILY = {"due": {"date": "2031-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(free_ports(1)[0])


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Platform]:
    settings = {name.upper(): value for name, value in issuer.settings.items()}
    started = Platform(tmp_path_factory.mktemp("faults"), settings)
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def someone(platform: Platform, issuer: Issuer) -> AsyncIterator[Callable[[], Person]]:
    async with issuer, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as http:
        yield lambda: Person(http, platform.url, {"Authorization": f"Bearer {issuer.token(str(uuid4()), lasts=3600)}"})


@pytest.fixture
def people(someone: Callable[[], Person]) -> list[Person]:
    return [someone() for _ in range(PEOPLE)]


class Work:
    """A thousand writes by a few people, and what was acknowledged of them."""

    def __init__(self, people: list[Person]) -> None:
        self.done = 0
        self.created: dict[int, set[str]] = {n: set() for n in range(len(people))}
        self.completed: dict[int, set[str]] = {n: set() for n in range(len(people))}
        self._people = people

    async def run(self) -> None:
        each = WRITES // (len(self._people) * WRITERS * 2)
        await asyncio.gather(
            *(self._write(number, each) for number in range(len(self._people)) for _ in range(WRITERS))
        )

    async def _write(self, number: int, pairs: int) -> None:
        person = self._people[number]
        for turn in range(pairs):
            recurring = DAILY if turn % 5 == 0 else {}
            task = await person.insist("POST", "/api/tasks", json={"title": f"Task {turn}", **recurring})
            self.created[number].add(task["id"])
            self.done += 1
            if recurring:
                done = await person.insist("POST", f"/api/tasks/{task['id']}/complete")
                self.completed[number].add(done["next_id"])
            else:
                await person.insist("PATCH", f"/api/tasks/{task['id']}", json={"priority": "high"})
            self.done += 1


async def _kill_now_and_then(platform: Platform, victim: str, work: Work) -> int:
    kills = 0
    for share in range(1, KILLS + 1):
        await eventually(lambda share=share: work.done >= WRITES * share / (KILLS + 1), within=600)  # type: ignore[misc]
        await eventually(lambda: platform.kill(victim))
        kills += 1
    return kills


@pytest.mark.slow
@pytest.mark.parametrize("victim", VICTIMS)
async def test_nothing_is_lost_and_nothing_doubled(platform: Platform, people: list[Person], victim: str) -> None:
    work = Work(people)
    followers = [Follower(platform.websocket, person.headers) for person in people]
    for follower in followers:
        await follower.__aenter__()
    try:
        kills, _ = await asyncio.gather(_kill_now_and_then(platform, victim, work), work.run())
        assert (kills, work.done) == (KILLS, WRITES)
        await eventually(platform.is_ready)
        for number, person in enumerate(people):
            await _holds(person, followers[number], work.created[number], work.completed[number])
    finally:
        for follower in followers:
            await follower.__aexit__()


async def _say(person: Person, heard: asyncio.Queue[str]) -> None:
    task = await person.insist("POST", "/api/tasks", json={"title": "My last words"})
    heard.put_nowait(task["id"])


@pytest.mark.slow
async def test_the_last_change_of_those_who_fall_silent_is_heard(
    platform: Platform, someone: Callable[[], Person]
) -> None:
    """Nothing that comes later tells consumers of a gap: the backend's next life finds what its last one left."""
    for _ in range(KILLS):
        crowd, heard = [someone() for _ in range(SILENT)], asyncio.Queue[str]()
        saying = asyncio.gather(*(_say(person, heard) for person in crowd))
        for _ in range(SILENT // 2):
            await heard.get()
        await eventually(lambda: platform.kill(BACKEND))
        await saying
        await asyncio.gather(*(_audited(person, 1) for person in crowd))


async def _holds(person: Person, follower: Follower, created: set[str], children: set[str]) -> None:
    async def there() -> list[dict[str, object]]:
        return await person.everything("/api/tasks?status=all")

    async def with_children() -> bool:
        return children <= {str(task["id"]) for task in await there()}

    await eventually(with_children)
    tasks = await there()
    ids = Counter(str(task["id"]) for task in tasks)
    assert set(ids) == created | children, "a write was lost, or made what nobody asked for"
    assert set(ids.values()) == {1}
    head = (await person.call("GET", "/api/tasks?limit=1"))["seq"]
    await follower.until(lambda f: f.seq == head)
    assert follower.seqs == list(range(follower.begun + 1, head + 1)), "a client missed or repeated an event"
    assert {t["id"]: t for t in tasks} == follower.tasks
    await _audited(person, head)
    assert all(retry_after for _, retry_after in person.unavailable), "a 5xx did not say when to come back"


async def _audited(person: Person, head: int) -> None:
    async def whole() -> bool:
        return bool((await person.call("GET", "/api/audit/verify"))["entries"] >= head)

    await eventually(whole)
    proof = await person.call("GET", "/api/audit/verify")
    seqs = [item["seq"] for item in await person.everything("/api/audit")]
    assert proof["ok"], proof
    assert seqs == list(range(head, 0, -1)), "the trail misses an event or has one twice"
