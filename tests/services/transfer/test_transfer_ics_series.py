"""Recurring calendar tasks, the overrides of their occurrences, and what makes two components one task."""

from datetime import timedelta

import pytest
from harness.dues import at, local, on, rule
from transfer_calendars import calendar, one, todo
from transfer_cases import ID, only, read, told

from services.backend.transfer.parsed import Severity
from services.kit.task import Priority, Status


class TestRecurrence:
    @pytest.mark.parametrize(
        ("rrule", "text"),
        [
            ("FREQ=DAILY;", "FREQ=DAILY"),
            (" freq=weekly;byday=mo ", "FREQ=WEEKLY;BYDAY=MO"),
            ("INTERVAL=2;FREQ=DAILY", None),
        ],
    )
    def test_rules(self, rrule: str, text: str | None) -> None:
        assert only(one("DUE:20261201", f"RRULE:{rrule}")).recurrence == rule(text or rrule)

    @pytest.mark.parametrize("rrule", ["FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=9", "NONSENSE", "FREQ=DAILY;" + "X" * 500])
    def test_a_rule_that_is_not_supported_is_told_and_the_task_comes_in(self, rrule: str) -> None:
        parsed = one("DUE:20261201", f"RRULE:{rrule}")
        draft = parsed.drafts[0].draft
        assert (draft.due, draft.recurrence) == (on("2026-12-01"), None)
        assert told(parsed) == [(3, "recurrence", "warning")]

    def test_a_rule_without_a_date_is_told(self) -> None:
        assert told(one("RRULE:FREQ=DAILY")) == [(3, "recurrence", "warning")]

    @pytest.mark.parametrize("line", ["RDATE:20261205", "EXRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY"])
    def test_what_a_recurrence_cannot_be_is_told(self, line: str) -> None:
        parsed = one("DUE:20261201", "RRULE:FREQ=DAILY", line)
        assert parsed.drafts[0].draft.recurrence == rule("FREQ=DAILY")
        assert told(parsed) == [(3, "recurrence", "warning")]

    def test_a_rule_that_names_days_of_the_start_counts_from_it(self) -> None:
        parsed = one("DTSTART;VALUE=DATE:20261130", "DUE;VALUE=DATE:20261202", "RRULE:FREQ=WEEKLY;BYDAY=MO")
        draft = parsed.drafts[0].draft
        assert (draft.due, draft.nominal, draft.occurrence) == (on("2026-12-02"), on("2026-11-30"), 1)
        assert told(parsed) == [(3, "dtstart", "warning"), (3, "recurrence", "warning")]

    def test_a_rule_that_names_none_counts_from_the_due(self) -> None:
        parsed = one("DTSTART;VALUE=DATE:20261130", "DUE;VALUE=DATE:20261202", "RRULE:FREQ=WEEKLY")
        draft = parsed.drafts[0].draft
        assert (draft.due, draft.nominal) == (on("2026-12-02"), None)

    @pytest.mark.parametrize(
        ("exceptions", "due", "occurrence"),
        [
            ("20261201", "2026-12-02", 2),
            ("20261201,20261202", "2026-12-03", 3),
            ("20261202", "2026-12-01", None),
            ("20261201T120000", "2026-12-02", 2),
        ],
    )
    def test_exceptions_move_the_first_date(self, exceptions: str, due: str, occurrence: int | None) -> None:
        draft = only(one("DUE:20261201", "RRULE:FREQ=DAILY", f"EXDATE:{exceptions}"))
        assert (draft.due, draft.occurrence) == (on(due), occurrence)

    def test_only_so_many_exceptions_count(self) -> None:
        days = ",".join(f"{on('2026-12-01').date + timedelta(days=n):%Y%m%d}" for n in range(101))
        parsed = one("DUE:20261201", "RRULE:FREQ=DAILY", f"EXDATE:{days}")
        assert parsed.drafts[0].draft.due == on("2027-03-11")
        assert told(parsed) == [(3, "recurrence", "warning")]


