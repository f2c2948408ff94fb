from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from dateutil import rrule as dateutil_rrule
from harness.dues import DAYS, ROME, ZONES, rule, wall
from harness.rules import rules
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from services.kit.due import due_moment, resolve, zone
from services.kit.recurrence import check_rule, next_due, upcoming
from services.kit.task import Due, DueAt, DueDate, DueLocal

starts = st.datetimes(wall("1999-12-25"), wall("2030-12-31")).map(lambda found: found.replace(microsecond=0))


def counted_up(text: str, start: datetime) -> Iterator[datetime]:
    """dateutil's own answer, counted up from the start: the oracle."""
    if text.startswith("FREQ=WEEKLY") and "BYSETPOS" in text:
        # dateutil picks from what is left of the first week, RFC 5545 from the whole of it
        week_start = DAYS.index(text.partition("WKST=")[2][:2] or "MO")
        monday = start - timedelta(days=(start.weekday() - week_start) % 7)
        explicit = text if "BYDAY" in text else f"{text};BYDAY={DAYS[start.weekday()]}"
        found: Any = dateutil_rrule.rrulestr(explicit, dtstart=monday)
    else:
        found = dateutil_rrule.rrulestr(text, dtstart=start)
    limit = start.year + 12
    return (moment for moment in found.replace(until=wall(f"{limit}-01-01")) if moment > start)


slow_oracle = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


class TestAgainstDateutil:
    """The wall-clock times are those that dateutil finds when it counts up from the start."""

    @slow_oracle
    @given(rules(timed=True), starts)
    @example("FREQ=WEEKLY;BYDAY=WE,TH,FR,SA;BYSETPOS=-1", wall("2026-12-26T09:00"))
    def test_dates_and_times(self, text: str, start: datetime) -> None:
        found = [due.local for due in upcoming_or_none(text, DueLocal(local=start)) if isinstance(due, DueLocal)]
        assume(found)
        assert found == list(islice(counted_up(text, start), len(found)))

    @slow_oracle
    @given(rules(timed=False), starts.map(datetime.date))
    def test_days(self, text: str, start: date) -> None:
        found = [due.date for due in upcoming_or_none(text, DueDate(date=start)) if isinstance(due, DueDate)]
        assume(found)
        midnight = datetime.combine(start, time())
        assert found == [moment.date() for moment in islice(counted_up(text, midnight), len(found))]

    @slow_oracle
    @given(rules(timed=True, positions=False), starts, st.integers(0, 2000), st.sampled_from(ZONES))
    def test_missed_ones_in_every_zone(self, text: str, start: datetime, days: int, name: str) -> None:
        tz = zone(name)
        nominal = DueLocal(local=start)
        completed = resolve(start, tz) + timedelta(days=days, minutes=7)
        assume(upcoming_or_none(text, nominal))
        due = next_due(rule(text), nominal, 1, completed, name)
        assume(due is not None and due_moment(due, name).year < start.year + 11)
        expected = next(w for w in counted_up(text, start) if resolve(w, tz) > completed)
        assert due == DueLocal(local=expected)

    @slow_oracle
    @given(rules(timed=True), starts, st.sampled_from(ZONES))
    def test_instants_in_every_zone_rise_and_stay_on_the_wall_clock(
        self, text: str, start: datetime, name: str
    ) -> None:
        first = DueAt(at=resolve(start, zone(name)), time_zone=name)
        found = upcoming_or_none(text, first)
        moments = [due_moment(due, name) for due in [first, *found]]
        assert moments == sorted(set(moments))
        nominal: Due = first
        for due in found[:3]:
            following_one = next_due(rule(text), nominal, 1, due_moment(nominal, name), name)
            assert following_one is not None
            assert due_moment(following_one, name) == due_moment(due, name)
            nominal = type(following_one).model_validate_json(following_one.model_dump_json())


def upcoming_or_none(text: str, start: Due) -> list[Due]:
    """The next dates within ten years; none for a rule that is refused."""
    try:
        check_rule(text, start)
    except ValueError:
        return []
    found = upcoming(rule(text), start, 6, 1, ROME)
    limit = due_moment(start, ROME) + timedelta(days=3650)
    return [due for due in found if due_moment(due, ROME) < limit]
