"""Identifiers: unique, of their version, and in the order of their making also within a millisecond."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

import pytest

from services.kit.ids import placed_id, uuid7

MANY = 5_000


def test_an_id_is_larger_than_the_one_before() -> None:
    made = [uuid7() for _ in range(MANY)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}


def test_an_id_begins_with_its_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000 + 1


def test_a_clock_that_goes_back_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert before < uuid7() < uuid7()


def test_threads_make_no_id_twice() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: uuid7(), range(MANY)))
    assert len(set(made)) == MANY


def test_ids_of_a_change_follow_its_places() -> None:
    change, other = uuid7(), uuid7()
    made = [placed_id(change, place) for place in range(MANY)]
    assert made == sorted(set(made))
    assert made == [placed_id(change, place) for place in range(MANY)]
    assert not {placed_id(other, place) for place in range(MANY)} & set(made)
    assert {(one.version, one.variant) for one in made} == {(8, RFC_4122)}
