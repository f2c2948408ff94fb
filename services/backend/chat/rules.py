"""The provider that needs no model: it knows the common requests, takes other lines as quick lines, and says what not.

It reads a task's text only to find it and to show it: nothing that stands there is ever carried out.
"""

import re
from collections.abc import Callable
from typing import Final

from services.backend.chat import answers, requests
from services.backend.chat.plan import Asked, Plan

Rule = Callable[[Asked, re.Match[str]], Plan]

HELP: Final = (
    "I can note a task (“add pay rent every month on the 1st at 9am #home”), tell what is due (“what is due this "
    "week?”, “what is overdue?”, “show #home”), complete (“done with the rent”), move (“move everything overdue to "
    "tomorrow”), reprioritise (“make rent high priority”) and delete tasks, and undo the last change. There is no "
    "language model behind me: what I do not understand I leave alone."
)
UNKNOWN: Final = (
    "I did not understand that, and changed nothing. Say “add …” to note it as a task, or “help” for what I can do."
)

_RULES: Final[tuple[tuple[re.Pattern[str], Rule], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), rule)
    for pattern, rule in (
        (r"(?:help|what can you do|hi|hello|hey)\b", lambda _asked, _match: Plan(HELP)),
        (r"(?:please )?(?:undo|take (?:that|it) back|revert)\b", lambda _asked, _match: Plan("", undo=True)),
        (r"(?:what|which|anything)\b(?P<rest>.*)", requests.question),
        (r"(?:show|list|how many|do i have)\b(?P<rest>.*)", requests.question),
        (
            r"(?:i(?:'m| am|'ve| have)? )?(?:done with|finished|completed?|finish|check off|tick off) (?P<rest>.+)",
            requests.done,
        ),
        (r"mark (?P<rest>.+?) (?:as )?(?:done|complete|completed|finished)", requests.done),
        (r"(?P<rest>.+?) (?:is|are) (?:done|finished|complete|completed)", requests.done),
        (r"(?:reopen|re-open) (?P<rest>.+)", requests.reopen),
        (r"(?:delete|remove|drop|forget) (?P<rest>.+)", requests.delete),
        (r"(?:move|postpone|reschedule|push|shift|defer) (?P<rest>.+)", requests.move),
        (
            r"(?:make|set) (?P<rest>.+?) (?:to |as )?(?P<level>none|low|medium|high|urgent)(?: priority)?",
            requests.prioritise,
        ),
        (r"(?:add|create|new task:?|note|todo:?|remember to) (?P<rest>.+)", requests.add),
        (r"(?P<rest>remind me .+)", requests.add),
    )
)


class RuleProvider:
    """Answers by rules alone."""

    async def plan(self, asked: Asked) -> Plan:
        """Return the plan of the first rule that the whole message fits."""
        message = " ".join(asked.message.split())
        for pattern, rule in _RULES:
            match = pattern.fullmatch(message.rstrip(" ?.!")) or pattern.fullmatch(message)
            if match is not None:
                return rule(asked, match)
        if answers.is_quick(asked, message):
            return requests.note(asked, message)
        return Plan(UNKNOWN)
