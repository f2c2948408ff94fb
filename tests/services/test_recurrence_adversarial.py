from datetime import UTC, datetime

from harness.dues import ZONES, at, local, on
from harness.rules import rules
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit.due import due_moment
from services.kit.recurrence import check_rule, next_due
from services.kit.task import Due, DueAt, DueDate, DueLocal, Recurrence, RecurrenceMode

PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")
TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS")
VALUES = (
    "YEARLY",
    "MONTHLY",
    "WEEKLY",
    "DAILY",
    "HOURLY",
    "MO",
    "-1",
    "53",
    "1",
    "2",
    "31",
    "29",
    "366",
    "0",
    "235959",
)
SIGNS = ("=", "=", "=", ";", ";", ";", ",", ",", "20261231", "T", "Z", "-", "+", ":", "\u0661", "\n", " ")
PIECES = st.sampled_from([*PARTS, *TIMES, *VALUES, *SIGNS])


class TestAdversarialText:
    @settings(deadline=None)
    @given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=24).map("".join)), st.data())
    def test_nothing_but_a_value_error(self, text: str, data: st.DataObject) -> None:
        due = data.draw(st.sampled_from([on("2026-01-05"), local("2026-01-05T09:00"), at("2026-01-05T09:00:00+01:00")]))
        try:
            normal = check_rule(text, due)
        except ValueError:
            return
        assert check_rule(normal, due) == normal

    @settings(deadline=None)
    @given(
        text=st.one_of(rules(timed=True), rules(timed=False)),
        nominal=st.one_of(
            st.builds(DueDate, date=st.dates()),
            st.builds(DueLocal, local=st.datetimes()),
            st.builds(DueAt, at=st.datetimes(timezones=st.timezones()), time_zone=st.none() | st.text(max_size=64)),
            st.builds(DueAt, at=st.datetimes(timezones=st.timezones()), time_zone=st.sampled_from(ZONES)),
        ),
        number=st.integers(),
        completed=st.datetimes(timezones=st.none() | st.just(UTC) | st.timezones()),
        name=st.sampled_from(ZONES),
        mode=st.sampled_from(list(RecurrenceMode)),
    )
    def test_whatever_the_moment(
        self, text: str, nominal: Due, number: int, completed: datetime, *, name: str, mode: RecurrenceMode
    ) -> None:
        try:
            found = next_due(Recurrence(rrule=text, mode=mode), nominal, number, completed, name)
        except ValueError:
            return
        if found is not None:
            assert type(found) is type(nominal)
            assert due_moment(found, name) > due_moment(nominal, name)
