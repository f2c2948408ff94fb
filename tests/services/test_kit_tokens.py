"""What a personal access token looks like: whole, of a known person, and recognised without asking anybody."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit import tokens
from services.kit.ids import person_id

PERSON = person_id("issuer", "somebody")


@given(st.integers(0, 2**128 - 1))
def test_a_token_names_its_person(number: int) -> None:
    person = f"{number:032x}"
    token = tokens.new_token(person)
    assert token.startswith("taskpat_")
    assert len(token) == 79
    assert tokens.presented(f"Bearer {token}") == (person, tokens.digest(token))


def test_no_two_are_alike_and_the_hash_tells_nothing_of_the_secret() -> None:
    first, second = tokens.new_token(PERSON), tokens.new_token(PERSON)
    assert first != second
    assert tokens.digest(first) != tokens.digest(second)
    assert first[8:] not in tokens.digest(first)


@pytest.mark.parametrize("place", [8, 20, 40, 72, 78])
def test_one_wrong_letter_is_seen(place: int) -> None:
    token = tokens.new_token(PERSON)
    other = next(c for c in "abc" if c != token[place])
    with pytest.raises(ValueError, match="not whole"):
        tokens.presented(f"Bearer {token[:place]}{other}{token[place + 1 :]}")


@pytest.mark.parametrize("broken", ["taskpat_", "taskpat_" + "0" * 71 + "x", "taskpat_" + "é" * 71])
def test_what_begins_like_one_and_is_none_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match="not whole"):
        tokens.presented(f"Bearer {broken}")


def test_a_person_beyond_sixteen_bytes_is_refused() -> None:
    body = tokens.PREFIX + "Z" * 22 + secrets.token_hex(22)[:43]
    with pytest.raises(ValueError, match="not whole"):
        tokens.presented("Bearer " + body + tokens._checksum(body))


@pytest.mark.parametrize("other", [None, "", "Bearer", "Bearer a.b.c", "Basic taskpat_x", "taskpat_x"])
def test_anything_else_is_left_to_others(other: str | None) -> None:
    assert tokens.presented(other) is None
