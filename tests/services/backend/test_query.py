"""Lists held against a naive model: every filter, every order, and pages whose cursors outlive changes."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backend.query import MAX_PAGE_BYTES, Query, run, tag_counts
from services.backend.row import TITLE_KEY, Row, folded
from services.backend.tasklist import TaskList
from services.backend.views import Sort, StatusFilter
from services.kit.problems import Problem
from services.kit.task import DueAt, DueDate, Priority, Status, Task

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WORDS = ("Rent", "résumé", "Straße", "milk", "ÀÉÎ", "zoo")
TAGS = ("home", "Work", "été")

# What the search must not tell apart, by hand.
PLAIN = str.maketrans({"é": "e", "À": "A", "É": "E", "Î": "I", "à": "a", "î": "i", "ß": "ss"})


def made(number: int, **fields: Any) -> Task:
    at = NOW + timedelta(seconds=number)
    values = {"id": UUID(int=number + 1), "seq": 1, "version": 1, "title": "t", "created_at": at, "updated_at": at}
    return Task.model_validate(values | fields)


def listed(tasks: Iterable[Task]) -> TaskList:
    found = TaskList("p", 1)
    found.rows = {task.id: Row(task, 1, "UTC") for task in tasks}
    return found


def random_tasks(chance: random.Random, count: int) -> list[Task]:
    return [made(number, **random_fields(chance)) for number in range(count)]


def random_fields(chance: random.Random) -> dict[str, Any]:
    due = chance.choice(
        [
            None,
            DueAt(at=NOW + timedelta(hours=chance.randint(-50, 50)), time_zone="UTC"),
            DueDate(date=(NOW + timedelta(days=chance.randint(-2, 2))).date()),
        ]
    )
    at = NOW + timedelta(minutes=chance.randint(0, 20))
    return {
        "title": " ".join(chance.sample(WORDS, 2)),
        "description": chance.choice(WORDS),
        "status": chance.choice(list(Status)),
        "priority": chance.choice(list(Priority)),
        "tags": tuple(chance.sample(TAGS, chance.randint(0, 2))),
        "due": due,
        "created_at": at,
        "updated_at": at + timedelta(minutes=chance.randint(0, 9)),
    }


def moment(task: Task) -> datetime | None:
    if isinstance(task.due, DueAt):
        return task.due.at
    if isinstance(task.due, DueDate):
        return datetime.combine(task.due.date, datetime.min.time(), UTC) + timedelta(hours=23, minutes=59, seconds=59)
    return None


def plain(text: str) -> str:
    return text.translate(PLAIN).lower()


def matches(task: Task, query: Query) -> bool:
    due = moment(task)
    text = plain(" ".join((task.title, task.description, *task.tags)))
    return (
        query.status.value in {"all", task.status.value}
        and (not query.priority or task.priority in query.priority)
        and {plain(tag) for tag in query.tags} <= {plain(tag) for tag in task.tags}
        and all(word in text for word in plain(query.q).split())
        and (query.due_before is None or (due is not None and due < query.due_before))
        and (query.due_after is None or (due is not None and due > query.due_after))
        and (not query.overdue or (due is not None and due < NOW and task.status is Status.OPEN))
    )


def ordered(tasks: list[Task], sort: Sort) -> list[UUID]:
    """Return the ids in order: by id, then (a stable sort) by value; what has no due last, either way."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    value: dict[str, Callable[[Task], Any]] = {
        "due": lambda task: moment(task) or NOW,
        "priority": lambda task: list(Priority).index(task.priority),
        "created": lambda task: task.created_at,
        "updated": lambda task: task.updated_at,
        "title": lambda task: plain(task.title),
    }
    found = sorted(sorted(tasks, key=lambda task: task.id), key=value[name], reverse=down)
    if name == "due":
        found.sort(key=lambda task: task.due is None)
    return [task.id for task in found]


queries = st.builds(
    Query,
    q=st.sampled_from(["", "rent", "RESUME", "strasse", "m", "aei rent", "nothing", "HOME", "ete"]),
    status=st.sampled_from(list(StatusFilter)),
    priority=st.frozensets(st.sampled_from(list(Priority)), max_size=2),
    tags=st.frozensets(st.sampled_from(["HOME", "work"]), max_size=2),
    due_before=st.sampled_from([None, NOW, NOW + timedelta(hours=20)]),
    due_after=st.sampled_from([None, NOW, NOW - timedelta(hours=20)]),
    overdue=st.booleans(),
    sort=st.sampled_from(list(Sort)),
    limit=st.integers(1, 30),
)


def paged(tasks: TaskList, query: Query, between: Callable[[], None] = lambda: None) -> list[Task]:
    """Return all pages of a list, with something happening between them."""
    found: list[Task] = []
    cursor = None
    while True:
        page = run(tasks, Query(**{**fields(query), "cursor": cursor}), NOW)
        assert len(page.rows) <= query.limit
        found += [row.task for row in page.rows]
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor
        between()


