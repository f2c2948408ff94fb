"""Writers: people who make, change, complete and delete tasks until they are told to stop, and note what they got."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from harness.person import Person

from faults.ledger import Ledger

_DAILY = {"due": {"date": "2031-01-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}
_REMIND_SECONDS = (1.0, 20.0)  # from now, so that some fall due in the middle of what is done to the platform

Turn = Callable[[Person, Ledger, str], Awaitable[None]]


async def changed(person: Person, ledger: Ledger, name: str) -> None:
    """Make a task, and change it."""
    task = await person.insist("POST", "/api/tasks", json={"title": name})
    _acknowledged(ledger, task)
    body = {"priority": "high", "tags": ["changed"], "title": f"{name}, changed"}
    _acknowledged(ledger, await person.insist("PATCH", f"/api/tasks/{task['id']}", json=body))


async def recurring(person: Person, ledger: Ledger, name: str) -> None:
    """Make a task that recurs, and complete it."""
    task = await person.insist("POST", "/api/tasks", json={"title": name, **_DAILY})
    _acknowledged(ledger, task)
    done = await person.insist("POST", f"/api/tasks/{task['id']}/complete")
    ledger.changes += 1
    ledger.complete(done)


async def reminded(person: Person, ledger: Ledger, name: str) -> None:
    """Make a task whose reminder comes soon."""
    at = datetime.now(UTC) + timedelta(seconds=random.uniform(*_REMIND_SECONDS))
    body = {"title": name, "reminders": [{"at": at.isoformat()}]}
    _acknowledged(ledger, await person.insist("POST", "/api/tasks", json=body))


async def deleted(person: Person, ledger: Ledger, name: str) -> None:
    """Make a task, and delete it."""
    task = await person.insist("POST", "/api/tasks", json={"title": name})
    _acknowledged(ledger, task)
    await person.insist("DELETE", f"/api/tasks/{task['id']}")
    ledger.changes += 1
    ledger.delete(task["id"])


async def batched(person: Person, ledger: Ledger, name: str) -> None:
    """Make three tasks as one change."""
    operations = [{"op": "create", "task": {"title": f"{name}, {part}"}} for part in "abc"]
    answer = await person.insist("POST", "/api/tasks/batch", json={"operations": operations})
    ledger.changes += 1
    for result in answer["results"]:
        ledger.put(result["task"])


def _acknowledged(ledger: Ledger, task: dict[str, object]) -> None:
    ledger.changes += 1
    ledger.put(task)


TURNS: tuple[Turn, ...] = (changed, recurring, reminded, changed, deleted, reminded, changed, batched)
CHANGES_A_TURN = 13 / 8


async def write(person: Person, ledger: Ledger, name: str, end: asyncio.Event, think: float) -> None:
    """Take turns until `end` is set, about `think` seconds between two; a turn that was begun is ended."""
    number = random.randrange(len(TURNS))
    await asyncio.sleep(random.uniform(0, think))
    while not end.is_set():
        try:
            await TURNS[number % len(TURNS)](person, ledger, f"{name}.{number}")
        except (AssertionError, TimeoutError) as error:  # of a task that was acknowledged before, perhaps
            ledger.refused.append(str(error) or "a change was never acknowledged")
        number += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(end.wait(), random.uniform(0, 2 * think))
