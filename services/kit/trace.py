"""The trace that a piece of work belongs to (W3C Trace Context), and what its log lines say of it."""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")

trace_id: ContextVar[str] = ContextVar("trace_id", default="")
person: ContextVar[str] = ContextVar("person", default="")
event_id: ContextVar[str] = ContextVar("event_id", default="")


def enter(traceparent: str | None) -> None:
    """Go on with the caller's trace, or begin one where there is none."""
    match = _TRACEPARENT.match(traceparent or "")
    trace_id.set(match.group(1) if match else secrets.token_hex(16))
    person.set("")
    event_id.set("")


def traceparent() -> str:
    """Return the `traceparent` for a call made on behalf of this work; a new trace where none was entered."""
    return f"00-{trace_id.get() or secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
