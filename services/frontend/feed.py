"""The pure heart of the relay: where a client stands in its person's log, and what it has to be sent next.

A `Feed` is the stretch of the log that this replica has at hand. It is a cache, and may begin anywhere and lag: that a
client gets every event once and in order rests on `plan` alone, which gives it nothing but what follows its cursor.
Whatever the feed lacks is read from the backend, whose answers `judge` sorts out.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from itertools import islice
from typing import Final, NamedTuple

MAX_MISSED: Final = 500
WINDOW_EVENTS: Final = 500
WINDOW_CHARACTERS: Final = 4_000_000
MESSAGE_CHARACTERS: Final = 250_000  # at most 1 MB of UTF-8


class Cursor(NamedTuple):
    """A place in a person's log: after the event `seq` of `epoch`. (0, 0) is where nothing was ever written."""

    epoch: int
    seq: int


class Entry(NamedTuple):
    """An event of the log as it is sent: `body` is its JSON."""

    seq: int
    body: str


class Missing(Enum):
    """What a client needs that the feed cannot give."""

    LOG = auto()
    SNAPSHOT = auto()


class Slice(NamedTuple):
    """What the backend answers: the log's head, and events after the cursor that was asked about."""

    head: Cursor
    entries: Sequence[Entry]


class Feed:
    """A gapless stretch of a person's log that ends at `last`; bounded, and dropped wherever a gap would be."""

    __slots__ = ("_characters", "_entries", "last", "taken")

    def __init__(self) -> None:
        self.last = Cursor(0, 0)
        self.taken = 0
        self._entries: deque[Entry] = deque()
        self._characters = 0

    def take(self, epoch: int, entry: Entry) -> bool:
        """Take an event as it is delivered; False when it is an old one."""
        if Cursor(epoch, entry.seq) <= self.last:
            return False
        if (epoch, entry.seq) != (self.last.epoch, self.last.seq + 1):
            self._clear()
        self.taken += 1
        self._append(epoch, entry)
        return True

    def adopt(self, answer: Slice, taken: int) -> None:
        """Take in what the backend answered to a question that was asked when `taken` events had been delivered.

        The backend knows best: with nothing delivered since, what the feed has beyond its head is void (erased, or
        lost with a restored backup).
        """
        if self.taken == taken and answer.head < self.last:
            self._clear()
            self.last = answer.head
        if not answer.entries:
            return
        epoch, end = answer.head.epoch, answer.entries[-1].seq
        if Cursor(epoch, end) < Cursor(self.last.epoch, self.last.seq - len(self._entries)):
            return
        newer = [e for e in self._entries if e.seq > end] if epoch == self.last.epoch else []
        self._clear()
        for entry in (*answer.entries, *newer):
            self._append(epoch, entry)

    def after(self, cursor: Cursor) -> tuple[Entry, ...]:
        """Return the events that follow `cursor` without a gap; none when they are not at hand."""
        lag = self.last.seq - cursor.seq
        if cursor.epoch != self.last.epoch or not 0 < lag <= len(self._entries):
            return ()
        return tuple(islice(self._entries, len(self._entries) - lag, None))

    def _append(self, epoch: int, entry: Entry) -> None:
        self._entries.append(entry)
        self._characters += len(entry.body)
        self.last = Cursor(epoch, entry.seq)
        while len(self._entries) > WINDOW_EVENTS or self._characters > WINDOW_CHARACTERS:
            self._characters -= len(self._entries.popleft().body)

    def _clear(self) -> None:
        self._entries.clear()
        self._characters = 0


def plan(cursor: Cursor | None, head: Cursor | None, feed: Feed) -> tuple[Entry, ...] | Missing:
    """Return the events to send a client at `cursor`, none when it is up to date, or what has to be read for it.

    `cursor` is None where the client has nothing; `head` is where its log is said to end, None when it stands nowhere
    else than the client was found to be.
    """
    if cursor is None:
        return Missing.SNAPSHOT
    if entries := feed.after(cursor):
        return entries
    if cursor < feed.last or head not in (None, cursor):
        return Missing.LOG
    return ()


def judge(cursor: Cursor, answer: Slice) -> tuple[Entry, ...] | Missing:
    """Return the events that a client at `cursor` missed, from the backend's answer, or that it needs a snapshot."""
    epoch, head = answer.head
    if cursor.epoch != epoch or not 0 <= head - cursor.seq <= MAX_MISSED:
        return Missing.SNAPSHOT
    missed = tuple(entry for entry in answer.entries if entry.seq > cursor.seq)
    if [entry.seq for entry in missed] != list(range(cursor.seq + 1, cursor.seq + 1 + len(missed))):
        return Missing.SNAPSHOT
    if head > cursor.seq and not missed:
        return Missing.SNAPSHOT
    return missed


def batches(entries: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    """Yield the events in portions that each fit into one message."""
    portion: list[Entry] = []
    characters = 0
    for entry in entries:
        if portion and characters + len(entry.body) > MESSAGE_CHARACTERS:
            yield tuple(portion)
            portion, characters = [], 0
        portion.append(entry)
        characters += len(entry.body)
    if portion:
        yield tuple(portion)
