"""A person's walk through the whole platform: what the quickstart shows, held to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from harness.follower import Follower
from harness.person import Person
from harness.platform import Platform
from harness.waiting import eventually

Someone = Callable[[], Person]
Follow = Callable[[Person], Follower]

RENT = {
    "title": "Pay rent",
    "due": {"at": "2031-12-01T09:00:00+01:00", "time_zone": "Europe/Rome"},
    "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1"},
    "tags": ["home"],
}


async def test_a_change_reaches_every_device_in_order(someone: Someone, follow: Follow) -> None:
    person = someone()
    async with follow(person) as phone, follow(person) as laptop:
        task = await person.call("POST", "/api/tasks", json=RENT, headers={"Idempotency-Key": "k-1"}, expect=201)
        await person.call("PATCH", f"/api/tasks/{task['id']}", json={"title": "Pay the rent"})
        for device in (phone, laptop):
            await device.until(lambda d: d.tasks.get(task["id"], {}).get("title") == "Pay the rent")
            assert [e["key"] for e in device.events if e["type"] == "task.created"] in (["k-1"], [])
            assert device.seq == 2


async def test_completing_a_recurring_task_brings_the_next_one_once(someone: Someone, follow: Follow) -> None:
    person = someone()
    async with follow(person) as device:
        task = await person.call("POST", "/api/tasks", json=RENT, expect=201)
        done = await person.call("POST", f"/api/tasks/{task['id']}/complete")
        await device.until(lambda d: done["next_id"] in d.tasks)
        child = device.tasks[done["next_id"]]
        assert child["due"] == {"at": "2032-01-01T09:00:00+01:00", "time_zone": "Europe/Rome"}
        assert (child["occurrence"], child["series_id"]) == (2, task["series_id"])
    assert len(await person.everything("/api/tasks?status=all")) == 2


async def test_reopening_takes_the_next_one_back(someone: Someone, follow: Follow) -> None:
    person = someone()
    async with follow(person) as device:
        task = await person.call("POST", "/api/tasks", json=RENT, expect=201)
        done = await person.call("POST", f"/api/tasks/{task['id']}/complete")
        await device.until(lambda d: done["next_id"] in d.tasks)
        await person.call("POST", f"/api/tasks/{task['id']}/reopen")
        await device.until(lambda d: done["next_id"] not in d.tasks)
        again = await person.call("POST", f"/api/tasks/{task['id']}/complete")
        await device.until(lambda d: again["next_id"] in d.tasks)


async def test_a_reminder_comes_at_its_time_and_says_what_became_of_it(someone: Someone, follow: Follow) -> None:
    person = someone()
    async with follow(person) as device:
        await device.live(person)
        at = datetime.now(UTC) + timedelta(seconds=1.5)
        body = {"title": "Tea is ready", "reminders": [{"at": at.isoformat()}]}
        task = await person.call("POST", "/api/tasks", json=body, expect=201)
        await device.until(lambda d: any(e["type"] == "reminder.due" for e in d.events))
        assert datetime.now(UTC) >= at
        await device.until(lambda d: d.tasks[task["id"]]["reminders"][0]["status"] == "delivered")
        await device.until(lambda d: len(d.notifications) == 1)
    found = await person.call("GET", "/api/notifications")
    assert len(found["items"]) == 1


async def test_a_moved_reminder_comes_at_its_new_time_alone(someone: Someone, follow: Follow) -> None:
    person = someone()
    async with follow(person) as device:
        await device.live(person)
        for ahead in (1.5, 10, 60):  # it has to be moved before it comes, however slow the machine is
            soon, later = (datetime.now(UTC) + timedelta(seconds=s) for s in (ahead, ahead + 1))
            body = {"title": "Tea is ready", "reminders": [{"at": soon.isoformat()}]}
            task = await person.call("POST", "/api/tasks", json=body, expect=201)
            moved = {"reminders": [{"id": task["reminders"][0]["id"], "at": later.isoformat()}]}
            await person.call("PATCH", f"/api/tasks/{task['id']}", json=moved)
            if datetime.now(UTC) < soon:
                break
        await device.until(lambda d: _dues(d, task["id"]) > 0)
        assert datetime.now(UTC) >= later
        assert _dues(device, task["id"]) == 1


def _dues(device: Follower, task: str) -> int:
    return sum(e["type"] == "reminder.due" and e["task"]["id"] == task for e in device.events)


async def test_the_audit_trail_is_whole_and_undo_is_part_of_it(someone: Someone) -> None:
    person = someone()
    task = await person.call("POST", "/api/tasks", json={"title": "Buy milk"}, expect=201)
    await person.call("DELETE", f"/api/tasks/{task['id']}", expect=204)
    await person.call("POST", "/api/undo")
    assert (await person.call("GET", f"/api/tasks/{task['id']}"))["title"] == "Buy milk"

    async def trail() -> list[str]:
        found = await person.call("GET", f"/api/audit?task_id={task['id']}")
        return [item["type"] for item in found["items"]]

    async def is_there() -> bool:
        return await trail() == ["task.restored", "task.deleted", "task.created"]

    await eventually(is_there)
    proof = await person.call("GET", "/api/audit/verify")
    assert (proof["ok"], proof["entries"]) == (True, 3)


async def test_people_see_only_what_is_theirs(someone: Someone) -> None:
    one, other = someone(), someone()
    task = await one.call("POST", "/api/tasks", json={"title": "Private"}, expect=201)
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/complete"),
        ("GET", "/occurrences"),
    ):
        body = {"json": {"title": "Mine now"}} if method == "PATCH" else {}
        await other.call(method, f"/api/tasks/{task['id']}{path}", expect=404, **body)
    assert (await other.call("GET", "/api/tasks"))["items"] == []


@pytest.mark.parametrize("path", ["/internal/heads", "/job/reminder-1", "/api/jobs/trigger", "/events/reminders"])
async def test_what_dapr_calls_cannot_be_reached_from_outside(someone: Someone, path: str) -> None:
    status, _ = await someone().answer("POST", path, json={})
    assert status in {401, 403, 404}


async def test_an_erased_person_is_gone_everywhere_and_may_begin_anew(someone: Someone, follow: Follow) -> None:
    person = someone()
    for number in range(70):  # more than a page of the log
        await person.call("POST", "/api/tasks", json={"title": f"Secret {number}"}, expect=201)

    async def audited() -> bool:
        return bool((await person.call("GET", "/api/audit/verify"))["entries"] == 70)

    await eventually(audited)
    await person.call("DELETE", "/api/me", expect=204)
    assert (await person.call("GET", "/api/tasks?status=all"))["items"] == []
    proof = await person.call("GET", "/api/audit/verify")
    assert proof["ok"]
    assert not any(item["title"] for item in await person.everything("/api/audit"))
    await person.call("POST", "/api/tasks", json={"title": "A new life"}, expect=201)
    async with follow(person) as device:
        await device.until(lambda d: [t["title"] for t in d.tasks.values()] == ["A new life"])


async def test_everything_is_there_after_a_restart(someone: Someone, platform: Platform) -> None:
    person = someone()
    task = await person.call("POST", "/api/tasks", json=RENT, expect=201)
    before = await person.call("GET", f"/api/tasks/{task['id']}")
    platform.stop()
    platform.start()
    assert await person.call("GET", f"/api/tasks/{task['id']}") == before
    await person.call("POST", "/api/undo")
    await person.call("GET", f"/api/tasks/{task['id']}", expect=404)
