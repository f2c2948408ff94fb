"""What an agent's calls cost: an MCP tool beside the REST call that it stands for, and a token beside none."""

from typing import Any

from bench.scenarios import CALLS, PAUSE
from bench.stage import Stage
from bench.timing import Line, timed

_ACCEPT = "application/json, text/event-stream"


async def tools_and_tokens(stage: Stage) -> list[Line]:
    """Get and add by MCP beside REST, and a get with a personal access token beside one without, at the backend."""
    task = (await stage.call("POST", f"{stage.backend}/api/tasks", json={"title": "read by agents"}))["id"]
    body = {"name": "bench", "scopes": ["tasks:read", "tasks:write"]}
    secret = (await stage.call("POST", f"{stage.backend}/api/tokens", json=body))["secret"]
    address = f"{stage.backend}/api/tasks/{task}"
    rest = await timed(CALLS, lambda _: stage.call("GET", address))
    token = await timed(CALLS, lambda _: _with_token(stage, address, secret))
    tool = await timed(CALLS, lambda _: _use(stage, stage.backend, "get_task", id=task))
    gateway = await timed(CALLS, lambda _: _use(stage, stage.gateway, "get_task", id=task))
    created = await timed(
        CALLS, lambda n: stage.call("POST", f"{stage.backend}/api/tasks", json={"title": f"task {n}"}), pause=PAUSE
    )
    added = await timed(CALLS, lambda n: _use(stage, stage.backend, "add_task", title=f"task {n}"), pause=PAUSE)
    return [
        Line("get, with a personal access token", token, (("without", rest),)),
        Line("MCP: get_task", tool, (("REST", rest),)),
        Line("MCP: get_task, through the gateway", gateway, (("backend", tool),)),
        Line("MCP: add_task", added, (("REST", created),)),
    ]


async def _with_token(stage: Stage, url: str, secret: str) -> None:
    headers = {"dapr-api-token": stage.app_token, "Authorization": f"Bearer {secret}"}
    async with stage.http.get(url, headers=headers) as answer:
        answer.raise_for_status()
        await answer.read()


async def _use(stage: Stage, base: str, tool: str, **arguments: Any) -> None:
    """Call a tool as a client of 2025 does, once it has shaken hands."""
    headers = {"Accept": _ACCEPT, "MCP-Protocol-Version": "2025-06-18", "dapr-api-token": stage.app_token}
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }
    async with stage.http.post(f"{base}/mcp", json=request, headers=headers) as answer:
        found = await answer.json()
        if answer.status != 200 or found["result"].get("isError"):
            raise RuntimeError(f"{tool}: {answer.status} {found}")
