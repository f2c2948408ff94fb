"""The trail over the real store: every event once, in order, whatever goes wrong on the way."""

import asyncio
import itertools
import random
from contextlib import suppress

import orjson
import pytest
from audit_cases import all_entries, event, events, places
from audit_stands import BackendLog, FaultySidecar

from components.catalogue import STATE_STORE
from services.audit.proof import verify
from services.audit.records import UnrecordableError
from services.audit.trail import PREFIX, Trail
from services.kit.pages import PagedLog
from services.kit.sidecar import Sidecar, SidecarError


def each(count: int, *, first: int = 1, epoch: int = 1) -> list[tuple[str, int, int, int]]:
    return [("event", epoch, seq, seq) for seq in range(first, first + count)]


async def test_events_in_order_are_entries_in_order(trail: Trail, person: str) -> None:
    for given in events(person, 11):
        await trail.take(given)
    assert await places(trail, person) == each(11)
    assert (await trail.pages.open_page(person)).number == 3
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries) == (True, 11)


async def test_an_event_costs_one_read_and_one_write(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    for given in events(person, 3):
        await trail.take(given)
    assert (sidecar.reads, sidecar.writes) == (3, 3)


async def test_a_repeated_event_costs_one_read(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    given = event(person, 1)
    for _ in range(4):
        await trail.take(given)
    assert (sidecar.reads, sidecar.writes) == (4, 1)
    assert await places(trail, person) == each(1)


async def test_many_events_of_one_person_cost_one_read_and_one_write(sidecar: FaultySidecar, person: str) -> None:
    trail = Trail(sidecar)
    await trail.take(*events(person, 30))
    assert (sidecar.reads, sidecar.writes) == (1, 1)
    await trail.take(*events(person, 20, first=21))
    assert (sidecar.reads, sidecar.writes) == (2, 2)
    assert await places(trail, person) == each(40)
    assert (await verify(trail, person)).ok


async def test_one_write_is_bounded(sidecar: FaultySidecar, person: str) -> None:
    trail = Trail(sidecar)
    long = "x" * 20_000
    given = [event(person, seq, was={"description": long}) for seq in range(1, 31)]
    await trail.take(*given)
    open_page = await trail.pages.open_page(person)
    closed = await trail.pages.closed_pages(person, 0, range(1, open_page.number))
    sizes = [len(orjson.dumps(entries)) for entries in (*closed.values(), open_page.entries)]
    assert len(sizes) == 3
    assert all(200_000 < size < 300_000 for size in sizes[:-1])
    assert await places(trail, person) == each(30)
    assert (await verify(trail, person)).ok


async def test_events_with_a_gap_among_them_are_filled_from_the_log(
    trail: Trail, backend: BackendLog, person: str
) -> None:
    given = backend.logs[person] = events(person, 9)
    await trail.take(given[0], given[1], given[4], given[3], given[8])
    assert await places(trail, person) == each(9)
    backend.logs[person] = []
    await trail.take(event(person, 12), event(person, 11), event(person, 13))
    assert await places(trail, person) == [*each(9), ("gap", 1, 10, 11), *each(2, first=12)]


async def test_of_events_that_one_cannot_be_written_none_is(trail: Trail, person: str) -> None:
    with pytest.raises(UnrecordableError):
        await trail.take(event(person, 1), event(person, 2, was={"title": 2**70}))
    assert await places(trail, person) == []


async def test_events_of_several_people_are_refused(trail: Trail, person: str) -> None:
    with pytest.raises(ValueError, match="not of one person"):
        await trail.take(event(person, 1), event(person[::-1], 1))


async def test_replayed_events_change_nothing(trail: Trail, person: str) -> None:
    given = events(person, 9)
    for taken in given + given:
        await trail.take(taken)
    assert await places(trail, person) == each(9)


async def test_many_events_of_one_person_at_once(trail: Trail, backend: BackendLog, person: str) -> None:
    given = backend.logs[person] = events(person, 20)
    await asyncio.gather(*(trail.take(taken) for taken in random.sample(given, len(given))))
    assert await places(trail, person) == each(20)
    assert (await verify(trail, person)).ok


async def test_head_and_length_stand_in_every_page(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    for given in events(person, 9):
        await trail.take(given)
    for parts in ((0, 1), (0, 2), ()):
        document = orjson.loads((await sidecar.get(STATE_STORE, trail.pages.key(person, *parts))).data)
        assert document["header"]["head"] == document["entries"][-1]["hash"]
        assert document["header"]["length"] == document["entries"][-1]["index"]


async def test_a_gap_is_filled_from_the_backends_log(trail: Trail, backend: BackendLog, person: str) -> None:
    given = backend.logs[person] = events(person, 7)
    await trail.take(given[0])
    await trail.take(given[5])
    assert await places(trail, person) == each(7)
    assert backend.calls[0] == (person, 1, 1)
    for late in given:
        await trail.take(late)
    assert await places(trail, person) == each(7)


async def test_a_trail_that_begins_late_is_filled_from_the_start(
    trail: Trail, backend: BackendLog, person: str
) -> None:
    backend.logs[person] = events(person, 5)
    await trail.take(backend.logs[person][4])
    assert await places(trail, person) == each(5)


async def test_what_the_log_no_longer_has_is_a_gap_entry(trail: Trail, backend: BackendLog, person: str) -> None:
    await trail.take(event(person, 1))
    await trail.take(event(person, 5))
    assert person in {called for called, _, _ in backend.calls}
    assert await places(trail, person) == [*each(1), ("gap", 1, 2, 4), *each(1, first=5)]
    assert (await verify(trail, person)).ok


async def test_a_log_with_holes_leaves_gap_entries(trail: Trail, backend: BackendLog, person: str) -> None:
    backend.logs[person] = [event(person, 2), event(person, 5)]
    await trail.take(event(person, 7))
    wanted = [("gap", 1, 1, 1), *each(1, first=2), ("gap", 1, 3, 4), *each(1, first=5), ("gap", 1, 6, 6)]
    assert await places(trail, person) == [*wanted, *each(1, first=7)]


async def test_what_cannot_be_recorded_is_a_gap_entry(trail: Trail, backend: BackendLog, person: str) -> None:
    odd = event(person, 2, was={"title": 2**70})
    backend.logs[person] = [event(person, 1), odd, event(person, 3)]
    with pytest.raises(UnrecordableError):
        await trail.take(odd)
    await trail.take(event(person, 3))
    assert await places(trail, person) == [*each(1), ("gap", 1, 2, 2), *each(1, first=3)]


async def test_a_gap_waits_for_a_backend_that_is_away(trail: Trail, backend: BackendLog, person: str) -> None:
    backend.logs[person] = events(person, 3)
    backend.status = 500
    with pytest.raises(SidecarError):
        await trail.take(event(person, 3))
    assert await places(trail, person) == []
    backend.status = 200
    await trail.take(event(person, 3))
    assert await places(trail, person) == each(3)


async def test_a_long_gap_is_filled_in_steps_that_last(
    trail: Trail, sidecar: FaultySidecar, backend: BackendLog, person: str
) -> None:
    """A fill that is cut off goes on where it was, and leaves no gap entry behind."""
    backend.logs[person] = events(person, 140)
    sidecar.script = ["ok", "refused"]
    with pytest.raises(SidecarError):
        await trail.take(backend.logs[person][139])
    assert await places(trail, person) == each(100)
    await trail.take(backend.logs[person][139])
    assert await places(trail, person) == each(140)
    assert (person, 1, 100) in backend.calls


async def test_a_new_epoch_goes_on_in_the_same_trail(trail: Trail, backend: BackendLog, person: str) -> None:
    for given in events(person, 3):
        await trail.take(given)
    backend.logs[person] = events(person, 4, epoch=2)
    await trail.take(backend.logs[person][2])
    await trail.take(event(person, 4))
    assert await places(trail, person) == [*each(3), *each(4, epoch=2)]
    assert (await verify(trail, person)).ok


@pytest.mark.parametrize("fates", list(itertools.product(["ok", "lost", "refused"], repeat=3)))
async def test_lost_replies_and_refusals_lose_and_double_nothing(
    trail: Trail, sidecar: FaultySidecar, person: str, fates: tuple[str, ...]
) -> None:
    """Every third of the saves around the turn of a page goes wrong in every way; delivery is repeated until taken."""
    for given in events(person, 3):
        await trail.take(given)
    sidecar.script = list(fates)
    for given in events(person, 3, first=4):
        for _ in range(4):
            try:
                await trail.take(given)
                break
            except SidecarError:
                continue
    assert await places(trail, person) == each(6)
    assert (await verify(trail, person)).ok


@pytest.mark.parametrize("fates", list(itertools.product(["ok", "lost", "refused"], repeat=2)))
async def test_lost_replies_to_many_entries_in_one_write(
    trail: Trail, sidecar: FaultySidecar, person: str, fates: tuple[str, ...]
) -> None:
    await trail.take(*events(person, 5))
    sidecar.script = list(fates)
    for _ in range(3):
        with suppress(SidecarError):
            await trail.take(*events(person, 7, first=4))
    assert await places(trail, person) == each(10)
    assert (await verify(trail, person)).ok


async def test_a_lost_reply_to_the_first_write_of_all(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    sidecar.script = ["lost"]
    await trail.take(event(person, 1))
    assert await places(trail, person) == each(1)


async def test_two_replicas_at_once_write_each_event_once(
    trail: Trail, steady: Sidecar, backend: BackendLog, person: str
) -> None:
    other = Trail(steady, PagedLog(steady, PREFIX, max_entries=4))
    given = backend.logs[person] = events(person, 24)

    async def take_all(replica: Trail) -> None:
        for taken in given:
            await replica.take(taken)

    await asyncio.gather(take_all(trail), take_all(other))
    assert await places(trail, person) == each(24)
    assert (await verify(trail, person)).ok


async def test_two_replicas_that_fill_the_same_gap(
    trail: Trail, steady: Sidecar, backend: BackendLog, person: str
) -> None:
    other = Trail(steady, PagedLog(steady, PREFIX, max_entries=4))
    given = backend.logs[person] = events(person, 40)
    await asyncio.gather(trail.take(given[39]), other.take(given[38]))
    assert await places(trail, person) == each(40)


async def test_people_do_not_share_a_trail(trail: Trail, person: str) -> None:
    another = person[::-1]
    await asyncio.gather(trail.take(event(person, 1)), trail.take(event(another, 1)))
    one, other = await all_entries(trail, person), await all_entries(trail, another)
    assert len(one) == len(other) == 1
    assert one[0]["prev"] != other[0]["prev"]
