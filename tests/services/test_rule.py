import pytest
from harness.dues import ROME, at, on, rule, wall

from services.kit.recurrence import check_rule, next_due


class TestRulesThatAreTaken:
    @pytest.mark.parametrize(
        ("given_text", "normal"),
        [
            ("FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYMONTHDAY=1"),
            ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
            (" rrule:freq=daily ; interval=02 ; ", "FREQ=DAILY;INTERVAL=2"),
            ("FREQ=MONTHLY;BYDAY=+2TU,-1FR", "FREQ=MONTHLY;BYDAY=2TU,-1FR"),
            ("INTERVAL=2;FREQ=WEEKLY;WKST=SU;BYDAY=SU", "INTERVAL=2;FREQ=WEEKLY;WKST=SU;BYDAY=SU"),
            ("FREQ=DAILY;UNTIL=20301231", "FREQ=DAILY;UNTIL=20301231"),
            ("FREQ=DAILY;UNTIL=20301231T225959Z", "FREQ=DAILY;UNTIL=20301231T225959Z"),
            ("FREQ=DAILY;UNTIL=99991231T235959", "FREQ=DAILY;UNTIL=99991231T235959"),
            ("FREQ=HOURLY;INTERVAL=8", "FREQ=HOURLY;INTERVAL=8"),
            ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
            ("FREQ=YEARLY;BYYEARDAY=-366", "FREQ=YEARLY;BYYEARDAY=-366"),
        ],
    )
    def test_in_normal_form(self, given_text: str, normal: str) -> None:
        assert check_rule(given_text, at("2026-01-05T09:00:00+01:00")) == normal
        assert check_rule(normal, at("2026-01-05T09:00:00+01:00")) == normal

    def test_a_rule_that_has_ended_is_still_a_rule(self) -> None:
        assert check_rule("FREQ=DAILY;UNTIL=20000101", on("2026-01-01")) == "FREQ=DAILY;UNTIL=20000101"


class TestRulesThatAreRefused:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "not a part of a rule"),
            ("INTERVAL=2", "no FREQ"),
            ("FREQ=", "'FREQ=' is not a part"),
            ("FREQ=SECONDLY", "FREQ must be one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, not 'SECONDLY'"),
            ("FREQ=MINUTELY", "FREQ must be"),
            ("FREQ=DAILY;FREQ=DAILY", "FREQ is given twice"),
            ("FREQ=DAILY;BYEASTER=0", "'BYEASTER' is not a part of a rule"),
            ("FREQ=DAILY;X-WHO=ME", "'X-WHO' is not a part"),
            ("FREQ=DAILY;;COUNT=3", "'' is not a part"),
            ("FREQ=DAILY;COUNT=3;UNTIL=20300101", "COUNT or UNTIL, not both"),
            ("FREQ=DAILY;COUNT=3;UNTIL=99990101", "COUNT or UNTIL, not both"),
            ("FREQ=DAILY;COUNT=0", "COUNT takes 1 to 9999, not '0'"),
            ("FREQ=DAILY;COUNT=10000", "COUNT takes 1 to 9999"),
            ("FREQ=DAILY;COUNT=1,2", "COUNT takes 1 to 9999"),
            ("FREQ=DAILY;INTERVAL=-1", "INTERVAL takes 1 to 9999"),
            ("FREQ=DAILY;INTERVAL=1e3", "INTERVAL takes"),
            ("FREQ=DAILY;INTERVAL=\u0661", "INTERVAL takes"),
            ("FREQ=DAILY;INTERVAL=" + "9" * 400, "INTERVAL takes"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY takes 1 to 31 or -1 to -31, not '0'"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY takes"),
            ("FREQ=YEARLY;BYMONTH=13", "BYMONTH takes 1 to 12"),
            ("FREQ=YEARLY;BYMONTH=1,,2", "BYMONTH takes 1 to 12, not ''"),
            ("FREQ=DAILY;BYHOUR=24", "BYHOUR takes 0 to 23"),
            ("FREQ=DAILY;BYSECOND=60", "BYSECOND takes 0 to 59"),
            ("FREQ=WEEKLY;BYDAY=XX", "BYDAY takes days like MO, 2TU or -1FR"),
            ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY takes"),
            ("FREQ=YEARLY;BYDAY=54MO", "BYDAY takes"),
            ("FREQ=MONTHLY;BYDAY=6MO", "at most five"),
            ("FREQ=YEARLY;BYMONTH=12;BYDAY=53MO", "at most five"),
            ("FREQ=WEEKLY;BYDAY=2MO", "goes with FREQ=MONTHLY or YEARLY"),
            ("FREQ=YEARLY;BYWEEKNO=3;BYDAY=2MO", "does not go with BYWEEKNO"),
            ("FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO goes with FREQ=YEARLY"),
            ("FREQ=DAILY;BYYEARDAY=3", "BYYEARDAY goes with"),
            ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY does not go with FREQ=WEEKLY"),
            ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS picks from"),
            ("FREQ=DAILY;BYHOUR=9,18;BYSETPOS=3", "points past the times"),
            ("FREQ=HOURLY;BYHOUR=9,18;BYSETPOS=2", "points past the times"),
            ("FREQ=WEEKLY;WKST=1", "WKST must be one of MO, TU"),
            ("FREQ=DAILY;UNTIL=2030-01-01", "UNTIL takes a date"),
            ("FREQ=DAILY;UNTIL=20300230", "UNTIL takes"),
            ("FREQ=DAILY;UNTIL=20300101T250000Z", "UNTIL takes"),
            ("FREQ=DAILY;UNTIL=00000101", "UNTIL takes"),
            ("FREQ=DAILY;UNTIL=18991231", "from 1900 on"),
            ("DTSTART:20260101T090000Z\nRRULE:FREQ=DAILY", "another line or property"),
            ("RRULE:FREQ=DAILY\nEXDATE:20260102T090000Z", "another line or property"),
            ("EXDATE:20260102", "another line or property"),
            ("every day", "is not a part of a rule"),
            (
                "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55,59",
                "288",
            ),
            ("FREQ=HOURLY;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55,59", "288 times a day"),
            ("FREQ=DAILY;" + "BYHOUR=1;" * 80, "at most 500 characters"),
        ],
    )
    def test_with_what_is_wrong(self, text: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            check_rule(text, at("2026-01-05T09:00:00+01:00"))

    @pytest.mark.parametrize(
        "part", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYMINUTE=9", "FREQ=DAILY;BYSECOND=9"]
    )
    def test_a_date_has_no_times(self, part: str) -> None:
        with pytest.raises(ValueError, match="needs a due with a time"):
            check_rule(part, on("2026-01-05"))
        with pytest.raises(ValueError, match="needs a due with a time"):
            next_due(rule(part), on("2026-01-05"), 1, wall("2026-01-05T09:00Z"), ROME)

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
            "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;INTERVAL=101",
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
            "FREQ=MONTHLY;BYMONTHDAY=8;BYDAY=1MO",
            "FREQ=YEARLY;BYWEEKNO=30;BYMONTH=1",
        ],
    )
    def test_a_rule_that_never_comes_round(self, text: str) -> None:
        with pytest.raises(ValueError, match="never comes round"):
            check_rule(text, at("2026-01-05T09:00:00+01:00"))
