"""What is written as iCalendar: the very lines, and every task back again."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from harness.dues import ROME, at, local, on, rule
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar
from transfer_cases import ID, NOW, PERSON, back, only, read, task, tasks, unhurried, write

from services.backend.schemas import ReminderInput, TaskDraft
from services.kit.due import reminder_at
from services.kit.task import Priority, Reminder, Task


def todo(original: Task) -> list[str]:
    """The lines of its VTODO, unfolded, without those that every task has."""
    text = write("ics", original).decode().replace("\r\n ", "")
    lines = text[text.index("BEGIN:VTODO") :].split("\r\n")
    common = (
        "BEGIN:VTODO",
        "END:V",
        "DTSTAMP",
        "CREATED",
        "LAST-MODIFIED",
        "SEQUENCE",
        "UID:",
        "X-TASK",
        "STATUS:NEEDS",
    )
    return [line for line in lines if line and not line.startswith(common)]


def carried(text: str) -> str:
    """Text without what iCalendar forbids (RFC 5545, 3.1), every line end a line feed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c != "\x7f"))


def when(draft: TaskDraft, reminder: ReminderInput | Reminder) -> datetime:
    if reminder.before is None:
        assert reminder.at is not None
        return reminder.at
    assert draft.due is not None
    return reminder_at(draft.due, reminder.before, ROME)


@unhurried
@given(tasks())
@example(task(title="C:\\New\\new", description="\\n, \\; \\\\ \r\n \rx\n"))
@example(task(due=at("2026-10-25T02:30:00+01:00"), nominal=at("2026-03-29T02:30:00+01:00")))
@example(task(due=at("2026-10-25T02:30:00+02:00")))
@example(task(due=at("2026-12-01T09:00:00+00:00", "UTC"), recurrence=rule("FREQ=YEARLY")))
def test_every_task_comes_back(original: Task) -> None:
    draft = back("ics", original)
    same = ("id", "external_id", "status", "priority", "due", "recurrence", "series_id", "occurrence", "nominal")
    for name in (*same, "completed_at", "created_at", "tags"):
        assert getattr(draft, name) == getattr(original, name), name
    assert draft.title == (carried(original.title).strip() or "Untitled")
    assert draft.description == carried(original.description)
    assert [one.id for one in draft.reminders] == [one.id for one in original.reminders]
    for found, reminder in zip(draft.reminders, original.reminders, strict=True):
        assert (found.before is None) == (reminder.before is None)
        assert abs(when(draft, found) - when(draft, reminder)) <= timedelta(hours=1)


@unhurried
@given(tasks(), st.integers(1, 3))
def test_a_file_is_a_calendar_by_the_letter(original: Task, count: int) -> None:
    originals = [original.model_copy(update={"id": UUID(int=number)}) for number in range(count)]
    data = write("ics", *originals)
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    calendar = Calendar.from_ical(data)
    assert [str(one["SUMMARY"]) for one in calendar.walk("VTODO")] == [carried(one.title) for one in originals]
    assert len({str(one["UID"]) for one in calendar.walk("VTODO")}) == len(originals)
    assert not calendar.errors
    assert all(not one.errors for one in calendar.walk("VTODO"))


def test_a_plain_task() -> None:
    assert write("ics", task(external_id="abc")).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//task-platform//task-platform//EN",
        "BEGIN:VTODO",
        "UID:abc",
        "DTSTAMP:20261101T083000Z",
        "CREATED:20261101T083000Z",
        "LAST-MODIFIED:20261101T083000Z",
        "SEQUENCE:3",
        "SUMMARY:Pay rent",
        "STATUS:NEEDS-ACTION",
        f'X-TASK-PLATFORM:{{"id":"{ID}"}}',
        "END:VTODO",
        "END:VCALENDAR",
        "",
    ]


def test_an_empty_list_is_an_empty_calendar() -> None:
    assert write("ics").split(b"\r\n")[::3] == [b"BEGIN:VCALENDAR", b"END:VCALENDAR"]


def test_completed() -> None:
    done = task(status="completed", completed_at=NOW)
    assert todo(done)[1:] == ["STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20261123T120000Z"]


@pytest.mark.parametrize(
    ("priority", "number"), [("urgent", "1"), ("high", "3"), ("medium", "5"), ("low", "9"), ("none", None)]
)
def test_priorities_are_told_apart(priority: str, number: str | None) -> None:
    original = task(priority=priority)
    assert [line for line in todo(original) if line.startswith("PRIORITY")] == (
        [f"PRIORITY:{number}"] if number else []
    )
    assert back("ics", original).priority == Priority(priority)


def test_urgent_is_high_where_another_program_took_our_extension_or_changed_the_number() -> None:
    text = write("ics", task(priority="urgent")).decode()
    lines = [line for line in text.split("\r\n") if not line.startswith(("X-TASK", " "))]
    assert only(read("ics", "\r\n".join(lines))).priority is Priority.HIGH
    assert only(read("ics", text.replace("PRIORITY:1", "PRIORITY:9"))).priority is Priority.LOW


@pytest.mark.parametrize(
    ("due", "line"),
    [
        (on("2026-12-01"), "DUE;VALUE=DATE:20261201"),
        (local("2026-12-01T09:00"), "DUE:20261201T090000"),
        (at("2026-12-01T09:00:00+01:00"), "DUE;TZID=Europe/Rome:20261201T090000"),
        (at("2026-12-01T09:00:00+00:00", "UTC"), "DUE:20261201T090000Z"),
        (at("2026-12-01T09:00:00+00:00", "Etc/UTC"), "DUE;TZID=Etc/UTC:20261201T090000"),
        (at("2026-10-25T02:30:00+02:00"), "DUE;TZID=Europe/Rome:20261025T023000"),
        (at("2026-10-25T02:30:00+01:00"), "DUE:20261025T013000Z"),
    ],
)
def test_dues(due: object, line: str) -> None:
    original = task(due=due)
    assert todo(original)[1:] == [line]
    assert back("ics", original).due == due


