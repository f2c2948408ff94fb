"""Tasks over HTTP: every call of the contract, its statuses, headers and conditions."""

from typing import Any
from urllib.parse import quote

import pytest

from backend.client import Client, People, some_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

FULL: dict[str, Any] = {
    "title": "  Pay rent ",
    "description": "to the landlord",
    "priority": "high",
    "tags": [" home ", "Money"],
    "due": {"at": "2036-12-01T09:00:00+01:00", "time_zone": "Europe/Rome"},
    "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1", "mode": "from_due"},
    "reminders": [{"before": "P1D"}],
    "external_id": "rent-1",
}


async def test_a_task_is_created_and_read_as_it_was_written(me: Client) -> None:
    created = await me.post("/api/tasks", FULL)
    assert created.status == 201
    assert created.headers["Location"] == f"/api/tasks/{created.id}"
    assert created.headers["ETag"] == '"1"'
    assert created.headers["X-Change-Id"] == created.json["change"]
    task = created.json
    assert (task["title"], task["tags"], task["status"]) == ("Pay rent", ["home", "Money"], "open")
    assert (task["due"], task["recurrence"]) == (FULL["due"], FULL["recurrence"])
    reminder = {"id": "r1", "before": "P1D", "at": "2036-11-30T09:00:00+01:00", "status": "scheduled", "seq": 1}
    assert task["reminders"] == [reminder]
    assert (task["occurrence"], task["seq"], task["version"], task["completed_at"]) == (1, 1, 1, None)
    read = await me.get(created.headers["Location"])
    assert read.headers["ETag"] == '"1"'
    assert read.json == {name: value for name, value in task.items() if name != "change"}


async def test_what_was_read_may_be_sent_back(me: Client) -> None:
    task_id = (await me.post("/api/tasks", FULL)).id
    read = (await me.get(f"/api/tasks/{task_id}")).json
    answer = await me.patch(task_id, read)
    assert (answer.status, answer.json["change"], answer.json["version"]) == (200, None, 1)
    again = await me.post("/api/tasks", read)
    assert (again.status, again.json["version"]) == (200, 1)
    shuffled = {name: read[name] for name in sorted(read, reverse=True)}
    shuffled["nominal"] = dict(reversed(read["nominal"].items()))
    assert (await me.patch(task_id, shuffled)).status == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", 99), ("version", 7), ("status", "completed"), ("series_id", None), ("occurrence", 2),
        ("nominal", {"date": "2020-01-01"}), ("created_at", "2020-01-01T00:00:00Z"), ("updated_at", None),
        ("completed_at", "2020-01-01T00:00:00Z"), ("id", some_id()), ("version", None), ("version", "1"),
    ],
)  # fmt: skip
async def test_read_only_fields_that_were_changed_are_refused(me: Client, field: str, value: Any) -> None:
    task_id = (await me.post("/api/tasks", FULL)).id
    answer = await me.patch(task_id, {"title": "new", field: value})
    assert (answer.status, answer.fields) == (422, {field})
    assert (await me.get(f"/api/tasks/{task_id}")).json["title"] == "Pay rent"


async def test_null_clears(me: Client) -> None:
    task_id = (await me.post("/api/tasks", FULL)).id
    names = ("description", "priority", "tags", "due", "recurrence", "reminders", "external_id")
    task = (await me.patch(task_id, dict.fromkeys(names))).json
    assert [task[name] for name in names] == ["", "none", [], None, None, [], None]
    assert (await me.patch(task_id, {"title": None})).fields == {"title"}


async def test_a_given_id_that_exists_answers_what_is_there(me: Client) -> None:
    wanted = some_id()
    assert (await me.post("/api/tasks", {"id": wanted, "title": "one"})).status == 201
    again = await me.post("/api/tasks", {"id": wanted, "title": "two"})
    assert (again.status, again.json["title"], again.json["change"]) == (200, "one", None)
    assert "Location" not in again.headers
    await me.call("DELETE", f"/api/tasks/{wanted}")
    assert (await me.post("/api/tasks", {"id": wanted, "title": "three"})).status == 409


async def test_an_external_id_is_one_tasks(me: Client) -> None:
    await me.create(external_id="x")
    other = await me.create("other")
    assert (await me.post("/api/tasks", {"title": "t", "external_id": "x"})).status == 409
    assert (await me.patch(other, {"external_id": "x"})).status == 409


async def test_a_change_of_an_old_version_is_refused(me: Client) -> None:
    task_id = await me.create()
    assert (await me.patch(task_id, {"title": "two"}, If_Match='"1"')).headers["ETag"] == '"2"'
    assert (await me.patch(task_id, {"title": "three"}, If_Match='"1"')).status == 412
    for method, path in (("POST", "/complete"), ("POST", "/reopen"), ("DELETE", "")):
        assert (await me.call(method, f"/api/tasks/{task_id}{path}", If_Match='"1"')).status == 412
    assert (await me.call("PUT", f"/api/tasks/{task_id}/tags", {"tags": []}, If_Match='"9"')).status == 412
    for good in ('"2"', 'W/"2"', '"1", "2"', "*"):
        assert (await me.patch(task_id, {"title": "two"}, If_Match=good)).status == 200
    for bad in ("2", '"x"', '"1" "2"', ""):
        assert (await me.patch(task_id, {"title": "two"}, If_Match=bad)).status == 422


