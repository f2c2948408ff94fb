from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from harness.dues import ROME, ZONES, at, wall
from hypothesis import given
from hypothesis import strategies as st

from services.kit.due import (
    FIRST_YEAR,
    LAST_YEAR,
    actual_due,
    check_duration,
    check_zone,
    due_moment,
    normal_due,
    on_clock,
    reminder_anchor,
    reminder_at,
    resolve,
    wall_clock,
    zone,
)
from services.kit.task import DueAt, DueDate, DueLocal

GAP = "2026-03-29T02:30:00"  # Rome, clocks go from 02:00 to 03:00
FOLD = "2026-10-25T02:30:00"  # Rome, clocks go from 03:00 back to 02:00

moments = st.datetimes(wall(f"{FIRST_YEAR}-01-02"), wall(f"{LAST_YEAR}-12-30"), timezones=st.just(UTC))
walls = st.datetimes(wall(f"{FIRST_YEAR}-01-01"), wall(f"{LAST_YEAR}-12-31"))
zones = st.sampled_from(ZONES)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestZones:
    @pytest.mark.parametrize("name", ["UTC", "Europe/Rome", "America/Argentina/Buenos_Aires", "Etc/GMT+12"])
    def test_iana_names_are_taken(self, name: str) -> None:
        assert check_zone(name) == name
        assert zone(name).key == name

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "/",
            "/etc/passwd",
            "../UTC",
            "Europe",
            "Europe/",
            "europe/rome",
            "Mars/Base",
            "localtime",
            "posixrules",
            "tzdata.zi",
            "zone.tab",
            "UTC\x00",
            "UTC\n",
            "\ud800",
            "x" * 100_000,
            "+02:00",
            "CON",
            "Füssen",
        ],
    )
    def test_anything_else_is_a_value_error(self, name: str) -> None:
        with pytest.raises(ValueError, match="not an IANA time zone"):
            check_zone(name)
        with pytest.raises(ValueError, match="not an IANA time zone"):
            zone(name)

    @given(st.text())
    def test_no_text_raises_anything_else(self, name: str) -> None:
        try:
            check_zone(name)
        except ValueError:
            return
        assert name in ZONES

    def test_every_name_of_the_list_can_be_read(self) -> None:
        assert all(zone(name).key == name for name in ZONES)


