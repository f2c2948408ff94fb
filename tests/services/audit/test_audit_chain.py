"""The hash chain: whatever is done to a trail shows, and erasing a person is no harm to the proof."""

import copy
import hashlib
from typing import Any

import pytest
from audit_cases import NOW, chained, records, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.audit import chain
from services.audit.chain import Broken, Header, Record, Verifier
from services.kit.position import Position

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)

PERSON = "p"
EMPTY = Header(head=chain.genesis(PERSON))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def verify(header: Header, entries: list[Any], person: str = PERSON) -> None:
    verifier = Verifier(person, header)
    for entry in entries:
        verifier.feed(entry)
    verifier.finish()


def broken_at(header: Header, entries: list[Any], person: str = PERSON) -> int:
    with pytest.raises(Broken) as caught:
        verify(header, entries, person)
    assert caught.value.reason
    return caught.value.index


@st.composite
def trails(draw: st.DrawFn, least: int = 1) -> tuple[Header, list[dict[str, Any]]]:
    """A trail of several epochs, with gaps, repeated events, and erased epochs that may be scrubbed already."""
    header, entries = EMPTY, []
    for epoch in range(1, draw(st.integers(2, 4))):
        seqs = draw(st.lists(st.integers(1, 8), max_size=8))
        contents = [draw(st.dictionaries(st.text(max_size=4), json_values, max_size=3)) for _ in seqs]
        given_ = [Record(epoch, seq, content) for seq, content in zip(seqs, contents, strict=True)]
        header, added = chained(header, given_)
        entries += added
        if draw(st.booleans()):
            header, added = chain.erase(header, epoch, now=NOW)
            entries += added
    while len(entries) < least:
        header, added = chained(header, records(1, epoch=9, first=len(entries) + 1))
        entries += added
    scrubbed = draw(st.booleans())
    found = stored(entries)
    return header, [chain.scrub(e, header.position.erased) if scrubbed else e for e in found]


@unhurried
@given(trails())
def test_a_trail_as_it_was_written_holds(trail: tuple[Header, list[dict[str, Any]]]) -> None:
    verify(*trail)


@unhurried
@given(trails(), st.data())
def test_a_changed_field_shows(trail: tuple[Header, list[dict[str, Any]]], data: st.DataObject) -> None:
    header, entries = trail
    entries = copy.deepcopy(entries)
    entry = data.draw(st.sampled_from(entries))
    field = data.draw(st.sampled_from(sorted(entry)))
    value = data.draw(json_values.filter(lambda v: chain.canonical(v) != chain.canonical(entry[field])))
    entry[field] = value
    assert broken_at(header, entries) <= len(entries) + 1


@unhurried
@given(trails(), st.data())
def test_a_change_inside_a_content_shows(trail: tuple[Header, list[dict[str, Any]]], data: st.DataObject) -> None:
    header, entries = trail
    entries = copy.deepcopy(entries)
    holding = [entry for entry in entries if entry["content"] is not None]
    if not holding:
        return
    entry = data.draw(st.sampled_from(holding))
    entry["content"]["forged"] = data.draw(json_values)
    assert broken_at(header, entries) == entry["index"]


@unhurried
@given(trails(), st.data())
def test_a_dropped_entry_shows(trail: tuple[Header, list[dict[str, Any]]], data: st.DataObject) -> None:
    header, entries = trail
    gone = data.draw(st.integers(0, len(entries) - 1))
    assert broken_at(header, entries[:gone] + entries[gone + 1 :]) == gone + 1


@unhurried
@given(trails(least=2), st.data())
def test_swapped_entries_show(trail: tuple[Header, list[dict[str, Any]]], data: st.DataObject) -> None:
    header, entries = trail
    one, other = sorted(data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=2, max_size=2)))
    entries[one], entries[other] = entries[other], entries[one]
    assert broken_at(header, entries) == one + 1


@unhurried
@given(trails(), st.data())
def test_a_cut_off_end_shows(trail: tuple[Header, list[dict[str, Any]]], data: st.DataObject) -> None:
    header, entries = trail
    kept = data.draw(st.integers(0, len(entries) - 1))
    assert broken_at(header, entries[:kept]) == kept + 1


@unhurried
@given(trails(), trails(), st.data())
def test_an_inserted_entry_shows(
    trail: tuple[Header, list[dict[str, Any]]], other: tuple[Header, list[dict[str, Any]]], data: st.DataObject
) -> None:
    header, entries = trail
    place = data.draw(st.integers(0, len(entries)))
    foreign = data.draw(st.sampled_from(other[1]) | st.sampled_from(entries))
    assert broken_at(header, [*entries[:place], foreign, *entries[place:]]) >= 1


@unhurried
@given(trails())
def test_a_trail_does_not_pass_for_another_persons(trail: tuple[Header, list[dict[str, Any]]]) -> None:
    assert broken_at(*trail, person="another") == 1


@unhurried
@given(trails(), st.sampled_from(["length", "head", "position"]))
def test_a_header_that_says_something_else_shows(trail: tuple[Header, list[dict[str, Any]]], field: str) -> None:
    header, entries = trail
    other = {"length": header.length + 1, "head": "0" * 64, "position": header.position.at(99, 1)}[field]
    assert broken_at(header.model_copy(update={field: other}), entries) >= 1


