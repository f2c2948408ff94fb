"""A calendar file read as tasks."""

from datetime import datetime

from services.backend.transfer.ics.lines import Component, components
from services.backend.transfer.ics.series import settled
from services.backend.transfer.ics.source import Source
from services.backend.transfer.ics.todo import Item, read_todo
from services.backend.transfer.ics.zones import Zones
from services.backend.transfer.parsed import Parsed, Reading
from services.backend.transfer.text import as_utf8
from services.kit.task import Profile


def read(data: bytes, profile: Profile, now: datetime) -> Parsed:
    """Read every VTODO of a calendar. A broken one costs the others nothing; its line is told."""
    reading = Reading(profile, now)
    found = components(as_utf8(data), reading)
    zones = Zones(component for component in found if component.name == "VTIMEZONE")
    todos = [component for component in found if component.name == "VTODO"]
    if not todos:
        reading.spot().error(None, "there is no task (VTODO) in this file")
    for item in settled([_item(todo, zones, reading) for todo in todos], profile.time_zone):
        reading.add(item.spot, item.complete_fields())
    return reading.parsed()


def _item(todo: Component, zones: Zones, reading: Reading) -> Item:
    spot = reading.spot(todo.line, todo.text("SUMMARY") or todo.text("UID") or None)
    if not todo.closed:
        spot.warn(None, "the task does not end with END:VTODO; it comes in as far as it goes")
    return read_todo(Source(todo, zones, spot))
