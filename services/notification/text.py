"""What a reminder says to a person: plain lines, in their language and on the clocks of their zone."""

import html
import re
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from services.kit.due import zone
from services.kit.task import Due, DueAt, DueDate, Frozen, Profile
from services.notification.locales import clock, language
from services.notification.models import Delivery

_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_SUBJECT_LENGTH: Final = 150


class Text(Frozen):
    """A message to a person: one line that says what it is about, and lines with more."""

    subject: str
    lines: tuple[str, ...]


def reminder_text(delivery: Delivery, profile: Profile) -> Text:
    """Return what the reminder of a delivery says; that it is late, where it is."""
    words = language(profile.locale)
    title = one_line(delivery.title)
    lines = [title]
    if delivery.due is not None:
        lines.append(f"{words.due}: {due_text(delivery.due, profile)}")
    if delivery.late:
        lines.append(words.late.format(moment=_moment(delivery.scheduled_at, profile)))
    return Text(subject=f"{words.reminder}: {_shortened(title)}", lines=tuple(lines))


def trial_text(profile: Profile) -> Text:
    """Return what a test notification says."""
    said = language(profile.locale).test
    return Text(subject=said, lines=(said,))


def due_text(due: Due, profile: Profile) -> str:
    """Return a due in words: an instant in the person's zone, a floating time and a date as they are."""
    if isinstance(due, DueDate):
        return _day(due.date, profile)
    return _moment(due.at, profile) if isinstance(due, DueAt) else _local(due.local, profile)


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters."""
    return _SPACE.sub(" ", text).strip()


def html_body(text: Text, reference: str) -> bytes:
    """Return the body of an e-mail as Dapr's SMTP binding takes it: HTML, as a JSON string.

    The binding sets no Message-ID and offers none to be set, so the reference that stays the same when a message has
    to be sent again stands at its end.
    """
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in text.lines)
    return orjson.dumps(f"{lines}<p><small>{html.escape(reference)}</small></p>")


def _moment(instant: datetime, profile: Profile) -> str:
    try:
        shown = instant.astimezone(_zone(profile))
    except OverflowError:  # the first and the last day that a datetime can hold
        shown = instant
    return f"{_local(shown, profile)} ({shown.tzname() or 'UTC'})"


def _local(wall: datetime, profile: Profile) -> str:
    return f"{_day(wall, profile)}, {clock(wall, profile.locale)}"


def _day(value: date, profile: Profile) -> str:
    return language(profile.locale).day(value)


def _zone(profile: Profile) -> ZoneInfo:
    try:
        return zone(profile.time_zone)
    except ValueError:
        return ZoneInfo("UTC")


def _shortened(title: str) -> str:
    return title if len(title) <= _SUBJECT_LENGTH else title[: _SUBJECT_LENGTH - 1] + "…"
