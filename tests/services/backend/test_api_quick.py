"""`POST /api/tasks/quick`: a line becomes a task in one change, or is only shown."""

from datetime import datetime
from typing import Any

import pytest

from backend.client import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = "pay rent every month on the 1st at 9am !high #home remind 1 day before"


async def quick(me: Client, text: str = LINE, query: str = "", **fields: Any) -> Any:
    return await me.post(f"/api/tasks/quick{query}", {"text": text, **fields})


async def test_a_line_becomes_a_task(me: Client) -> None:
    answer = await quick(me, time_zone="Europe/Rome")
    task = answer.json["task"]
    assert (answer.status, answer.headers["Location"]) == (201, f"/api/tasks/{task['id']}")
    assert answer.headers["X-Change-Id"] == answer.json["change"]
    assert (task["title"], task["priority"], task["tags"]) == ("pay rent", "high", ["home"])
    assert task["recurrence"] == {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "mode": "from_due"}
    assert task["due"]["time_zone"] == "Europe/Rome"
    assert (datetime.fromisoformat(task["due"]["at"]).day, task["reminders"][0]["before"]) == (1, "P1D")
    assert [LINE[span["start"] : span["end"]] for span in answer.json["spans"]][:2] == ["every month", "on the 1st"]
    assert (await me.get(f"/api/tasks/{task['id']}")).json == task


async def test_it_is_one_change_that_can_be_undone(me: Client) -> None:
    change = (await quick(me)).json["change"]
    undone = await me.post("/api/undo")
    assert undone.json["undone"] == change
    assert await me.titles() == []


async def test_a_dry_run_makes_nothing_and_what_it_shows_can_be_made(me: Client) -> None:
    shown = await quick(me, query="?dry_run=true")
    assert (shown.status, shown.json["change"], await me.titles()) == (200, None, [])
    made = await me.post("/api/tasks", shown.json["task"])
    assert made.status == 201
    same = await quick(me)
    assert {name: same.json["task"][name] for name in ("title", "due", "recurrence", "tags", "priority")} == {
        name: made.json[name] for name in ("title", "due", "recurrence", "tags", "priority")
    }
    assert same.json["spans"] == shown.json["spans"]


async def test_a_repeat_under_the_same_key_gets_the_first_answer(me: Client) -> None:
    body = {"text": LINE}
    first = await me.post("/api/tasks/quick", body, Idempotency_Key="k")
    again = await me.post("/api/tasks/quick", body, Idempotency_Key="k")
    assert (again.status, again.json) == (201, first.json)
    assert await me.titles() == ["pay rent"]
    other = await me.post("/api/tasks/quick", {"text": "buy milk"}, Idempotency_Key="k")
    assert other.status == 422


async def test_the_callers_zone_and_locale_decide(me: Client) -> None:
    await me.call("PATCH", "/api/me", {"time_zone": "Asia/Tokyo", "locale": "en-US"})
    due = (await quick(me, "pay tomorrow at 9am")).json["task"]["due"]
    assert (due["time_zone"], due["at"][-6:]) == ("Asia/Tokyo", "+09:00")
    american = await quick(me, "pay 02/03", "?dry_run=true")
    assert american.json["task"]["due"]["date"][5:] == "02-03"
    await me.call("PATCH", "/api/me", {"locale": "en-GB"})
    british = await quick(me, "pay 02/03", "?dry_run=true")
    assert british.json["task"]["due"]["date"][5:] == "03-02"
    assert "as your locale writes dates" in british.json["spans"][0]["note"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "  \t "}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": "pay", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"text": "pay", "due": "tomorrow"}, "due"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
async def test_what_cannot_be_a_task_is_refused_by_name(me: Client, body: Any, field: str, query: str) -> None:
    refused = await me.post(f"/api/tasks/quick{query}", body)
    assert (refused.status, refused.fields) == (422, {field})
    assert await me.titles() == []


async def test_a_line_of_500_characters_and_more_is_fine_while_its_title_is_not_longer(me: Client) -> None:
    answer = await quick(me, "x" * 500 + " tomorrow " + " ".join(f"#tag{n}" for n in range(40)))
    assert answer.status == 201
    assert len(answer.json["task"]["tags"]) == 40
