"""What an event leads to: one request for one occurrence, however the event comes."""

from itertools import permutations
from uuid import UUID

import pytest
from harness.dues import ROME, at, local, on
from recurring_events import Events
from recurring_fakes import FakeBackend, FakeSidecar

from services.backend.service_commands import OccurrenceRequest
from services.kit.consumer import Poisoned
from services.kit.events import EventType, TaskEvent
from services.kit.ids import occurrence_id
from services.kit.sidecar import SidecarError
from services.recurring_task.occurrences import Occurrences, occurrence_request
from services.recurring_task.standing import Standings


def ids(backend: FakeBackend) -> list[str]:
    return [request["id"] for request in backend.requests]


def with_seq(event: TaskEvent, seq: int) -> TaskEvent:
    return event.model_copy(update={"seq": seq})


class TestRequest:
    def test_it_is_what_the_backend_takes(self, events: Events) -> None:
        event = events.completed(due=at("2026-01-05T09:00:00+01:00"))
        assert event.task is not None
        request = OccurrenceRequest.model_validate(occurrence_request(event, "UTC"))
        assert request.model_dump(mode="json") == {
            "person": events.person,
            "epoch": 1,
            "parent": str(event.task.id),
            "version": 2,
            "id": str(occurrence_id(UUID(int=7), 2)),
            "occurrence": 2,
            "due": {"at": "2026-01-06T09:00:00+01:00", "time_zone": ROME},
        }

    def test_the_nominal_date_counts_not_where_the_due_was_moved(self, events: Events) -> None:
        request = occurrence_request(
            events.completed("FREQ=WEEKLY", due=on("2026-01-08"), nominal=on("2026-01-05")), "UTC"
        )
        assert request is not None
        assert request["due"] == {"date": "2026-01-12"}

    def test_without_a_nominal_date_the_due_counts(self, events: Events) -> None:
        request = occurrence_request(events.completed(nominal=None, occurrence=None), "UTC")
        assert request is not None
        assert (request["due"], request["occurrence"]) == ({"date": "2026-01-06"}, 2)

    def test_dates_are_read_in_the_persons_zone(self, events: Events) -> None:
        event = events.completed(due=local("2026-01-05T23:00"))
        assert event.task is not None
        late = event.task.model_copy(update={"completed_at": at("2026-01-06T15:00:00+00:00").at})
        event = event.model_copy(update={"task": late})
        utc, tokyo = (occurrence_request(event, name) for name in ("UTC", "Asia/Tokyo"))
        assert utc is not None
        assert tokyo is not None
        assert (utc["due"], tokyo["due"]) == ({"local": "2026-01-06T23:00:00"}, {"local": "2026-01-07T23:00:00"})

    @pytest.mark.parametrize("kind", [kind for kind in EventType if kind is not EventType.COMPLETED])
    def test_nothing_but_a_completion_calls_for_one(self, events: Events, kind: EventType) -> None:
        assert occurrence_request(events.other(kind), "UTC") is None

    def test_a_task_that_does_not_recur_or_whose_series_has_ended_calls_for_none(self, events: Events) -> None:
        assert occurrence_request(events.completed(None), "UTC") is None
        assert occurrence_request(events.completed("FREQ=DAILY;COUNT=1"), "UTC") is None
        assert occurrence_request(events.completed("FREQ=DAILY;UNTIL=20260105"), "UTC") is None
        assert occurrence_request(events.completed(series_id=None), "UTC") is None
        assert (
            occurrence_request(
                events.completed(due=on("2026-01-05"), nominal=None).model_copy(update={"task": None}), "UTC"
            )
            is None
        )


