"""Two backends and two frontends: whoever writes through whichever, every client is told all, in order, once."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from harness.follower import Follower
from harness.person import Person
from harness.platform import Platform
from harness.waiting import eventually

Someone = Callable[[], Person]
Follow = Callable[..., Follower]
Elsewhere = Callable[[Person], Person]

DAILY = {"due": {"date": "2031-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}
WRITERS = 6
TASKS = 8  # of each writer


async def test_what_is_written_through_any_replica_reaches_every_client_once_and_in_order(
    someone: Someone, follow: Follow, elsewhere: Elsewhere, platform: Platform, http: aiohttp.ClientSession
) -> None:
    person = someone()
    other = elsewhere(person)
    before = await _served(platform, http)

    async def write(writer: int) -> None:
        here, there = (person, other) if writer % 2 else (other, person)
        for turn in range(TASKS):
            task = await here.insist("POST", "/api/tasks", json={"title": f"{writer}.{turn}"})
            await there.insist("PATCH", f"/api/tasks/{task['id']}", json={"priority": "high"})

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(follow(person, relay)) for relay in (0, 1, 0, 1)]
        await asyncio.gather(*(write(writer) for writer in range(WRITERS)))
        head = 2 * WRITERS * TASKS
        for client in clients:
            await client.until(lambda c: c.seq == head)
            assert client.seqs == list(range(client.begun + 1, head + 1))
        tasks = {task["id"]: task for task in await person.everything("/api/tasks")}
        assert [client.tasks for client in clients] == [tasks] * len(clients)
    assert Counter(task["title"] for task in tasks.values()) == Counter(
        f"{writer}.{turn}" for writer in range(WRITERS) for turn in range(TASKS)
    )
    after = await _served(platform, http)
    assert all(now > then for now, then in zip(after, before, strict=True)), "a backend was never asked"
    await _audited(person, head)


async def test_a_client_goes_on_at_the_other_relay_where_it_stood(
    someone: Someone, follow: Follow, elsewhere: Elsewhere
) -> None:
    person = someone()
    other = elsewhere(person)
    await person.call("POST", "/api/tasks", json={"title": "First"}, expect=201)
    stood: Follower
    async with follow(person, 0) as stood:
        await stood.until(lambda c: c.seq == 1)
        await other.call("POST", "/api/tasks", json={"title": "Second"}, expect=201)
        await stood.until(lambda c: c.seq == 2)
    for number in range(5):
        await (person if number % 2 else other).call("POST", "/api/tasks", json={"title": f"{number}"}, expect=201)
    back = follow(person, 1)
    back.epoch, back.seq = stood.epoch, stood.seq
    async with back:
        await back.until(lambda c: c.seq == 7)
        await other.call("POST", "/api/tasks", json={"title": "Last"}, expect=201)
        await back.until(lambda c: c.seq == 8)
        assert (back.snapshots, back.seqs) == (0, [3, 4, 5, 6, 7, 8])


async def test_a_repeated_key_is_one_change_at_whichever_replica(someone: Someone, elsewhere: Elsewhere) -> None:
    person = someone()
    other = elsewhere(person)
    key = {"Idempotency-Key": "once"}

    async def create(caller: Person, title: str = "Only one") -> tuple[int, Any]:
        return await caller.answer("POST", "/api/tasks", json={"title": title}, headers=key)

    answers = [await create(caller) for caller in (person, other) * 5]
    answers += await asyncio.gather(*(create(caller) for caller in (person, other) * 3))
    assert {status for status, _ in answers} <= {200, 201}
    assert len({(body["id"], body["change"], body["seq"]) for _, body in answers}) == 1
    assert (await create(other, "Another"))[0] == 422
    assert [task["title"] for task in await other.everything("/api/tasks?status=all")] == ["Only one"]


async def test_reminders_and_next_occurrences_come_exactly_once(
    someone: Someone, follow: Follow, elsewhere: Elsewhere
) -> None:
    person = someone()
    callers = (person, elsewhere(person))

    async def remind(number: int) -> str:
        at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        body = {"title": f"Reminder {number}", "reminders": [{"at": at}]}
        return str((await callers[number % 2].insist("POST", "/api/tasks", json=body))["id"])

    async def recur(number: int) -> str:
        task = await callers[number % 2].insist("POST", "/api/tasks", json={"title": f"Daily {number}", **DAILY})
        done = await callers[(number + 1) % 2].insist("POST", f"/api/tasks/{task['id']}/complete")
        return str(done["next_id"])

    async with follow(person, 0) as one, follow(person, 1) as two:
        for device in (one, two):
            await device.live(person)
        reminded = await asyncio.gather(*(remind(number) for number in range(6)))
        children = await asyncio.gather(*(recur(number) for number in range(6)))
        for device in (one, two):
            await device.until(lambda d: set(children) <= set(d.tasks))
            await device.until(lambda d: _due(d) == Counter(reminded))
            await device.until(lambda d: _told(d) == Counter(reminded))
        await eventually(lambda: all(_delivered(one, task) for task in reminded))
    shown = (await person.call("GET", "/api/notifications?limit=100"))["items"]
    assert Counter(item["title"] for item in shown) == Counter(f"Reminder {number}" for number in range(6))
    tasks = await person.everything("/api/tasks?status=all")
    assert len(tasks) == len({task["id"] for task in tasks}) == 6 + 2 * 6
    await _audited(person, (await person.call("GET", "/api/tasks?limit=1"))["seq"])


def _due(device: Follower) -> Counter[str]:
    return Counter(event["task"]["id"] for event in device.events if event["type"] == "reminder.due")


def _told(device: Follower) -> Counter[str]:
    return Counter(message["task"] for message in device.notifications)


def _delivered(device: Follower, task: str) -> bool:
    return bool(device.tasks[task]["reminders"][0]["status"] == "delivered")


async def _audited(person: Person, head: int) -> None:
    """See that the trail has each event up to that one, once, and proves itself whole."""

    async def whole() -> bool:
        return bool((await person.call("GET", "/api/audit/verify"))["entries"] >= head)

    await eventually(whole)
    assert (await person.call("GET", "/api/audit/verify"))["ok"]
    assert [item["seq"] for item in await person.everything("/api/audit")] == list(range(head, 0, -1))


async def _served(platform: Platform, http: aiohttp.ClientSession) -> list[float]:
    """Return how many tasks each backend was asked to create."""
    counts = []
    for name in ("backend", "backend-2"):
        async with http.get(f"http://127.0.0.1:{platform.listening(name)}/metrics") as answer:
            found = re.findall(r"^http_request\w*_count\{(?=.*POST).*\} (\S+)$", await answer.text(), re.MULTILINE)
            counts.append(sum(float(count) for count in found))
    return counts
