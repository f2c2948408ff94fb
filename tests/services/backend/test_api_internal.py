"""What services, the sidecar and operators call, and who is let in where."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest
from harness.waiting import eventually
from multidict import CIMultiDict

from backend.client import Answer, Client, People, check_problem, some_id
from services.kit.ids import occurrence_id

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAILY = {"due": {"date": "2036-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}


async def read_log(me: Client, person: str, **query: Any) -> Answer:
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    return await me.internal("GET", f"/internal/log/{person}?{parameters}")


async def test_the_log_is_read_from_anywhere(served: People, me: Client) -> None:
    person = served.person(me)
    assert (await read_log(me, person)).status == 404
    for number in range(130):
        await me.create(f"task {number}")
    whole = (await read_log(me, person, limit=1000)).json
    assert (whole["seq"], [event["seq"] for event in whole["events"]]) == (130, list(range(1, 131)))
    epoch = whole["epoch"]
    for since in (0, 63, 64, 65, 100, 129, 130, 500):
        part = (await read_log(me, person, epoch=epoch, since=since, limit=20)).json
        assert [event["seq"] for event in part["events"]] == list(range(since + 1, min(since + 20, 130) + 1))
    stale = (await read_log(me, person, epoch=epoch - 1, since=99)).json
    assert (stale["epoch"], stale["events"][0]["seq"]) == (epoch, 1)
    assert (await read_log(me, person, limit=0)).status == 422
    assert (await read_log(me, person, limit=1001)).status == 422


async def test_a_batch_is_read_in_parts_too(served: People, me: Client) -> None:
    operations = [{"op": "create", "task": {"title": f"{n}"}} for n in range(50)]
    await me.post("/api/tasks/batch", {"operations": operations})
    person = served.person(me)
    epoch = (await read_log(me, person)).json["epoch"]
    part = (await read_log(me, person, epoch=epoch, since=17, limit=10)).json
    assert [event["seq"] for event in part["events"]] == list(range(18, 28))


async def test_a_snapshot_comes_in_parts_below_a_megabyte(served: People, me: Client) -> None:
    task = {"title": "t", "description": "d" * 19_000}
    await me.post("/api/tasks/batch", {"operations": [{"op": "create", "task": task}] * 100})
    ids: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await me.internal("GET", f"/internal/snapshot/{served.person(me)}?cursor={cursor}", caller="frontend")
        assert len(answer.body) < 1_000_000
        ids += [found["id"] for found in answer.json["tasks"]]
        cursor = answer.json["next_cursor"]
        assert answer.json["seq"] == 100
    assert len(ids) == len(set(ids)) == 100


async def test_heads(served: People, me: Client) -> None:
    await me.create()
    await me.create()
    nobody = served.person(served.new())
    body = {"people": [served.person(me), nobody]}
    heads = (await me.internal("POST", "/internal/heads", body, caller="frontend")).json["heads"]
    assert list(heads) == [served.person(me)]
    assert heads[served.person(me)]["seq"] == 2


async def test_a_profile_is_read_by_a_service(served: People, me: Client) -> None:
    await me.call("PATCH", "/api/me", {"time_zone": "Asia/Tokyo"})
    profile = await me.internal("GET", f"/internal/people/{served.person(me)}", caller="notification")
    assert profile.json == {"time_zone": "Asia/Tokyo", "locale": "en"}


async def occurrence_body(served: People, me: Client) -> dict[str, Any]:
    task_id = await me.create(**DAILY)
    done = (await me.post(f"/api/tasks/{task_id}/complete")).json
    return {
        "person": served.person(me),
        "epoch": (await me.get("/api/tasks")).json["epoch"],
        "parent": task_id,
        "version": done["version"],
        "id": done["next_id"],
        "occurrence": 2,
        "due": {"date": "2036-01-02"},
    }


async def test_the_next_occurrence_is_made_once(served: People, me: Client) -> None:
    body = await occurrence_body(served, me)
    answers = await asyncio.gather(*(me.internal("POST", "/internal/occurrences", body) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
    assert {answer.id for answer in answers} == {body["id"]}
    assert len(await me.titles()) == 1
    events = (await read_log(me, served.person(me))).json["events"]
    assert [event["actor"] for event in events] == ["person", "person", "recurring-task"]
    assert (await me.internal("POST", "/internal/occurrences", body | {"epoch": 1})).status == 404
    assert (await me.internal("POST", "/internal/occurrences", body | {"person": "x"})).status == 422


INTERNAL = [
    ("GET", "/internal/log/{person}", {"frontend", "recurring-task", "audit"}),
    ("GET", "/internal/snapshot/{person}", {"frontend"}),
    ("POST", "/internal/heads", {"frontend"}),
    ("GET", "/internal/people/{person}", {"notification"}),
    ("POST", "/internal/occurrences", {"recurring-task"}),
    ("POST", "/internal/reminders", {"notification"}),
]


@pytest.mark.parametrize(("method", "path", "allowed"), INTERNAL)
async def test_only_the_services_of_the_catalogue_are_let_in(
    served: People, me: Client, method: str, path: str, allowed: set[str]
) -> None:
    path = path.format(person=served.person(me))
    body = {} if method == "POST" else None
    for caller in ("frontend", "recurring-task", "notification", "audit", "backend", "stranger"):
        answer = await me.internal(method, path, body, caller=caller)
        assert (answer.status == 403) is (caller not in allowed), caller
    assert (await me.call(method, path, body)).status == 403
    callers = [("dapr-caller-app-id", caller) for caller in (min(allowed), "stranger")]  # daprd keeps a forged one
    twice = CIMultiDict([*me.headers.items(), *callers])
    async with aiohttp.ClientSession() as http, http.request(method, me.base + path, headers=twice, json=body) as reply:
        assert reply.status == 403


async def test_without_the_app_token_nothing_but_health_is_answered(served: People, me: Client) -> None:
    async with aiohttp.ClientSession() as http:
        for headers in ({}, {"dapr-api-token": "wrong"}, {"dapr-api-token": "é"}):
            for method, path in (("GET", "/api/tasks"), ("POST", "/job/reminder-x"), ("GET", "/internal/log/x")):
                async with http.request(method, me.base + path, headers=headers) as answer:
                    assert answer.status == 401
                    check_problem(Answer(answer.status, answer.headers, await answer.read()))
        for path in ("/healthz", "/readyz", "/metrics"):
            async with http.get(me.base + path) as answer:
                assert answer.status == 200, path


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x.y.z", "Basic bWU6bWU=", "Bearer é"])
async def test_who_cannot_be_told_is_refused(served: People, authorization: str | None) -> None:
    me = served.new()
    me.headers.pop("Authorization")
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("GET", "/api/tasks"), ("POST", "/api/tasks"), ("GET", "/api/me"), ("DELETE", "/api/me")):
        answer = await me.call(method, path, {"title": "t"} if method == "POST" else None, **headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("PUT", "/api/tasks"), ("GET", "/api/tasks/batch/x")]
)
async def test_what_is_not_there_is_a_problem_too(me: Client, method: str, path: str) -> None:
    assert (await me.call(method, path)).status in {404, 405}


async def test_mcp_opens_no_stream(me: Client) -> None:
    for method in ("GET", "DELETE"):
        answer = await me.call(method, "/mcp")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_mcp_takes_json_alone(me: Client) -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
    assert (await me.call("POST", "/mcp", body, **{"Content-Type": "text/plain"})).status == 415
    accepted = {"Accept": "application/json, text/event-stream"}
    assert (await me.call("POST", "/mcp", body, **accepted, **{"Content-Type": "application/json"})).status == 200


async def reminded(served: People, me: Client, **ahead: float) -> tuple[str, dict[str, Any]]:
    """Return a task with a reminder, and what its job carries."""
    at = (datetime.now(UTC) + timedelta(**ahead)).isoformat()
    created = (await me.post("/api/tasks", {"title": "t", "reminders": [{"at": at}]})).json
    epoch = (await me.get("/api/tasks")).json["epoch"]
    data = {"person": served.person(me), "epoch": epoch, "task": created["id"], "reminder": "r1", "seq": created["seq"]}
    return created["id"], data


async def status_of(me: Client, task_id: str) -> str:
    found = (await me.get(f"/api/tasks/{task_id}")).json["reminders"][0]["status"]
    return str(found)


@pytest.mark.parametrize("way", ["job", "operator"])
async def test_a_trigger_comes_from_the_sidecar_or_an_operator(served: People, me: Client, way: str) -> None:
    task_id, data = await reminded(served, me, hours=1)

    async def trigger(name: str, data: Any) -> int:
        if way == "job":
            return (await me.post(f"/job/{name}", data)).status
        return (await me.post("/api/jobs/trigger", {"name": name, "data": data})).status

    assert await trigger("unknown-x", data) == 422
    assert await trigger("reminder-x", {"task": "?"}) == 422
    assert await trigger("reminder-x", data | {"epoch": 1}) == 200
    assert await trigger("reminder-x", data | {"seq": 9}) == 200
    assert await status_of(me, task_id) == "scheduled"


async def test_a_reminder_falls_due_at_its_time_and_no_sooner(served: People, me: Client) -> None:
    """All the way: the relay schedules the job, the scheduler calls back, the event is in the log."""
    task_id, _ = await reminded(served, me, seconds=1.5)

    async def due() -> bool:
        return await status_of(me, task_id) == "due"

    await eventually(due)
    event = (await read_log(me, served.person(me))).json["events"][-1]
    at = datetime.fromisoformat(event["task"]["reminders"][0]["at"])
    assert (event["type"], event["actor"], event["reminder"]) == ("reminder.due", "backend", "r1")
    assert datetime.fromisoformat(event["at"]) - at >= timedelta(seconds=-0.1)


async def test_a_cancelled_reminder_stays_silent(served: People, me: Client) -> None:
    task_id, _ = await reminded(served, me, seconds=4)
    await me.post(f"/api/tasks/{task_id}/complete")
    other, _ = await reminded(served, me, seconds=4)

    async def other_due() -> bool:
        return await status_of(me, other) == "due"

    await eventually(other_due)
    assert await status_of(me, task_id) == "cancelled"


async def test_what_became_of_a_reminder_is_taken_from_notification(served: People, me: Client) -> None:
    task_id, data = await reminded(served, me, seconds=-2)

    async def due() -> bool:
        return await status_of(me, task_id) == "due"

    await eventually(due)
    body = data | {"status": "delivered"}
    assert (await me.internal("POST", "/internal/reminders", body, caller="notification")).status == 204
    assert await status_of(me, task_id) == "delivered"
    wrong = body | {"epoch": 5}
    assert (await me.internal("POST", "/internal/reminders", wrong, caller="notification")).status == 404
    assert (
        await me.internal("POST", "/internal/reminders", body | {"status": "x"}, caller="notification")
    ).status == 422


async def test_ids_of_occurrences_follow_from_the_series(me: Client) -> None:
    created = (await me.post("/api/tasks", {"title": "t", **DAILY})).json
    done = (await me.post(f"/api/tasks/{created['id']}/complete")).json
    from uuid import UUID

    assert done["next_id"] == str(occurrence_id(UUID(created["series_id"]), 2))
    assert some_id() != done["next_id"]
    assert orjson.loads(orjson.dumps(done)) == done
