"""Identifiers: time-ordered for what is new, derived for what must come out the same twice."""

import hashlib
import secrets
import threading
import time
from typing import Final
from uuid import UUID, uuid5

_RANDOM: Final = 74
_STEP: Final = 32


class _Sequence:
    """Numbers of 122 bits, milliseconds and random bits, each larger than the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._last >> _RANDOM:
                self._last = (milliseconds << _RANDOM) | secrets.randbits(_RANDOM)
            else:
                self._last += 1 + secrets.randbits(_STEP)
            return self._last


_sequence: Final = _Sequence()


def uuid7() -> UUID:
    """Return a new RFC 9562 version 7 UUID: of two made by one process, the later is the larger."""
    return _uuid(_sequence.next(), 7)


def _uuid(value: int, version: int) -> UUID:
    """Return the UUID of a version whose other bits are the 122 of `value`, in their order."""
    high, middle, low = value >> 74, (value >> 62) & 0xFFF, value & ((1 << 62) - 1)
    return UUID(int=(high << 80) | (version << 76) | (middle << 64) | (0b10 << 62) | low)


def placed_id(change: UUID, place: int) -> UUID:
    """Return the id of what is at `place` (from 0) of a change: the same whenever asked, in the order of the places."""
    digest = hashlib.blake2b(f"{change}\n{place}".encode(), digest_size=16).digest()
    return _uuid((place << _RANDOM) | (int.from_bytes(digest) >> (128 - _RANDOM)), 8)


def person_id(issuer: str, subject: str) -> str:
    """Return a person's id, the same in keys, events and logs: a hash of issuer and subject, 32 hexadecimal digits."""
    return hashlib.blake2b(f"{issuer}\n{subject}".encode(), digest_size=16).hexdigest()


def occurrence_id(series: UUID, number: int) -> UUID:
    """Return the task id of occurrence `number` (from 1) of a series."""
    return uuid5(series, str(number))
