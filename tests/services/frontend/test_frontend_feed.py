"""Whatever happens to deliveries, reads and connections: each client sees its log without a gap, once, in order."""

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.frontend.feed import (
    MAX_MISSED,
    WINDOW_CHARACTERS,
    WINDOW_EVENTS,
    Cursor,
    Entry,
    Feed,
    Missing,
    Slice,
    judge,
    plan,
)

NOTHING = Cursor(0, 0)
UNKNOWN = Cursor(-1, -1)


def _entries(*seqs: int) -> list[Entry]:
    return [Entry(seq, f"event {seq}") for seq in seqs]


def _feed(epoch: int, *seqs: int) -> Feed:
    feed = Feed()
    for entry in _entries(*seqs):
        feed.take(epoch, entry)
    return feed


# The feed


def test_a_feed_gives_what_follows() -> None:
    feed = _feed(1, 5, 6, 7)
    assert [e.seq for e in feed.after(Cursor(1, 4))] == [5, 6, 7]
    assert [e.seq for e in feed.after(Cursor(1, 6))] == [7]
    for elsewhere in (Cursor(1, 3), Cursor(1, 7), Cursor(1, 9), Cursor(2, 5), Cursor(0, 0)):
        assert feed.after(elsewhere) == ()


def test_an_old_event_is_skipped() -> None:
    feed = _feed(2, 1, 2)
    assert not feed.take(2, Entry(2, "again"))
    assert not feed.take(1, Entry(9, "of a former epoch"))
    assert feed.last == (2, 2)


def test_behind_a_gap_the_feed_begins_anew() -> None:
    feed = _feed(1, 1, 2, 5)
    assert feed.after(Cursor(1, 1)) == ()
    assert feed.after(Cursor(1, 2)) == ()
    assert [e.seq for e in feed.after(Cursor(1, 4))] == [5]


def test_what_is_read_of_a_new_epoch_takes_the_place_of_the_former() -> None:
    feed = _feed(1, 1, 2, 3, 4, 5)
    feed.adopt(Slice(Cursor(2, 2), [Entry(1, "new"), Entry(2, "new")]), feed.taken)
    assert feed.last == (2, 2)
    assert [e.body for e in feed.after(Cursor(2, 0))] == ["new", "new"]


def test_what_is_read_fills_the_gap() -> None:
    feed = _feed(1, 1, 2, 5)
    feed.adopt(Slice(Cursor(1, 5), _entries(3, 4)), feed.taken)
    assert [e.seq for e in feed.after(Cursor(1, 2))] == [3, 4, 5]


def test_what_is_read_and_does_not_touch_the_window_leaves_it() -> None:
    feed = _feed(1, 9)
    feed.adopt(Slice(Cursor(1, 9), _entries(3, 4)), feed.taken)
    assert [e.seq for e in feed.after(Cursor(1, 8))] == [9]
    assert feed.after(Cursor(1, 2)) == ()


def test_what_the_backend_does_not_know_is_void_unless_it_came_meanwhile() -> None:
    feed = _feed(1, 1, 2)
    asked = feed.taken
    feed.take(2, Entry(1, "of the next epoch"))
    feed.adopt(Slice(NOTHING, ()), asked)
    assert feed.last == (2, 1)
    feed.adopt(Slice(NOTHING, ()), feed.taken)
    assert feed.last == NOTHING


