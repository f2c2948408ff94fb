"""Short ways to write the dues and rules of the tests."""

from datetime import date, datetime

from services.kit.due import zone_names
from services.kit.task import Due, DueAt, DueDate, DueLocal, Recurrence, RecurrenceMode

ROME = "Europe/Rome"
NEW_YORK = "America/New_York"
ZONES = sorted(zone_names())
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

wall = datetime.fromisoformat
day = date.fromisoformat


def rule(text: str, mode: str = "from_due") -> Recurrence:
    return Recurrence(rrule=text, mode=RecurrenceMode(mode))


def at(text: str, time_zone: str | None = ROME) -> DueAt:
    return DueAt.model_validate({"at": text, "time_zone": time_zone})


def on(text: str) -> DueDate:
    return DueDate(date=day(text))


def local(text: str) -> DueLocal:
    return DueLocal(local=wall(text))


def shown(due: Due | None) -> str | None:
    """What clocks say on that due: an instant with its offset."""
    return None if due is None else str(next(iter(due.model_dump(mode="json").values())))