@unhurried
@given(st.integers(1, 6), st.integers(1, 6))
def test_contents_may_lack_only_where_they_were_erased(first: int, second: int) -> None:
    header, before = chained(EMPTY, records(first))
    header, marker = chain.erase(header, 1, now=NOW)
    header, after = chained(header, records(second, epoch=2))
    entries = stored([*before, *marker, *after])
    for scrubbed in range(first + 1):
        verify(header, [chain.scrub(e, 1) for e in entries[:scrubbed]] + entries[scrubbed:])
    for kept in range(first, len(entries)):
        taken = copy.deepcopy(entries)
        taken[kept] |= {"content": None, "salt": None}
        assert broken_at(header, taken) == kept + 1


def test_an_entry_that_kept_its_salt_alone_is_not_erased() -> None:
    header, entries = chained(EMPTY, records(1))
    header, marker = chain.erase(header, 1, now=NOW)
    half = stored([*entries, *marker])
    half[0]["content"] = None
    assert broken_at(header, half) == 1


def test_a_chain_forged_from_the_middle_on_shows_by_its_sequence_numbers() -> None:
    """Somebody who drops an event and computes every later hash anew still cannot renumber the events."""
    header, entries = chained(EMPTY, records(2))
    position = header.position.at(1, 3)
    header, forged = chained(header.model_copy(update={"position": position}), records(1, first=4))
    assert broken_at(header, stored([*entries, *forged])) == 3


def test_hash_and_digest_are_what_the_documentation_says() -> None:
    _, (entry,) = chained(EMPTY, records(1))
    assert entry.salt is not None
    link = {k: v for k, v in entry.model_dump().items() if k not in {"hash", "salt", "content"}}
    assert entry.hash == hashlib.sha256(chain.canonical(link)).hexdigest()
    salted = bytes.fromhex(entry.salt) + chain.canonical(entry.content)
    assert entry.digest == hashlib.sha256(salted).hexdigest()
    assert entry.prev == hashlib.sha256(b'{"trail":"p"}').hexdigest()


def test_equal_contents_have_different_salts_and_digests() -> None:
    content = {"title": "guess me"}
    _, (one, other) = chained(EMPTY, [Record(1, 1, content), Record(1, 2, content)])
    assert one.salt != other.salt
    assert one.digest != other.digest


@unhurried
@given(st.permutations(list(range(1, 7))))
def test_events_in_any_order_are_each_written_at_most_once(order: list[int]) -> None:
    header, entries = EMPTY, []
    for seq in order:
        header, added = chained(header, records(1, first=seq))
        entries += added
    covered = [seq for entry in entries for seq in range(entry.first, entry.seq + 1)]
    assert covered == list(range(1, 7))
    verify(header, stored(entries))


def test_an_old_event_adds_nothing() -> None:
    header, _ = chained(EMPTY, records(3))
    assert chained(header, records(3)) == (header, [])


def test_without_leave_a_gap_ends_the_work() -> None:
    given_ = [*records(2), *records(1, first=4)]
    header, entries = chain.extend(EMPTY, given_, now=NOW, over_gaps=False)
    assert [entry.seq for entry in entries] == [1, 2]
    assert header.position == Position(epoch=1, seq=2)


def test_a_gap_is_an_entry_that_names_what_is_lost() -> None:
    header, entries = chained(EMPTY, records(1, first=4))
    assert [(e.kind, e.first, e.seq) for e in entries] == [("gap", 1, 3), ("event", 4, 4)]
    assert entries[0].content == {"type": "trail.gap", "at": NOW}
    verify(header, stored(entries))


def test_a_new_epoch_starts_over() -> None:
    header, _ = chained(EMPTY, records(3))
    header, entries = chained(header, records(2, epoch=2))
    assert [(e.epoch, e.seq, e.index) for e in entries] == [(2, 1, 4), (2, 2, 5)]


def test_events_of_an_erased_epoch_are_dropped() -> None:
    header, _ = chain.erase(EMPTY, 2, now=NOW)
    assert chained(header, [*records(3, epoch=1), *records(3, epoch=2)])[1] == []
    assert len(chained(header, records(3, epoch=3))[1]) == 3


def test_an_epoch_is_erased_once() -> None:
    header, entries = chain.erase(EMPTY, 2, now=NOW)
    assert [(e.kind, e.epoch) for e in entries] == [("erased", 2)]
    assert chain.erase(header, 2, now=NOW) == (header, [])
    assert chain.erase(header, 1, now=NOW) == (header, [])


@pytest.mark.parametrize("damage", [None, [], "entry", 7, {}, {"index": 1}])
def test_what_is_no_entry_at_all_shows(damage: object) -> None:
    header, entries = chained(EMPTY, records(2))
    assert broken_at(header, [damage, *stored(entries)[1:]]) == 1


def test_a_salt_that_is_no_hexadecimal_shows() -> None:
    header, entries = chained(EMPTY, records(1))
    found = stored(entries)
    found[0]["salt"] = "not hexadecimal"
    assert broken_at(header, found) == 1


def test_scrubbing_leaves_notes_and_later_epochs_alone() -> None:
    header, entries = chained(EMPTY, records(1, first=2))
    header, marker = chain.erase(header, 1, now=NOW)
    header, later = chained(header, records(1, epoch=2))
    kept = [chain.scrub(e, 1)["content"] is not None for e in stored([*entries, *marker, *later])]
    assert kept == [True, False, True, True]
