"""What people read: in their language, on their clocks, and without a way into headers or markup."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.stage import reminder
from services.kit.ids import person_id
from services.kit.task import Due, DueAt, DueDate, DueLocal, Profile
from services.notification.models import Delivery
from services.notification.text import Text, due_text, html_body, one_line, reminder_text, trial_text

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
LOCALES = ["en", "en-US", "en-GB", "de-DE", "es", "fr_FR", "it-IT", "ja", ""]


def delivery(title: str = "Pay rent", due: Due | None = None, *, late: bool = False) -> Delivery:
    event = reminder(person_id("local", "me"), due=due, late=late)
    task = event.task.model_copy(update={"title": title})
    return Delivery.of(event.model_copy(update={"task": task, "scheduled_at": NOW}), (), NOW)


@pytest.mark.parametrize(
    ("due", "zone", "locale", "said"),
    [
        (DueAt(at=NOW), "UTC", "en", "Tuesday 1 December 2026, 8:00 AM (UTC)"),
        (DueAt(at=NOW), "America/New_York", "en-US", "Tuesday, December 1, 2026, 3:00 AM (EST)"),
        (DueAt(at=NOW), "Asia/Tokyo", "en-GB", "Tuesday 1 December 2026, 17:00 (JST)"),
        (DueAt(at=NOW), "Pacific/Kiritimati", "fr", "mardi 1 décembre 2026, 22:00 (+14)"),
        (DueAt(at=NOW, time_zone="Asia/Tokyo"), "Europe/Berlin", "de-DE", "Dienstag, 1. Dezember 2026, 09:00 (CET)"),
        (DueAt(at=NOW - timedelta(days=180)), "Europe/Rome", "it", "giovedì 4 giugno 2026, 10:00 (CEST)"),
        (DueAt(at=NOW), "No/Where", "es", "martes, 1 de diciembre de 2026, 08:00 (UTC)"),
        (
            DueLocal(local=datetime.fromisoformat("2026-12-01T00:05")),
            "Asia/Tokyo",
            "en-US",
            "Tuesday, December 1, 2026, 12:05 AM",
        ),
        (DueLocal(local=datetime.fromisoformat("2026-12-01T12:05")), "UTC", "en", "Tuesday 1 December 2026, 12:05 PM"),
        (DueDate(date=date(2026, 12, 1)), "America/New_York", "en-GB", "Tuesday 1 December 2026"),
    ],
)
def test_dues(due: Due, zone: str, locale: str, said: str) -> None:
    assert due_text(due, Profile(time_zone=zone, locale=locale)) == said


@pytest.mark.parametrize("moment", ["0001-01-01T00:00Z", "9999-12-31T23:59Z"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_the_ends_of_time(moment: str, zone: str) -> None:
    assert due_text(DueAt(at=datetime.fromisoformat(moment)), Profile(time_zone=zone))


def test_late_is_said_when_it_is() -> None:
    profile = Profile(time_zone="Europe/Rome", locale="en-GB")
    text = reminder_text(delivery(late=True), profile)
    assert text.lines[-1] == "This reminder is late: it should have come on Tuesday 1 December 2026, 09:00 (CET)."
    assert reminder_text(delivery(), profile).lines == ("Pay rent",)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_its_words(locale: str) -> None:
    profile = Profile(locale=locale)
    text = reminder_text(delivery(due=DueDate(date=date(2026, 5, 31)), late=True), profile)
    assert len(text.lines) == 3
    assert all(text.lines)
    assert "{" not in "".join(text.lines)
    for month in range(1, 13):
        assert due_text(DueDate(date=date(2026, month, month)), profile)
    assert trial_text(profile).subject


@given(st.text(min_size=1, max_size=600))
def test_a_title_cannot_leave_its_line(title: str) -> None:
    text = reminder_text(delivery(title), Profile())
    for line in (text.subject, *text.lines):
        assert len(line.splitlines()) <= 1
        assert not any(c < " " or c == "\x7f" for c in line)
    assert len(text.subject) <= 170


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("a\r\nBcc: x@example.com", "a Bcc: x@example.com"),
        ("a\x00b\x1bc", "a b c"),
        ("a\u2028b\u0085c", "a b c"),
        ("  a \t b  ", "a b"),
    ],
)
def test_one_line(title: str, line: str) -> None:
    assert one_line(title) == line


def test_long_titles_are_cut_in_the_subject_alone() -> None:
    text = reminder_text(delivery("x" * 500), Profile())
    assert text.subject.endswith("x…")
    assert text.lines[0] == "x" * 500


@given(st.text(max_size=50))
def test_markup_is_text(line: str) -> None:
    body = orjson.loads(html_body(Text(subject="s", lines=(f"<script>{line}</script>",)), "id&"))
    assert "<script>" not in body
    assert body.count("<") == 6
    assert body.endswith("<p><small>id&amp;</small></p>")
