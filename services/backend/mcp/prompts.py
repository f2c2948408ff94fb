"""Prompts that a person may pick in their client; each brings the tasks that it is about."""

from collections.abc import Mapping
from typing import Final

from mcp_types import (
    EmbeddedResource,
    GetPromptResult,
    Prompt,
    PromptArgument,
    PromptMessage,
    TextContent,
)

from services.backend.mcp import resources
from services.backend.tools.tool import Call
from services.kit.problems import Problem, invalid

PLAN: Final = "plan_my_day"
REVIEW: Final = "weekly_review"
_LONGEST: Final = 200
_PROMPTS: Final = (
    Prompt(
        name=PLAN,
        title="Plan my day",
        description="Turn what is due and overdue into a plan for today.",
        arguments=[
            PromptArgument(name="time", description="how much time there is, as in: 3 hours", required=False),
        ],
    ),
    Prompt(
        name=REVIEW,
        title="Weekly review",
        description="Look back at the week, clear what is stale, and look ahead.",
    ),
)

_PLAN_TEXT: Final = """Plan my day from my tasks that are due today and those that are overdue (both attached).{time}
1. Put them in an order that you can defend: urgent and overdue first, what takes long while there is time for it.
2. Say which ones will not fit, and propose another day for each.
3. Ask me before you change anything; then make the changes with batch_tasks, as one change that undo can take back."""

_REVIEW_TEXT: Final = """Guide me through my weekly review. What is overdue is attached.
1. Done: list the tasks completed in the last seven days (list_tasks with status completed, sort -updated).
2. Stale: what is overdue or has no due date; for each propose to do, move, or delete it.
3. Ahead: what falls due in the next seven days (list_tasks with due_before), and the reminders (list_reminders).
4. Ask me before you change anything; then make the changes with batch_tasks, as one change that undo can take back."""


def listed() -> list[Prompt]:
    """Return the prompts."""
    return list(_PROMPTS)


async def get(call: Call, name: str, arguments: Mapping[str, str]) -> GetPromptResult:
    """Return a prompt with the tasks that it is about; 404 for one that is not there, 403 without `tasks:read`."""
    prompt = next((prompt for prompt in _PROMPTS if prompt.name == name), None)
    if prompt is None:
        raise Problem(404, f"There is no prompt {name[:100]!r}; there are {PLAN} and {REVIEW}.")
    attached = [resources.TODAY, resources.OVERDUE] if name == PLAN else [resources.OVERDUE]
    text = _PLAN_TEXT.format(time=_time(arguments)) if name == PLAN else _REVIEW_TEXT
    messages = [PromptMessage(role="user", content=TextContent(type="text", text=text))]
    for uri in attached:
        resource = EmbeddedResource(type="resource", resource=await resources.read(call, uri))
        messages.append(PromptMessage(role="user", content=resource))
    return GetPromptResult(description=prompt.description, messages=messages)


def _time(arguments: Mapping[str, str]) -> str:
    given = arguments.get("time", "").strip()
    if len(given) > _LONGEST:
        raise invalid("time", f"may have at most {_LONGEST} characters")
    return f" I have this much time: {given}." if given else ""
