"""A standing follows the events in memory, and into the store once its person is quiet."""

import asyncio
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recurring_events import Events
from recurring_fakes import FakeSidecar

from services.kit.position import Position
from services.kit.sidecar import SidecarError
from services.recurring_task.occurrences import Occurrences
from services.recurring_task.standing import MAX_UNWRITTEN, PREFIX, QUIET_SECONDS, Standing, Standings

positions = st.builds(Position, epoch=st.integers(0, 5), seq=st.integers(0, 9), erased=st.integers(0, 3))
known = st.builds(Standing, position=positions, time_zone=st.sampled_from(["UTC", "Europe/Rome"]))


def stored(sidecar: FakeSidecar, person: str) -> Standing:
    return Standing.model_validate_json(sidecar.store[f"{PREFIX}/{person}"])


def at(seq: int, epoch: int = 1, erased: int = 0) -> Standing:
    return Standing(position=Position(epoch=epoch, seq=seq, erased=erased))


class TestStanding:
    @given(known, known)
    def test_merging_keeps_what_is_further_on_and_what_was_erased(self, one: Standing, other: Standing) -> None:
        merged = one.merged(other)
        assert merged.position.erased == max(one.position.erased, other.position.erased)
        assert merged.position.epoch == 0 or merged.position.epoch > merged.position.erased
        further = max((s.position.epoch, s.position.seq) for s in (one, other))
        assert (merged.position.epoch, merged.position.seq) in {further, (0, 0)}
        assert merged.merged(other) == merged

    @given(known, st.integers(1, 6))
    def test_what_was_erased_leaves_its_number_alone(self, standing: Standing, epoch: int) -> None:
        left = standing.without(epoch)
        if standing.position.epoch <= epoch:
            assert left == Standing(position=Position(erased=max(epoch, standing.position.erased)))


