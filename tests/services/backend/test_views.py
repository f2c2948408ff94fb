"""The sorted views of a list, kept up to date change by change, held against views that are made anew."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import given, settings

from backend.hand import Hand
from backend.player import Player, Step, steps
from services.backend.changes import set_profile
from services.backend.commit import Intent
from services.backend.query import Query, run
from services.backend.tasklist import TaskList
from services.backend.views import Sort, StatusFilter
from services.kit.task import Priority

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=22)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"q": "1"},
    {"priority": frozenset({Priority.HIGH})},
    {"tags": frozenset({"tag1"})},
    {"overdue": True},
    {"due_before": LATER},
    {"due_after": LATER},
)
VIEWS = [
    Query(sort=sort, status=status, limit=500, **fields)
    for sort, status, fields in product(Sort, StatusFilter, CONDITIONS)
]


def shown(tasks: TaskList) -> dict[Query, list[str]]:
    """Return what every view of a list shows, under each condition."""
    return {query: [str(row.task) for row in run(tasks, query, NOW).rows] for query in VIEWS}


@settings(max_examples=25, deadline=None)
@given(steps)
def test_views_follow_every_change(sequence: list[Step]) -> None:
    async def scene() -> None:
        player = Player()
        for step in sequence:
            await player.play(step)
            warm = shown(await player.hand.tasks())
            assert warm == shown(await Hand(player.hand.sidecar).tasks())

    asyncio.run(scene())


async def test_views_follow_the_time_zone() -> None:
    hand = Hand()
    await hand.create("date", due={"date": "2036-01-01"})
    await hand.create("instant", due={"at": "2036-01-01T20:00:00Z"})
    order = Query(sort=Sort.DUE)
    assert [row.task.title for row in run(await hand.tasks(), order, NOW).rows] == ["instant", "date"]
    await set_profile(hand.log, hand.person, {"time_zone": "Asia/Tokyo"}, Intent())
    tasks = await hand.tasks()
    assert [row.task.title for row in run(tasks, order, NOW).rows] == ["date", "instant"]
    assert shown(tasks) == shown(await Hand(hand.sidecar).tasks())


async def test_views_follow_undo_and_what_another_replica_writes() -> None:
    hand = Hand()
    other = Hand(hand.sidecar)
    for number in range(30):
        shown(await hand.tasks())
        task_id = await other.create(f"{number % 7}", priority="high" if number % 2 else "low")
        await (other.complete(task_id) if number % 3 else other.undo())
    assert shown(await hand.tasks()) == shown(await Hand(hand.sidecar).tasks())
