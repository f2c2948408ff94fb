"""Identifiers: time-ordered for what is new, derived for what must come out the same twice."""

import hashlib
import secrets
import time
from uuid import UUID, uuid5


def uuid7() -> UUID:
    """Return a new RFC 9562 version 7 UUID: its order is that of its making, to the millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return UUID(int=value)


def person_id(issuer: str, subject: str) -> str:
    """Return a person's id, the same in keys, events and logs: a hash of issuer and subject, 32 hexadecimal digits."""
    return hashlib.blake2b(f"{issuer}\n{subject}".encode(), digest_size=16).hexdigest()


def occurrence_id(series: UUID, number: int) -> UUID:
    """Return the task id of occurrence `number` (from 1) of a series."""
    return uuid5(series, str(number))