class TestDurations:
    @pytest.mark.parametrize(
        "text",
        ["PT0S", "P0D", "P1D", "P2W", "PT30M", "PT2H30M", "P1DT2H", "P1W2DT3H4M5S", "PT90S", "P366D", "PT8784H"],
    )
    def test_what_is_taken(self, text: str) -> None:
        check_duration(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "P",
            "PT",
            "P1DT",
            "1D",
            "P1Y",
            "P1M",
            "P1Y2M",
            "-P1D",
            "+P1D",
            "P-1D",
            "P1.5D",
            "PT1,5H",
            "p1d",
            "P1H",
            " P1D",
            "P1D ",
            "P1D\n",
            "PT5D",
            "P1D2W",
            "PT1S1M",
            "P\u0661D",
            "P" + "9" * 5000 + "D",
            "P1DT2H3",
            "PT30M30M",
        ],
    )
    def test_what_is_no_duration(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a duration"):
            check_duration(text)

    @pytest.mark.parametrize("text", ["P367D", "P53W", "P366DT1S", "PT8785H", "P999999999W", "PT999999999H999999999M"])
    def test_what_is_too_long(self, text: str) -> None:
        with pytest.raises(ValueError, match="at most 366 days"):
            check_duration(text)

    @given(st.text(alphabet="PTWDHMS0123456789-+.,", max_size=32))
    def test_nothing_else_is_raised(self, text: str) -> None:
        try:
            check_duration(text)
        except ValueError:
            return
        assert text.startswith("P")


class TestNormalDue:
    @pytest.mark.parametrize("offset", ["+01:00", "+02:00"])
    def test_both_offsets_of_a_doubled_hour_are_right(self, offset: str) -> None:
        due = at(FOLD + offset)
        assert normal_due(due, "UTC").model_dump_json() == due.model_dump_json()

    @pytest.mark.parametrize("offset", ["+01:00", "+02:00", "Z"])
    def test_a_skipped_time_is_refused(self, offset: str) -> None:
        with pytest.raises(ValueError, match="Europe/Rome skip 2026-03-29T02:30:00"):
            normal_due(at(GAP + offset), "UTC")

    def test_a_nominal_date_may_be_skipped(self) -> None:
        due = at(GAP + "+01:00")
        assert normal_due(due, "UTC", skipped=True).model_dump_json() == due.model_dump_json()
        with pytest.raises(ValueError, match="skip"):
            normal_due(at(GAP + "+02:00"), "UTC", skipped=True)

    def test_a_wrong_offset_is_told_the_right_one(self) -> None:
        with pytest.raises(ValueError, match=r"Europe/Rome has the offset \+01:00 at 2026-12-01T09:00:00, not \+02:00"):
            normal_due(at("2026-12-01T09:00:00+02:00"), "UTC")
        with pytest.raises(ValueError, match=r"\+01:00 or \+02:00"):
            normal_due(at(FOLD + "+03:00"), "UTC")

    def test_an_instant_without_a_zone_is_put_on_the_persons_clock(self) -> None:
        due = normal_due(at("2026-07-01T22:30:00Z", None), "Asia/Tokyo")
        assert due.model_dump(mode="json") == {"at": "2026-07-02T07:30:00+09:00", "time_zone": "Asia/Tokyo"}

    @pytest.mark.parametrize("name", ["", "Nowhere/Land", "../UTC"])
    def test_an_unknown_zone_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="IANA"):
            normal_due(at("2026-07-01T22:30:00Z", name), "UTC")
        with pytest.raises(ValueError, match="IANA"):
            normal_due(at("2026-07-01T22:30:00Z", None), name)

    @pytest.mark.parametrize("year", [1, FIRST_YEAR - 1, LAST_YEAR + 1, 9999])
    def test_years_far_off_are_refused(self, year: int) -> None:
        for due in (
            DueDate(date=date(year, 6, 1)),
            DueLocal(local=wall(f"{year:04}-06-01")),
            DueAt(at=datetime(year, 6, 1, tzinfo=UTC), time_zone="UTC"),
        ):
            with pytest.raises(ValueError, match="from 1900 to 2500"):
                normal_due(due, "UTC")

    def test_a_year_that_the_zone_turns_is_refused(self) -> None:
        with pytest.raises(ValueError, match="from 1900 to 2500"):
            normal_due(at(f"{LAST_YEAR}-12-31T23:30:00Z", None), ROME)

    @given(moments, zones)
    def test_what_was_normalised_stays_as_it_is(self, moment: datetime, name: str) -> None:
        due = normal_due(DueAt(at=moment), name)
        assert isinstance(due, DueAt)
        assert due.at == moment
        again = DueAt.model_validate_json(due.model_dump_json())
        assert normal_due(again, "UTC").model_dump_json() == due.model_dump_json()
        assert normal_due(again, "UTC", skipped=True).model_dump_json() == due.model_dump_json()

    @given(walls, st.integers(-23 * 60, 23 * 60), zones)
    def test_an_offset_is_taken_exactly_when_the_zone_shows_that_time(
        self, shown: datetime, minutes: int, name: str
    ) -> None:
        due = DueAt(at=shown.replace(tzinfo=timezone(timedelta(minutes=minutes))), time_zone=name)
        fits = due.at.astimezone(zone(name)).replace(tzinfo=None, fold=0) == shown
        try:
            normal_due(due, "UTC")
        except ValueError:
            assert not fits or shown.year in {FIRST_YEAR, LAST_YEAR}
        else:
            assert fits or on_clock(due.at, zone(name)).tzinfo is UTC


