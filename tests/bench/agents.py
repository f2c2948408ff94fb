"""What an agent's calls cost: an MCP tool, a line of words or a chat turn beside the REST call it stands for."""

import time
from datetime import UTC, datetime
from typing import Any, Final

from bench.scenarios import CALLS, PAUSE
from bench.stage import Stage
from bench.timing import Line, sample, timed
from services.backend.quick import read

_LINE: Final = "pay rent every month on the 1st at 9am !high #home remind 1d before"
_LONG: Final = "next friday at 9am every other tuesday until june remind 1h before #a !high ".ljust(100) * 5
_TURNS: Final = 100  # a conversation takes 200
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


async def words(stage: Stage) -> list[Line]:
    """A quick line and a chat turn by rules beside the create and the list that they come to, at the backend."""
    tasks = f"{stage.backend}/api/tasks"
    created = await timed(CALLS, lambda n: stage.call("POST", tasks, json={"title": f"task {n}"}), pause=PAUSE)
    quick = await timed(CALLS, lambda _: stage.call("POST", f"{tasks}/quick", json={"text": _LINE}), pause=PAUSE)
    listed = await timed(CALLS, lambda _: stage.call("GET", tasks))
    chat, turn = f"{stage.backend}/api/chat", {"message": "what is due this week?"}
    turn |= {"conversation": (await stage.call("POST", chat, json=turn))["conversation"]}
    said = await timed(_TURNS, lambda _: stage.call("POST", chat, json=turn), pause=PAUSE)
    return [
        Line("quick line, made into a task", quick, (("create", created),)),
        Line("chat by rules: what is due this week?", said, (("list", listed),)),
        Line(
            "reading a line of 500 characters, processor time",
            sample([_processor_time() for _ in range(CALLS)]),
            aim="≤ 5",
        ),
    ]


def _processor_time() -> float:
    started = time.process_time()
    read(_LONG, datetime.now(UTC), "Europe/Rome")
    return time.process_time() - started


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
