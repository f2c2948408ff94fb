"""`conversation.rules`: it takes a language model's part by a few rules, and knows no more than what it is sent.

It is there for trying a service's way through a model where there is none: it calls the tools that the last message
asks for, reads their results, and says what came of it. What people are answered by without a model is not this, but
the service's own rules, which know the list.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from infra.local.runtime.talk import Said, Talk, Wanted

UNKNOWN: Final = "I did not understand that, and did nothing."

_LISTING: Final = re.compile(r"(?:what|which|show|list)\b.*", re.IGNORECASE)
_ADDING: Final = re.compile(r"(?:add|note|remember to) (?P<line>.+)", re.IGNORECASE)
_UNDOING: Final = re.compile(r"(?:undo|take (?:it|that) back)", re.IGNORECASE)
_ONE: Final = {
    "complete_task": re.compile(r"(?:done with|finish|complete) (?:the )?(?P<words>.+)", re.IGNORECASE),
    "reopen_task": re.compile(r"reopen (?:the )?(?P<words>.+)", re.IGNORECASE),
    "delete_task": re.compile(r"(?:delete|remove) (?:the )?(?P<words>.+)", re.IGNORECASE),
}

Result = dict[str, Any]
Step = Callable[[list[Result]], Said]


def answer(talk: Talk) -> Said:
    """Return the next message of the talk: calls of tools, or words."""
    asked = max((place for place, said in enumerate(talk.said) if said.role == "user"), default=None)
    if asked is None:
        return _says(UNKNOWN)
    step = _step(talk.said[asked].text.strip().rstrip(" .!?"), talk)
    results = [_result(said.text) for said in talk.said[asked + 1 :] if said.role == "tool"]
    return step(results)


def _step(message: str, talk: Talk) -> Step:
    """Return how a message is gone about, with the tools that are offered."""
    if "list_tasks" in talk.tools and _LISTING.fullmatch(message):
        return lambda results: _listing(message, results)
    if "quick_add" in talk.tools and (found := _ADDING.fullmatch(message)):
        line = found["line"]
        return lambda results: _told(results) or _calls("quick_add", text=line)
    if "undo" in talk.tools and _UNDOING.fullmatch(message):
        return lambda results: _told(results) or _calls("undo")
    for tool, pattern in _ONE.items():
        if {tool, "search_tasks"} <= talk.tools.keys() and (found := pattern.fullmatch(message)):
            return partial(_one, tool, found["words"])
    return lambda _results: _says(UNKNOWN)


def _listing(message: str, results: list[Result]) -> Said:
    if not results:
        return _calls("list_tasks", overdue="overdue" in message.lower())
    if problem := _problem(results[-1]):
        return _says(problem)
    titles = _titles(results[-1])
    return _says("\n".join(f"- {title}" for title in titles) or "There is nothing.")


def _one(tool: str, words: str, results: list[Result]) -> Said:
    """Look for the task that words mean, and call the tool for it where there is exactly one."""
    if not results:
        return _calls("search_tasks", q=words, status="completed" if tool == "reopen_task" else "open")
    if len(results) > 1 or _problem(results[0]):
        return _told(results) or _says(UNKNOWN)
    items = results[0].get("items", [])
    if len(items) != 1:
        return _says("\n- ".join([f"{len(items)} tasks fit “{words}”.", *_titles(results[0])]))
    return _calls(tool, id=items[0]["id"])


def _told(results: list[Result]) -> Said | None:
    """Return what came of the last call; None where there was none."""
    return _says(_problem(results[-1]) or "All right.") if results else None


def _problem(result: Result) -> str:
    error = result.get("error")
    return f"That cannot be done: {error.get('detail') or error.get('title')}" if isinstance(error, dict) else ""


def _titles(result: Result) -> list[str]:
    return [str(item.get("title")) for item in result.get("items", [])]


def _result(text: str) -> Result:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"error": {"detail": "the result of a tool cannot be read."}}


def _calls(tool: str, **arguments: object) -> Said:
    return Said("assistant", (), (Wanted(f"call-{tool}", tool, json.dumps(arguments)),))


def _says(text: str) -> Said:
    return Said("assistant", (text,))
