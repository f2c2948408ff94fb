"""Lists: search, filter, sort and keyset paging over a folded list, in memory.

A view (one sort order over the tasks of one status) is computed once and kept until the list changes; a cursor names
the place in that order by value, so that it stays right while tasks come and go.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from services.backend.row import FAR, RANKS, Row, folded
from services.backend.schemas import tag_key
from services.backend.tasklist import TaskList
from services.backend.views import Key, Sort, StatusFilter, View
from services.kit.problems import invalid
from services.kit.task import Priority, Status

MAX_PAGE_BYTES: Final = 2_000_000


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


def run(tasks: TaskList, query: Query, now: datetime) -> Found:
    """Return one page of the tasks that a query asks for; the 422 for a cursor that is not one of this order."""
    view = tasks.views.get(query.sort, query.status, tasks.rows)
    places = _matching(view, query, now)
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
            key = tag_key(tag)
            counts[key] = counts.get(key, 0) + 1
            names.setdefault(key, tag)
    return sorted(((names[t], n) for t, n in counts.items()), key=lambda pair: (-pair[1], tag_key(pair[0])))


def _matching(view: View, query: Query, now: datetime) -> Sequence[int]:
    """Return the places in a view that a query's conditions beside the status leave, the cheapest tested first."""
    places: Sequence[int] = range(len(view.rows))
    if query.overdue:
        dues, is_open, moment = view.column("due"), view.column("is_open"), now.timestamp()
        places = [p for p in places if dues[p] < moment and is_open[p]]
    if query.priority:
        column, ranks = view.column("rank"), frozenset(RANKS[priority] for priority in query.priority)
        places = [p for p in places if column[p] in ranks]
    if query.tags:
        column, tags = view.column("tags"), frozenset(tag_key(tag) for tag in query.tags)
        places = [p for p in places if tags <= column[p]]
    if query.due_before is not None:
        dues, before = view.column("due"), query.due_before.timestamp()
        places = [p for p in places if dues[p] < before and dues[p] != FAR]
    if query.due_after is not None:
        dues, after = view.column("due"), query.due_after.timestamp()
        places = [p for p in places if after < dues[p] < FAR]
    for word in folded(query.q).split():
        column = view.column("haystack")
        places = [p for p in places if word in column[p]]
    return places


def _place(view: View, query: Query) -> int:
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
