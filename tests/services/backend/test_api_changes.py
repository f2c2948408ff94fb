"""Batch, undo, keys, the profile, import and export over HTTP."""

import asyncio
from typing import Any

import orjson
import pytest

from backend.client import Client, People, some_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def batch(me: Client, *operations: dict[str, Any], **headers: str) -> Any:
    return await me.post("/api/tasks/batch", {"operations": operations}, **headers)


async def test_a_batch_answers_one_result_for_each_operation(me: Client) -> None:
    task_id, gone = await me.create("old"), await me.create("gone")
    answer = await batch(
        me,
        {"op": "create", "task": {"title": "new", "id": (wanted := some_id())}},
        {"op": "update", "id": task_id, "task": {"title": "renamed"}, "version": 1},
        {"op": "complete", "id": wanted},
        {"op": "reopen", "id": wanted},
        {"op": "delete", "id": gone},
    )
    results = answer.json["results"]
    assert answer.headers["X-Change-Id"] == answer.json["change"]
    assert [result["status"] for result in results] == [201, 200, 200, 200, 204]
    assert [result["id"] for result in results] == [wanted, task_id, wanted, wanted, gone]
    assert (results[1]["task"]["title"], results[4]["task"]) == ("renamed", None)
    assert await me.titles() == ["renamed", "new"]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "delete", "id": some_id()}, 404),
        ({"op": "update", "id": some_id(), "task": {"title": "t"}}, 404),
        ({"op": "create", "task": {"title": ""}}, 422),
        ({"op": "create", "task": {"title": "t", "due": {"date": "1000-01-01"}}}, 422),
        ({"op": "explode", "id": some_id()}, 422),
        ({"op": "create", "task": {"title": "t", "external_id": "taken"}}, 409),
    ],
)
async def test_a_refusal_names_the_operation_and_nothing_is_done(
    me: Client, operation: dict[str, Any], status: int
) -> None:
    await me.create("there", external_id="taken")
    refused = await batch(me, {"op": "create", "task": {"title": "first"}}, operation)
    assert refused.status == status
    assert refused.json.get("index", 1) == 1
    assert all(field.startswith("operations.1") for field in refused.fields)
    assert await me.titles() == ["there"]


async def test_an_operation_on_an_old_version_is_refused(me: Client) -> None:
    task_id = await me.create()
    first = {"op": "update", "id": task_id, "task": {"title": "b"}}
    refused = await batch(me, first, {"op": "complete", "id": task_id, "version": 1})
    assert (refused.status, refused.json["index"]) == (412, 1)


async def test_undo_and_redo(me: Client) -> None:
    task_id = await me.create("one")
    changed = (await me.patch(task_id, {"title": "two"})).json["change"]
    undone = (await me.post("/api/undo")).json
    assert (undone["undone"], undone["tasks"]) == (changed, [task_id])
    assert await me.titles() == ["one"]
    await me.post("/api/undo", {"change": undone["change"]})
    assert await me.titles() == ["two"]
    await me.patch(task_id, {"priority": "high"})
    refused = await me.post("/api/undo", {"change": changed})
    assert (refused.status, refused.json["tasks"]) == (409, [task_id])
    for _ in range(3):
        assert (await me.post("/api/undo", {})).status == 200
    assert (await me.post("/api/undo")).status == 409


async def test_another_persons_change_cannot_be_undone(served: People) -> None:
    mine, theirs = served.new(), served.new()
    created = await theirs.post("/api/tasks", {"title": "theirs"})
    assert (await mine.post("/api/undo", {"change": created.json["change"]})).status == 409
    assert await theirs.titles() == ["theirs"]


async def repeated(me: Client, method: str, path: str, body: Any = None) -> Any:
    """Call three times under one key, twice at once; every answer has to be the same one."""
    key = some_id()
    both = await asyncio.gather(*(me.call(method, path, body, Idempotency_Key=key) for _ in range(2)))
    await me.create("in between")
    answers = [*both, await me.call(method, path, body, Idempotency_Key=key)]
    for answer in answers:
        assert (answer.status, answer.body) == (answers[0].status, answers[0].body)
        for name in ("ETag", "Location", "X-Change-Id"):
            assert answer.headers.get(name) == answers[0].headers.get(name)
    other = await me.call("POST", "/api/tasks", {"title": "another request"}, Idempotency_Key=key)
    assert other.status == 422
    return answers[0]


async def test_every_changing_call_may_be_repeated(me: Client) -> None:
    task_id = (await repeated(me, "POST", "/api/tasks", {"title": "new"})).id
    assert (await repeated(me, "PATCH", f"/api/tasks/{task_id}", {"title": "two"})).json["version"] == 2
    assert (await repeated(me, "PUT", f"/api/tasks/{task_id}/tags", {"tags": ["a"]})).json["version"] == 3
    await repeated(me, "POST", f"/api/tasks/{task_id}/complete")
    assert (await repeated(me, "POST", f"/api/tasks/{task_id}/reopen")).json["version"] == 5
    await repeated(me, "POST", "/api/tasks/batch", {"operations": [{"op": "complete", "id": task_id}]})
    assert (await repeated(me, "PATCH", "/api/me", {"time_zone": "Asia/Tokyo"})).json["time_zone"] == "Asia/Tokyo"
    await repeated(me, "POST", "/api/undo", {})
    await repeated(me, "POST", "/api/tasks/import?format=todo.txt", b"buy milk")
    deleted = await repeated(me, "DELETE", f"/api/tasks/{task_id}")
    assert (deleted.status, bool(deleted.headers["X-Change-Id"])) == (204, True)
    assert (await me.titles()).count("buy milk") == 1


