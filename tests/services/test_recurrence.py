from datetime import UTC

import pytest
from harness.dues import NEW_YORK, ROME, at, local, on, rule, shown, wall

from services.kit.due import due_moment
from services.kit.recurrence import next_due, upcoming
from services.kit.task import Due, DueAt


def dates(text: str, start: Due, count: int, mode: str = "from_due", occurrence: int = 1) -> list[str | None]:
    return [shown(due) for due in upcoming(rule(text, mode), start, count, occurrence, ROME)]


def following(text: str, nominal: Due, completed: str, *, mode: str = "from_due", number: int = 1) -> str | None:
    moment = wall(completed)
    return shown(
        next_due(rule(text, mode), nominal, number, moment if moment.tzinfo else moment.replace(tzinfo=UTC), ROME)
    )


class TestCalendars:
    def test_month_ends_are_skipped_where_they_are_not(self) -> None:
        assert dates("FREQ=MONTHLY", on("2026-01-31"), 4) == ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]
        assert dates("FREQ=MONTHLY;BYMONTHDAY=-1", on("2026-01-31"), 3) == ["2026-02-28", "2026-03-31", "2026-04-30"]

    def test_a_leap_day_comes_in_leap_years(self) -> None:
        assert dates("FREQ=YEARLY", on("2024-02-29"), 2) == ["2028-02-29", "2032-02-29"]
        assert dates("FREQ=YEARLY", on("2096-02-29"), 1) == ["2104-02-29"]

    def test_weekdays_and_intervals_keep_their_phase(self) -> None:
        assert dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", on("2026-01-05"), 3) == [
            "2026-01-11",
            "2026-01-19",
            "2026-01-25",
        ]
        assert dates("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", on("2026-01-05"), 3) == [
            "2026-01-18",
            "2026-01-19",
            "2026-02-01",
        ]

    def test_the_nth_weekday(self) -> None:
        assert dates("FREQ=MONTHLY;BYDAY=2TU", on("2026-01-13"), 2) == ["2026-02-10", "2026-03-10"]
        assert dates("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", on("2026-01-30"), 2) == [
            "2026-02-27",
            "2026-03-31",
        ]

    def test_numbered_and_plain_weekdays_together_are_either(self) -> None:
        assert dates("FREQ=MONTHLY;BYDAY=MO,1TU", on("2026-01-01"), 6) == [
            *("2026-01-05", "2026-01-06", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02"),
        ]
        assert dates("FREQ=YEARLY;BYDAY=SU,1MO", on("2026-12-20"), 4) == [
            *("2026-12-27", "2027-01-03", "2027-01-04", "2027-01-10"),
        ]

    def test_a_week_across_new_year_is_one_set(self) -> None:
        weekly = "FREQ=WEEKLY;BYDAY=WE,TH,FR,SA;BYSETPOS=-1"
        assert dates(weekly, on("2026-12-26"), 2) == ["2027-01-02", "2027-01-09"]
        assert following(weekly, on("2026-12-26"), "2027-01-01T12:00") == "2027-01-02"

    def test_several_times_a_day(self) -> None:
        assert dates("FREQ=DAILY;BYHOUR=9,21", at("2026-01-05T09:00:00+01:00"), 3) == [
            *("2026-01-05T21:00:00+01:00", "2026-01-06T09:00:00+01:00", "2026-01-06T21:00:00+01:00"),
        ]
        assert dates("FREQ=DAILY;BYHOUR=9,14,21;BYSETPOS=-1", local("2026-01-05T09:00"), 1) == ["2026-01-05T21:00:00"]

    def test_hours(self) -> None:
        assert dates("FREQ=HOURLY;INTERVAL=8", local("2026-01-05T09:30"), 3) == [
            *("2026-01-05T17:30:00", "2026-01-06T01:30:00", "2026-01-06T09:30:00"),
        ]
        assert dates("FREQ=HOURLY;INTERVAL=5;BYHOUR=9;BYDAY=MO", local("2026-01-05T09:00"), 1) == [
            "2026-02-09T09:00:00"
        ]

    def test_a_start_that_the_rule_does_not_have_is_still_the_first(self) -> None:
        assert dates("FREQ=WEEKLY;BYDAY=FR", on("2026-01-05"), 2) == ["2026-01-09", "2026-01-16"]


class TestClocks:
    """Rules run on the wall clock: 09:00 stays 09:00."""

    @pytest.mark.parametrize(
        ("name", "start", "expected"),
        [
            (ROME, "2026-03-28T09:00:00+01:00", ["2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]),
            (ROME, "2026-03-28T02:30:00+01:00", ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]),
            (ROME, "2026-10-24T02:30:00+02:00", ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
            (NEW_YORK, "2026-03-07T02:15:00-05:00", ["2026-03-08T03:15:00-04:00", "2026-03-09T02:15:00-04:00"]),
            (NEW_YORK, "2026-10-31T01:15:00-04:00", ["2026-11-01T01:15:00-04:00", "2026-11-02T01:15:00-05:00"]),
            (
                "Australia/Lord_Howe",
                "2026-10-03T02:15:00+10:30",
                ["2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"],
            ),
            (
                "America/Santiago",
                "2026-09-05T00:30:00-04:00",
                ["2026-09-06T01:30:00-03:00", "2026-09-07T00:30:00-03:00"],
            ),
            ("Africa/Casablanca", "2026-02-14T02:30:00+01:00", ["2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00Z"]),
            ("Asia/Kathmandu", "2026-03-28T02:30:00+05:45", ["2026-03-29T02:30:00+05:45", "2026-03-30T02:30:00+05:45"]),
            ("Pacific/Apia", "2011-12-29T09:00:00-10:00", ["2011-12-31T09:00:00+14:00", "2012-01-01T09:00:00+14:00"]),
        ],
    )
    def test_daily_on_the_nights_when_they_change(self, name: str, start: str, expected: list[str]) -> None:
        found = upcoming(rule("FREQ=DAILY"), at(start, name), 2, 1, "UTC")
        assert [shown(due) for due in found] == expected

    def test_a_skipped_time_does_not_stick(self) -> None:
        nominal: Due | None = at("2026-03-28T02:30:00+01:00")
        found = []
        while nominal is not None and len(found) < 3:
            nominal = next_due(rule("FREQ=DAILY"), nominal, 1, due_moment(nominal, ROME), "UTC")
            assert nominal is not None
            nominal = DueAt.model_validate_json(nominal.model_dump_json())
            found.append(shown(nominal))
        assert found == ["2026-03-29T02:30:00+01:00", "2026-03-30T02:30:00+02:00", "2026-03-31T02:30:00+02:00"]

    def test_two_clock_times_that_are_one_instant_count_once(self) -> None:
        assert dates("FREQ=HOURLY", at("2026-03-29T01:30:00+01:00"), 3) == [
            *("2026-03-29T03:30:00+02:00", "2026-03-29T04:30:00+02:00", "2026-03-29T05:30:00+02:00"),
        ]

    def test_a_floating_time_is_read_on_the_persons_clock(self) -> None:
        hourly = "FREQ=HOURLY;INTERVAL=2"
        assert following(hourly, local("2026-07-01T09:00"), "2026-07-01T09:30:00+02:00") == "2026-07-01T11:00:00"
        assert following(hourly, local("2026-07-01T09:00"), "2026-07-01T09:30:00+00:00") == "2026-07-01T13:00:00"

    def test_an_instant_without_a_zone_gets_the_persons(self) -> None:
        found = next_due(rule("FREQ=DAILY"), at("2026-03-28T08:00:00Z", None), 1, wall("2026-03-28T08:00Z"), ROME)
        assert found == at("2026-03-29T09:00:00+02:00")

    def test_offsets_with_seconds_are_written_in_utc(self) -> None:
        found = next_due(
            rule("FREQ=DAILY"), at("1970-01-01T09:44:30Z", "Africa/Monrovia"), 1, wall("1970-01-01T09:00Z"), ROME
        )
        assert found == at("1970-01-02T09:44:30Z", "Africa/Monrovia")


class TestMissed:
    def test_the_next_one_on_time_or_early(self) -> None:
        nominal = at("2026-01-05T09:00:00+01:00")
        for completed in ("2026-01-05T08:00", "2025-12-01T00:00", "0001-01-01T00:00"):
            assert following("FREQ=DAILY", nominal, completed) == "2026-01-06T09:00:00+01:00"

    def test_the_first_one_to_come_when_several_were_missed(self) -> None:
        nominal = at("2026-01-05T09:00:00+01:00")
        assert following("FREQ=DAILY", nominal, "2026-01-09T07:59:59") == "2026-01-09T09:00:00+01:00"
        assert following("FREQ=DAILY", nominal, "2026-01-09T08:00:00") == "2026-01-10T09:00:00+01:00"
        assert following("FREQ=DAILY;INTERVAL=3", nominal, "2026-01-09T08:00:00") == "2026-01-11T09:00:00+01:00"

    def test_a_date_is_missed_when_its_day_is_over(self) -> None:
        assert following("FREQ=DAILY", on("2026-01-05"), "2026-01-09T22:59:59") == "2026-01-09"
        assert following("FREQ=DAILY", on("2026-01-05"), "2026-01-09T23:00:00") == "2026-01-10"

    def test_the_nights_when_clocks_change(self) -> None:
        nominal = at("2026-10-20T02:30:00+02:00")
        assert following("FREQ=DAILY", nominal, "2026-10-25T02:10:00+02:00") == "2026-10-25T02:30:00+02:00"
        assert following("FREQ=DAILY", nominal, "2026-10-25T02:10:00+01:00") == "2026-10-26T02:30:00+01:00"
        spring = at("2026-03-20T02:30:00+01:00")
        assert following("FREQ=DAILY", spring, "2026-03-29T03:10:00+02:00") == "2026-03-29T02:30:00+01:00"
        assert following("FREQ=DAILY", spring, "2026-03-29T03:40:00+02:00") == "2026-03-30T02:30:00+02:00"


class TestFromCompletion:
    def test_days_count_from_the_day_of_completion(self) -> None:
        nominal = at("2026-01-05T09:00:00+01:00")
        every = "FREQ=DAILY;INTERVAL=3"
        assert following(every, nominal, "2026-01-07T20:00", mode="from_completion") == "2026-01-10T09:00:00+01:00"
        assert following(every, nominal, "2026-01-07T05:00", mode="from_completion") == "2026-01-10T09:00:00+01:00"
        assert following(every, on("2026-01-05"), "2026-01-07T22:59", mode="from_completion") == "2026-01-10"
        assert following(every, on("2026-01-05"), "2026-01-07T23:00", mode="from_completion") == "2026-01-11"

    def test_never_on_or_before_the_nominal_date(self) -> None:
        assert following("FREQ=DAILY", on("2026-01-20"), "2026-01-01T12:00", mode="from_completion") == "2026-01-21"
        assert following("FREQ=WEEKLY", on("2026-01-20"), "2026-01-12T12:00", mode="from_completion") == "2026-01-26"

    def test_weekdays_of_the_rule_hold(self) -> None:
        weekly = "FREQ=WEEKLY;BYDAY=MO"
        assert following(weekly, on("2026-01-05"), "2026-01-08T12:00", mode="from_completion") == "2026-01-12"
        assert following("FREQ=WEEKLY", on("2026-01-05"), "2026-01-08T12:00", mode="from_completion") == "2026-01-15"

    def test_hours_count_from_the_minute_of_completion(self) -> None:
        nominal = at("2026-01-05T08:00:00+01:00")
        found = following("FREQ=HOURLY;INTERVAL=4", nominal, "2026-01-05T16:23:45", mode="from_completion")
        assert found == "2026-01-05T21:23:00+01:00"

    def test_upcoming_dates_are_those_of_tasks_done_on_time(self) -> None:
        assert dates("FREQ=WEEKLY;INTERVAL=2", on("2026-01-05"), 2, "from_completion") == ["2026-01-19", "2026-02-02"]
        assert dates("FREQ=DAILY", at("2026-03-28T02:30:00+01:00"), 2, "from_completion") == [
            *("2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"),
        ]


class TestEnds:
    def test_count_counts_the_tasks_of_the_series(self) -> None:
        three = "FREQ=DAILY;COUNT=3"
        assert following(three, on("2026-01-05"), "2026-01-05T12:00", number=2) == "2026-01-06"
        assert following(three, on("2026-01-05"), "2026-02-05T12:00", number=2) == "2026-02-05"
        assert following(three, on("2026-01-05"), "2026-01-05T12:00", number=3) is None
        assert len(dates(three, on("2026-01-05"), 10)) == 2
        assert dates(three, on("2026-01-05"), 10, occurrence=7) == []

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20260107", "2026-01-07T09:00:00+01:00"),
            ("20260107T080000Z", "2026-01-07T09:00:00+01:00"),
            ("20260107T075959Z", "2026-01-06T09:00:00+01:00"),
            ("20260107T090000", "2026-01-07T09:00:00+01:00"),
            ("20260107T085959", "2026-01-06T09:00:00+01:00"),
        ],
    )
    def test_until_of_any_form_on_an_instant(self, until: str, last: str) -> None:
        assert dates(f"FREQ=DAILY;UNTIL={until}", at("2026-01-05T09:00:00+01:00"), 9)[-1] == last

    @pytest.mark.parametrize(
        ("until", "last"),
        [
            ("20260107", "2026-01-07"),
            ("20260107T000000Z", "2026-01-07"),
            ("20260107T225959Z", "2026-01-07"),
            ("20260107T230000Z", "2026-01-08"),
            ("20260107T120000", "2026-01-07"),
        ],
    )
    def test_until_of_any_form_on_a_date(self, until: str, last: str) -> None:
        assert dates(f"FREQ=DAILY;UNTIL={until}", on("2026-01-05"), 9)[-1] == last

    def test_until_on_a_floating_time(self) -> None:
        assert len(dates("FREQ=DAILY;UNTIL=20260107T080000Z", local("2026-01-05T09:00"), 9)) == 2
        assert len(dates("FREQ=DAILY;UNTIL=20260107T080000", local("2026-01-05T09:00"), 9)) == 1

    def test_a_series_ends_when_its_next_date_lies_behind_until(self) -> None:
        assert following("FREQ=WEEKLY;UNTIL=20260111", on("2026-01-05"), "2026-01-05T12:00") is None
        done = following("FREQ=WEEKLY;UNTIL=20260125", on("2026-01-05"), "2026-01-22T12:00", mode="from_completion")
        assert done is None

    def test_a_series_ends_with_the_calendar(self) -> None:
        assert following("FREQ=DAILY", on("2500-12-30"), "2026-01-05T12:00") == "2500-12-31"
        assert following("FREQ=DAILY", on("2500-12-31"), "2026-01-05T12:00") is None
        assert following("FREQ=DAILY", on("2026-12-31"), "2501-01-01T12:00") is None
        assert following("FREQ=DAILY", on("2026-12-31"), "9999-12-31T23:59") is None

    def test_what_cannot_be_read_is_a_value_error(self) -> None:
        with pytest.raises(ValueError, match="must have an offset"):
            next_due(rule("FREQ=DAILY"), on("2026-01-05"), 1, wall("2026-01-05T12:00"), ROME)
        with pytest.raises(ValueError, match="from 1900 to 2500"):
            next_due(rule("FREQ=DAILY"), on("9999-12-31"), 1, wall("2026-01-05T12:00Z"), ROME)
        with pytest.raises(ValueError, match="IANA"):
            next_due(rule("FREQ=DAILY"), on("2026-01-05"), 1, wall("2026-01-05T12:00Z"), "Mars/Base")
        for count in (0, -1, 101):
            with pytest.raises(ValueError, match="from 1 to 100"):
                upcoming(rule("FREQ=DAILY"), on("2026-01-05"), count, 1, ROME)
