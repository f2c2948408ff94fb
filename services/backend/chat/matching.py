"""Which open tasks a person's words mean: those that hold all of the words, or else those that hold most of them."""

import re
from collections.abc import Iterable
from typing import Final

from services.backend.row import Row, folded
from services.backend.tasklist import TaskList
from services.kit.task import Status

_CHOOSING: Final = re.compile(
    r"#[\w/-]+|\b(?:all|about|every|everything|anything|each|any|of|from|in|on|for|by|and|are|is|be|due|open|list|todos?|do|i|have|"
    r"still|left|overdue|late|urgent|high|medium|low|priority|today|tonight|tomorrow|yesterday|this|next|last|coming|"
    r"days?|weeks?|weekend|months?|years?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|"
    r"may|june|july|august|september|october|november|december|\d+(?:st|nd|rd|th)?)\b"
)
_LITTLE: Final = frozenset(
    {"the", "a", "an", "my", "task", "tasks", "to", "with", "that", "this", "it", "thing", "please", "one"}
)


def matching(tasks: TaskList, words: str, status: Status = Status.OPEN) -> list[Row]:
    """Return the tasks of a status that words mean, in the order in which they are due."""
    rows = [row for row in tasks.rows.values() if row.task.status is status]
    wanted = words_of(words)
    exact = [row for row in rows if folded(row.task.title) == folded(words).strip()]
    same = exact or [row for row in rows if wanted and words_of(row.task.title) == wanted]
    found = same or ([row for row in rows if _holds(row, wanted)] if wanted else [])
    return sorted(found, key=lambda row: row.due)


def words_of(text: str) -> list[str]:
    """Return the words of a text that name something, without quotes and other signs around them."""
    words = (word.strip("“”\"'‘’.,;:!?()") for word in folded(text).split())
    return [word for word in words if word and word not in _LITTLE]


def narrowing(word: str) -> bool:
    """Tell whether a word is one that narrows, and not "all", a span of time or a priority."""
    return bool(_CHOOSING.sub(" ", word).strip())


def narrowed(rows: list[Row], words: str) -> list[Row]:
    """Return those rows that are also about what `words` say beside "all", a span of time, a tag or a priority."""
    wanted = [word for word in re.findall(r"[\w'-]+", _CHOOSING.sub(" ", folded(words))) if word not in _LITTLE]
    return [row for row in rows if all(word in row.tags or _holds(row, [word]) for word in wanted)]


def _holds(row: Row, wanted: Iterable[str]) -> bool:
    words = folded(row.task.title).split()
    return all(any(word.startswith(one) or one in word for word in words) for one in wanted)
