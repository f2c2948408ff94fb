"""Every documented limit, on both of its sides."""

from typing import Any

import orjson
import pytest

from backend.client import Client, People, some_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

DUE = {"due": {"at": "2036-12-01T09:00:00+01:00", "time_zone": "Europe/Rome"}}
SOON = "2036-01-01T00:00:00Z"

GOOD: list[tuple[str, Any]] = [
    ("title", "a"),
    ("title", "  " + "é" * 500 + "\t\n"),
    ("description", ""),
    ("description", "x" * 20_000),
    ("tags", [f"tag {n}" for n in range(50)]),
    ("tags", ["t" * 64]),
    ("tags", [" " + "t" * 64 + " "]),
    ("priority", "urgent"),
    ("reminders", [{"at": SOON}] * 10),
    ("reminders", [{"at": SOON, "id": "i" * 64}]),
    ("external_id", "x" * 255),
    ("due", {"at": "2036-07-01T09:00:00+02:00", "time_zone": "Europe/Rome"}),
    ("due", {"at": "2036-07-01T09:00:00Z"}),
    ("due", {"local": "2036-12-01T09:00"}),
    ("due", {"date": "2036-12-01"}),
    ("due", {"at": "2036-10-26T02:30:00+01:00", "time_zone": "Europe/Rome"}),
    ("due", {"at": "2036-10-26T02:30:00+02:00", "time_zone": "Europe/Rome"}),
]

BAD: list[tuple[str, Any]] = [
    ("title", ""),
    ("title", "  \n "),
    ("title", "é" * 501),
    ("title", "nul\x00"),
    ("title", 5),
    ("description", "x" * 20_001),
    ("tags", [f"tag {n}" for n in range(51)]),
    ("tags", ["t" * 65]),
    ("tags", [""]),
    ("tags", ["Home", "hOME"]),
    ("tags", ["straße", "STRASSE"]),
    ("tags", ["\u00fcber", "u\u0308ber"]),
    ("tags", ["\u00dcBER", "u\u0308ber"]),
    ("priority", "highest"),
    ("reminders", [{"at": SOON}] * 11),
    ("reminders", [{"before": "P1D"}]),
    ("reminders", [{}]),
    ("reminders", [{"at": "2036-01-01T00:00:00"}]),
    ("reminders", [{"at": SOON, "id": "i" * 65}]),
    ("reminders", [{"at": SOON, "id": "a"}, {"at": SOON, "id": "a"}]),
    ("recurrence", {"rrule": "FREQ=DAILY"}),
    ("external_id", ""),
    ("external_id", "x" * 256),
    ("due", {"at": "2036-12-01T09:00:00+02:00", "time_zone": "Europe/Rome"}),
    ("due", {"at": "2036-03-30T02:30:00+01:00", "time_zone": "Europe/Rome"}),
    ("due", {"at": "2036-12-01T09:00:00+01:00", "time_zone": "Europe/Atlantis"}),
    ("due", {"at": "2036-12-01T09:00:00"}),
    ("due", {"local": "2036-12-01T09:00:00Z"}),
    ("due", {"date": "2036-02-30"}),
    ("due", {"date": 20_000}),
    ("due", {"date": "20000"}),
    ("due", {"local": 2_000_000_000}),
    ("due", {"at": "2000000000"}),
    ("reminders", [{"at": 2_000_000_000}]),
    ("due", {"date": "2036-02-01", "local": "2036-12-01T09:00"}),
    ("due", {}),
    ("due", "tomorrow"),
    ("owner", "somebody"),
]

WITH_DUE_GOOD: list[tuple[str, Any]] = [
    ("reminders", [{"before": "P366D"}]),
    ("reminders", [{"before": "P1DT2H30M"}]),
    ("recurrence", {"rrule": "FREQ=DAILY;INTERVAL=2"}),
    ("recurrence", {"rrule": "FREQ=DAILY", "mode": "from_completion"}),
]

WITH_DUE_BAD: list[tuple[str, Any]] = [
    ("reminders", [{"before": "P367D"}]),
    ("reminders", [{"before": "a day"}]),
    ("reminders", [{"before": "P1D", "when": "now"}]),
    ("recurrence", {"rrule": "FREQ=SECONDLY"}),
    ("recurrence", {"rrule": ""}),
    ("recurrence", {"rrule": "FREQ=DAILY", "mode": "sometimes"}),
    ("recurrence", {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
]


def named(fields: set[str]) -> set[str]:
    return {field.split(".")[0] for field in fields}


@pytest.mark.parametrize(("field", "value"), GOOD + WITH_DUE_GOOD)
async def test_within_the_limit(served: People, me: Client, field: str, value: Any) -> None:
    extra = DUE if (field, value) in WITH_DUE_GOOD else {}
    assert (await me.post("/api/tasks", {"title": "t", **extra, field: value})).status == 201
    other = served.new()
    assert (await other.patch(await other.create(), {**extra, field: value})).status == 200


@pytest.mark.parametrize(("field", "value"), BAD + WITH_DUE_BAD)
async def test_beyond_the_limit(me: Client, field: str, value: Any) -> None:
    extra = DUE if (field, value) in WITH_DUE_BAD else {}
    refused = await me.post("/api/tasks", {"title": "t", **extra, field: value})
    assert (refused.status, named(refused.fields)) == (422, {field})
    task_id = await me.create()
    before = (await me.get(f"/api/tasks/{task_id}")).json
    refused = await me.patch(task_id, {**extra, field: value})
    assert (refused.status, named(refused.fields)) == (422, {field})
    assert (await me.get(f"/api/tasks/{task_id}")).json == before


async def test_a_due_that_something_needs_is_not_cleared(me: Client) -> None:
    for needs in ({"reminders": [{"before": "P1D"}]}, {"recurrence": {"rrule": "FREQ=DAILY"}}):
        task_id = await me.create(**DUE, **needs)
        assert (await me.patch(task_id, {"due": None})).status == 422
        assert (await me.patch(task_id, {"due": None, **dict.fromkeys(needs)})).status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=1", 200), ("limit=500", 200), ("limit=501", 422), ("limit=0", 422), ("limit=-1", 422),
        ("limit=x", 422), ("q=" + "x" * 500, 200), ("q=" + "x" * 501, 422), ("sort=-due", 200), ("sort=size", 422),
        ("status=done", 422), ("priority=highest", 422), ("overdue=maybe", 422), ("cursor=zzz", 422),
        ("&".join(["tag=a"] * 50), 200), ("&".join(["tag=a"] * 51), 422), ("due_before=2030-01-01", 422),
        ("due_after=2000000000", 422),
    ],
)  # fmt: skip
async def test_the_bounds_of_a_list(me: Client, query: str, status: int) -> None:
    await me.create()
    assert (await me.get(f"/api/tasks?{query}")).status == status


