"""Random recurrence rules that come round within a few years."""

from hypothesis import strategies as st

from harness.dues import DAYS


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    value = st.integers(low, high).filter(bool) if low < 0 else st.integers(low, high)
    return st.lists(value, min_size=1, max_size=4, unique=True).map(lambda found: ",".join(map(str, found)))


def plain_days() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True).map(",".join)


def numbered_days(high: int) -> st.SearchStrategy[str]:
    one = st.builds("{}{}".format, st.integers(-high, high).filter(bool), st.sampled_from(DAYS))
    return st.lists(one, min_size=1, max_size=4, unique=True).map(",".join)


INTERVALS = {"YEARLY": 3, "MONTHLY": 14, "WEEKLY": 9, "DAILY": 40, "HOURLY": 200}


@st.composite
def rules(draw: st.DrawFn, *, timed: bool, positions: bool = True) -> str:
    """Rules that come round within a few years, so that counting up from the start can tell whether we are right."""
    frequency = draw(st.sampled_from(list(INTERVALS) if timed else list(INTERVALS)[:4]))
    by: dict[str, st.SearchStrategy[str]] = {"BYMONTH": numbers(1, 12), "BYDAY": plain_days()}
    if frequency != "WEEKLY":
        by["BYMONTHDAY"] = numbers(-31, 31)
    if frequency == "YEARLY":
        by["BYWEEKNO"] = numbers(-53, 53)
    if frequency in {"YEARLY", "HOURLY"}:
        by["BYYEARDAY"] = numbers(-366, 366)
    if timed:
        by |= {"BYHOUR": numbers(0, 23), "BYMINUTE": numbers(0, 59), "BYSECOND": numbers(0, 59)}
    parts = draw(st.lists(st.sampled_from(sorted(by)), max_size=2, unique=True))
    found = {name: draw(by[name]) for name in parts}
    if frequency in {"YEARLY", "MONTHLY"} and "BYDAY" in found and draw(st.booleans()):
        found["BYDAY"] = draw(numbered_days(5))
    if positions and found and draw(st.booleans()):
        found["BYSETPOS"] = draw(st.sampled_from(["1", "-1", "1,-1"]))
    if draw(st.booleans()):
        found["INTERVAL"] = str(draw(st.integers(1, INTERVALS[frequency])))
    if draw(st.booleans()):
        found["WKST"] = draw(st.sampled_from(DAYS))
    return ";".join(f"{name}={value}" for name, value in {"FREQ": frequency, **found}.items())