async def test_a_reader_who_has_it_already_is_told_so(me: Client) -> None:
    task_id = await me.create()
    for path in (f"/api/tasks/{task_id}", "/api/tasks"):
        etag = (await me.get(path)).headers["ETag"]
        for given in (etag, f"W/{etag}", f'"other", {etag}'):
            unchanged = await me.get(path, If_None_Match=given)
            assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
        assert (await me.get(path, If_None_Match='"other"')).status == 200
        await me.patch(task_id, {"title": f"changed {path}"})
        assert (await me.get(path, If_None_Match=etag)).status == 200


async def test_completing_reopening_and_deleting(me: Client) -> None:
    task_id = await me.create()
    done = await me.post(f"/api/tasks/{task_id}/complete")
    assert (done.json["status"], done.json["next_id"], done.json["version"]) == ("completed", None, 2)
    assert (await me.post(f"/api/tasks/{task_id}/complete")).json["change"] is None
    assert (await me.post(f"/api/tasks/{task_id}/reopen")).json["completed_at"] is None
    deleted = await me.call("DELETE", f"/api/tasks/{task_id}")
    assert (deleted.status, deleted.body) == (204, b"")
    assert deleted.headers["X-Change-Id"]
    assert (await me.get(f"/api/tasks/{task_id}")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None), ("PATCH", "", {"title": "t"}), ("DELETE", "", None), ("POST", "/complete", None),
        ("POST", "/reopen", None), ("PUT", "/tags", {"tags": ["a"]}), ("GET", "/occurrences", None),
    ],
)  # fmt: skip
async def test_another_persons_task_is_not_there(served: People, method: str, path: str, body: Any) -> None:
    mine, theirs = served.new(), served.new()
    task_id = await theirs.create("theirs")
    assert (await mine.call(method, f"/api/tasks/{task_id}{path}", body)).status == 404
    assert (await mine.call(method, f"/api/tasks/{some_id()}{path}", body)).status == 404
    assert (await mine.call(method, f"/api/tasks/no-uuid{path}", body)).status == 422
    assert await theirs.titles() == ["theirs"]


async def test_tags_are_replaced_and_counted(me: Client) -> None:
    task_id = await me.create(tags=["a"])
    await me.create(tags=["A", "b"])
    answer = await me.call("PUT", f"/api/tasks/{task_id}/tags", {"tags": ["c", "b"]})
    assert answer.json["tags"] == ["c", "b"]
    counts = (await me.get("/api/tags")).json["items"]
    assert counts == [{"tag": "b", "count": 2}, {"tag": "A", "count": 1}, {"tag": "c", "count": 1}]


async def test_the_list_filters_sorts_and_pages(me: Client) -> None:
    for number, priority in enumerate(["low", "urgent", "none", "high"]):
        await me.create(f"task {number}", priority=priority, tags=["é" if number % 2 else "x"])
    done = await me.create("done")
    await me.post(f"/api/tasks/{done}/complete")
    assert await me.titles() == [f"task {n}" for n in range(4)]
    assert await me.titles("status=completed") == ["done"]
    assert len(await me.titles("status=all")) == 5
    assert await me.titles("sort=-priority") == ["task 1", "task 3", "task 0", "task 2"]
    assert await me.titles("priority=low&priority=high&sort=-title") == ["task 3", "task 0"]
    assert await me.titles(f"tag={quote('É')}&q=TASK") == ["task 1", "task 3"]
    first = (await me.get("/api/tasks?limit=3")).json
    assert (first["total"], len(first["items"]), first["seq"]) == (4, 3, 6)
    second = (await me.get(f"/api/tasks?limit=3&cursor={quote(first['next_cursor'])}")).json
    assert ([t["title"] for t in second["items"]], second["next_cursor"]) == (["task 3"], None)


async def test_the_list_by_due(me: Client) -> None:
    await me.create("later", due={"at": "2036-01-02T00:00:00Z", "time_zone": "UTC"})
    await me.create("long ago", due={"date": "2001-01-01"})
    await me.create("never")
    assert await me.titles("sort=due") == ["long ago", "later", "never"]
    assert await me.titles("sort=-due") == ["later", "long ago", "never"]
    assert await me.titles("overdue=true") == ["long ago"]
    assert await me.titles("due_before=2030-01-01T00:00:00Z") == ["long ago"]
    assert await me.titles(f"due_after={quote('2030-01-01T00:00:00+02:00')}") == ["later"]
    assert (await me.get("/api/tasks?due_after=2030-01-01T00:00:00")).fields == {"due_after"}


async def test_dates_of_a_rule_before_and_after_it_is_saved(me: Client) -> None:
    task_id = (await me.post("/api/tasks", FULL)).id
    saved = await me.get(f"/api/tasks/{task_id}/occurrences?count=2")
    body = {"due": FULL["due"], "recurrence": FULL["recurrence"], "count": 2}
    unsaved = await me.post("/api/occurrences", body)
    assert saved.json == unsaved.json
    assert [due["at"] for due in saved.json["items"]] == ["2037-01-01T09:00:00+01:00", "2037-02-01T09:00:00+01:00"]
    plain = await me.create()
    assert (await me.get(f"/api/tasks/{plain}/occurrences")).json == {"items": []}
    for count, status in ((0, 422), (1, 200), (100, 200), (101, 422)):
        assert (await me.get(f"/api/tasks/{task_id}/occurrences?count={count}")).status == status
        assert (await me.post("/api/occurrences", body | {"count": count})).status == status
    bad = body | {"recurrence": {"rrule": "FREQ=SOMETIMES"}}
    assert (await me.post("/api/occurrences", bad)).fields == {"recurrence.rrule"}
    assert (await me.post("/api/occurrences", body | {"due": {"date": "1066-10-14"}})).fields == {"due"}
