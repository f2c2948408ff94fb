"""The hash chain of a person's trail: what makes a changed, missing, reordered or truncated entry show.

Pure: nothing here touches a clock, a store or the network. An entry's `hash` covers its place (index, epoch, sequence
numbers), the hash before it and a salted digest of its content, but not the content itself. So content and salt can
be dropped when a person is erased, and the chain still holds.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import orjson
from pydantic import ConfigDict, Field, ValidationError

from services.kit.position import Position, Verdict
from services.kit.task import Frozen

GAP_TYPE: Final = "trail.gap"
ERASED_TYPE: Final = "trail.erased"

Kind = Literal["event", "gap", "erased"]


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written of one event: its place in the log, and content that canonical JSON can hold."""

    epoch: int
    seq: int
    content: Mapping[str, Any]


class Entry(Frozen):
    """One link of the chain, as it is stored; hashes are SHA-256 in hexadecimal digits.

    An `event` stands for itself (`first` = `seq`). A `gap` stands for the events `first` to `seq`, which can no longer
    be had. An `erased` says that the contents of every epoch up to its own were dropped. `content` and `salt` are null
    once they were erased. `id` is random: it tells a write whose reply was lost from another's of the same event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    index: int
    kind: Kind
    epoch: int
    first: int
    seq: int
    digest: str
    prev: str
    hash: str
    salt: str | None
    content: dict[str, Any] | None


class Header(Frozen):
    """What is kept beside the entries: where the log was read to, how many entries there are, the hash of the last."""

    position: Position = Position()
    length: int = Field(default=0, ge=0)
    head: str

    @classmethod
    def of(cls, stored: Mapping[str, Any], person: str) -> Self:
        """Read a stored header; where there is none, the one that every trail of that person begins with."""
        return cls.model_validate(stored) if stored else cls(head=genesis(person))


class Broken(Exception):
    """The chain does not hold: at which index (from 1), and why."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"entry {index}: {reason}")
        self.index = index
        self.reason = reason


def canonical(value: object) -> bytes:
    """Return the one JSON encoding of a value: sorted keys, no spaces, UTF-8; TypeError where JSON has none."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def genesis(person: str) -> str:
    """Return what the first entry follows: a hash of the person, so that a trail cannot pass for another's."""
    return hashlib.sha256(canonical({"trail": person})).hexdigest()


def digest(salt: str, content: Mapping[str, Any]) -> str:
    """Return the salted hash of a content; without the salt (hexadecimal) nobody can try contents against it."""
    return hashlib.sha256(bytes.fromhex(salt) + canonical(content)).hexdigest()


def extend(header: Header, records: Sequence[Record], *, now: str, over_gaps: bool) -> tuple[Header, list[Entry]]:
    """Return the header and entries after the records that are new; old ones are skipped.

    At a gap the work stops; with `over_gaps` the gap becomes an entry of its own, noted at `now`.
    """
    entries: list[Entry] = []
    for record in records:
        position = header.position
        verdict = position.judge(record.epoch, record.seq)
        if verdict is Verdict.OLD:
            continue
        if verdict is Verdict.GAP:
            if not over_gaps:
                break
            first = position.seq + 1 if position.epoch == record.epoch else 1
            note = {"type": GAP_TYPE, "at": now}
            header = _seal(entries, header, "gap", (record.epoch, first, record.seq - 1), note)
        header = _seal(entries, header, "event", (record.epoch, record.seq, record.seq), record.content)
    return header, entries


def erase(header: Header, epoch: int, *, now: str) -> tuple[Header, list[Entry]]:
    """Return the header and entry that say: every epoch up to `epoch` is erased. Nothing where that was said before."""
    if header.position.erased >= epoch:
        return header, []
    entries: list[Entry] = []
    return _seal(entries, header, "erased", (epoch, 0, 0), {"type": ERASED_TYPE, "at": now}), entries


def _seal(
    entries: list[Entry], header: Header, kind: Kind, place: tuple[int, int, int], content: Mapping[str, Any]
) -> Header:
    epoch, first, seq = place
    salt = secrets.token_hex(16)
    entry = Entry(
        id=secrets.token_hex(8),
        index=header.length + 1,
        kind=kind,
        epoch=epoch,
        first=first,
        seq=seq,
        digest=digest(salt, content),
        prev=header.head,
        hash="",
        salt=salt,
        content=dict(content),
    )
    entry = entry.model_copy(update={"hash": _link(entry)})
    entries.append(entry)
    return Header(position=_after(header.position, entry), length=entry.index, head=entry.hash)


def _link(entry: Entry) -> str:
    return hashlib.sha256(canonical(entry.model_dump(exclude={"hash", "salt", "content"}))).hexdigest()


def _after(position: Position, entry: Entry) -> Position:
    return position.without(entry.epoch) if entry.kind == "erased" else position.at(entry.epoch, entry.seq)


def is_erased(stored: Mapping[str, Any], erased: int) -> bool:
    """Tell whether a stored entry's content is to be dropped, now that every epoch up to `erased` is."""
    epoch = stored.get("epoch")
    return stored.get("kind") == "event" and isinstance(epoch, int) and epoch <= erased


def scrub(stored: Mapping[str, Any], erased: int) -> dict[str, Any]:
    """Return a stored entry as it is kept once every epoch up to `erased` is erased."""
    return {**stored, "salt": None, "content": None} if is_erased(stored, erased) else dict(stored)


class Verifier:
    """Recomputes a chain from its first entry; `walked` is the header that the entries fed so far come to."""

    def __init__(self, person: str, claimed: Header) -> None:
        self._claimed = claimed
        self.walked = Header(head=genesis(person))

    def feed(self, stored: object) -> None:
        """Check the next entry, as it is stored; raise Broken where it does not hold."""
        index = self.walked.length + 1
        try:
            entry = Entry.model_validate(stored)
        except ValidationError:
            raise Broken(index, "the entry cannot be read") from None
        if entry.index != index or entry.prev != self.walked.head:
            raise Broken(index, "an entry is missing here, or stands out of order")
        if entry.hash != _link(entry):
            raise Broken(index, "the entry was changed")
        self._check_content(entry)
        self._check_place(entry)
        self.walked = Header(position=_after(self.walked.position, entry), length=index, head=entry.hash)

    def finish(self) -> None:
        """Check that nothing was cut off at the end; raise Broken where it was."""
        if self.walked != self._claimed:
            raise Broken(self.walked.length + 1, "the end is missing, or is not what the trail says of itself")

    def _check_content(self, entry: Entry) -> None:
        if entry.content is None or entry.salt is None:
            is_dropped = entry.content is None and entry.salt is None
            if not (is_dropped and entry.kind == "event" and entry.epoch <= self._claimed.position.erased):
                raise Broken(entry.index, "the content is missing, and was not erased")
        elif not _matches(entry.salt, entry.content, entry.digest):
            raise Broken(entry.index, "the content was changed")

    def _check_place(self, entry: Entry) -> None:
        if entry.kind == "erased":
            return
        follows = self.walked.position.judge(entry.epoch, entry.first) is Verdict.NEXT
        if not follows or entry.seq < entry.first:
            raise Broken(entry.index, "events are missing before this one")


def _matches(salt: str, content: Mapping[str, Any], expected: str) -> bool:
    try:
        return digest(salt, content) == expected
    except (TypeError, ValueError):
        return False