async def test_a_repeat_answers_what_it_answered_whatever_came_since(me: Client) -> None:
    first = await me.call("PATCH", "/api/me", {"time_zone": "Asia/Tokyo"}, Idempotency_Key="zone")
    await me.call("PATCH", "/api/me", {"time_zone": "Europe/Rome"})
    again = await me.call("PATCH", "/api/me", {"time_zone": "Asia/Tokyo"}, Idempotency_Key="zone")
    assert again.json == first.json
    assert (await me.get("/api/me")).json["time_zone"] == "Europe/Rome"
    created = await me.post("/api/tasks", {"title": "one"}, Idempotency_Key="one")
    await me.call("DELETE", f"/api/tasks/{created.id}")
    assert (await me.post("/api/tasks", {"title": "one"}, Idempotency_Key="one")).json == created.json


async def test_one_persons_key_is_nobody_elses(served: People) -> None:
    one, other = served.new(), served.new()
    first = await one.post("/api/tasks", {"title": "t"}, Idempotency_Key="same")
    second = await other.post("/api/tasks", {"title": "t"}, Idempotency_Key="same")
    assert (second.status, second.id == first.id) == (201, False)


async def test_who_is_calling(served: People) -> None:
    me = served.new()
    found = (await me.get("/api/me")).json
    expected = {
        "person": served.person(me),
        "subject": me.subject,
        "name": me.subject,
        "time_zone": "UTC",
        "locale": "en",
        "scopes": ["tasks:read", "tasks:write", "chat", "admin:self"],
    }
    assert found == expected
    changed = await me.call("PATCH", "/api/me", {"time_zone": "Europe/Rome", "locale": "it-IT"})
    assert (changed.json["time_zone"], changed.json["locale"]) == ("Europe/Rome", "it-IT")
    assert changed.json["change"]
    assert (await me.call("PATCH", "/api/me", {"locale": "it-IT"})).json["change"] is None
    for wrong in ({"time_zone": "Mars/Olympus"}, {"locale": "!"}, {"time_zone": None}, {"name": "x"}):
        assert (await me.call("PATCH", "/api/me", wrong)).fields == set(wrong)
    assert (await me.get("/api/me")).json["locale"] == "it-IT"


async def test_another_time_zone_moves_dates_and_their_reminders(me: Client) -> None:
    task_id = await me.create(due={"date": "2036-06-01"}, reminders=[{"before": "PT1H"}])
    await me.call("PATCH", "/api/me", {"time_zone": "Asia/Tokyo"})
    assert (await me.get(f"/api/tasks/{task_id}")).json["reminders"][0]["at"] == "2036-06-01T08:00:00+09:00"


@pytest.mark.parametrize("file_format", ["json", "ics", "todo.txt"])
async def test_what_was_exported_can_be_imported_elsewhere(served: People, file_format: str) -> None:
    one, other = served.new(), served.new()
    for title in ("first", "second"):
        await one.create(title, priority="high", tags=["home"], due={"date": "2036-01-01"})
    await one.post(f"/api/tasks/{await one.create('done')}/complete")
    exported = await one.get(f"/api/tasks/export?format={file_format}")
    assert exported.status == 200
    assert "attachment" in exported.headers["Content-Disposition"]
    path = f"/api/tasks/import?format={file_format}"
    preview = (await other.post(f"{path}&dry_run=true", exported.body)).json
    assert (preview["dry_run"], preview["created"], preview["change"], await other.titles()) == (True, 3, None, [])
    imported = (await other.post(path, exported.body)).json
    assert (imported["created"], imported["problems"]) == (3, [])
    assert sorted(await other.titles("status=all")) == ["done", "first", "second"]
    await other.post("/api/undo", {"change": imported["change"]})
    assert await other.titles("status=all") == []


async def test_what_is_there_is_skipped_or_replaced(me: Client) -> None:
    task_id = await me.create("mine", external_id="x")
    exported = (await me.get("/api/tasks/export?format=json")).body
    await me.patch(task_id, {"title": "changed"})
    skipped = (await me.post("/api/tasks/import?format=json", exported)).json
    assert (skipped["skipped"], skipped["created"], await me.titles()) == (1, 0, ["changed"])
    replaced = (await me.post("/api/tasks/import?format=json&on_conflict=replace", exported)).json
    assert (replaced["replaced"], await me.titles()) == (1, ["mine"])