def override(day: str, *lines: str, title: str = "Pay rent") -> str:
    return todo(f"RECURRENCE-ID:{day}", f"DUE:{day}", *lines, title=title)


MASTER = todo("DUE:20261201", "RRULE:FREQ=DAILY")


class TestSeries:
    def test_the_open_task_follows_the_last_completed_occurrence(self) -> None:
        done = [override(day, "STATUS:COMPLETED") for day in ("20261201", "20261203")]
        parsed = read("ics", calendar(*done, MASTER))
        assert parsed.problems == ()
        found = [(entry.draft.external_id, entry.draft.status.value, entry.draft.due) for entry in parsed.drafts]
        assert found == [
            ("u#20261201", "completed", on("2026-12-01")),
            ("u#20261203", "completed", on("2026-12-03")),
            ("u", "open", on("2026-12-04")),
        ]
        assert parsed.drafts[2].draft.occurrence == 3
        assert [entry.draft.recurrence is None for entry in parsed.drafts] == [True, True, False]

    def test_an_old_completion_moves_nothing(self) -> None:
        parsed = read("ics", calendar(MASTER, override("20261130", "STATUS:COMPLETED")))
        assert [entry.draft.due for entry in parsed.drafts] == [on("2026-12-01"), on("2026-11-30")]

    def test_a_series_whose_every_occurrence_is_completed_has_ended(self) -> None:
        master = todo("DUE:20261201", "RRULE:FREQ=DAILY;COUNT=2")
        parsed = read("ics", calendar(master, *(override(f"2026120{n}", "STATUS:COMPLETED") for n in (1, 2))))
        assert [entry.draft.external_id for entry in parsed.drafts] == ["u#20261201", "u#20261202"]
        assert told(parsed) == [(3, "recurrence", "warning")]

    def test_an_occurrence_in_utc_or_of_another_form_is_found(self) -> None:
        master = todo("DUE;TZID=Europe/Rome:20261201T090000", "RRULE:FREQ=DAILY")
        for day in ("20261201T080000Z", "20261201", "20261201T090000"):
            parsed = read("ics", calendar(master, override(day, "STATUS:COMPLETED")))
            assert parsed.drafts[0].draft.due == at("2026-12-02T09:00:00+01:00"), day

    def test_occurrences_go_by_the_start(self) -> None:
        master = todo("DTSTART:20261201T090000", "DUE:20261203T100000", "RRULE:FREQ=WEEKLY")
        parsed = read("ics", calendar(master, todo("RECURRENCE-ID:20261201T090000", "STATUS:COMPLETED")))
        draft = parsed.drafts[0].draft
        assert (draft.due, draft.nominal, draft.occurrence) == (local("2026-12-10T10:00"), local("2026-12-10T10:00"), 2)

    def test_a_moved_next_occurrence_is_the_open_task(self) -> None:
        moved = todo("RECURRENCE-ID:20261202", "DUE:20261209", "PRIORITY:5", title="Later")
        parsed = read("ics", calendar(MASTER, override("20261201", "STATUS:COMPLETED"), moved))
        (master, _) = parsed.drafts
        draft = master.draft
        assert (draft.title, draft.due, draft.nominal) == ("Later", on("2026-12-09"), on("2026-12-02"))
        assert (draft.priority, draft.recurrence, draft.external_id) == (Priority.MEDIUM, rule("FREQ=DAILY"), "u")
        assert parsed.problems == ()

    def test_a_moved_first_occurrence_keeps_its_nominal_date(self) -> None:
        draft = only(read("ics", calendar(MASTER, todo("RECURRENCE-ID:20261201", "DUE:20261209"))))
        assert (draft.due, draft.nominal) == (on("2026-12-09"), on("2026-12-01"))

    def test_a_change_of_a_later_occurrence_is_told(self) -> None:
        parsed = read("ics", calendar(MASTER, override("20261205", title="Other")))
        assert [entry.draft.title for entry in parsed.drafts] == ["Pay rent"]
        assert told(parsed) == [(9, None, "warning")]

    def test_an_earlier_open_occurrence_is_a_task_of_its_own(self) -> None:
        parts = [MASTER, override("20261203", "STATUS:COMPLETED"), override("20261202", title="Missed")]
        parsed = read("ics", calendar(*parts))
        found = [(entry.draft.title, entry.draft.status.value, entry.draft.due) for entry in parsed.drafts]
        assert found[0] == ("Pay rent", "open", on("2026-12-04"))
        assert found[2] == ("Missed", "open", on("2026-12-02"))

    def test_an_override_alone_is_a_task(self) -> None:
        draft = only(read("ics", calendar(override("20261201", "RRULE:FREQ=DAILY"))))
        assert (draft.external_id, draft.due, draft.recurrence) == ("u#20261201", on("2026-12-01"), None)

    def test_a_completed_master_stays_as_it_is(self) -> None:
        done = todo("DUE:20261201", "RRULE:FREQ=DAILY", "STATUS:COMPLETED")
        parsed = read("ics", calendar(done, override("20261201", "STATUS:COMPLETED")))
        assert [entry.draft.status for entry in parsed.drafts] == [Status.COMPLETED] * 2
        assert parsed.drafts[0].draft.due == on("2026-12-01")

    def test_a_rule_that_is_not_supported_leaves_the_overrides(self) -> None:
        master = todo("DUE:20261201", "RRULE:FREQ=SECONDLY")
        parsed = read("ics", calendar(master, override("20261201", "STATUS:COMPLETED")))
        assert len(parsed.drafts) == 2
        assert {problem.severity for problem in parsed.problems} == {Severity.WARNING}


