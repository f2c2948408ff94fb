"""Listing notifications by cursor, and marking them as read."""

from datetime import datetime

import pytest
from fastapi import FastAPI
from harness.runtime import Runtime

from components.catalogue import NOTIFICATION
from notification.stage import QUICK, Stage, reminder
from services.kit.ids import person_id, uuid7
from services.notification.app import build


async def pages(stage: Stage, person: str, limit: int) -> list[list[str]]:
    """Return the ids of every page."""
    found: list[list[str]] = []
    cursor = None
    while True:
        query = f"?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        status, body = await stage.call("GET", f"/api/notifications{query}", person)
        assert status == 200
        found.append([item["id"] for item in body["items"]])
        cursor = body["next_cursor"]
        if cursor is None:
            return found


async def test_newest_first(stage: Stage, person: str) -> None:
    assert await pages(stage, person, 10) == [[]]
    await stage.publish(*(reminder(person, seq) for seq in (1, 2, 5, 9, 10)), reminder(person, 1, epoch=2))
    await stage.settled(person, 6)
    assert await pages(stage, person, 10) == [["2-1", "1-10", "1-9", "1-5", "1-2", "1-1"]]
    assert await pages(stage, person, 6) == [["2-1", "1-10", "1-9", "1-5", "1-2", "1-1"]]
    assert await pages(stage, person, 4) == [["2-1", "1-10", "1-9", "1-5"], ["1-2", "1-1"]]


async def test_a_cursor_stays_where_it_is(stage: Stage, person: str) -> None:
    await stage.publish(*(reminder(person, seq) for seq in range(1, 5)))
    await stage.settled(person, 4)
    _, first = await stage.call("GET", "/api/notifications?limit=2", person)
    await stage.publish(reminder(person, 5))
    await stage.settled(person, 5)
    _, second = await stage.call("GET", f"/api/notifications?limit=2&cursor={first['next_cursor']}", person)
    assert [item["id"] for item in (*first["items"], *second["items"])] == ["1-4", "1-3", "1-2", "1-1"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "cursor=", "cursor=x", "cursor=1-", "cursor=-1-1", "cursor=1-1-1"],
)
async def test_refused_queries(stage: Stage, person: str, query: str) -> None:
    status, problem = await stage.call("GET", f"/api/notifications?{query}", person)
    assert status == 422
    assert problem["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["limit=1", "limit=100", "cursor=999999999-999999999999999", "cursor=0-0"])
async def test_accepted_queries(stage: Stage, person: str, query: str) -> None:
    status, _ = await stage.call("GET", f"/api/notifications?{query}", person)
    assert status == 200


async def test_reading(stage: Stage, person: str) -> None:
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    assert item["read_at"] is None
    status, read = await stage.call("POST", "/api/notifications/1-1/read", person)
    assert status == 200
    assert datetime.fromisoformat(read["read_at"]) >= datetime.fromisoformat(item["recorded_at"])
    status, again = await stage.call("POST", "/api/notifications/1-1/read", person, Idempotency_Key="k")
    assert again == read
    (item,) = await stage.listed(person)
    assert item == read


@pytest.mark.parametrize("unknown", ["1-2", "0-0", "x", "1", "-", "tests", "settings", "1-1-1", "²-1", "9" * 64])
async def test_nothing_to_read(stage: Stage, person: str, unknown: str) -> None:
    await stage.publish(reminder(person))
    await stage.settled(person)
    status, _ = await stage.call("POST", f"/api/notifications/{unknown}/read", person)
    assert status == 404


async def test_another_persons_is_not_there(stage: Stage, person: str) -> None:
    other = person_id("tests", str(uuid7()))
    await stage.publish(reminder(person))
    await stage.settled(person)
    assert await stage.listed(other) == []
    status, _ = await stage.call("POST", "/api/notifications/1-1/read", other)
    assert status == 404


def test_the_description_is_whole(runtime: Runtime) -> None:
    app: FastAPI = build(runtime.config(NOTIFICATION), QUICK)
    document = app.openapi()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == {
        "GET /api/notifications",
        "GET /api/notifications/settings",
        "PUT /api/notifications/settings",
        "POST /api/notifications/test",
        "POST /api/notifications/{notification_id}/read",
        "DELETE /internal/people/{person}",
    }
    for operation in operations.values():
        assert operation["summary"]
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response["content"].keys() == {"application/problem+json"}, operation["summary"]
        assert {"401", "503"} <= operation["responses"].keys()


async def test_epochs_as_large_as_they_are(stage: Stage, person: str) -> None:
    """An epoch is the time of a log's beginning, in milliseconds."""
    epoch = 1_795_454_856_919
    await stage.publish(*(reminder(person, seq, epoch=epoch) for seq in (1, 2, 3)))
    await stage.settled(person, 3)
    assert await pages(stage, person, 2) == [[f"{epoch}-3", f"{epoch}-2"], [f"{epoch}-1"]]
    status, read = await stage.call("POST", f"/api/notifications/{epoch}-2/read", person)
    assert status == 200
    assert read["read_at"]
