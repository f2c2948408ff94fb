"""Alarms of every kind, and calendar files that do not hold together."""

from datetime import timedelta

import pytest
from harness.dues import on
from transfer_calendars import alarm, calendar, messages, one, todo
from transfer_cases import only, read, told, utc

from services.backend.schemas import ReminderInput
from services.backend.transfer.parsed import Severity


class TestAlarms:
    def test_of_every_kind(self) -> None:
        triggers = [
            "TRIGGER:-PT15M",
            "TRIGGER;RELATED=END:-P1D",
            "TRIGGER;VALUE=DATE-TIME:20261130T080000Z",
            "TRIGGER:20261130T090000",
            "TRIGGER:PT0S",
            "TRIGGER;RELATED=START:-P1W",
        ]
        draft = only(one("DUE:20261201T090000", *(alarm(trigger) for trigger in triggers)))
        assert [one.before or one.at for one in draft.reminders] == [
            "PT15M",
            "P1D",
            utc("2026-11-30T08:00:00"),
            utc("2026-11-30T09:00:00"),
            "PT0S",
            "P1W",
        ]

    @pytest.mark.parametrize(
        ("trigger", "before"),
        [
            ("TRIGGER:-PT1H", "P1DT2H"),
            ("TRIGGER;RELATED=END:-PT1H", "PT1H"),
            ("TRIGGER:PT30M", "P1DT30M"),
            ("TRIGGER:P1DT1H", "PT0S"),
        ],
    )
    def test_one_that_counts_from_the_start(self, trigger: str, before: str) -> None:
        parsed = one("DTSTART:20261130T080000", "DUE:20261201T090000", alarm(trigger))
        assert parsed.drafts[0].draft.reminders == (ReminderInput(before=before),)

    def test_a_start_in_another_zone(self) -> None:
        start = "DTSTART;TZID=America/New_York:20261201T030000"
        parsed = one(start, "DUE;TZID=Europe/Rome:20261201T100000", alarm("TRIGGER:-PT1H"))
        assert parsed.drafts[0].draft.reminders == (ReminderInput(before="PT2H"),)

    @pytest.mark.parametrize(
        ("trigger", "before"), [("-PT15H", "P1D"), ("PT9H", "PT0S"), ("-P1D", "P1DT9H"), ("PT0S", "PT9H")]
    )
    def test_on_a_date_alarms_count_from_midnight_and_reminders_from_nine(self, trigger: str, before: str) -> None:
        assert only(one("DUE:20261201", alarm(f"TRIGGER:{trigger}"))).reminders == (ReminderInput(before=before),)

    @pytest.mark.parametrize(
        ("trigger", "at_time"),
        [("TRIGGER:PT1H", "2026-12-01T09:00:00"), ("TRIGGER:-P400D", "2025-10-27T08:00:00")],
    )
    def test_one_after_the_due_or_too_long_before_it_is_at_a_fixed_time(self, trigger: str, at_time: str) -> None:
        parsed = one("DUE;TZID=Europe/Rome:20261201T090000", alarm(trigger))
        assert parsed.drafts[0].draft.reminders[0].before is None
        assert abs(parsed.drafts[0].draft.reminders[0].at - utc(at_time)) <= timedelta(hours=1)  # type: ignore[operator]
        assert told(parsed) == [(3, "reminders", "warning")]

    @pytest.mark.parametrize(
        "lines",
        [
            ["TRIGGER:-PT1H"],
            ["TRIGGER;RELATED=END:-PT1H"],
            [],
            ["TRIGGER:soon"],
            ["TRIGGER:P99999999999D"],
            ["TRIGGER:-PT1H", "X-APPLE-PROXIMITY:DEPART"],
        ],
    )
    def test_what_cannot_be_placed_is_told_and_the_task_comes_in(self, lines: list[str]) -> None:
        parsed = one(alarm(*lines))
        assert parsed.drafts[0].draft.reminders == ()
        assert [problem.severity.value for problem in parsed.problems] == ["warning"]

    def test_the_end_of_the_calendar_is_told(self) -> None:
        parsed = one("DUE:25001231T090000", alarm("TRIGGER:P1D"))
        assert (parsed.drafts[0].draft.reminders, told(parsed)) == ((), [(3, "trigger", "warning")])

    def test_from_a_start_without_a_due(self) -> None:
        parsed = one("DTSTART;TZID=Europe/Rome:20261201T090000", alarm("TRIGGER:-PT1H"))
        assert parsed.drafts[0].draft.reminders == (ReminderInput(at=utc("2026-12-01T07:00:00")),)

    def test_no_alarm_is_none(self) -> None:
        silent = alarm("TRIGGER;VALUE=DATE-TIME:19760401T005545Z").replace("DISPLAY", "NONE")
        assert only(one("DUE:20261201", silent)).reminders == ()

    def test_the_same_time_twice_is_one_and_ids_are_kept_once(self) -> None:
        alarms = [alarm("TRIGGER:-PT1H", "UID:a"), alarm("TRIGGER:-PT1H", "UID:b"), alarm("TRIGGER:-PT2H", "UID:a")]
        draft = only(one("DUE:20261201T090000", *alarms, alarm("TRIGGER:-PT3H", f"UID:{'u' * 65}")))
        assert [(one.before, one.id) for one in draft.reminders] == [("PT1H", "a"), ("PT2H", None), ("PT3H", None)]

    def test_ten_come_in(self) -> None:
        parsed = one("DUE:20261201T090000", *(alarm(f"TRIGGER:-PT{n}H") for n in range(1, 12)))
        assert (len(parsed.drafts[0].draft.reminders), told(parsed)) == (10, [(3, "reminders", "warning")])