class TestWriting:
    async def test_nothing_is_written_while_events_come(
        self, occurrences: Occurrences, standings: Standings, events: Events, sidecar: FakeSidecar
    ) -> None:
        for _ in range(20):
            await occurrences.take(events.other())
            await standings.flush(time.monotonic())
        assert sidecar.saves == []
        await standings.flush(time.monotonic() + QUIET_SECONDS)
        assert sidecar.saves == [f"{PREFIX}/{events.person}"]
        assert stored(sidecar, events.person).position == Position(epoch=1, seq=20)
        await standings.flush()
        assert len(sidecar.saves) == 1

    async def test_many_events_are_written_before_it_is_quiet(
        self, standings: Standings, person: str, sidecar: FakeSidecar
    ) -> None:
        for seq in range(MAX_UNWRITTEN):
            standings.put(person, at(seq + 1))
        await standings.flush(time.monotonic())
        assert len(sidecar.saves) == 1

    async def test_another_process_goes_on_from_there(
        self, occurrences: Occurrences, standings: Standings, events: Events, sidecar: FakeSidecar
    ) -> None:
        event = events.completed()
        await occurrences.take(event)
        await standings.flush()
        again = Standings(sidecar)  # type: ignore[arg-type]
        await Occurrences(sidecar, again).take(event)  # type: ignore[arg-type]
        assert len(sidecar.backend.requests) == 1

    async def test_what_a_crash_forgot_is_asked_for_again_under_the_same_id(
        self, occurrences: Occurrences, events: Events, sidecar: FakeSidecar
    ) -> None:
        first, second = events.completed(), events.completed(occurrence=2)
        await occurrences.take(first)
        await occurrences.take(second)
        restarted = Occurrences(sidecar, Standings(sidecar))  # type: ignore[arg-type]
        await restarted.take(second)
        assert [r["occurrence"] for r in sidecar.backend.requests] == [2, 3, 2, 3]
        assert len(sidecar.backend.children) == 2

    async def test_the_store_is_away(
        self, occurrences: Occurrences, standings: Standings, events: Events, sidecar: FakeSidecar
    ) -> None:
        sidecar.away = {"state"}
        event = events.completed()
        with pytest.raises(SidecarError):
            await occurrences.take(event)
        sidecar.away = set()
        await occurrences.take(event)
        sidecar.away = {"state"}
        await standings.flush()
        sidecar.away = set()
        await standings.flush()
        assert stored(sidecar, events.person).position == Position(epoch=1, seq=1)

    async def test_a_standing_that_was_written_meanwhile_is_merged(
        self, standings: Standings, person: str, sidecar: FakeSidecar
    ) -> None:
        standings.put(person, at(5))
        sidecar.before_save.append(
            lambda: sidecar.put(f"{PREFIX}/{person}", at(2, epoch=3, erased=2).model_dump_json().encode())
        )
        await standings.flush()
        assert stored(sidecar, person) == at(2, epoch=3, erased=2)
        assert await standings.get(person) == at(2, epoch=3, erased=2)

    async def test_a_key_that_keeps_changing_is_given_up_for_now(
        self, standings: Standings, person: str, sidecar: FakeSidecar
    ) -> None:
        key = f"{PREFIX}/{person}"
        sidecar.before_save += [lambda: sidecar.put(key, at(1).model_dump_json().encode())] * 50
        with pytest.raises(SidecarError, match="kept changing"):
            await standings.erase(person, 1)

    async def test_a_document_that_cannot_be_read_is_begun_anew(
        self, occurrences: Occurrences, standings: Standings, events: Events, sidecar: FakeSidecar
    ) -> None:
        sidecar.put(f"{PREFIX}/{events.person}", b'{"position": "?"}')
        await occurrences.take(events.completed())
        await standings.flush()
        assert stored(sidecar, events.person).position.seq == 1

    async def test_the_people_in_memory_are_bounded(self, sidecar: FakeSidecar) -> None:
        standings = Standings(sidecar, people_kept=2)  # type: ignore[arg-type]
        for number in range(4):
            standings.put(str(number), at(1))
        await standings.flush()
        assert sorted(sidecar.saves) == [f"{PREFIX}/2", f"{PREFIX}/3"]

    async def test_the_store_follows_while_it_runs_and_is_up_to_date_in_the_end(
        self, standings: Standings, person: str, sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.recurring_task.standing._TICK_SECONDS", 0.01)
        monkeypatch.setattr("services.recurring_task.standing.QUIET_SECONDS", 0.0)
        async with standings.flushing():
            standings.put(person, at(1))
            await asyncio.wait_for(sidecar.saved.wait(), 60)
            standings.put(person, at(2))
        assert stored(sidecar, person) == at(2)

    async def test_what_nobody_expected_does_not_end_that(
        self, standings: Standings, person: str, sidecar: FakeSidecar, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.recurring_task.standing._TICK_SECONDS", 0.01)
        monkeypatch.setattr("services.recurring_task.standing.QUIET_SECONDS", 0.0)
        flush, failures = standings.flush, []

        async def fail_twice(now: float | None = None) -> None:
            if len(failures) < 2:
                failures.append(now)
                raise KeyError("etag")
            await flush(now)

        monkeypatch.setattr(standings, "flush", fail_twice)
        async with standings.flushing():
            standings.put(person, at(1))
            await asyncio.wait_for(sidecar.saved.wait(), 60)
        assert len(failures) == 2


class TestErasing:
    async def test_the_store_holds_the_epoch_alone(
        self, standings: Standings, person: str, sidecar: FakeSidecar
    ) -> None:
        standings.put(person, Standing(position=Position(epoch=2, seq=9), time_zone="Europe/Rome"))
        await standings.flush()
        await standings.erase(person, 2)
        assert orjson.loads(sidecar.store[f"{PREFIX}/{person}"]) == {
            "position": {"epoch": 0, "seq": 0, "erased": 2},
            "time_zone": "UTC",
        }

    async def test_a_later_epoch_stays(self, standings: Standings, person: str, sidecar: FakeSidecar) -> None:
        standings.put(person, at(4, epoch=3))
        await standings.erase(person, 2)
        assert stored(sidecar, person) == at(4, epoch=3, erased=2)

    async def test_another_replica_does_not_bring_it_back(
        self, standings: Standings, person: str, sidecar: FakeSidecar
    ) -> None:
        other = Standings(sidecar)  # type: ignore[arg-type]
        other.put(person, at(7))
        await standings.erase(person, 1)
        await other.flush()
        assert stored(sidecar, person) == at(0, epoch=0, erased=1)
