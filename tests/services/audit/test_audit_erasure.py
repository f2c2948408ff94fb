"""Erasing a person: contents go, the proof stays, wherever the work is cut off."""

import asyncio

import orjson
import pytest
from audit_cases import all_entries, event, events, places
from audit_stands import BackendLog, FaultySidecar

from components.catalogue import STATE_STORE
from services.audit.browse import Filter, browse
from services.audit.erasure import Erasure
from services.audit.proof import verify
from services.audit.trail import PREFIX, Trail
from services.kit.pages import PagedLog
from services.kit.sidecar import Sidecar, SidecarError


async def written(trail: Trail, person: str, count: int) -> list[str]:
    """Take `count` events; return the hashes of their entries."""
    for given in events(person, count):
        await trail.take(given)
    return [entry["hash"] for entry in await all_entries(trail, person)]


async def contents(trail: Trail, person: str) -> list[bool]:
    """Tell of every event's entry whether its content or salt is still there."""
    entries = await all_entries(trail, person)
    return [e["content"] is not None or e["salt"] is not None for e in entries if e["kind"] == "event"]


async def test_contents_go_and_hashes_stay(trail: Trail, erasure: Erasure, person: str) -> None:
    hashes = await written(trail, person, 10)
    await erasure.erase(person, 1)
    entries = await all_entries(trail, person)
    assert [entry["hash"] for entry in entries[:10]] == hashes
    assert await contents(trail, person) == [False] * 10
    assert (entries[10]["kind"], entries[10]["epoch"]) == ("erased", 1)
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries) == (True, 11)


async def test_nothing_of_a_person_is_left_in_the_store(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str
) -> None:
    for given in events(person, 9):
        await trail.take(given.model_copy(update={"task": given.task.model_copy(update={"title": "my secret"})}))
    await erasure.erase(person, 1)
    last = (await trail.pages.open_page(person)).number
    for parts in [(), *((0, number) for number in range(1, last + 1))]:
        item = await sidecar.get(STATE_STORE, trail.pages.key(person, *parts))
        assert b"my secret" not in item.data


async def test_erasing_again_writes_nothing(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str
) -> None:
    await written(trail, person, 10)
    await erasure.erase(person, 1)
    before, sidecar.writes = await places(trail, person), 0
    await erasure.erase(person, 1)
    assert sidecar.writes == 0
    assert await places(trail, person) == before


@pytest.mark.parametrize("fate", ["lost", "refused"])
@pytest.mark.parametrize("done", range(6))
async def test_cut_off_anywhere_the_proof_holds_and_a_repeat_finishes(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str, done: int, fate: str
) -> None:
    await written(trail, person, 14)
    sidecar.script = ["ok"] * done + [fate]
    try:
        await erasure.erase(person, 1)
    except SidecarError:
        assert (await verify(trail, person)).ok
        await erasure.erase(person, 1)
    assert await contents(trail, person) == [False] * 14
    assert (await places(trail, person)).count(("erased", 1, 0, 0)) == 1
    assert (await verify(trail, person)).ok


async def test_the_proof_holds_while_an_erasure_runs(
    trail: Trail, steady: Sidecar, erasure: Erasure, person: str
) -> None:
    await written(trail, person, 30)
    reader = Trail(steady, PagedLog(steady, PREFIX, max_entries=4))
    running = asyncio.create_task(erasure.erase(person, 1))
    while not running.done():
        assert (await verify(reader, person)).ok
    await running


async def test_late_events_of_an_erased_epoch_are_dropped(
    trail: Trail, erasure: Erasure, backend: BackendLog, person: str
) -> None:
    await written(trail, person, 3)
    await erasure.erase(person, 1)
    before = await places(trail, person)
    for late in (*events(person, 3), event(person, 4), event(person, 9)):
        await trail.take(late)
    assert await places(trail, person) == before


async def test_a_person_nobody_heard_of_can_be_erased_before_their_events_come(
    trail: Trail, erasure: Erasure, person: str
) -> None:
    await erasure.erase(person, 3)
    await trail.take(event(person, 1, epoch=3))
    await trail.take(event(person, 1, epoch=4))
    assert await places(trail, person) == [("erased", 3, 0, 0), ("event", 4, 1, 1)]
    assert (await verify(trail, person)).ok


async def test_a_later_epoch_is_left_alone(trail: Trail, erasure: Erasure, person: str) -> None:
    await written(trail, person, 6)
    for given in events(person, 6, epoch=2):
        await trail.take(given)
    await erasure.erase(person, 1)
    assert await contents(trail, person) == [False] * 6 + [True] * 6
    await erasure.erase(person, 2)
    assert await contents(trail, person) == [False] * 12
    assert (await verify(trail, person)).ok


async def test_gap_entries_are_kept(trail: Trail, erasure: Erasure, backend: BackendLog, person: str) -> None:
    await trail.take(event(person, 4))
    await erasure.erase(person, 1)
    assert await places(trail, person) == [("gap", 1, 1, 3), ("event", 1, 4, 4), ("erased", 1, 0, 0)]
    assert (await verify(trail, person)).ok


async def test_events_go_on_while_an_erasure_runs(trail: Trail, steady: Sidecar, erasure: Erasure, person: str) -> None:
    await written(trail, person, 14)
    other = Trail(steady, PagedLog(steady, PREFIX, max_entries=4))

    async def take_all() -> None:
        for given in events(person, 14, epoch=2):
            await other.take(given)

    await asyncio.gather(erasure.erase(person, 1), take_all())
    kept = [entry["epoch"] for entry in await all_entries(trail, person) if entry["content"] is not None]
    assert kept.count(2) == 14
    assert await contents(trail, person) == [False] * 14 + [True] * 14
    assert (await verify(trail, person)).ok


async def test_a_copy_that_a_dead_writer_left_of_the_open_page_is_erased_too(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str
) -> None:
    await written(trail, person, 4)
    sidecar.script = ["ok", "refused"]
    with pytest.raises(SidecarError):
        await trail.take(event(person, 5))
    copy = trail.pages.key(person, 0, 1)
    assert b"title 4" in (await sidecar.get(STATE_STORE, copy)).data
    await erasure.erase(person, 1)
    assert b"title" not in (await sidecar.get(STATE_STORE, copy)).data


async def test_a_damaged_page_does_not_keep_the_others_from_being_erased(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str
) -> None:
    await written(trail, person, 14)
    await sidecar.delete(STATE_STORE, trail.pages.key(person, 0, 2))
    await erasure.erase(person, 1)
    for parts in ((0, 1), (0, 3), ()):
        document = orjson.loads((await sidecar.get(STATE_STORE, trail.pages.key(person, *parts))).data)
        assert not any(e["content"] for e in document["entries"] if e["kind"] == "event")


async def test_what_is_still_to_be_scrubbed_is_not_shown(
    trail: Trail, erasure: Erasure, sidecar: FaultySidecar, person: str
) -> None:
    await written(trail, person, 10)
    sidecar.script = ["ok", "refused"]
    with pytest.raises(SidecarError):
        await erasure.erase(person, 1)
    assert any(await contents(trail, person))
    shown = await browse(trail, person, Filter(), 100, None)
    assert [item.erased for item in shown.items] == [False] + [True] * 10
    assert not any(item.title or item.changes for item in shown.items)
