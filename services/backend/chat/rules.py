"""The provider that needs no model: it knows the common requests, takes other lines as quick lines, and says what not.

It reads a task's text only to find it and to show it: nothing that stands there is ever carried out.
"""

import re
from collections.abc import Callable
from typing import Final

from services.backend.chat import answers, consent, edits, questions, requests
from services.backend.chat.plan import Asked, Plan

Rule = Callable[[Asked, re.Match[str]], Plan | None]

HELP: Final = (
    "I can note a task (“add pay rent every month on the 1st at 9am #home”), tell what is due (“what is due this "
    "week?”, “what is overdue?”, “show #home”, “what did I finish yesterday?”), complete (“done with the rent”), move "
    "(“move everything overdue to tomorrow”, “snooze the dentist by a week”), rename, tag, reprioritise (“make rent "
    "high priority”) and delete tasks, and undo the last change. I read English, with no language model: "
    "what I do not understand I leave alone."
)
UNKNOWN: Final = (
    "I did not understand that, and changed nothing. Say “add …” to note it as a task, or “help” for what I can do; "
    "I read English."
)
_NO_REDO: Final = "I cannot redo: say again what is to be changed. I changed nothing."
_LATEST_ALONE: Final = "I can take back the latest change alone; say “undo” for it. I changed nothing."
_POLITE: Final = re.compile(
    r"(?:please,? |(?:hey|ok|okay|no|yes|well)[,!.] |(?:can|could|would|will) you (?:please )?"
    r"|i(?:'d| would) like you to |i (?:want|need) you to )+(?=\S)",
    re.IGNORECASE,
)
_THANKED: Final = re.compile(r"(?:,? (?:please|thanks|thank you))+[.!]*$", re.IGNORECASE)
_AMOUNT: Final = (
    r"(?P<amount>(?:\d+|an?|one|two|three|four|five|six|half an?|a couple of) "
    r"(?:minutes?|mins?|hours?|days?|weeks?|fortnights?|months?|years?))"
)
_PUT_OFF: Final = r"(?:move|postpone|reschedule|push|shift|defer|delay|snooze|put off|bump)"
_ALL: Final = r"(?: all| everything)?(?: of)?(?: the| my)?"
_DUE_DATE: Final = r"(?:due date|due|deadline|date)"
# A wish for a change of a task that is not there may be a task itself: "finish the report tomorrow".
_MAY_BE_A_TASK: Final = re.compile(r"(?:finish|complete|drop|push|shift|tag|label|bump)\b", re.IGNORECASE)


def _said(text: str) -> Rule:
    return lambda _asked, _match: Plan(text)


def _undo(_asked: Asked, _match: re.Match[str]) -> Plan:
    return Plan("", undo=True)


