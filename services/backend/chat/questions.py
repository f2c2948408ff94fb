"""Questions, answered from the person's list."""

import re
from datetime import date, timedelta
from typing import Final

from services.backend.chat import answers
from services.backend.chat.matching import matching, narrowed, narrowing, words_of
from services.backend.chat.plan import Asked, Plan
from services.backend.query import Query, run
from services.backend.row import FAR, Row
from services.backend.views import Sort
from services.kit.due import wall_clock, zone
from services.kit.task import Status

_MOST: Final = 500
_NEXT: Final = 5
_TAGGED: Final = re.compile(r"\b(?:tagged|labelled)(?: with| as)? #?([\w/-]+)")
_TAG: Final = re.compile(r"#[\w/-]+")
_COMPLETED: Final = re.compile(
    r"\b(?:finish(?:ed)?|completed?|done|ticked off|checked off|accomplish(?:ed)?|achieved?|did i (?:do|get done))\b"
)
_TO_COME: Final = re.compile(r"\bnot\b|n't\b|\b(?:be|left|still|yet to)\b")
# Words that a question is made of; any other word narrows it.
_ASKING: Final = frozenset(
    {
        *("me", "my", "mine", "i", "we", "you", "us", "s", "got", "get", "getting", "go", "going", "need", "needs"),
        *("should", "can", "could", "must", "want", "do", "does", "did", "done", "is", "am", "are", "what"),
        *("which", "when", "how", "much", "many", "show", "list", "tell", "give", "see", "display", "plate"),
        *("agenda", "schedule", "calendar", "diary", "happening", "up", "there", "any", "anything", "outstanding"),
        *("remaining", "pending", "active", "current", "currently", "right", "now", "has", "have", "had", "tagged"),
        *("tag", "tags", "labelled", "label", "item", "items", "stuff", "things", "todo", "to-do", "to-dos"),
        *("first", "at", "moment", "as", "well", "else", "so", "far", "and", "or", "also", "then", "again"),
        *("please", "coming", "past", "few", "couple", "two", "three", "seven", "ten", "within", "until", "till"),
        *("before", "after", "between", "it's", "that's", "what's", "whats", "today's", "tomorrow's", "week's"),
        *("planned", "scheduled", "finish", "finished", "complete", "completed"),
    }
)


def question(asked: Asked, match: re.Match[str]) -> Plan:
    """Answer "what is due this week?", "what is overdue?", "show #home", "show high priority", "what did I finish?"."""
    words = asked.message.lower().replace("’", "'")
    if _COMPLETED.search(words) and not _TO_COME.search(words):
        return _completed(asked, words)
    words = match["rest"].lower().replace("’", "'")
    rows, called = asked_for(asked, words)
    if rows is None:
        return Plan(f"I do not know what to look for in “{match['rest'].strip()}”. Try “what is due this week?”.")
    topic = [] if called.startswith("about") else _topic(asked, _TAGGED.sub(" ", words))
    if topic:
        rows, called = narrowed(rows, " ".join(topic)), f"{called} about “{' '.join(topic)}”"
    return _answer(asked, rows, called)


def _answer(asked: Asked, rows: list[Row], called: str) -> Plan:
    if not rows:
        return Plan(f"Nothing {called}.")
    return Plan(f"{answers.counted(len(rows))} {called}:\n{answers.listed_rows(asked, rows)}")


def _topic(asked: Asked, words: str) -> list[str]:
    """Return the words that a question is about, beside its span of time, tags and what questions are made of."""
    left = answers.quick(asked, "x " + _TAG.sub(" ", words)).title
    return [
        word
        for word in words_of(left)
        if word != "x" and word not in _ASKING and narrowing(word) and not word.isdigit()
    ]


def rows_of(asked: Asked, status: Status) -> list[Row]:
    """Return the tasks of a status, the latest changed first."""
    rows = [row for row in asked.tasks.rows.values() if row.task.status is status]
    return sorted(rows, key=lambda row: row.task.seq, reverse=True)