@pytest.mark.parametrize(("length", "status"), [(1, 201), (255, 201), (256, 422), (0, 422)])
async def test_the_length_of_an_idempotency_key(me: Client, length: int, status: int) -> None:
    assert (await me.post("/api/tasks", {"title": "t"}, Idempotency_Key="k" * length)).status == status


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 200), (500, 200), (501, 422)])
async def test_the_length_of_a_batch(me: Client, count: int, status: int) -> None:
    operations = [{"op": "create", "task": {"title": "t"}}] * count
    assert (await me.post("/api/tasks/batch", {"operations": operations})).status == status
    assert (await me.get("/api/tasks")).json["total"] == (count if status == 200 else 0)


async def test_the_size_of_a_batch(me: Client) -> None:
    task = {"title": "t", "description": "d" * 19_500}
    for count, status in ((99, 200), (100, 413)):
        answer = await me.post("/api/tasks/batch", {"operations": [{"op": "create", "task": task}] * count})
        assert answer.status == status
    assert (await me.get("/api/tasks")).json["total"] == 99


@pytest.mark.parametrize("declared", [True, False])
async def test_the_size_of_a_body(me: Client, declared: bool) -> None:
    """Whether the caller says beforehand how much will come, or not."""
    huge = b'{"title": "' + b"x" * (33 * 1024 * 1024) + b'"}'
    length = {} if declared else {"Transfer-Encoding": "chunked"}
    assert (await me.post("/api/tasks", huge, **{"Content-Type": "application/json"}, **length)).status == 413


ODD_BODIES = [
    b"", b"{", b"[]", b"null", b"5", b'"title"', b"\xff\xfe", b"{\"title\": \"\\ud800\"}", b'{"title": NaN}',
    b'{"title": "t", "\\ud800": 1}', b'{"title": "t", "seq": ' + b"9" * 5000 + b"}", b'{"title": "t", "seq": 1e999}',
    b"[" * 100_000, b'{"a":' * 50_000, b'{"title": "t", "due": {"at": "9999-12-31T23:59:59-23:59"}}',
    b'{"title": "t", "due": {"date": "0001-01-01"}}', b'{"title": "t", "tags": ["\\udfff"]}',
    b'{"title": "t", "due": {"at": "2030-01-01T00:00:00Z", "time_zone": "\\ud800"}}',
    b'{"title": "t", "due": {"date": "2030-01-01"}, "recurrence": {"rrule": "\\ud800"}}',
    b'{"title": "t", "reminders": [{"before": "\\ud800"}]}', b'{"title": "t", "priority": "\\ud800"}',
]  # fmt: skip


@pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: body[:40].decode(errors="replace"))
async def test_an_odd_body_is_refused_politely(me: Client, body: bytes) -> None:
    task_id = await me.create()
    calls = [
        ("POST", "/api/tasks"), ("PATCH", f"/api/tasks/{task_id}"), ("PUT", f"/api/tasks/{task_id}/tags"),
        ("POST", "/api/tasks/batch"), ("POST", "/api/undo"), ("POST", "/api/occurrences"), ("PATCH", "/api/me"),
    ]  # fmt: skip
    for method, path in calls:
        answer = await me.call(method, path, body, **{"Content-Type": "application/json"})
        expected = {400, 422} | ({200, 409} if path == "/api/undo" and body in {b"", b"null"} else set())
        assert answer.status in expected, (method, path, answer)


async def test_unknown_fields_are_refused_everywhere(me: Client) -> None:
    task_id = await me.create()
    for method, path, body in (
        ("PUT", f"/api/tasks/{task_id}/tags", {"tags": []}),
        ("POST", "/api/tasks/batch", {"operations": [{"op": "delete", "id": some_id()}]}),
        ("POST", "/api/undo", {}),
        ("PATCH", "/api/me", {}),
        ("POST", "/api/occurrences", {"due": {"date": "2030-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}),
    ):
        assert (await me.call(method, path, body | {"extra": 1})).fields == {"extra"}


async def test_media_types_that_are_not_json_are_refused(me: Client) -> None:
    body = orjson.dumps({"title": "t"})
    assert (await me.post("/api/tasks", body, **{"Content-Type": "text/plain"})).status == 415


async def test_an_operation_that_is_wrong_is_not_said_to_be_missing(me: Client) -> None:
    answer = await me.post("/api/tasks/batch", {"operations": [{"op": "delete", "id": "x"}]})
    assert answer.fields == {"operations.0.id"}
