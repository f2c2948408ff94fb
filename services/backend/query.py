"""Lists: search, filter, sort and keyset paging over a folded list, in memory.

A view (one sort order over the tasks of one status) is computed once and kept until the list changes; a cursor names the place in
that order by value, so that it stays right while tasks come and go.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from services.backend.tasklist import Row, TaskList, folded
from services.kit.problems import invalid
from services.kit.task import Priority, Status

MAX_PAGE_BYTES: Final = 2_000_000
TITLE_KEY: Final = 200  # characters of a title that count for its order, so that a cursor fits an address
_RANK: Final = {priority: rank for rank, priority in enumerate(Priority)}
_FAR: Final = datetime.max.replace(tzinfo=UTC).timestamp()

Key = tuple[Any, ...]


class Sort(StrEnum):
    """The orders of a list; `-` before one turns it round."""

    DUE = "due"
    PRIORITY = "priority"
    CREATED = "created"
    UPDATED = "updated"
    TITLE = "title"
    DUE_DESCENDING = "-due"
    PRIORITY_DESCENDING = "-priority"
    CREATED_DESCENDING = "-created"
    UPDATED_DESCENDING = "-updated"
    TITLE_DESCENDING = "-title"


class StatusFilter(StrEnum):
    """Which tasks a list shows."""

    OPEN = "open"
    COMPLETED = "completed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for; see the API for what each means."""

    q: str = ""
    status: StatusFilter = StatusFilter.OPEN
    priority: frozenset[Priority] = frozenset()
    tags: frozenset[str] = frozenset()
    due_before: datetime | None = None
    due_after: datetime | None = None
    overdue: bool = False
    sort: Sort = Sort.CREATED
    limit: int = 100
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a list: its rows, how many rows match in all, and where the next page begins."""

    rows: list[Row]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _View:
    keys: list[Key]
    rows: list[Row]


def run(tasks: TaskList, query: Query, now: datetime) -> Found:
    """Return one page of the tasks that a query asks for; the 422 for a cursor that is not one of this order."""
    view = _view(tasks, query.sort, query.status)
    tests = list(_tests(tasks, query, now))
    matching = [n for n, row in enumerate(view.rows) if all(test(row) for test in tests)] if tests else None
    places: Any = range(len(view.rows)) if matching is None else matching
    start = bisect_left(places, _place(view, query)) if query.cursor else 0
    shown: list[int] = []
    size = 0
    for place in places[start : start + query.limit]:
        size += len(view.rows[place].body)
        if shown and size > MAX_PAGE_BYTES:
            break
        shown.append(place)
    more = start + len(shown) < len(places)
    cursor = _cursor(query.sort, view.keys[shown[-1]]) if more and shown else None
    return Found([view.rows[place] for place in shown], len(places), cursor)


def tag_counts(tasks: TaskList) -> list[tuple[str, int]]:
    """Return the tags of the open tasks as they were first written, most used first."""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    for row in tasks.rows.values():
        if row.task.status is not Status.OPEN:
            continue
        for tag in row.task.tags:
            counts[tag.casefold()] = counts.get(tag.casefold(), 0) + 1
            names.setdefault(tag.casefold(), tag)
    return sorted(((names[t], n) for t, n in counts.items()), key=lambda pair: (-pair[1], pair[0].casefold()))


def _tests(tasks: TaskList, query: Query, now: datetime) -> Iterable[Callable[[Row], bool]]:
    """Yield the conditions of a query beside the status, the cheapest first."""
    if query.overdue:
        yield lambda row: row.task.status is Status.OPEN and _due(tasks, row) < now.timestamp()
    if query.priority:
        yield lambda row: row.task.priority in query.priority
    if query.tags:
        tags = frozenset(tag.casefold() for tag in query.tags)
        yield lambda row: tags <= row.tags
    if query.due_before is not None:
        before = query.due_before.timestamp()
        yield lambda row: row.task.due is not None and _due(tasks, row) < before
    if query.due_after is not None:
        after = query.due_after.timestamp()
        yield lambda row: row.task.due is not None and _due(tasks, row) > after
    for word in folded(query.q).split():
        yield lambda row, word=word: word in row.haystack  # type: ignore[misc]


def _due(tasks: TaskList, row: Row) -> float:
    """Return the moment a task is due, for ever ahead where it has none; computed once while the list stands."""
    known: dict[Any, float] = tasks.views.setdefault("due", {})
    found = known.get(row.task.id)
    if found is None:
        moment = tasks.moment(row.task)
        found = known[row.task.id] = moment.timestamp() if moment else _FAR
    return found


def _view(tasks: TaskList, sort: Sort, status: StatusFilter) -> _View:
    view: _View | None = tasks.views.get((sort, status))
    if view is None:
        rows = [row for row in tasks.rows.values() if status in {StatusFilter.ALL, row.task.status}]
        keyed = sorted(((_key(tasks, row, sort), row) for row in rows), key=lambda pair: pair[0])
        view = tasks.views[sort, status] = _View([key for key, _ in keyed], [row for _, row in keyed])
    return view


def _key(tasks: TaskList, row: Row, sort: Sort) -> Key:
    """Return a task's place in an order, as JSON can hold it; the id makes it unique. A missing due comes last."""
    task, name = row.task, sort.removeprefix("-")
    value: Any
    if name == "title":
        folded_title = folded(task.title)[:TITLE_KEY]
        value = [-ord(c) for c in folded_title] + [1] if sort.startswith("-") else folded_title
        return value, task.id.hex
    if name == "due":
        value = _due(tasks, row)
        return value == _FAR, -value if sort.startswith("-") else value, task.id.hex
    if name == "priority":
        value = _RANK[task.priority]
    else:
        value = (task.created_at if name == "created" else task.updated_at).timestamp()
    return -value if sort.startswith("-") else value, task.id.hex


def _place(view: _View, query: Query) -> int:
    """Return the place after the one that the cursor names."""
    try:
        sort, key = orjson.loads(base64.urlsafe_b64decode((query.cursor or "").encode()))
        if sort != query.sort.value:
            raise invalid("cursor", f"belongs to sort={sort}; ask for that order, or begin without a cursor")
        return bisect_right(view.keys, tuple(key))
    except (binascii.Error, ValueError, TypeError):
        raise invalid("cursor", "is not one that this list gave; begin without a cursor") from None


def _cursor(sort: Sort, key: Key) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort.value, key])).decode()