def test_every_zone_is_defined_once_before_it_is_used() -> None:
    paris = at("2026-12-01T09:00:00+01:00", "Europe/Paris")
    data = write(
        "ics",
        task(due=paris),
        task(id=UUID(int=2), due=paris),
        task(id=UUID(int=3), due=at("2026-12-01T09:00:00+01:00")),
    )
    text = data.decode()
    assert [line for line in text.split("\r\n") if line.startswith("TZID")] == ["TZID:Europe/Paris", "TZID:Europe/Rome"]
    assert text.rindex("END:VTIMEZONE") < text.index("BEGIN:VTODO")
    (due, *_) = (one["DUE"].dt for one in Calendar.from_ical(data).walk("VTODO"))
    assert due.utcoffset() == timedelta(hours=1)


def test_a_rule_of_an_open_task_counts_from_its_start() -> None:
    original = task(due=on("2026-12-01"), recurrence=rule("FREQ=MONTHLY;BYMONTHDAY=1"))
    assert todo(original)[1:] == [
        "DTSTART;VALUE=DATE:20261201",
        "DUE;VALUE=DATE:20261201",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=1",
    ]


def test_a_completed_occurrence_starts_no_series_elsewhere() -> None:
    done = task(status="completed", completed_at=NOW, due=on("2026-12-01"), recurrence=rule("FREQ=DAILY"))
    text = write("ics", done).decode()
    assert "\nRRULE" not in text
    assert "DTSTART" not in text
    assert back("ics", done).recurrence == rule("FREQ=DAILY")


def test_what_repeats_from_its_completion_comes_back_so() -> None:
    original = task(due=on("2026-12-01"), recurrence=rule("FREQ=DAILY", "from_completion"))
    assert back("ics", original).recurrence == original.recurrence


@pytest.mark.parametrize(
    ("before", "due", "trigger", "again"),
    [
        ("PT1H", at("2026-12-01T09:00:00+01:00"), "-PT1H", "PT1H"),
        ("P1D", local("2026-12-01T09:00"), "-P1D", "P1D"),
        ("PT24H", local("2026-12-01T09:00"), "-PT24H", "PT24H"),
        ("P1W", local("2026-12-01T09:00"), "-P1W", "P1W"),
        ("P1W1D", local("2026-12-01T09:00"), "-P8D", "P8D"),
        ("P1D", on("2026-12-01"), "-PT15H", "P1D"),
        ("PT0S", on("2026-12-01"), "PT9H", "PT0S"),
        ("PT30M", on("2026-12-01"), "PT8H30M", "PT30M"),
    ],
)
def test_reminders_before_the_due(before: str, due: object, trigger: str, again: str) -> None:
    original = task(due=due, reminders=[{"id": "r1", "before": before, "at": NOW}])
    start = todo(original).index("BEGIN:VALARM")
    assert todo(original)[start + 1 :] == ["ACTION:DISPLAY", "DESCRIPTION:Pay rent", f"TRIGGER;RELATED=END:{trigger}"]
    assert back("ics", original).reminders == (ReminderInput(id="r1", before=again),)


def test_a_reminder_at_a_time() -> None:
    original = task(reminders=[{"id": "r1", "at": NOW}])
    assert todo(original)[-1] == "TRIGGER;VALUE=DATE-TIME:20261123T120000Z"
    assert back("ics", original).reminders == (ReminderInput(id="r1", at=NOW),)


def test_text_is_escaped_and_control_characters_are_left_out() -> None:
    original = task(title="a;b,c\\N", description="one\r\ntwo\x07\rthree", tags=["a,b", "c;d"])
    assert todo(original) == [r"SUMMARY:a\;b\,c\\N", r"DESCRIPTION:one\ntwo\nthree", r"CATEGORIES:a\,b,c\;d"]


def test_long_lines_are_folded_between_letters() -> None:
    title = "🎉é" * 200
    data = write("ics", task(title=title))
    assert all(len(line) <= 75 and line.decode() for line in data.split(b"\r\n") if line)
    assert back("ics", task(title=title)).title == title


def test_one_external_id_on_two_tasks_is_one_uid_and_both_come_back() -> None:
    both = [task(external_id="same"), task(id=UUID(int=2), external_id="same")]
    data = write("ics", *both)
    assert data.count(b"UID:same") == 1
    parsed = read("ics", data)
    assert [(entry.draft.id, entry.draft.external_id) for entry in parsed.drafts] == [
        (ID, "same"),
        (UUID(int=2), "same"),
    ]


def test_an_external_id_that_no_line_can_hold_comes_back() -> None:
    assert back("ics", task(external_id=" a\r\n\x07\x7fé")).external_id == " a\r\n\x07\x7fé"


def test_what_another_program_changed_counts() -> None:
    original = task(title="Old", due=at("2026-10-25T02:30:00+01:00"))
    text = write("ics", original).decode()
    moved = text.replace("DUE:20261025T013000Z", "DUE;VALUE=DATE:20261101").replace("SUMMARY:Old", "SUMMARY:New")
    draft = only(read("ics", moved))
    assert (draft.id, draft.title, draft.due) == (ID, "New", on("2026-11-01"))


def test_the_person_is_not_needed_to_write() -> None:
    assert write("ics", task(), profile=PERSON) == write(
        "ics", task(), profile=PERSON.model_copy(update={"time_zone": "UTC"})
    )
