"""Making Kafka's topics, which is also how to see that the broker works.

One request of Kafka's protocol, spoken here: the tool that comes with Kafka starts a Java machine for every topic.
"""

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from infra.local.options import HOST

_CREATE_TOPICS: Final = 19
_VERSION: Final = 2
_TIMEOUT_MS: Final = 2000
_DONE: Final = frozenset({0, 36})  # no error; the topic is there already


@dataclass(frozen=True, slots=True)
class TopicsProbe:
    """Succeeds once the broker has every topic."""

    port: int
    topics: tuple[str, ...]
    partitions: int

    async def succeeds(self) -> bool:
        """Make the topics that are missing; tell whether all are there."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            request = encode(self.topics, self.partitions)
            writer.write(struct.pack("!i", len(request)) + request)
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            return set(decode(await reader.readexactly(length)).values()) <= _DONE
        finally:
            writer.close()


def encode(topics: Iterable[str], partitions: int) -> bytes:
    """Return a CreateTopics request for topics of one replica."""
    none = struct.pack("!i", 0)
    entries = [_text(topic) + struct.pack("!ih", partitions, 1) + none + none for topic in topics]
    header = struct.pack("!hhi", _CREATE_TOPICS, _VERSION, 1) + _text("task-platform")
    return header + struct.pack("!i", len(entries)) + b"".join(entries) + struct.pack("!i?", _TIMEOUT_MS, False)


def decode(answer: bytes) -> dict[str, int]:
    """Return the error code of every topic."""
    correlation_and_throttle, found = 8, {}
    (count,) = struct.unpack_from("!i", answer, correlation_and_throttle)
    at = correlation_and_throttle + 4
    for _ in range(count):
        (length,) = struct.unpack_from("!h", answer, at)
        name = answer[at + 2 : at + 2 + length].decode()
        code, message = struct.unpack_from("!hh", answer, at + 2 + length)
        found[name] = code
        at += 6 + length + max(message, 0)
    return found


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("!h", len(encoded)) + encoded
