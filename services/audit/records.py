"""What the trail keeps of an event: who, when, which task, and field by field what changed.

Not the whole task as it was and as it is: that would be most of 20,000 characters twice for a ticked box.
"""

from typing import Any, Final

from services.audit.chain import Record, canonical
from services.kit.events import EventType, TaskEvent
from services.kit.task import utc

_BOOKKEEPING: Final = frozenset({"id", "seq", "version", "created_at", "updated_at"})
_APPEARS: Final = frozenset({EventType.CREATED, EventType.RESTORED, EventType.TOKEN_CREATED})
_GOES: Final = frozenset({EventType.DELETED, EventType.TOKEN_REVOKED})


class UnrecordableError(ValueError):
    """The event holds a value that cannot be written on: an integer beyond 64 bits, endless nesting, no UTC instant."""


def record(event: TaskEvent) -> Record:
    """Return what is kept of an event; UnrecordableError where that cannot be."""
    try:
        content = _content(event)
        canonical(content)
    except (TypeError, OverflowError) as error:
        raise UnrecordableError(f"{event.id} cannot be recorded: {error}") from None
    return Record(event.epoch, event.seq, content)


def _content(event: TaskEvent) -> dict[str, Any]:
    return {
        "type": event.type.value,
        "at": utc(event.at),
        "actor": event.actor,
        "change": str(event.change),
        "task_id": str(event.task.id) if event.task else None,
        "title": event.task.title if event.task else None,
        "reminder": event.reminder,
        "changes": changes(event),
    }


def changes(event: TaskEvent) -> list[dict[str, Any]]:
    """Return each field that changed as `field`, `before` and `after`; null where there was, or is, none."""
    if event.type in _GOES:
        return [_change(f, before, None) for f, before in _values(event, given=True).items()]
    if event.type in _APPEARS and not event.was:
        return [_change(f, None, after) for f, after in _values(event, given=True).items()]
    now = _values(event)
    return [_change(f, before, now.get(f)) for f, before in sorted(event.was.items()) if f not in _BOOKKEEPING]


def _values(event: TaskEvent, *, given: bool = False) -> dict[str, Any]:
    subject = event.task or event.profile or event.token
    values = subject.model_dump(mode="json", exclude_defaults=given) if subject else {}
    return {field: value for field, value in values.items() if field not in _BOOKKEEPING}


def _change(field: str, before: object, after: object) -> dict[str, Any]:
    return {"field": field, "before": before, "after": after}