def _completed(asked: Asked, words: str) -> Plan:
    """Answer "what did I finish yesterday?"."""
    span = _past_span(asked, words)
    tz = zone(asked.tasks.profile.time_zone)
    days = [
        (row, row.task.completed_at.astimezone(tz).date())
        for row in rows_of(asked, Status.COMPLETED)
        if row.task.completed_at
    ]
    found = [row for row, day in days if span is None or span[0] <= day <= span[1]]
    return _answer(asked, found, f"completed {span[2]}" if span else "completed")


def _past_span(asked: Asked, words: str) -> tuple[date, date, str] | None:
    today = answers.today(asked)
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    before = first - timedelta(days=1)
    spans = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "this week": (monday, today),
        "last week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this month": (first, today),
        "last month": (before.replace(day=1), before),
    }
    return next(((*days, name) for name, days in spans.items() if name in words), None)


def upcoming(asked: Asked, _: re.Match[str]) -> Plan:
    """Answer "what's next?"."""
    rows = run(asked.tasks, Query(sort=Sort.DUE, limit=_NEXT), asked.now).rows
    dated = [row for row in rows if row.due < FAR] or rows
    if not dated:
        return Plan("Nothing is open.")
    return Plan(f"Next:\n{answers.listed_rows(asked, dated)}")


def when_due(asked: Asked, match: re.Match[str]) -> Plan:
    """Answer "when is the dentist?"."""
    rows = matching(asked.tasks, match["rest"]) or _of_any(asked, match["rest"])
    if not rows:
        return Plan(f"I found no open task for “{match['rest']}”.")
    return _answer(asked, rows, f"for “{match['rest']}”")


def _of_any(asked: Asked, words: str) -> list[Row]:
    """Return the open tasks whose title has one of the words, where none has all of them."""
    found = [row for word in words_of(words) if narrowing(word) for row in matching(asked.tasks, word)]
    return list({row.task.id: row for row in found}.values())


def search(asked: Asked, match: re.Match[str]) -> Plan | None:
    """Answer "search invoices" from what is written in open tasks; "find a plumber tomorrow" is a task."""
    if answers.is_quick(asked, asked.message):
        return None
    words = " ".join(words_of(match["rest"]))
    rows = run(asked.tasks, Query(q=words, sort=Sort.DUE, limit=_MOST), asked.now).rows
    return _answer(asked, rows, f"with “{words}”")


def asked_for(asked: Asked, words: str) -> tuple[list[Row] | None, str]:
    """Return the tasks that a question is about, and what they are; None where it is about none."""
    words = _TAGGED.sub(r"#\1", words)
    if "overdue" in words or "late" in words.split():
        return run(asked.tasks, Query(overdue=True, sort=Sort.DUE, limit=_MOST), asked.now).rows, "overdue"
    tags = re.findall(r"#([\w/-]+)", words)
    rows = run(asked.tasks, Query(tags=frozenset(tags), sort=Sort.DUE, limit=_MOST), asked.now).rows
    if tags:
        return rows, "with " + " ".join(f"#{tag}" for tag in tags)
    level = re.search(r"\b(urgent|high|medium|low)\b", words)
    if level is not None:
        return [row for row in rows if row.task.priority.value == level[1]], f"of {level[1]} priority"
    span = answers.span_of(asked, re.sub(r"^\s*(?:is|are|do i have|'s)?\s*(?:still )?(?:due)?", "", words))
    if span is None:
        everything = re.search(r"\b(?:tasks?|open|everything|all|todos?|to do|list|due)\b", words)
        return (rows, "open") if everything and not re.search(r"\babout\b", words) else _about(asked, words)
    first, last, called = span
    days = [(row, _day(asked, row)) for row in rows]
    found = [row for row, day in days if day is not None and first <= day <= last]
    return found, f"due {called}" if called[0].islower() else f"due on {called}"


def _about(asked: Asked, words: str) -> tuple[list[Row] | None, str]:
    topic = re.search(r"\b(?:about|with|for) (.+)", words)
    return (matching(asked.tasks, topic[1]), f"about “{topic[1]}”") if topic else (None, "")


def _day(asked: Asked, row: Row) -> date | None:
    return wall_clock(row.task.due, asked.tasks.profile.time_zone).date() if row.task.due else None
