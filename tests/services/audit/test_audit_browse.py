"""Reading the trail: newest first, by cursor, filtered, at a bounded cost."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from uuid import uuid4

import pytest
from audit_cases import START, TASK_ID, event, events, profile_event, task
from audit_stands import BackendLog, FaultySidecar
from hypothesis import given, settings
from hypothesis import strategies as st

from components.catalogue import STATE_STORE
from services.audit import browse as browsing
from services.audit.browse import Filter, Place, browse
from services.audit.chain import canonical
from services.audit.schemas import AuditItem
from services.audit.trail import Trail
from services.kit.events import EventType
from services.kit.problems import Problem
from services.kit.task import utc


def at(seconds: int) -> str:
    return utc(START + timedelta(seconds=seconds))


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


async def written(trail: Trail, person: str, count: int) -> None:
    for taken in events(person, count):
        await trail.take(taken)


async def everything(trail: Trail, person: str, wanted: Filter, limit: int) -> tuple[list[AuditItem], int]:
    """Follow the cursors to the end; return what was found, and in how many calls."""
    items, at, calls = [], None, 0
    while True:
        page = await browse(trail, person, wanted, limit, at)
        assert len(page.items) <= limit
        items += page.items
        calls, at = calls + 1, page.next_cursor
        if at is None:
            return items, calls


@settings(deadline=None)
@given(st.integers(1, 999_999_999), st.none() | st.integers(0, 999_999))
def test_a_cursor_comes_back_as_it_was(page: int, offset: int | None) -> None:
    assert Place.parse(str(Place(page, offset))) == Place(page, offset)


@settings(deadline=None)
@given(st.text(max_size=64))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        Place.parse(f"{text}!")
    assert caught.value.status == 422
    assert caught.value.errors[0].field == "cursor"


ODD = [
    "",
    "x",
    "....",
    "MS4w!",
    "MS4wMA",
    "\N{SNOWMAN}",
    *map(cursor, ["", "1", "-1.0", "1.2.3", "1.-1", "0.", "0.1", "5.", "9999.1"]),
]


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_cursor_is_a_422(trail: Trail, person: str, odd: str) -> None:
    await written(trail, person, 9)
    with pytest.raises(Problem) as caught:
        await browse(trail, person, Filter(), 10, odd)
    assert caught.value.status == 422


async def test_an_empty_trail_is_an_empty_page(trail: Trail, person: str) -> None:
    page = await browse(trail, person, Filter(), 10, None)
    assert (page.items, page.next_cursor) == ([], None)


async def test_newest_first_with_all_there_is_to_say(trail: Trail, person: str) -> None:
    await written(trail, person, 2)
    newest, oldest = (await browse(trail, person, Filter(), 10, None)).items
    assert (newest.index, newest.epoch, newest.first_seq, newest.seq) == (2, 1, 2, 2)
    assert (newest.type, newest.at, newest.actor) == (EventType.UPDATED, START + timedelta(seconds=2), "person")
    assert (newest.task_id, newest.title, newest.erased) == (TASK_ID, "title 2", False)
    assert [change.model_dump() for change in newest.changes] == [
        {"field": "title", "before": "title 1", "after": "title 2"}
    ]
    assert newest.previous_hash == oldest.hash
    assert newest.change is not None


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 13, 14, 500])
async def test_cursors_lead_to_every_entry_once(trail: Trail, person: str, limit: int) -> None:
    await written(trail, person, 14)
    items, _ = await everything(trail, person, Filter(), limit)
    assert [item.seq for item in items] == list(range(14, 0, -1))


async def test_cursors_outlast_appends(trail: Trail, person: str) -> None:
    await written(trail, person, 7)
    first = await browse(trail, person, Filter(), 3, None)
    for taken in events(person, 9, first=8):
        await trail.take(taken)
    rest = await browse(trail, person, Filter(), 500, first.next_cursor)
    assert [item.seq for item in first.items + rest.items] == list(range(7, 0, -1))


async def test_filters(trail: Trail, person: str) -> None:
    other = uuid4()
    await trail.take(event(person, 1, type_=EventType.CREATED, was={}))
    await trail.take(event(person, 2, task=task(id=other)))
    await trail.take(event(person, 3, type_=EventType.COMPLETED))
    await trail.take(profile_event(person, 4))
    await trail.take(event(person, 5, actor="recurring-task"))

    async def seqs(wanted: Filter) -> list[int]:
        return [item.seq for item in (await everything(trail, person, wanted, 2))[0]]

    assert await seqs(Filter(task_id=other)) == [2]
    assert await seqs(Filter(task_id=TASK_ID)) == [5, 3, 1]
    assert await seqs(Filter(types=(EventType.COMPLETED, EventType.PROFILE_UPDATED))) == [4, 3]
    assert await seqs(Filter(actors=("backend", "recurring-task"))) == [5]
    assert await seqs(Filter(since=at(3))) == [5, 4, 3]
    assert await seqs(Filter(until=at(3))) == [2, 1]
    assert await seqs(Filter(task_id=TASK_ID, since=at(2), until=at(5))) == [3]
    assert await seqs(Filter(task_id=uuid4())) == []


async def test_gaps_and_erasures_are_entries_like_others(trail: Trail, backend: BackendLog, person: str) -> None:
    await trail.take(event(person, 4))
    await trail.erase(person, 1)
    erased, gone, gap = (await browse(trail, person, Filter(), 10, None)).items
    assert (erased.type, erased.epoch, erased.erased) == ("trail.erased", 1, False)
    assert (gone.type, gone.at, gone.title, gone.changes, gone.erased) == (None, None, None, [], True)
    assert (gap.type, gap.first_seq, gap.seq, gap.erased) == ("trail.gap", 1, 3, False)
    found = await browse(trail, person, Filter(types=("trail.gap",)), 10, None)
    assert [item.index for item in found.items] == [1]
    assert (await browse(trail, person, Filter(task_id=TASK_ID), 10, None)).items == []


async def test_a_rare_entry_far_back_is_found_in_bounded_calls(
    trail: Trail, sidecar: FaultySidecar, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "_PAGES", 4)
    monkeypatch.setattr(browsing, "_CHUNK", 2)
    await trail.take(event(person, 1, type_=EventType.COMPLETED))
    for taken in events(person, 40, first=2):
        await trail.take(taken)
    wanted = Filter(types=(EventType.COMPLETED,))
    sidecar.reads = 0
    first = await browse(trail, person, wanted, 10, None)
    assert sidecar.reads == 3
    assert (first.items, first.next_cursor) == ([], str(Place(7)))
    items, calls = await everything(trail, person, wanted, 10)
    assert ([item.seq for item in items], calls) == ([1], 3)


async def test_an_answer_ends_at_its_size(trail: Trail, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await written(trail, person, 6)
    one = (await trail.pages.open_page(person)).entries[0]
    monkeypatch.setattr(browsing, "_BYTES", 2 * len(canonical(one["content"])))
    items, calls = await everything(trail, person, Filter(), 500)
    assert ([item.seq for item in items], calls) == ([6, 5, 4, 3, 2, 1], 3)


async def test_a_damaged_trail_shows_what_can_be_read(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    await written(trail, person, 14)
    await sidecar.delete(STATE_STORE, trail.pages.key(person, 0, 2))
    key = trail.pages.key(person, 0, 1)
    page = (await sidecar.get(STATE_STORE, key)).data
    await sidecar.save(STATE_STORE, key, page.replace(b'"index":2', b'"index":"two"').replace(b'"person"', b"[7]"))
    items, _ = await everything(trail, person, Filter(), 500)
    assert {item.seq for item in items} == {9, 10, 11, 12, 13, 14}
