"""`X-TASK-PLATFORM`: what iCalendar has no property for, as one JSON object in a TEXT property of the VTODO.

Another program may have changed the task since, so what it says counts only where the standard properties leave it
open: `priority` beside PRIORITY:1, `time_zone` beside a DUE in UTC, `rrule` on a completed task without an RRULE.
"""

import json
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from services.kit.task import Due, Frozen, Priority, RecurrenceMode

NAME: Final = "X-TASK-PLATFORM"


class Extras(Frozen):
    """What the property holds.

    `external_id` is given where it is not the UID; `time_zone` is that of a DUE which had to be written in UTC.
    """

    id: UUID | None = None
    external_id: str | None = None
    priority: Priority | None = None
    mode: RecurrenceMode | None = None
    rrule: str | None = None
    series_id: UUID | None = None
    occurrence: int | None = None
    nominal: Due | None = None
    time_zone: str | None = None


def extras_text(extras: Extras) -> str:
    """Return the property's text: in ASCII, since a content line holds no control characters."""
    return json.dumps(extras.model_dump(mode="json", exclude_none=True), separators=(",", ":"))


def parse_extras(text: str) -> Extras:
    """Return what the property says; ValueError when it was not written by this platform."""
    try:
        return Extras.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(f"the property {NAME} cannot be read") from error
