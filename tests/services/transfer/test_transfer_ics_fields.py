"""The fields of a VTODO as other programs write them, right and wrong: what comes in, and what is told."""

from datetime import UTC, datetime, timedelta

import pytest
from harness.dues import ROME, at, local, on, rule
from transfer_calendars import calendar, one, todo
from transfer_cases import NOW, only, read, told, utc

from services.kit.task import Due, DueAt, Priority, Status


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

    def test_a_start_on_the_due_may_stand_in_another_zone(self) -> None:
        draft = only(
            one("DTSTART:20261201T080000Z", "DUE;TZID=Europe/Rome:20261201T090000", "RRULE:FREQ=WEEKLY;BYDAY=TU")
        )
        assert (draft.due, draft.nominal) == (at("2026-12-01T09:00:00+01:00"), None)

    def test_a_start_of_a_recurring_task_is_its_due(self) -> None:
        draft = only(one("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY"))
        assert (draft.due, draft.recurrence) == (on("2026-12-01"), rule("FREQ=WEEKLY"))