async def test_tasks_of_a_file_keep_their_order(me: Client) -> None:
    wanted = [f"line {number:03}" for number in range(100)]
    answer = await me.post("/api/tasks/import?format=todo.txt", "\n".join(wanted).encode())
    assert answer.json["created"] == len(wanted)
    items = (await me.get("/api/tasks?sort=created&limit=500")).json["items"]
    assert [item["title"] for item in items] == wanted


async def test_a_line_of_todo_txt_replaces_a_task_without_what_the_format_cannot_say(me: Client) -> None:
    reminders = [{"at": "2036-01-01T00:00:00Z"}, {"before": "P1D"}]
    task_id = await me.create("mine", description="long", due={"date": "2036-06-01"}, reminders=reminders)
    path = "/api/tasks/import?format=todo.txt&on_conflict=replace"
    assert (await me.post(path, f"(B) theirs due:2036-07-01 id:{task_id}".encode())).json["replaced"] == 1
    task = (await me.get(f"/api/tasks/{task_id}")).json
    assert (task["title"], task["priority"], task["description"]) == ("theirs", "high", "long")
    assert [r["at"] for r in task["reminders"]] == ["2036-01-01T00:00:00Z", "2036-06-30T09:00:00Z"]
    assert (await me.post(path, f"theirs id:{task_id}".encode())).json["replaced"] == 1
    task = (await me.get(f"/api/tasks/{task_id}")).json
    assert (task["due"], [r["before"] for r in task["reminders"]]) == (None, [None])


async def test_a_recurring_task_that_is_replaced_stays_in_its_series(me: Client) -> None:
    fields = {"due": {"date": "2036-06-01"}, "recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}}
    first = await me.create("mine", **fields)
    exported = (await me.get("/api/tasks/export?format=todo.txt")).body
    before = (await me.get(f"/api/tasks/{first}")).json
    path = "/api/tasks/import?format=todo.txt&on_conflict=replace"
    assert (await me.post(path, exported.replace(b"mine", b"theirs"))).json["replaced"] == 1
    after = (await me.get(f"/api/tasks/{first}")).json
    assert (after["title"], after["series_id"]) == ("theirs", before["series_id"])
    await me.post(path, exported.replace(b"COUNT=3", b"COUNT=4"))
    assert (await me.get(f"/api/tasks/{first}")).json["series_id"] != before["series_id"]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x00\xfe", b"{", b"[1, 2]", b"BEGIN:VCALENDAR", orjson.dumps({"tasks": [{}]})]
)
@pytest.mark.parametrize("file_format", ["json", "ics", "todo.txt"])
async def test_a_file_that_cannot_be_read_is_told_line_by_line(me: Client, data: bytes, file_format: str) -> None:
    answer = await me.post(f"/api/tasks/import?format={file_format}", data)
    assert answer.status in {200, 422}
    if answer.status == 200 and file_format != "todo.txt":
        assert answer.json["created"] == 0


async def test_a_format_that_is_not_known_is_refused(me: Client) -> None:
    assert (await me.get("/api/tasks/export?format=xls")).fields == {"format"}
    assert (await me.post("/api/tasks/import?format=xls", b"")).fields == {"format"}


async def test_erasing_oneself(served: People) -> None:
    """The other services are away: it goes on by itself."""
    me, other = served.new(), served.new()
    await me.create("secret")
    await other.create("kept")
    erased = await me.call("DELETE", "/api/me")
    assert (erased.status, erased.json) == (202, {"status": "erasing"})
    assert await me.titles() == []
    assert await other.titles() == ["kept"]
    await me.create("new life")
    assert (await me.get("/api/tasks")).json["seq"] == 1


async def test_each_result_of_a_batch_shows_the_task_as_that_operation_left_it(me: Client) -> None:
    made = (await me.post("/api/tasks", {"title": "One"})).json
    operations = [
        {"op": "complete", "id": made["id"]},
        {"op": "reopen", "id": made["id"]},
        {"op": "update", "id": made["id"], "task": {"title": "Two"}},
    ]
    answer = await me.post("/api/tasks/batch", {"operations": operations})
    shown = [(result["task"]["status"], result["task"]["title"]) for result in answer.json["results"]]
    assert shown == [("completed", "One"), ("open", "One"), ("open", "Two")]


async def test_a_refusal_names_fields_as_they_were_written(me: Client) -> None:
    answer = await me.post("/api/tasks", {"title": "x", "due": {"at": "soon"}})
    assert [error["field"] for error in answer.json["errors"]] == ["due.at"]
    operations = [{"op": "create", "task": {"title": ""}}]
    answer = await me.post("/api/tasks/batch", {"operations": operations})
    assert "operations.0.task.title" in [error["field"] for error in answer.json["errors"]]


async def test_an_operation_that_changes_nothing_shows_the_task_that_the_next_one_deletes(me: Client) -> None:
    task_id = await me.create("One")
    operations = [{"op": "update", "id": task_id, "task": {}}, {"op": "delete", "id": task_id}]
    answer = await me.post("/api/tasks/batch", {"operations": operations})
    assert answer.status == 200
    assert answer.json["results"][0]["task"]["title"] == "One"