def test_the_window_is_bounded() -> None:
    feed = _feed(1, *range(1, WINDOW_EVENTS + 3))
    assert feed.after(Cursor(1, 1)) == ()
    assert len(feed.after(Cursor(1, 2))) == WINDOW_EVENTS
    big = Feed()
    for seq in range(1, 6):
        big.take(1, Entry(seq, "x" * (WINDOW_CHARACTERS // 3)))
    assert [e.seq for e in big.after(Cursor(1, 2))] == [3, 4, 5]
    big.take(1, Entry(6, "x" * (WINDOW_CHARACTERS + 1)))
    assert big.after(Cursor(1, 5)) == ()
    assert big.last == (1, 6)


# What a client gets


def test_who_has_nothing_gets_a_snapshot() -> None:
    assert plan(None, None, _feed(1, 1)) is Missing.SNAPSHOT


@pytest.mark.parametrize(
    ("cursor", "head", "step"),
    [
        (Cursor(1, 7), None, ()),
        (Cursor(1, 7), Cursor(1, 7), ()),
        (Cursor(2, 1), None, ()),  # the feed holds what came late
        (Cursor(1, 3), None, Missing.LOG),
        (NOTHING, None, Missing.LOG),
        (Cursor(1, 7), Cursor(1, 8), Missing.LOG),
        (Cursor(1, 7), Cursor(1, 6), Missing.LOG),
        (Cursor(1, 7), NOTHING, Missing.LOG),
        (Cursor(1, 8), Cursor(2, 1), Missing.LOG),
    ],
)
def test_what_a_client_needs(cursor: Cursor, head: Cursor | None, step: object) -> None:
    assert plan(cursor, head, _feed(1, 5, 6, 7)) == step


def test_events_at_hand_come_before_any_doubt() -> None:
    found = plan(Cursor(1, 5), Cursor(1, 9), _feed(1, 5, 6, 7))
    assert isinstance(found, tuple)
    assert [entry.seq for entry in found] == [6, 7]


@pytest.mark.parametrize(
    ("cursor", "answer", "missed"),
    [
        (Cursor(1, 2), Slice(Cursor(1, 4), _entries(3, 4)), [3, 4]),
        (Cursor(1, 2), Slice(Cursor(1, 9), _entries(3, 4)), [3, 4]),
        (Cursor(1, 2), Slice(Cursor(1, 2), ()), []),
        (NOTHING, Slice(NOTHING, ()), []),
        (Cursor(1, 0), Slice(Cursor(1, MAX_MISSED), _entries(*range(1, MAX_MISSED + 1))), [*range(1, MAX_MISSED + 1)]),
    ],
)
def test_few_missed_events_are_sent(cursor: Cursor, answer: Slice, missed: list[int]) -> None:
    found = judge(cursor, answer)
    assert isinstance(found, tuple)
    assert [entry.seq for entry in found] == missed


@pytest.mark.parametrize(
    ("cursor", "answer"),
    [
        (Cursor(1, 2), Slice(Cursor(2, 3), _entries(1, 2, 3))),  # another epoch
        (Cursor(1, 2), Slice(NOTHING, ())),  # erased
        (Cursor(1, 9), Slice(Cursor(1, 4), ())),  # since lies beyond the head
        (Cursor(1, 0), Slice(Cursor(1, MAX_MISSED + 1), _entries(*range(1, MAX_MISSED + 1)))),  # too much
        (Cursor(1, 2), Slice(Cursor(1, 5), _entries(4, 5))),  # the log is not what it should be
        (Cursor(1, 2), Slice(Cursor(1, 5), ())),
    ],
)
def test_else_a_snapshot_is(cursor: Cursor, answer: Slice) -> None:
    assert judge(cursor, answer) is Missing.SNAPSHOT


# Everything together


@dataclass
class _Viewer:
    """A client: where it stands, what it has seen of that epoch, and the read that is under way for it."""

    cursor: Cursor | None
    head: Cursor | None = UNKNOWN
    asked: tuple[Slice, int] | None = None
    waits_for_snapshot: bool = False


class Interleavings(RuleBasedStateMachine):
    """One person's log, one replica's feed, and clients that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: dict[int, list[Entry]] = {}
        self.epoch = 0
        self.latest = 0
        self.feed = Feed()
        self.viewers: list[_Viewer] = []
        self.saved: list[Cursor | None] = [None, Cursor(7, 3), NOTHING]
        self.heads = [NOTHING]

    @property
    def head(self) -> Cursor:
        return Cursor(self.epoch, len(self.logs[self.epoch])) if self.epoch else NOTHING

    def slice(self, cursor: Cursor) -> Slice:
        since = cursor.seq if cursor.epoch == self.epoch else 0
        return Slice(self.head, self.logs.get(self.epoch, [])[since : since + MAX_MISSED])

    @initialize()
    def begin(self) -> None:
        self.commit(1)

    @rule(count=st.integers(1, 4) | st.just(MAX_MISSED + 5))
    def commit(self, count: int) -> None:
        if not self.epoch:
            self.epoch = self.latest = self.latest + 1
            self.logs[self.epoch] = []
        log = self.logs[self.epoch]
        log.extend(Entry(seq, f"{self.epoch}:{seq}") for seq in range(len(log) + 1, len(log) + 1 + count))
        self.heads.append(self.head)

    @rule()
    def erase(self) -> None:
        self.epoch = 0
        self.heads.append(NOTHING)

    @rule(data=st.data(), count=st.integers(1, 5))
    def deliver(self, data: st.DataObject, count: int) -> None:
        """Deliver events that were published at any time: once more, in any order, or not at all."""
        epoch = data.draw(st.sampled_from(sorted(self.logs)))
        start = data.draw(st.integers(0, len(self.logs[epoch]) - 1))
        for entry in self.logs[epoch][start : start + count]:
            self.feed.take(epoch, entry)

    @rule(back=st.integers(1, 3))
    def beat(self, back: int) -> None:
        """Send a heartbeat, maybe one that was overtaken."""
        for viewer in self.viewers:
            viewer.head = self.heads[-min(back, len(self.heads))]

    @rule(data=st.data())
    def connect(self, data: st.DataObject) -> None:
        epoch = data.draw(st.sampled_from(sorted(self.logs)))
        anywhere = st.integers(0, len(self.logs[epoch])).map(lambda seq: Cursor(epoch, seq))
        self.viewers.append(_Viewer(data.draw(anywhere | st.sampled_from(self.saved))))

    @precondition(lambda self: self.viewers)
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        viewer = data.draw(st.sampled_from(self.viewers))
        self.viewers.remove(viewer)
        self.saved.append(viewer.cursor)

    @precondition(lambda self: self.viewers)
    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        self.advance(data.draw(st.sampled_from(self.viewers)))

    def advance(self, viewer: _Viewer) -> bool:
        """Do for a client what its loop would do next; tell whether there was anything to do."""
        if viewer.asked:
            answer, taken = viewer.asked
            viewer.asked = None
            self.feed.adopt(answer, taken)
            assert viewer.cursor is not None
            found = judge(viewer.cursor, answer)
        elif viewer.waits_for_snapshot:
            viewer.waits_for_snapshot = False
            viewer.cursor = self.head
            return True
        else:
            found = plan(viewer.cursor, viewer.head, self.feed)
            if found == ():
                return False
        if found is Missing.LOG:
            assert viewer.cursor is not None
            viewer.head = None
            viewer.asked = (self.slice(viewer.cursor), self.feed.taken)
        elif found is Missing.SNAPSHOT:
            viewer.head = None
            viewer.waits_for_snapshot = True
        elif isinstance(found, tuple):
            self.see(viewer, found)
        return True

    def see(self, viewer: _Viewer, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            assert viewer.cursor is not None
            epoch, seq = viewer.cursor
            assert entry == Entry(seq + 1, f"{epoch}:{seq + 1}")
            viewer.cursor = Cursor(epoch, entry.seq)

    def teardown(self) -> None:
        """When all is quiet, one heartbeat brings everybody to the end of the log."""
        for viewer in self.viewers:
            viewer.head = self.head
        for viewer in self.viewers:
            steps = 0
            while self.advance(viewer):
                steps += 1
                assert steps < 50, "a client is kept busy with nothing"
        for viewer in self.viewers:
            assert viewer.cursor == self.head


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