class TestDelivery:
    async def test_one_event_one_request(self, occurrences: Occurrences, events: Events, backend: FakeBackend) -> None:
        await occurrences.take(events.completed())
        assert ids(backend) == [str(occurrence_id(UUID(int=7), 2))]

    async def test_a_second_copy_changes_nothing(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        event = events.completed()
        for _ in range(3):
            await occurrences.take(event)
        assert len(backend.requests) == 1

    @pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
    async def test_in_any_order_every_completion_is_asked_for_once(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, order: tuple[int, ...]
    ) -> None:
        made = [events.completed(occurrence=number + 1) for number in range(4)]
        for place in order:
            await occurrences.take(made[place])
        assert [request["occurrence"] for request in backend.requests] == [2, 3, 4, 5]

    async def test_a_gap_is_filled_from_the_log_in_parts(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        made = [events.completed(occurrence=number + 1) for number in range(10)]
        await occurrences.take(made[9])
        assert [request["occurrence"] for request in backend.requests] == list(range(2, 12))
        assert backend.reads == 4
        await occurrences.take(made[4])
        assert len(backend.requests) == 10

    async def test_the_zone_follows_the_persons_profile_also_over_a_gap(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, standings: Standings
    ) -> None:
        events.moved_to("Pacific/Kiritimati")
        await occurrences.take(events.completed(due=on("2026-01-03")))
        assert backend.requests[-1]["due"] == {"date": "2026-01-06"}
        assert (await standings.get(events.person)).time_zone == "Pacific/Kiritimati"
        events.new_epoch()
        await occurrences.take(events.completed(due=on("2026-01-03")))
        assert backend.requests[-1]["due"] == {"date": "2026-01-05"}

    async def test_people_do_not_mix(self, occurrences: Occurrences, events: Events, backend: FakeBackend) -> None:
        await occurrences.take(events.completed())
        other = Events("0" * 32, backend)
        await occurrences.take(other.completed())
        assert [request["person"] for request in backend.requests] == [events.person, "0" * 32]


class TestBackendAnswers:
    @pytest.mark.parametrize("status", [200, 201, 404, 409])
    async def test_these_settle_it(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, status: int
    ) -> None:
        event = events.completed()
        backend.answers = [status]
        await occurrences.take(event)
        await occurrences.take(event)
        assert len(backend.requests) == 1

    @pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503])
    async def test_these_are_about_now(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, status: int
    ) -> None:
        event = events.completed()
        backend.answers = [status]
        with pytest.raises(SidecarError):
            await occurrences.take(event)
        await occurrences.take(event)
        assert len(backend.requests) == 2

    @pytest.mark.parametrize("status", [400, 413, 422])
    async def test_these_never_change(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, status: int
    ) -> None:
        event = events.completed()
        backend.answers = [status]
        with pytest.raises(Poisoned, match=str(status)):
            await occurrences.take(event)
        await occurrences.take(event)
        await occurrences.take(events.completed())
        assert len(backend.requests) == 2

    async def test_the_backend_is_away(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend, sidecar: FakeSidecar
    ) -> None:
        event = events.completed()
        sidecar.away = {"invoke"}
        with pytest.raises(SidecarError):
            await occurrences.take(event)
        sidecar.away = set()
        await occurrences.take(event)
        assert len(backend.requests) == 1

    async def test_a_gap_that_breaks_off_goes_on_where_it_stopped(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        made = [events.completed(occurrence=number + 1) for number in range(5)]
        backend.answers = [201, 201, 503]
        with pytest.raises(SidecarError):
            await occurrences.take(made[4])
        await occurrences.take(made[4])
        assert [request["occurrence"] for request in backend.requests] == [2, 3, 4, 4, 5, 6]


class TestPoisoned:
    async def test_a_rule_that_cannot_be_read_holds_nothing_up(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        bad, good = events.completed("FREQ=NEVERLY"), events.completed()
        with pytest.raises(Poisoned, match="FREQ must be one of"):
            await occurrences.take(bad)
        await occurrences.take(bad)
        await occurrences.take(good)
        assert len(backend.requests) == 1
        assert backend.reads == 0

    async def test_one_in_a_gap_is_told_and_passed(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        events.completed("FREQ=NEVERLY")
        events.completed()
        last = events.completed(occurrence=3)
        with pytest.raises(Poisoned, match=f"{events.person}:1:1: FREQ must be"):
            await occurrences.take(last)
        assert [request["occurrence"] for request in backend.requests] == [2, 4]
        await occurrences.take(last)
        assert len(backend.requests) == 2

    async def test_a_log_that_cannot_be_read_does_not_block_what_comes(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        events.completed()
        last = events.completed(occurrence=3)
        backend.broken_log = True
        with pytest.raises(Poisoned, match="cannot be read") as poisoned:
            await occurrences.take(last)
        assert "input_value" not in str(poisoned.value), "what a person wrote stays out of logs and records"
        assert [request["occurrence"] for request in backend.requests] == [4]
        await occurrences.take(events.completed(occurrence=4))
        assert [request["occurrence"] for request in backend.requests] == [4, 5]


class TestErasure:
    async def test_events_of_an_erased_epoch_are_dropped(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        first, second = events.completed(), events.completed()
        await occurrences.take(first)
        await occurrences.erase(events.person, 1)
        await occurrences.take(second)
        await occurrences.take(first)
        assert len(backend.requests) == 1

    async def test_a_new_epoch_starts_over(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        await occurrences.take(events.completed())
        await occurrences.erase(events.person, 1)
        events.new_epoch()
        await occurrences.take(events.completed())
        assert [request["epoch"] for request in backend.requests] == [1, 2]

    async def test_a_gap_into_a_new_epoch_begins_at_its_beginning(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        await occurrences.take(events.completed())
        events.new_epoch()
        events.completed(occurrence=5)
        await occurrences.take(events.completed(occurrence=6))
        assert [(request["epoch"], request["occurrence"]) for request in backend.requests] == [(1, 2), (2, 6), (2, 7)]

    async def test_an_event_that_the_log_does_not_have_is_dropped(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        event = events.completed()
        await occurrences.take(with_seq(event, 9))
        assert len(backend.requests) == 1
        await occurrences.take(events.completed(occurrence=2))
        assert len(backend.requests) == 2

    async def test_a_person_whose_log_is_gone(
        self, occurrences: Occurrences, events: Events, backend: FakeBackend
    ) -> None:
        events.completed()
        backend.erased = True
        await occurrences.take(events.completed())
        assert backend.requests == []