class TestBrokenFiles:
    def test_one_bad_task_costs_the_others_nothing(self) -> None:
        bad = todo("DUE;=:", "RRULE", 'CATEGORIES;X="', "no property", "END:VALARM", uid="bad", title="Bad")
        parsed = read("ics", calendar(todo(), bad, todo(uid="v")))
        assert [entry.draft.title for entry in parsed.drafts] == ["Pay rent", "Bad", "Pay rent"]
        assert {problem.severity for problem in parsed.problems} == {Severity.WARNING}
        assert all((problem.line or 0) >= 7 for problem in parsed.problems)

    def test_a_task_that_does_not_end_ends_where_the_next_begins(self) -> None:
        text = calendar(todo().removesuffix("END:VTODO"), todo(uid="v"))
        parsed = read("ics", text)
        assert [(entry.line, entry.draft.external_id) for entry in parsed.drafts] == [(3, "u"), (7, "v")]
        assert told(parsed) == [(3, None, "warning")]

    @pytest.mark.parametrize("cut", range(30, 75, 5))
    def test_a_file_that_was_cut_off(self, cut: int) -> None:
        parsed = read("ics", calendar(todo())[:cut])
        assert len(parsed.drafts) == (cut > 40)

    def test_an_alarm_that_does_not_end(self) -> None:
        parsed = one("DUE:20261201T090000", "BEGIN:VALARM", "TRIGGER:-PT1H")
        assert parsed.drafts[0].draft.reminders == (ReminderInput(before="PT1H"),)

    def test_without_a_calendar_around_it(self) -> None:
        assert only(read("ics", todo())).title == "Pay rent"

    def test_events_are_counted_and_left_out(self) -> None:
        event = "BEGIN:VEVENT\r\nSUMMARY:x\r\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT"
        parsed = read("ics", calendar(event, todo(), event))
        assert len(parsed.drafts) == 1
        assert messages(parsed) == ["2 VEVENT left out: only tasks (VTODO) are read"]

    @pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\r\nEND:VCALENDAR", "hello", "\x00\xff"])
    def test_no_task_is_an_error(self, text: str) -> None:
        parsed = read("ics", text)
        assert (parsed.drafts, told(parsed)) == ((), [(None, None, "error")])

    def test_components_of_a_task_that_nobody_knows_are_not_its_own(self) -> None:
        inner = "BEGIN:VLOCATION\r\nUID:other\r\nSUMMARY:other\r\nEND:VLOCATION"
        draft = only(one("DUE:20261201", inner))
        assert (draft.title, draft.external_id) == ("Pay rent", "u")

    def test_components_too_deep_are_left_out(self) -> None:
        deep = ["BEGIN:X"] * 20 + ["DESCRIPTION:deep"] + ["END:X"] * 20
        assert only(one(*deep, "DUE:20261201")).due == on("2026-12-01")
