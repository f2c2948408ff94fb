"""`conversation.rules`: which tools it calls for which words, and what it says of their results."""

import json
from typing import Any

import pytest

from infra.local.runtime.talk import Said, Talk
from infra.local.runtime.talk_rules import UNKNOWN, answer

TOOLS = dict.fromkeys(
    ("list_tasks", "search_tasks", "quick_add", "complete_task", "reopen_task", "delete_task", "undo"), ()
)


def talk(message: str, *results: Any, tools: dict[str, Any] | None = None) -> Said:
    earlier = (
        Said("system", ("Be brief.",)),
        Said("user", ("add tea",)),
        Said("tool", ('{"items": [{"id": "old"}]}',)),
    )
    told = tuple(Said("tool", (result if isinstance(result, str) else json.dumps(result),)) for result in results)
    return answer(Talk((*earlier, Said("user", (message,)), *told), TOOLS if tools is None else tools))


def found(*titles: str) -> dict[str, Any]:
    return {"items": [{"id": f"id-{title}", "title": title} for title in titles]}


@pytest.mark.parametrize(
    ("message", "tool", "arguments"),
    [
        ("what is overdue?", "list_tasks", {"overdue": True}),
        ("Show my tasks.", "list_tasks", {"overdue": False}),
        ("add buy milk tomorrow", "quick_add", {"text": "buy milk tomorrow"}),
        ("undo", "undo", {}),
        ("done with the rent", "search_tasks", {"q": "rent", "status": "open"}),
        ("reopen rent", "search_tasks", {"q": "rent", "status": "completed"}),
        ("delete rent!", "search_tasks", {"q": "rent", "status": "open"}),
    ],
)
def test_the_tool_that_a_message_asks_for(message: str, tool: str, arguments: dict[str, Any]) -> None:
    (call,) = talk(message).calls
    assert (call.name, json.loads(call.arguments)) == (tool, arguments)
    assert talk(message, tools={}) == Said("assistant", (UNKNOWN,)), "a tool that is not offered is not called"


@pytest.mark.parametrize(
    ("message", "tool"),
    [("done with rent", "complete_task"), ("reopen rent", "reopen_task"), ("delete rent", "delete_task")],
)
def test_a_task_is_looked_for_first(message: str, tool: str) -> None:
    (call,) = talk(message, found("Pay rent")).calls
    assert (call.name, json.loads(call.arguments)) == (tool, {"id": "id-Pay rent"})
    assert talk(message, found("Pay rent"), {"planned": "…"}).text == "All right."


@pytest.mark.parametrize(
    ("message", "results", "said"),
    [
        ("how are you", [], UNKNOWN),
        ("show tasks", [found("A", "B")], "- A\n- B"),
        ("show tasks", [found()], "There is nothing."),
        ("show tasks", [{"error": {"detail": "Away."}}], "That cannot be done: Away."),
        ("done with rent", [found("Rent a car", "Pay rent")], "2 tasks fit “rent”.\n- Rent a car\n- Pay rent"),
        ("done with rent", [found()], "0 tasks fit “rent”."),
        ("done with rent", [{"error": {"detail": "Away."}}], "That cannot be done: Away."),
        ("done with rent", [found("A"), {"error": {"detail": "Gone."}}], "That cannot be done: Gone."),
        ("add tea", [{"planned": "…"}], "All right."),
        ("add tea", ["no JSON"], "That cannot be done: the result of a tool cannot be read."),
        ("undo", [{"error": {"title": "Conflict"}}], "That cannot be done: Conflict"),
    ],
)
def test_what_came_of_it_is_said(message: str, results: list[Any], said: str) -> None:
    assert talk(message, *results) == Said("assistant", (said,))


def test_where_nobody_said_anything() -> None:
    assert answer(Talk((Said("system", ("x",)),), TOOLS)).text == UNKNOWN
