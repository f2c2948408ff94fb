import sys
from collections.abc import Callable
from types import FrameType

import pytest
from harness.dues import ROME, local, on, rule, wall

from services.kit.recurrence import HORIZON, check_rule, next_due, upcoming
from services.kit.task import Recurrence, RecurrenceMode


def steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that the calendar runs for a piece of work."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if not frame.f_code.co_filename.endswith(("rrule.py", "rule_times.py", "recurrence.py")):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except ValueError:
        pass
    finally:
        sys.settrace(before)
    return count


# A century holds 36,525 days; no rule may look at one more often than some dozens of times.
MOST_STEPS = 36_525 * 60


class TestCost:
    """What a rule costs is counted in lines run, so that the proof does not depend on the machine."""

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=HOURLY",
            "FREQ=HOURLY;INTERVAL=7;BYDAY=MO",
            "FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;INTERVAL=2",
            "FREQ=MONTHLY;BYDAY=2TU",
            "FREQ=YEARLY",
            "FREQ=DAILY;BYHOUR=1,2,3,4,5,6;BYMINUTE=0,10,20,30,40,50",
        ],
    )
    def test_an_old_start_costs_what_a_new_one_does(self, text: str) -> None:
        completed = wall("2026-06-15T12:00Z")
        old = steps(lambda: next_due(rule(text), local("1970-01-01T09:00"), 1, completed, ROME))
        new = steps(lambda: next_due(rule(text), local("2026-06-01T09:00"), 1, completed, ROME))
        assert old < 3 * new + 1000
        assert old < 15_000

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
            "FREQ=HOURLY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3;BYDAY=MO",
            "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
            "FREQ=DAILY;INTERVAL=9999",
            "FREQ=WEEKLY;INTERVAL=9999;BYDAY=MO,TU,WE,TH,FR,SA,SU",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366",
            "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1,2,3;BYMINUTE=0,10,20",
            "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;INTERVAL=9999",
            "FREQ=YEARLY;BYSETPOS=" + ",".join(str(n) for n in range(-366, -266)) + ";BYMONTHDAY=1",
        ],
    )
    def test_a_rule_that_never_comes_costs_no_more_than_a_century(self, text: str) -> None:
        assert steps(lambda: check_rule(text, local("1970-01-05T09:00"))) < MOST_STEPS

    def test_a_hundred_rare_dates_cost_no_more_than_two_centuries(self) -> None:
        for mode in RecurrenceMode:
            rare = Recurrence(rrule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", mode=mode)
            assert steps(lambda rare=rare: upcoming(rare, on("1970-01-05"), 100, 1, ROME)) < 2 * MOST_STEPS  # type: ignore[misc]

    def test_a_date_within_the_horizon_is_found(self) -> None:
        found = upcoming(rule(f"FREQ=YEARLY;INTERVAL={HORIZON}"), on("2026-01-05"), 9, 1, ROME)
        assert found == [on("2126-01-05")]