class TestIdentity:
    @pytest.mark.parametrize(
        ("first", "second", "kept"),
        [
            ("SEQUENCE:1", "SEQUENCE:0", 3),
            ("SEQUENCE:1", "SEQUENCE:2", 8),
            ("LAST-MODIFIED:20260102T000000Z", "LAST-MODIFIED:20260101T000000Z", 3),
            ("DTSTAMP:20260101T000000Z", "DTSTAMP:20260102T000000Z", 8),
            ("X-A:1", "SEQUENCE:x", 8),
        ],
    )
    def test_the_newest_of_two_with_one_uid_comes_in_and_the_other_is_told(
        self, first: str, second: str, kept: int
    ) -> None:
        parsed = read("ics", calendar(todo(first), todo(second)))
        assert [entry.line for entry in parsed.drafts] == [kept]
        assert told(parsed) == [(11 - kept, "uid", "error")]

    def test_tasks_without_uid_are_not_one(self) -> None:
        parsed = read("ics", calendar(todo(uid=None), todo(uid=None)))
        assert [(entry.draft.title, entry.draft.external_id) for entry in parsed.drafts] == [("Pay rent", None)] * 2

    def test_a_uid_that_is_too_long_is_cut_the_same_way_each_time(self) -> None:
        parsed = read("ics", calendar(todo(uid="u" * 300), todo(uid="u" * 301)))
        first, second = (entry.draft.external_id or "" for entry in parsed.drafts)
        assert (len(first), len(second), first != second, first[:200]) == (255, 255, True, "u" * 200)
        assert parsed == read("ics", calendar(todo(uid="u" * 300), todo(uid="u" * 301)))

    def test_a_uid_of_255_is_whole(self) -> None:
        assert only(read("ics", calendar(todo(uid="u" * 255)))).external_id == "u" * 255

    def test_our_own_id_comes_back_beside_a_foreign_uid(self) -> None:
        draft = only(one(f'X-TASK-PLATFORM:{{"id":"{ID}"}}'))
        assert (draft.id, draft.external_id) == (ID, "u")