class TestMoments:
    def test_a_date_is_overdue_when_it_is_over(self) -> None:
        assert due_moment(DueDate(date=date(2026, 3, 29)), ROME) == utc("2026-03-29T21:59:59")
        assert due_moment(DueDate(date=date(2026, 3, 29)), "America/New_York") == utc("2026-03-30T03:59:59")

    def test_a_day_whose_last_hour_comes_twice_is_over_after_the_second(self) -> None:
        assert due_moment(DueDate(date=date(2024, 3, 23)), "America/Asuncion") == utc("2024-03-24T03:59:59")

    def test_a_floating_time_is_read_on_the_persons_clock(self) -> None:
        due = DueLocal(local=wall("2026-07-01T09:00"))
        assert due_moment(due, ROME) == utc("2026-07-01T07:00:00")
        assert due_moment(due, "Asia/Kolkata") == utc("2026-07-01T03:30:00")

    def test_a_skipped_time_moves_on_and_a_doubled_one_is_the_first(self) -> None:
        assert due_moment(DueLocal(local=wall(GAP)), ROME) == utc("2026-03-29T01:30:00")
        assert due_moment(DueLocal(local=wall(FOLD)), ROME) == utc("2026-10-25T00:30:00")
        assert due_moment(DueLocal(local=wall("2011-12-30T09:00")), "Pacific/Apia") == utc("2011-12-30T19:00:00")

    def test_an_instant_is_itself(self) -> None:
        assert due_moment(at(FOLD + "+01:00"), "UTC") == utc("2026-10-25T01:30:00")

    @given(walls, zones)
    def test_every_kind_has_a_moment_in_every_zone(self, shown: datetime, name: str) -> None:
        local = due_moment(DueLocal(local=shown), name)
        assert local == resolve(shown, zone(name))
        assert local.tzinfo is UTC
        day = due_moment(DueDate(date=shown.date()), name)
        assert day >= local.replace(microsecond=0) or on_clock(local, zone(name)).date() > shown.date()
        assert reminder_anchor(DueDate(date=shown.date()), name) <= day


class TestNominalDates:
    def test_a_skipped_time_keeps_its_reading(self) -> None:
        nominal = at(GAP + "+01:00")
        assert wall_clock(nominal, "UTC") == wall(GAP)
        assert actual_due(nominal, "UTC").model_dump(mode="json")["at"] == "2026-03-29T03:30:00+02:00"

    def test_another_offset_is_read_on_the_zones_clock(self) -> None:
        assert wall_clock(at("2026-07-01T07:00:00Z"), "UTC") == wall("2026-07-01T09:00")

    def test_the_second_of_a_doubled_hour_has_the_same_reading(self) -> None:
        assert wall_clock(at(FOLD + "+01:00"), "UTC") == wall(FOLD)

    @given(walls, zones)
    def test_the_actual_due_is_the_same_instant(self, shown: datetime, name: str) -> None:
        for due in (DueLocal(local=shown), DueDate(date=shown.date())):
            assert actual_due(due, name) is due


class TestReminders:
    def test_a_date_means_nine_in_the_morning(self) -> None:
        due = DueDate(date=date(2026, 12, 1))
        assert reminder_anchor(due, ROME) == utc("2026-12-01T08:00:00")
        assert reminder_at(due, "P1D", ROME) == utc("2026-11-30T08:00:00")
        assert reminder_at(due, "PT0S", ROME) == utc("2026-12-01T08:00:00")

    def test_days_keep_the_time_of_day_and_hours_are_exact(self) -> None:
        due = at("2026-03-29T09:00:00+02:00")
        assert reminder_at(due, "P1D", "UTC") == utc("2026-03-28T08:00:00")
        assert reminder_at(due, "PT24H", "UTC") == utc("2026-03-28T07:00:00")
        assert reminder_at(due, "P1DT9H", "UTC") == utc("2026-03-27T23:00:00")
        assert reminder_at(due, "P1W", "UTC") == utc("2026-03-22T08:00:00")

    def test_a_reminder_that_falls_into_a_gap_moves_on(self) -> None:
        assert reminder_at(at("2026-03-30T02:30:00+02:00"), "P1D", "UTC") == utc("2026-03-29T01:30:00")

    def test_the_second_of_a_doubled_hour_is_kept(self) -> None:
        due = at(FOLD + "+01:00")
        assert reminder_at(due, "PT0S", "UTC") == utc("2026-10-25T01:30:00")
        assert reminder_at(due, "PT1H", "UTC") == utc("2026-10-25T00:30:00")
        assert reminder_at(due, "P1D", "UTC") == utc("2026-10-24T00:30:00")

    @given(walls.filter(lambda shown: shown.year > FIRST_YEAR + 1), zones, st.integers(0, 365), st.integers(0, 86_399))
    def test_a_reminder_never_comes_after_its_due(self, shown: datetime, name: str, days: int, seconds: int) -> None:
        before = f"P{days}DT{seconds}S"
        for due in (
            DueLocal(local=shown),
            DueDate(date=shown.date()),
            normal_due(DueAt(at=resolve(shown, zone(name))), name),
        ):
            lead = reminder_anchor(due, name) - reminder_at(due, before, name)
            assert abs(lead - timedelta(days=days, seconds=seconds)) <= timedelta(hours=26)
            if not days:
                assert lead == timedelta(seconds=seconds)
