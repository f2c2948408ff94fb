"""Deliveries and ledgers as values: what follows from a result, what is kept, and what leaves."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.stage import reminder
from services.kit.ids import person_id
from services.notification.models import (
    KEPT,
    Channel,
    ChannelRecord,
    ChannelStatus,
    Delivery,
    EmailSettings,
    Ledger,
    Outcome,
    Result,
    Settings,
)

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
OK, LATER, NEVER = Result(), Result(error="not now"), Result(error="not ever", permanent=True)
RESULTS = st.sampled_from([OK, LATER, NEVER])


def delivery(*channels: Channel) -> Delivery:
    return Delivery.of(reminder(person_id("local", "me")), channels, NOW)


def test_a_new_delivery() -> None:
    new = delivery(Channel.IN_APP, Channel.WEBHOOK)
    assert new.outcome is Outcome.PENDING
    assert new.open_channels == [Channel.IN_APP, Channel.WEBHOOK]
    assert not new.done
    assert new.ref.id == "1-1"
    assert new.ref.event_id == reminder(new.person).id


def test_without_channels_it_is_missed() -> None:
    assert delivery().outcome is Outcome.MISSED
    assert not delivery().done


@pytest.mark.parametrize(
    ("results", "status", "outcome"),
    [
        ([OK], ChannelStatus.DELIVERED, Outcome.DELIVERED),
        ([LATER], ChannelStatus.RETRYING, Outcome.PENDING),
        ([LATER, LATER], ChannelStatus.RETRYING, Outcome.PENDING),
        ([LATER, LATER, LATER], ChannelStatus.FAILED, Outcome.MISSED),
        ([LATER, LATER, OK], ChannelStatus.DELIVERED, Outcome.DELIVERED),
        ([NEVER], ChannelStatus.FAILED, Outcome.MISSED),
        ([LATER, NEVER], ChannelStatus.FAILED, Outcome.MISSED),
    ],
)
def test_results(results: list[Result], status: ChannelStatus, outcome: Outcome) -> None:
    current = delivery(Channel.EMAIL)
    for result in results:
        current = current.begun(NOW, NOW).after(Channel.EMAIL, result, NOW, 3)
    assert current.channels[Channel.EMAIL].status is status
    assert current.channels[Channel.EMAIL].attempts == len(results)
    assert current.outcome is outcome


def test_one_channel_that_took_it_is_enough() -> None:
    current = delivery(Channel.IN_APP, Channel.EMAIL).begun(NOW, NOW)
    current = current.after(Channel.IN_APP, OK, NOW, 3)
    assert current.outcome is Outcome.DELIVERED
    assert not current.ended(0, reported=True).done
    current = current.after(Channel.EMAIL, NEVER, NOW, 3)
    assert current.outcome is Outcome.DELIVERED
    assert current.ended(0, reported=True).done
    assert not current.ended(0, reported=False).done


@given(st.lists(st.dictionaries(st.sampled_from(Channel), RESULTS), max_size=8))
def test_a_delivery_ends_and_stays_ended(rounds: list[dict[Channel, Result]]) -> None:
    current = delivery(*Channel)
    for number, results in enumerate(rounds):
        before = current
        current = current.begun(NOW, NOW + timedelta(seconds=1))
        for channel in before.open_channels:
            current = current.after(channel, results.get(channel, LATER), NOW, 4)
        current = current.ended(number, reported=current.outcome is not Outcome.PENDING)
        for channel, record in before.channels.items():
            if not record.open:
                assert current.channels[channel] == record
        assert current.held_until is None
        if current.done:
            break
        assert current.round == number + 1
    assert all(record.attempts <= 4 for record in current.channels.values())
    if len(rounds) >= 4:
        assert current.done


def test_a_long_error_is_cut() -> None:
    record = ChannelRecord().begun(NOW).after(Result(error="x" * 5000), NOW, 3)
    assert len(record.error or "") == 300


def test_a_success_clears_the_error() -> None:
    record = ChannelRecord().begun(NOW).after(LATER, NOW, 3).begun(NOW).after(OK, NOW, 3)
    assert (record.error, record.delivered_at, record.attempts) == (None, NOW, 2)


def test_enabled_channels() -> None:
    assert Settings().enabled == [Channel.IN_APP]
    assert Settings(email=EmailSettings(enabled=True)).enabled == [Channel.IN_APP, Channel.EMAIL]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 50)), max_size=60))
def test_places_are_in_order_and_taken_once(places: list[tuple[int, int]]) -> None:
    ledger = Ledger()
    for place in places:
        if ledger.takes(place):
            ledger = ledger.adding(place)
        assert not ledger.takes(place)
    assert list(ledger.places) == sorted(set(places))
    assert ledger.leaving == ()


def test_the_history_is_bounded() -> None:
    ledger = Ledger()
    gone: set[tuple[int, int]] = set()
    for seq in range(1, 2 * KEPT):
        ledger = ledger.adding((1, seq))
        gone.update(ledger.leaving)
        ledger = ledger.left(ledger.leaving)
        assert len(ledger.places) <= KEPT + 50
    assert all(a < b for a, b in pairwise(ledger.places))
    assert gone | set(ledger.places) == {(1, seq) for seq in range(1, 2 * KEPT)}
    assert not gone & set(ledger.places)
    assert ledger.pruned == max(gone)
    assert not any(ledger.takes(place) for place in gone)
    assert len(ledger.model_dump_json()) < 32 * 1024


def test_leaving_is_not_forgotten_before_it_left() -> None:
    ledger = Ledger(places=((1, 1),)).without(1).adding((2, 1))
    assert ledger.leaving == ((1, 1),)
    assert ledger.left([(1, 1)]).leaving == ()


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), unique=True), st.integers(1, 4))
def test_erasing(places: list[tuple[int, int]], epoch: int) -> None:
    ledger = Ledger(settings=Settings(email=EmailSettings(address="a@b.co")), places=tuple(sorted(places)))
    erased = ledger.without(epoch)
    assert erased.settings == Settings()
    assert set(erased.places) | set(erased.leaving) == set(places)
    assert all(place[0] <= epoch for place in erased.leaving)
    assert all(place[0] > epoch for place in erased.places)
    assert not any(erased.takes((e, 99)) for e in range(1, epoch + 1))
    assert erased.takes((epoch + 1, 1)) == ((epoch + 1, 1) not in places)
