"""The log over HTTP: read on from a cursor, without a gap, at the price of a 304 where nothing is new."""

from typing import Any

import orjson
import pytest

from backend.client import Answer, Client, People
from services.frontend.messages import entry

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def cursor_of(me: Client) -> tuple[int, int]:
    """Return where the list as it is now says to go on from."""
    found = (await me.get("/api/tasks?status=all")).json
    return found["epoch"], found["seq"]


async def read(me: Client, epoch: int, since: int, **headers: str) -> Answer:
    return await me.get(f"/api/events?epoch={epoch}&since={since}", **headers)


async def test_what_follows_a_cursor_is_told_as_the_websocket_tells_it(served: People, me: Client) -> None:
    task_id = await me.create("one")
    epoch, seq = await cursor_of(me)
    await me.patch(task_id, {"title": "two", "due": {"date": "2036-01-01"}})
    await me.call("PATCH", "/api/me", {"time_zone": "Europe/Rome", "locale": "it"})
    await me.call("DELETE", f"/api/tasks/{task_id}")
    answer = await read(me, epoch, seq)
    told = answer.json
    types = ["task.updated", "profile.updated", "task.deleted"]
    assert [(event["seq"], event["type"]) for event in told["events"]] == list(enumerate(types, seq + 1))
    assert (told["epoch"], told["seq"], answer.headers["ETag"]) == (epoch, seq + 3, f'"{epoch}-{seq + 3}"')
    internal = await me.internal("GET", f"/internal/log/{served.person(me)}?epoch={epoch}&since={seq}")
    assert told["events"] == [orjson.loads(entry(event).body) for event in internal.json["events"]]


async def test_who_stands_at_the_end_gets_a_304(me: Client) -> None:
    task_id = await me.create()
    epoch, seq = await cursor_of(me)
    etag = f'"{epoch}-{seq}"'
    unchanged = await read(me, epoch, seq, If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
    assert (await read(me, epoch, seq)).json == {"epoch": epoch, "seq": seq, "events": []}
    await me.patch(task_id, {"title": "new"})
    changed = await read(me, epoch, seq, If_None_Match=etag)
    assert (changed.status, len(changed.json["events"])) == (200, 1)


async def test_who_has_nothing_yet_goes_on_when_the_log_begins(me: Client) -> None:
    assert await cursor_of(me) == (0, 0)
    assert (await read(me, 0, 0, If_None_Match='"0-0"')).status == 304
    await me.create()
    assert (await read(me, 0, 0)).status == 410


async def test_a_cursor_that_the_log_does_not_go_on_from_is_gone(me: Client) -> None:
    await me.create()
    epoch, seq = await cursor_of(me)
    for cursor in ((epoch, seq + 1), (epoch + 1, seq), (epoch - 1, 0)):
        gone = await read(me, *cursor, If_None_Match=f'"{epoch}-{seq}"')
        assert gone.status == 410
        assert "GET /api/tasks?status=all" in gone.json["detail"]


@pytest.mark.parametrize("query", ["epoch=-1", "since=-1", "since=x", f"since={2**53}", "limit=0", "limit=501"])
async def test_a_cursor_that_is_none_is_refused(me: Client, query: str) -> None:
    assert (await me.get(f"/api/events?{query}")).status == 422


async def test_a_long_way_is_gone_in_parts(me: Client) -> None:
    operations: list[dict[str, Any]] = [{"op": "create", "task": {"title": f"{n}"}} for n in range(50)]
    for _ in range(3):
        await me.post("/api/tasks/batch", {"operations": operations})
    epoch, end = await cursor_of(me)
    seen: list[int] = []
    while (since := seen[-1] if seen else 0) < end:
        part = (await me.get(f"/api/events?epoch={epoch}&since={since}&limit=40")).json
        assert part["seq"] == end
        seen += [event["seq"] for event in part["events"]]
    assert seen == list(range(1, 151))


async def test_large_tasks_come_a_few_megabytes_at_a_time(me: Client) -> None:
    task = {"title": "t", "description": "d" * 19_000}
    for _ in range(3):
        await me.post("/api/tasks/batch", {"operations": [{"op": "create", "task": task}] * 60})
    epoch, end = await cursor_of(me)
    part = await read(me, epoch, 0)
    assert 2_000_000 <= len(part.body) < 2_100_000
    assert len(part.json["events"]) < end == 180


async def test_a_persons_log_is_their_own(served: People, me: Client) -> None:
    await me.create("mine")
    other = served.new()
    await other.create("theirs")
    epoch, seq = await cursor_of(other)
    assert [event["task"]["title"] for event in (await read(other, epoch, seq - 1)).json["events"]] == ["theirs"]