_TALK: Final = (
    (
        r"(?:help(?: me)?|what (?:can|do) you do|(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening))",
        _said(HELP),
    ),
    (
        r"(?:many )?(?:thanks|thank you|thx|cheers)(?: (?:a lot|so much|again|for .+))?|great|perfect|nice|cool",
        _said("You are welcome."),
    ),
    (r"(?:undo|take (?:that|it) back|revert)(?: (?:that|it|this|(?:the|my) last (?:change|one)))?(?: again)?", _undo),
    (r"(?:undo|revert) .+", _said(_LATEST_ALONE)),
    (r"redo(?: .+)?", _said(_NO_REDO)),
)
_EDITS: Final = (
    (
        rf"(?:delete|remove|clear|purge)(?: out)?{_ALL} (?:completed|done|finished)(?: (?:tasks?|ones?|items?))?",
        requests.delete_completed,
    ),
    (r"(?:rename|retitle) (?P<rest>.+)", edits.rename),
    (r"change the (?:title|name) of (?P<rest>.+)", edits.rename),
    (rf"(?:remove|clear|delete|drop) (?:the )?{_DUE_DATE} (?:from|of|for|on) (?P<rest>.+)", edits.undated),
    (r"untag (?P<rest>.+?) (?:from )?(?P<tags>#?[\w/-]+)", edits.untag),
    (
        r"(?:remove|delete|drop) (?:the )?(?P<tags>(?:tags? )?#[\w/-]+|tag [\w/-]+) (?:from|off) (?P<rest>.+)",
        edits.untag,
    ),
    (r"(?:tag|label) (?P<rest>.+?) (?:with|as) (?P<tags>.+)", edits.tag),
    (r"(?:tag|label) (?P<rest>[^#]+?) (?P<tags>#.+)", edits.tag),
    (r"(?:add|put) (?:the )?(?P<tags>(?:tags? )?#[\w/-]+|tag [\w/-]+) (?:to|on) (?P<rest>.+)", edits.tag),
    (
        r"(?:add|write|put) (?:a |the )?(?:note|comment|description) (?:to|on|for) (?P<rest>[^:]+): ?(?P<text>.+)",
        edits.describe,
    ),
    (rf"{_PUT_OFF}(?: back)? (?P<rest>.+?)(?: back)?(?: by| for)? {_AMOUNT}", edits.snooze),
    (rf"(?:change|set) (?:the )?{_DUE_DATE} (?:of|for) (?P<rest>.+)", requests.set_to),
)
_QUESTIONS: Final = (
    (
        r"what(?:'s| is)? (?:up )?(?:next|first)|what should i (?:do|start with|work on)(?: (?:first|next|now))?",
        questions.upcoming,
    ),
    (r"when (?:is|are|was|do i have|do i need to|do i have to) (?P<rest>.+?)(?: due)?", questions.when_due),
    (r"(?:what|which|anything|any)\b(?P<rest>.*)", questions.question),
    (r"(?:show|list|how many|do i have|have i(?: got)?|did i|tell me|give me)\b(?P<rest>.*)", questions.question),
    (r"(?:is|are) there (?P<rest>(?:any|something).*)", questions.question),
    (
        r"(?P<rest>(?:today|tomorrow|overdue|this week|next week)(?:'s tasks)?|(?:my )?(?:tasks|list|agenda))",
        questions.question,
    ),
    (r"(?:search(?: for)?|look for|find) (?P<rest>.+)", questions.search),
)
_CHANGES: Final = (
    (
        r"(?:i(?:'m|'ve| am| have)? )?(?:done(?: with)?|did|finish(?:ed)?|completed?|tick off):? (?P<rest>.+)",
        requests.done,
    ),
    (r"mark (?P<rest>.+?) (?:as )?(?:done|complete|completed|finished)", requests.done),
    (r"(?P<rest>.+?) (?:is|are) (?:done|finished|complete|completed)", requests.done),
    (r"(?:reopen|re-open) (?P<rest>.+)", requests.reopen),
    (r"(?:delete|remove|drop|forget) (?P<rest>.+)", requests.delete),
    (
        r"(?:make|set|mark) (?P<rest>.+?) (?:to |as )?(?P<level>none|no|low|normal|medium|high|urgent)(?: priority)?",
        requests.prioritise,
    ),
    (r"(?:set|change) (?P<rest>.+)", requests.set_to),
    (rf"{_PUT_OFF}(?: back)? (?P<rest>.+)", requests.move),
    (r"(?P<rest>.+?) (?:is|are) (?:now )?due (?P<when>.+)", edits.due_is),
    (
        r"(?:repeat|make) (?P<rest>.+?) (?:repeat |recur )?(?P<rule>(?:every|each) .+|daily|weekly|monthly|yearly)",
        edits.repeat,
    ),
)
_NOTES: Final = (
    (r"(?:add|put) (?P<rest>.+?) (?:to|on|onto) (?:my|the) (?:to-?do )?(?:list|tasks|todos)", requests.add),
    (
        r"(?:add|create|make|new|note)(?: a| an)?(?: new)? (?:task|todo|to-do)(?: called| named| to|:)? (?P<rest>.+)",
        requests.add,
    ),
    (r"(?:add|create|new task|note|todo|to-do|remember to|don't (?:let me )?forget to):? (?P<rest>.+)", requests.add),
    (r"i (?:need to|have to|must|should) (?P<rest>.+)", requests.add),
    (r"(?P<rest>remind me .+)", requests.add),
)
_RULES: Final[tuple[tuple[re.Pattern[str], Rule], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), rule) for pattern, rule in (*_TALK, *_EDITS, *_QUESTIONS, *_CHANGES, *_NOTES)
)


class RuleProvider:
    """Answers by rules alone."""

    async def plan(self, asked: Asked) -> Plan:
        """Return the plan of the first rule that the whole message fits."""
        message = " ".join(asked.message.split())
        if consent.is_yes(message) or consent.is_no(message) or message.isdigit():
            return Plan("Nothing waits for an answer of yours, and I changed nothing.")
        plan = _by_rule(asked, message)
        is_wish = plan is None or (plan.unfound and _MAY_BE_A_TASK.match(message) is not None)
        if is_wish and answers.is_quick(asked, message):
            return requests.note(asked, message)
        return plan or Plan(UNKNOWN)


def _by_rule(asked: Asked, message: str) -> Plan | None:
    """Return the plan of the first rule that takes a message, without what is only polite in it."""
    plain = _THANKED.sub("", _POLITE.sub("", message.replace("’", "'"), count=1))
    for pattern, rule in _RULES:
        match = pattern.fullmatch(plain.rstrip(" ?.!")) or pattern.fullmatch(plain)
        plan = rule(asked, match) if match is not None else None
        if plan is not None:
            return plan
    return None
