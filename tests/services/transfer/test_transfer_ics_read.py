"""iCalendar as other programs write it, right and wrong: what comes in, and what is told."""

from datetime import UTC, datetime, timedelta

import pytest
from harness.dues import ROME, at, local, on, rule
from transfer_cases import ID, NOW, only, read, told, utc

from services.backend.schemas import ReminderInput
from services.backend.transfer.parsed import Parsed, Severity
from services.kit.task import Due, DueAt, Priority, Status


def todo(*lines: str, uid: str | None = "u", title: str = "Pay rent") -> str:
    head = ["BEGIN:VTODO", *([f"UID:{uid}"] if uid else []), f"SUMMARY:{title}"]
    return "\r\n".join([*head, *lines, "END:VTODO"])


def calendar(*components: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *components, "END:VCALENDAR", ""])


def one(*lines: str) -> Parsed:
    return read("ics", calendar(todo(*lines)))


def alarm(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VALARM", "ACTION:DISPLAY", *lines, "END:VALARM"])


def messages(parsed: Parsed) -> list[str]:
    return [problem.message for problem in parsed.problems]


class TestText:
    def test_escapes_folds_and_spaces(self) -> None:
        parsed = one("DESCRIPTION:a\\nb\\Nc\\, d\\; e\\\\n f\r\n  g\r\n\th", "CATEGORIES:a\\,b,c", "CATEGORIES: d ")
        draft = only(parsed)
        assert (draft.description, draft.tags) == ("a\nb\nc, d; e\\n f gh", ("a,b", "c", "d"))

    def test_a_fold_in_the_middle_of_a_letter(self) -> None:
        raw = calendar(todo(title="Café")).encode()
        split = raw.index("é".encode()) + 1
        assert only(read("ics", raw[:split] + b"\r\n " + raw[split:])).title == "Café"

    def test_parameters_are_no_text(self) -> None:
        text = calendar(todo()).replace("SUMMARY:", 'SUMMARY;LANGUAGE=en;ALTREP="http://a:b;c":')
        assert only(read("ics", text)).title == "Pay rent"

    def test_windows_1252_is_read_and_told(self) -> None:
        parsed = read("ics", calendar(todo(title="Caf\xe9")).encode("latin-1"))
        assert (parsed.drafts[0].draft.title, told(parsed)) == ("Café", [(5, "summary", "warning")])

    def test_utf_16_with_its_mark(self) -> None:
        assert only(read("ics", calendar(todo(title="Café")).encode("utf-16"))).title == "Café"

    @pytest.mark.parametrize(
        ("lines", "title"),
        [(["DESCRIPTION:First\\nSecond"], "First"), (["DESCRIPTION:"], "Untitled"), ([], "Untitled")],
    )
    def test_a_task_without_a_title(self, lines: list[str], title: str) -> None:
        parsed = read("ics", calendar(todo(*lines, title=" ")))
        assert parsed.drafts[0].draft.title == title
        assert told(parsed) == ([(3, "title", "warning")] if title == "Untitled" else [])

    def test_what_is_too_long_is_cut_and_told(self) -> None:
        tags = ",".join(f"t{number}" for number in range(51)) + "," + "x" * 65
        parsed = read("ics", calendar(todo(f"DESCRIPTION:{'d' * 20_001}", f"CATEGORIES:{tags}", title="t" * 501)))
        draft = parsed.drafts[0].draft
        assert (len(draft.title), len(draft.description), len(draft.tags)) == (500, 20_000, 50)
        assert [problem.field for problem in parsed.problems] == ["description", "title", "tags"]

    def test_limits_themselves_are_no_problem(self) -> None:
        tags = ",".join(["x" * 64, *(f"t{number}" for number in range(49))])
        draft = only(read("ics", calendar(todo(f"DESCRIPTION:{'d' * 20_000}", f"CATEGORIES:{tags}", title="t" * 500))))
        assert (len(draft.title), len(draft.description), len(draft.tags)) == (500, 20_000, 50)

    def test_tags_that_differ_by_case_are_one(self) -> None:
        assert only(one("CATEGORIES:Home,home,,HOME")).tags == ("Home",)


class TestStatus:
    @pytest.mark.parametrize(
        ("lines", "status"),
        [
            ([], Status.OPEN),
            (["STATUS:NEEDS-ACTION"], Status.OPEN),
            (["STATUS:IN-PROCESS", "PERCENT-COMPLETE:100"], Status.OPEN),
            (["PERCENT-COMPLETE:99"], Status.OPEN),
            (["PERCENT-COMPLETE:100"], Status.COMPLETED),
            (["COMPLETED:20260102T030405Z"], Status.COMPLETED),
            (["status:completed", "PERCENT-COMPLETE:0"], Status.COMPLETED),
        ],
    )
    def test_status(self, lines: list[str], status: Status) -> None:
        assert only(one(*lines)).status is status

    def test_cancelled_is_completed_and_told(self) -> None:
        parsed = one("STATUS:CANCELLED")
        assert (parsed.drafts[0].draft.status, told(parsed)) == (Status.COMPLETED, [(3, "status", "warning")])

    def test_an_unknown_status_is_open_and_told(self) -> None:
        parsed = one("STATUS:DREAMING")
        assert (parsed.drafts[0].draft.status, told(parsed)) == (Status.OPEN, [(3, "status", "warning")])

    @pytest.mark.parametrize(
        ("lines", "completed_at"),
        [
            (["COMPLETED:20260102T030405Z", "LAST-MODIFIED:20270101T000000Z"], utc("2026-01-02T03:04:05")),
            (["COMPLETED:20260102T030405"], utc("2026-01-02T03:04:05")),
            (["COMPLETED;VALUE=DATE:20260102"], utc("2026-01-01T23:00:00")),
            (["COMPLETED;TZID=Europe/Rome:20260102T030405"], utc("2026-01-02T02:04:05")),
            (["LAST-MODIFIED:20270101T000000Z", "DTSTAMP:20280101T000000Z"], utc("2027-01-01T00:00:00")),
            (["DTSTAMP:20280101T000000Z"], utc("2028-01-01T00:00:00")),
            ([], NOW),
        ],
    )
    def test_when_it_was_completed(self, lines: list[str], completed_at: datetime) -> None:
        assert only(one("STATUS:COMPLETED", *lines)).completed_at == completed_at


class TestPriority:
    @pytest.mark.parametrize(
        ("number", "priority"),
        [*[(n, "high") for n in "1234"], ("5", "medium"), *[(n, "low") for n in "6789"], ("0", "none"), ("", "none")],
    )
    def test_bands(self, number: str, priority: str) -> None:
        assert only(one(f"PRIORITY:{number}")).priority == Priority(priority)

    @pytest.mark.parametrize("number", ["10", "-1", "high", "\uff15"])
    def test_what_is_no_number_is_told(self, number: str) -> None:
        parsed = one(f"PRIORITY:{number}")
        assert (parsed.drafts[0].draft.priority, told(parsed)) == (Priority.NONE, [(3, "priority", "warning")])

    def test_one_beside_our_extension_is_urgent(self) -> None:
        assert only(one("PRIORITY:1", 'X-TASK-PLATFORM:{"priority":"urgent"}')).priority is Priority.URGENT

    def test_an_extension_that_cannot_be_read_is_told(self) -> None:
        assert told(one("X-TASK-PLATFORM:{")) == [(3, "x-task-platform", "warning")]


ROME_DEFINITION = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:STANDARD
DTSTART:16010101T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""


class TestDue:
    @pytest.mark.parametrize(
        ("line", "due"),
        [
            ("DUE;VALUE=DATE:20261201", on("2026-12-01")),
            ("DUE:20261201", on("2026-12-01")),
            ("DUE:20261201T090000", local("2026-12-01T09:00")),
            ("DUE:20261201T090000Z", at("2026-12-01T10:00:00+01:00")),
            ("DUE;TZID=America/New_York:20261201T090000", at("2026-12-01T09:00:00-05:00", "America/New_York")),
            ('DUE;TZID="Europe/Rome":20261201T090000', at("2026-12-01T09:00:00+01:00")),
            ("DUE;TZID=W. Europe Standard Time:20261201T090000", at("2026-12-01T09:00:00+01:00", "Europe/Berlin")),
            ("DUE;TZID=/mozilla.org/20050126_1/Europe/Rome:20261201T090000", at("2026-12-01T09:00:00+01:00")),
            (
                "DUE;TZID=/x.org/America/Argentina/Salta:20261201T090000",
                at("2026-12-01T09:00:00-03:00", "America/Argentina/Salta"),
            ),
            ("DUE;TZID=Europe/Rome:20261025T023000", at("2026-10-25T02:30:00+02:00")),
            ("DUE;TZID=Europe/Rome:20260329T023000", at("2026-03-29T03:30:00+02:00")),
            ("due ; tzid = Europe/Rome : 20261201t090000", at("2026-12-01T09:00:00+01:00")),
        ],
    )
    def test_forms(self, line: str, due: Due) -> None:
        assert only(one(line)).due == due

    @pytest.mark.parametrize("value", ["20261301", "tomorrow", "", "20261201T250000", "00010101", "99991231", "P1D"])
    def test_what_is_no_date_is_told(self, value: str) -> None:
        parsed = one(f"DUE:{value}")
        assert (parsed.drafts[0].draft.due, told(parsed)) == (None, [(3, "due", "warning")])

    def test_a_zone_that_nobody_knows_makes_a_floating_time(self) -> None:
        parsed = one("DUE;TZID=Middle-earth/Shire:20261201T090000")
        assert parsed.drafts[0].draft.due == local("2026-12-01T09:00")
        assert told(parsed) == [(3, "due", "warning")]

    @pytest.mark.parametrize("tzid", ["Custom", "(UTC+01:00) Rom, Bern", "tzone://Microsoft/Custom"])
    @pytest.mark.parametrize(
        ("wall", "hours"),
        [
            ("20261201T090000", 1),
            ("20260701T090000", 2),
            ("20260329T015959", 1),
            ("20260329T020000", 2),
            ("20261025T025959", 2),
            ("20261025T030000", 1),
            ("20260101T000000", 1),
        ],
    )
    @pytest.mark.parametrize("comes_first", [True, False])
    def test_its_own_definition_gives_the_offset(self, tzid: str, wall: str, hours: int, *, comes_first: bool) -> None:
        parts = [ROME_DEFINITION.format(tzid=tzid), todo(f'DUE;TZID="{tzid}":{wall}')]
        parsed = read("ics", calendar(*(parts if comes_first else reversed(parts))))
        due = parsed.drafts[0].draft.due
        assert isinstance(due, DueAt)
        assert due.at == datetime.strptime(wall, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) - timedelta(hours=hours)
        assert due.time_zone == ROME  # the person's
        assert [problem.field for problem in parsed.problems] == ["due"]

    def test_a_definition_may_name_where_it_is(self) -> None:
        definition = ROME_DEFINITION.format(tzid="Mine\nX-LIC-LOCATION:Europe/Paris")
        draft = only(read("ics", calendar(definition, todo("DUE;TZID=Mine:20261201T090000"))))
        assert draft.due == at("2026-12-01T09:00:00+01:00", "Europe/Paris")

    @pytest.mark.parametrize("broken", ["TZOFFSETTO", "DTSTART", "BEGIN:STANDARD", "BEGIN:DAYLIGHT"])
    def test_a_broken_definition_is_no_harm(self, broken: str) -> None:
        definition = ROME_DEFINITION.format(tzid="Mine").replace(broken, "X-NOTHING")
        assert len(read("ics", calendar(definition, todo("DUE;TZID=Mine:20261201T090000"))).drafts) == 1

    def test_a_definition_of_a_known_zone_changes_nothing_for_anybody(self) -> None:
        definition = ROME_DEFINITION.format(tzid="America/New_York")
        due = at("2026-12-01T09:00:00-05:00", "America/New_York")
        assert only(read("ics", calendar(definition, todo("DUE;TZID=America/New_York:20261201T090000")))).due == due
        assert told(read("ics", calendar(ROME_DEFINITION.format(tzid="Own"), todo()))) == []
        parsed = one("DUE;TZID=Own:20261201T090000")
        assert parsed.drafts[0].draft.due == local("2026-12-01T09:00")

    def test_a_duration_after_the_start(self) -> None:
        parsed = one("DTSTART:20261201T090000", "DURATION:P1DT30M")
        assert (parsed.drafts[0].draft.due, told(parsed)) == (local("2026-12-02T09:30"), [(3, "dtstart", "warning")])

    def test_a_start_alone_is_no_due(self) -> None:
        parsed = one("DTSTART:20261201T090000")
        assert (parsed.drafts[0].draft.due, told(parsed)) == (None, [(3, "dtstart", "warning")])

    def test_a_start_on_the_due_is_not_worth_a_word(self) -> None:
        assert only(one("DTSTART:20261201T090000", "DUE:20261201T090000")).due == local("2026-12-01T09:00")

    def test_a_start_of_a_recurring_task_is_its_due(self) -> None:
        draft = only(one("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY"))
        assert (draft.due, draft.recurrence) == (on("2026-12-01"), rule("FREQ=WEEKLY"))


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