def fields(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in Query.__dataclass_fields__}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), queries)
def test_a_list_is_what_the_naive_model_says(seed: int, query: Query) -> None:
    tasks = random_tasks(random.Random(seed), 40)
    expected = [task for task in tasks if matches(task, query)]
    page = run(listed(tasks), query, NOW)
    assert page.total == len(expected)
    assert [task.id for task in paged(listed(tasks), query)] == ordered(expected, query.sort)
    assert (page.next_cursor is None) == (page.total <= query.limit)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(Sort)), st.integers(1, 7))
def test_cursors_outlive_changes(seed: int, sort: Sort, limit: int) -> None:
    """What nobody changed is found once; nothing is found twice unless it moved."""
    chance = random.Random(seed)
    tasks = listed(random_tasks(chance, 30))
    changed: set[UUID] = set()

    def disturb() -> None:
        number = chance.randint(0, 60)
        task = made(number, **random_fields(chance))
        changed.add(task.id)
        if tasks.rows.pop(task.id, None) is None or chance.random() < 0.5:
            tasks.rows[task.id] = Row(task, 1, "UTC")
        tasks.views.clear()

    before = set(tasks.rows)
    found = [task.id for task in paged(tasks, Query(status=StatusFilter.ALL, sort=sort, limit=limit), disturb)]
    unchanged = [task_id for task_id in found if task_id not in changed]
    assert sorted(unchanged) == sorted(before - changed)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("title", ["\N{CJK UNIFIED IDEOGRAPH-4E00}", "\N{GRINNING FACE}", "\ufdfa", "a", "\x7f"])
def test_every_cursor_fits_an_address(sort: Sort, title: str) -> None:
    tasks = listed(made(n, title=title * 499 + str(n % 10)) for n in range(9))
    page = run(tasks, Query(sort=sort, limit=4), NOW)
    assert page.next_cursor
    assert len(page.next_cursor) <= 4000
    assert len(paged(tasks, Query(sort=sort, limit=4))) == 9


def test_titles_count_for_their_order_up_to_a_length() -> None:
    long = [made(1, title="a" * (TITLE_KEY - 1) + "z"), made(2, title="a" * TITLE_KEY), made(3, title="a")]
    assert [t.id.int for t in paged(listed(long), Query(sort=Sort.TITLE))] == [4, 3, 2]
    assert [t.id.int for t in paged(listed(long), Query(sort=Sort.TITLE_DESCENDING))] == [2, 3, 4]


def test_a_page_ends_at_two_megabytes_but_is_never_empty() -> None:
    tasks = listed(made(n, description="é" * 20_000) for n in range(120))
    page = run(tasks, Query(limit=500), NOW)
    assert sum(len(row.body) for row in page.rows) <= MAX_PAGE_BYTES
    assert 30 < len(page.rows) < 120
    assert len(paged(tasks, Query(limit=500))) == 120


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "e30=", "bnVsbA==", "WyJjcmVhdGVkIl0=", "WyJjcmVhdGVkIixbInEiXV0=", "\ud800"]
)
def test_a_cursor_that_no_list_gave_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        run(listed(random_tasks(random.Random(1), 5)), Query(cursor=cursor), NOW)
    assert refused.value.status == 422


def test_a_cursor_of_another_order_is_refused() -> None:
    tasks = listed(random_tasks(random.Random(1), 5))
    cursor = run(tasks, Query(status=StatusFilter.ALL, limit=1), NOW).next_cursor
    with pytest.raises(Problem, match="sort=created"):
        run(tasks, Query(sort=Sort.TITLE, cursor=cursor), NOW)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("ÀÉÎ", "aei"), ("Straße", "strasse"), ("ﬁn", "fin"), ("𝐇ello", "hello"), ("İ", "i"), ("Ⓐ", "a"), ("ﾊ", "ハ")],
)
def test_a_search_tells_neither_case_nor_accents_apart(text: str, wanted: str) -> None:
    assert folded(text) == folded(wanted)


def test_tags_are_counted_over_open_tasks_and_spelt_as_first_written() -> None:
    tasks = listed(
        [
            made(1, tags=("Home", "a")),
            made(2, tags=("home",)),
            made(3, tags=("b", "HOME")),
            made(4, tags=("a", "b", "c"), status=Status.COMPLETED),
        ]
    )
    assert tag_counts(tasks) == [("Home", 3), ("a", 1), ("b", 1)]


async def test_a_tag_is_the_same_however_its_accents_are_composed() -> None:
    tasks = listed([made(0, tags=("u\u0308ber",)), made(1, tags=("\u00dcber",)), made(2, tags=("uber",))])
    for tag in ("\u00fcber", "u\u0308ber", "U\u0308BER"):
        assert run(tasks, Query(tags=frozenset({tag})), NOW).total == 2
    assert dict(tag_counts(tasks)) == {"u\u0308ber": 2, "uber": 1}
