"""Events, trails and stored entries to test the audit service with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from services.audit import chain
from services.audit.chain import Entry, Header, Record
from services.audit.records import record
from services.audit.trail import Trail
from services.kit.events import EventType, TaskEvent
from services.kit.task import Profile, Task

NOW = "2026-05-01T12:00:00.000000Z"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
TASK_ID = UUID("01980000-0000-7000-8000-000000000001")


def task(title: str = "Pay rent", **values: object) -> Task:
    given: dict[str, object] = {
        "id": TASK_ID,
        "seq": 1,
        "version": 1,
        "title": title,
        "created_at": START,
        "updated_at": START,
    }
    return Task.model_validate(given | values)


def event(
    person: str, seq: int, *, epoch: int = 1, type_: EventType = EventType.UPDATED, **values: object
) -> TaskEvent:
    """An event a second after the one before it, which renames the task."""
    given: dict[str, object] = {
        "person": person,
        "epoch": epoch,
        "seq": seq,
        "type": type_,
        "at": START + timedelta(seconds=seq),
        "change": uuid4(),
        "task": task(f"title {seq}", seq=seq),
        "was": {"title": f"title {seq - 1}"},
    }
    return TaskEvent.model_validate(given | values)


def events(person: str, count: int, *, epoch: int = 1, first: int = 1) -> list[TaskEvent]:
    return [event(person, seq, epoch=epoch) for seq in range(first, first + count)]


def profile_event(person: str, seq: int) -> TaskEvent:
    return event(
        person,
        seq,
        type_=EventType.PROFILE_UPDATED,
        task=None,
        profile=Profile(time_zone="Europe/Rome"),
        was={"time_zone": "UTC"},
    )


def records(count: int, *, epoch: int = 1, first: int = 1) -> list[Record]:
    return [record(each) for each in events("p", count, epoch=epoch, first=first)]


def chained(header: Header, given: list[Record]) -> tuple[Header, list[Entry]]:
    return chain.extend(header, given, now=NOW, over_gaps=True)


def stored(entries: list[Entry]) -> list[dict[str, Any]]:
    """Entries as they come back from the store."""
    found: list[dict[str, Any]] = orjson.loads(orjson.dumps([entry.model_dump() for entry in entries]))
    return found


async def all_entries(trail: Trail, person: str) -> list[dict[str, Any]]:
    """Every entry of a trail, oldest first, as it is stored."""
    page = await trail.pages.open_page(person)
    closed = await trail.pages.closed_pages(person, 0, range(1, page.number))
    return [entry for number in range(1, page.number) for entry in closed[number]] + page.entries


async def places(trail: Trail, person: str) -> list[tuple[str, int, int, int]]:
    """Kind, epoch, first and last seq of every entry, oldest first."""
    return [(e["kind"], e["epoch"], e["first"], e["seq"]) for e in await all_entries(trail, person)]
