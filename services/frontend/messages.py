"""What is said on `/ws`: the messages of both sides, and the codes that a connection is closed with.

| code | the connection is closed because |
| --- | --- |
| 1009 | a message was larger than 64 kB |
| 1012 | this replica stops: come back at once, by cursor |
| 1013 | the client is too slow: come back, by cursor (one that reads nothing at all is cut off without a word) |
| 4400 | a message was not understood; the reason says what is wrong with it |
| 4401 | the token has expired, or was revoked: come back with a new one |
| 4408 | no hello came in time |
| 4429 | the person has too many connections |
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.frontend.feed import Cursor, Entry

PONG: Final = '{"type":"pong"}'
_REASON_BYTES: Final = 123
_FIELDS: Final = ("type", "task", "key", "change", "at", "actor")
_OPTIONAL_FIELDS: Final = ("profile", "reminder")


class Closing(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def too_slow() -> Closing:
    """Return the end of a client that does not keep up."""
    return Closing(1013, "Too slow: come back with your cursor.")


def revoked() -> Closing:
    """Return the end of a client whose personal access token was revoked."""
    return Closing(4401, "The token was revoked.")


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Hello(_Message):
    """The client's first message: where it stands. `epoch` and `since` are null or absent where it has nothing."""

    type: Literal["hello"]
    epoch: int | None = Field(default=None, ge=0, lt=2**53)
    since: int | None = Field(default=None, ge=0, lt=2**53)

    @property
    def cursor(self) -> Cursor | None:
        """Where the client stands."""
        return None if self.epoch is None or self.since is None else Cursor(self.epoch, self.since)


class Ping(_Message):
    """The client asks whether the connection lives."""

    type: Literal["ping"]


_FROM_CLIENT: Final[TypeAdapter[Hello | Ping]] = TypeAdapter(Annotated[Hello | Ping, Field(discriminator="type")])


def parse(text: str | None) -> Hello | Ping:
    """Return the client's message; Closing 4400 says what is wrong with it. None stands for a binary one."""
    if text is None:
        raise Closing(4400, "Send text, not binary messages.")
    try:
        return _FROM_CLIENT.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"] if part not in {"hello", "ping"})
        raise Closing(4400, f"{path or 'message'}: {first['msg']}") from None


def entry(event: Mapping[str, Any]) -> Entry:
    """Return an event of the log as clients get it; ValueError when it has no place in the log.

    Nothing else is asked of it: a newer backend's events pass through an older relay.
    """
    seq = event.get("seq")
    if not isinstance(seq, int) or seq < 1:
        raise ValueError(f"seq must be a whole number from 1 on, not {seq!r}")
    shown = {"seq": seq} | {name: event.get(name) for name in _FIELDS}
    shown |= {name: event[name] for name in _OPTIONAL_FIELDS if event.get(name) is not None}
    return Entry(seq, orjson.dumps(shown).decode())


def events(entries: Iterable[Entry]) -> str:
    """Return the message that carries events, in their order."""
    return f'{{"type":"events","events":[{",".join(e.body for e in entries)}]}}'


def snapshot(start: Cursor, tasks: Sequence[Any], part: int, *, last: bool) -> str:
    """Return one part of a snapshot: part 1 begins it anew, and after the last the client stands at `start`."""
    return orjson.dumps(
        {
            "type": "snapshot",
            "epoch": start.epoch,
            "seq": start.seq,
            "tasks": tasks,
            "part": part,
            "last": last,
        }
    ).decode()


def heartbeat(head: Cursor | None) -> str:
    """Return the heartbeat: where the person's log ends, null where that is not known just now."""
    epoch, seq = head or (None, None)
    return orjson.dumps({"type": "heartbeat", "seq": seq, "epoch": epoch}).decode()


def aside(kind: str, content: Mapping[str, Any]) -> str:
    """Return a message that has no place in the log: a `notification`, or a step of a `chat`."""
    return orjson.dumps({**content, "type": kind}).decode()
