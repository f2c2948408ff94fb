"""MCP over the wire, by the SDK's own client: every tool, resource and prompt, through gateway and sidecars."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from harness.follower import Follower
from harness.issuer import Issuer
from harness.mcp_client import connected, refused, use
from harness.person import Person
from harness.platform import Platform
from harness.waiting import eventually
from mcp import Client
from mcp.shared.exceptions import MCPError

from services.backend.tools.registry import TOOLS

MODES = ["auto", "legacy"]
RENT = {
    "title": "Pay rent",
    "due": {"at": "2031-12-01T09:00:00+01:00", "time_zone": "Europe/Rome"},
    "recurrence": {"rrule": "FREQ=MONTHLY;BYMONTHDAY=1"},
    "reminders": [{"before": "P1D"}],
    "tags": ["home"],
}


class Agent:
    """A person and their MCP client."""

    def __init__(self, person: Person, client: Client) -> None:
        self.person = person
        self.client = client

    async def use(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await use(self.client, tool, **arguments)

    async def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await refused(self.client, tool, **arguments)


@pytest_asyncio.fixture(params=MODES)
async def agent(
    request: pytest.FixtureRequest, someone: Callable[[], Person], platform: Platform
) -> AsyncIterator[Agent]:
    person, ready, over = someone(), asyncio.Event(), asyncio.Event()
    found: list[Client] = []

    async def hold() -> None:  # the SDK wants to leave in the task that it entered in; a fixture's may be another
        async with connected(f"{platform.url}/mcp", person.headers, request.param) as client:
            found.append(client)
            ready.set()
            await over.wait()

    holding = asyncio.create_task(hold())
    await asyncio.wait({holding, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    yield Agent(person, found[0])
    over.set()
    await holding


async def test_tasks_are_written_and_read(agent: Agent) -> None:
    task = await agent.use("add_task", **RENT)
    assert await agent.person.call("GET", f"/api/tasks/{task['id']}") == {
        k: v for k, v in task.items() if k != "change"
    }
    assert (await agent.use("get_task", id=task["id"]))["title"] == "Pay rent"
    assert (await agent.use("update_task", id=task["id"], priority="high"))["priority"] == "high"
    assert (await agent.use("update_task", id=task["id"], priority=None))["priority"] == "none"
    assert (await agent.use("tag_task", id=task["id"], add=["money"], remove=["HOME"]))["tags"] == ["money"]
    assert (await agent.use("list_tags"))["items"] == [{"tag": "money", "count": 1}]
    await agent.use("add_task", title="Büro lüften")
    assert [t["title"] for t in (await agent.use("search_tasks", q="buro"))["items"]] == ["Büro lüften"]
    page = await agent.use("list_tasks", limit=1)
    assert [t["title"] for t in page["items"]] == ["Pay rent"]
    rest = await agent.use("list_tasks", limit=1, cursor=page["next_cursor"])
    assert ([t["title"] for t in rest["items"]], rest["next_cursor"]) == (["Büro lüften"], None)
    assert (await agent.use("list_tasks", tags=["money"], due_before="2032-01-01T00:00:00Z"))["total"] == 1
    assert (await agent.use("who_am_i"))["time_zone"] == "UTC"


async def test_a_line_of_natural_language(agent: Agent) -> None:
    line = {"text": "pay rent every month on the 1st at 9am !high #home", "time_zone": "Europe/Rome"}
    shown = await agent.use("quick_add", **line, dry_run=True)
    assert (shown["task"]["title"], shown["task"]["priority"], shown["change"]) == ("pay rent", "high", None)
    assert (await agent.use("list_tasks"))["total"] == 0
    made = await agent.use("quick_add", **line)
    assert (made["spans"], made["task"]["tags"]) == (shown["spans"], ["home"])
    assert (await agent.use("get_task", id=made["task"]["id"])) == made["task"]
    assert (await agent.refused("quick_add", text="x" * 600))["errors"][0]["field"] == "text"


async def test_completing_reopening_and_deleting(agent: Agent) -> None:
    task = await agent.use("add_task", **RENT)
    done = await agent.use("complete_task", id=task["id"])
    assert (done["status"], bool(done["next_id"])) == ("completed", True)
    assert (await agent.use("reopen_task", id=task["id"]))["status"] == "open"
    gone = await agent.use("delete_task", id=task["id"])
    assert (await agent.refused("get_task", id=task["id"]))["status"] == 404
    assert (await agent.use("undo", change=gone["change"]))["tasks"] == [task["id"]]
    assert (await agent.use("get_task", id=task["id"]))["title"] == "Pay rent"


async def test_reminders_and_dates(agent: Agent) -> None:
    task = await agent.use("add_task", **RENT)
    shown = await agent.use("list_reminders")
    assert [(r["task"], r["at"]) for r in shown["items"]] == [(task["id"], "2031-11-30T09:00:00+01:00")]
    await agent.use("set_reminders", id=task["id"], reminders=[{"before": "PT1H"}, {"before": "PT2H"}])
    assert (await agent.use("list_reminders", until="2031-12-01T07:30:00+01:00"))["total"] == 1
    dates = (await agent.use("list_occurrences", id=task["id"], count=2))["items"]
    assert [due["at"][:10] for due in dates] == ["2032-01-01", "2032-02-01"]
    rule = {"due": RENT["due"], "recurrence": RENT["recurrence"], "count": 2}
    assert (await agent.use("preview_occurrences", **rule))["items"] == dates


async def test_many_at_once_and_files(agent: Agent) -> None:
    operations = [{"op": "create", "task": {"title": f"task {n}"}} for n in range(3)]
    made = await agent.use("batch_tasks", operations=operations)
    assert [result["status"] for result in made["results"]] == [201] * 3
    file = await agent.use("export_tasks", format="todo.txt")
    assert file["content"].splitlines()[0].endswith("task 0") or "task 0" in file["content"]
    await agent.use("undo", change=made["change"])
    preview = await agent.use("import_tasks", content="(A) from a file\n", format="todo.txt", dry_run=True)
    assert (preview["created"], (await agent.use("list_tasks"))["total"]) == (1, 0)
    await agent.use("import_tasks", content="(A) from a file\n", format="todo.txt")
    assert [t["title"] for t in (await agent.use("list_tasks"))["items"]] == ["from a file"]


async def test_the_audit_trail_is_told(agent: Agent) -> None:
    task = await agent.use("add_task", title="Buy milk")

    async def is_told() -> bool:
        found = await agent.use("read_audit", task_id=task["id"], since="2020-01-01T00:00:00Z")
        return [entry["type"] for entry in found["items"]] == ["task.created"]

    await eventually(is_told)
    assert (await agent.use("verify_audit"))["ok"]


async def test_notifications_are_told_and_marked(agent: Agent, follow: Callable[[Person], Follower]) -> None:
    async with follow(agent.person) as device:
        await device.live(agent.person)
        soon = datetime.now(UTC) + timedelta(seconds=1)
        await agent.use("add_task", title="Tea", reminders=[{"at": soon.isoformat()}])
        await device.until(lambda d: bool(d.notifications))
    found = (await agent.use("list_notifications"))["items"]
    assert [(n["title"], n["read_at"]) for n in found] == [("Tea", None)]
    assert (await agent.use("mark_notification_read", id=found[0]["id"]))["read_at"]


async def test_a_key_makes_a_repeat_harmless(agent: Agent) -> None:
    first = await agent.use("add_task", title="once", idempotency_key="k")
    assert await agent.use("add_task", title="once", idempotency_key="k") == first
    problem = await agent.refused("add_task", title="twice", idempotency_key="k")
    assert (problem["status"], problem["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert (await agent.use("list_tasks"))["total"] == 1


async def test_refusals_say_what_to_do(agent: Agent) -> None:
    task = await agent.use("add_task", title="x")
    problem = await agent.refused("add_task", title=" ", priority="huge", nonsense=1)
    assert {error["field"] for error in problem["errors"]} == {"title", "priority", "nonsense"}
    assert (await agent.refused("add_task", title="x", recurrence=RENT["recurrence"]))["status"] == 422
    assert (await agent.refused("update_task", id=task["id"], title="y", version=7))["status"] == 412
    assert (await agent.refused("complete_task", id=str(uuid4())))["status"] == 404
    operations = [{"op": "create", "task": {"title": "y"}}, {"op": "complete", "id": str(uuid4())}]
    assert (await agent.refused("batch_tasks", operations=operations))["index"] == 1
    assert "add_task" in (await agent.refused("no_such_tool"))["detail"]
    assert (await agent.use("list_tasks"))["total"] == 1


async def test_resources_and_prompts(today: date, agent: Agent) -> None:
    due = await agent.use("add_task", title="today", due={"date": today.isoformat()})
    late = await agent.use("add_task", title="late", due={"date": "2020-01-01"})
    await agent.use("add_task", title="later", due={"date": (today + timedelta(days=1)).isoformat()})
    listed = {str(resource.uri) for resource in (await agent.client.list_resources()).resources}
    assert listed == {"tasks://today", "tasks://overdue"}
    for uri, wanted in (("tasks://today", due), ("tasks://overdue", late)):
        content = json.loads((await agent.client.read_resource(uri)).contents[0].text)  # type: ignore[union-attr]
        assert [task["id"] for task in content["items"]] == [wanted["id"]]
    template = (await agent.client.list_resource_templates()).resource_templates[0].uri_template
    found = await agent.client.read_resource(template.replace("{id}", due["id"]))
    assert json.loads(found.contents[0].text)["title"] == "today"  # type: ignore[union-attr]
    with pytest.raises(MCPError, match="There is no"):
        await agent.client.read_resource(f"tasks://task/{uuid4()}")
    assert {prompt.name for prompt in (await agent.client.list_prompts()).prompts} == {"plan_my_day", "weekly_review"}
    plan = await agent.client.get_prompt("plan_my_day", {"time": "3 hours"})
    assert "3 hours" in plan.messages[0].content.text  # type: ignore[union-attr]
    assert due["id"] in plan.messages[1].content.resource.text  # type: ignore[union-attr]
    assert late["id"] in plan.messages[2].content.resource.text  # type: ignore[union-attr]
    assert len((await agent.client.get_prompt("weekly_review")).messages) == 2
    with pytest.raises(MCPError, match="plan_my_day"):
        await agent.client.get_prompt("no_such_prompt")


async def test_people_see_only_what_is_theirs(agent: Agent, someone: Callable[[], Person]) -> None:
    task = await someone().call("POST", "/api/tasks", json={"title": "Private"}, expect=201)
    for tool in ("get_task", "update_task", "complete_task", "reopen_task", "delete_task", "list_occurrences"):
        assert (await agent.refused(tool, id=task["id"]))["status"] == 404
    assert (await agent.use("list_tasks"))["total"] == 0


@pytest.mark.parametrize("mode", MODES)
async def test_a_personal_token_is_held_to_its_scopes_by_every_tool(
    someone: Callable[[], Person], platform: Platform, mode: str
) -> None:
    person = someone()
    task = await person.call("POST", "/api/tasks", json={"title": "x"}, expect=201)
    for scope in ("tasks:read", "tasks:write", "chat"):
        made = await person.call("POST", "/api/tokens", json={"name": "agent", "scopes": [scope]}, expect=201)
        headers = {"Authorization": f"Bearer {made['secret']}"}
        async with connected(f"{platform.url}/mcp", headers, mode) as client:
            listed = {tool.name for tool in (await client.list_tools()).tools}
            assert listed == {name for name, tool in TOOLS.items() if tool.scope == scope}
            for name in set(TOOLS) - listed:
                problem = await refused(client, name)
                assert (problem["status"], problem["scope"]) == (403, TOOLS[name].scope)
            if scope == "tasks:read":
                assert (await use(client, "list_tasks"))["total"] == 1
            else:
                with pytest.raises(MCPError, match="tasks:read"):
                    await client.read_resource("tasks://today")
    assert (await person.call("GET", f"/api/tasks/{task['id']}"))["version"] == 1


async def test_tools_say_what_they_do(agent: Agent) -> None:
    tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}
    assert set(tools) == set(TOOLS)
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert tool.input_schema["type"] == "object"
        assert tool.output_schema is not None
        assert tool.annotations.read_only_hint == ("idempotency_key" not in tool.input_schema["properties"])
    assert [
        n for n, t in tools.items() if t.annotations and t.annotations.destructive_hint and n.startswith("list")
    ] == []
    assert tools["delete_task"].annotations.destructive_hint  # type: ignore[union-attr]
    assert tools["complete_task"].annotations.idempotent_hint  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_both_addresses_answer_and_only_to_post(path: str, someone: Callable[[], Person]) -> None:
    person = someone()
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    answer = await person.call("POST", path, json=body, headers=accept, expect=200)
    assert len(answer["result"]["tools"]) == len(TOOLS)
    for method in ("GET", "DELETE"):
        assert (await person.answer(method, path))[0] == 405


async def test_nobody_and_no_foreign_page_gets_in(
    http: aiohttp.ClientSession, platform: Platform, someone: Callable[[], Person], issuer: Issuer
) -> None:
    status, problem = await Person(http, platform.url).answer("POST", "/mcp", json={})
    assert (status, "bearer" in problem["detail"]) == (401, True)
    for headers, expected in (({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 421)):
        status, _ = await someone().answer("POST", "/mcp", json={}, headers=headers)
        assert status == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b'{"jsonrpc":"2.0","id":1,"method":"x"}'])
async def test_what_is_no_request_is_no_error_of_ours(body: bytes, someone: Callable[[], Person]) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    status, answer = await someone().answer("POST", "/mcp", data=body, headers=headers)
    assert (status < 500, "error" in str(answer)) == (True, True)


def test_every_tool_is_used_here() -> None:
    source = Path(__file__).read_text()
    assert [name for name in TOOLS if f'.use("{name}"' not in source] == []
