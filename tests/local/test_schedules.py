"""When jobs are due: every form that Dapr reads, against what it means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.runtime.schedules import go_duration, point_in_time, schedule

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
AT = NOW.timestamp()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-01T00:00:00Z", moment("2026-02-01T00:00:00+00:00")),
        ("2026-02-01T00:00:00.25+02:00", moment("2026-01-31T22:00:00.25+00:00")),
        ("0", AT),
        ("1h30m", AT + 5400),
        ("1.5s", AT + 1.5),
        ("-2m", AT - 120),
        ("250ms", AT + 0.25),
        ("PT1H30M", AT + 5400),
        ("P1DT1S", AT + 86401),
        ("P2W", AT + 14 * 86400),
        ("P1M", moment("2026-03-03T12:00:00+00:00")),
        ("P1Y", moment("2027-01-31T12:00:00+00:00")),
    ],
)
def test_points_in_time(text: str, expected: float) -> None:
    assert point_in_time(text, AT) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1", "1x", "1h 2m", "R3/PT1S", "2026-02-01", "2026-02-01T00:00:00", "P99999999Y", "h", "."]
)
def test_what_is_no_point_in_time(text: str) -> None:
    with pytest.raises(ValueError, match="not recognized"):
        point_in_time(text, AT)


@given(st.integers(0, 10**6), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_go_durations_add_up(hours: int, minutes: int, seconds: int, millis: int) -> None:
    expected = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis).total_seconds()
    assert go_duration(f"{hours}h{minutes}m{seconds}s{millis}ms") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@every 90s", "2026-01-31T12:01:30+00:00"),
        ("@daily", "2026-02-01T00:00:00+00:00"),
        ("@midnight", "2026-02-01T00:00:00+00:00"),
        ("@hourly", "2026-01-31T13:00:00+00:00"),
        ("@weekly", "2026-02-01T00:00:00+00:00"),
        ("@monthly", "2026-02-01T00:00:00+00:00"),
        ("@yearly", "2027-01-01T00:00:00+00:00"),
        ("* * * * * *", "2026-01-31T12:00:01+00:00"),
        ("30 0 * * * *", "2026-01-31T12:00:30+00:00"),
        ("0 */15 * * * *", "2026-01-31T12:15:00+00:00"),
        ("0 0 9 ? * MON", "2026-02-02T09:00:00+00:00"),
        ("0 0 9 1 jan *", "2027-01-01T09:00:00+00:00"),
        ("TZ=Europe/Berlin 0 0 9 * * *", "2026-02-01T08:00:00+00:00"),
        ("CRON_TZ=Asia/Tokyo @daily", "2026-01-31T15:00:00+00:00"),
    ],
)
def test_schedules(text: str, expected: str) -> None:
    assert schedule(text).after(AT) == moment(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * * *",
        "@often",
        "@every",
        "@every x",
        "@every -1s",
        "60 * * * * *",
        "a * * * * *",
        "TZ=No/Where @daily",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each names something else
        schedule(text)


@given(st.floats(0, 4e9))
def test_the_next_tick_is_later_and_ticks_do_not_drift(start: float) -> None:
    every_minute = schedule("0 * * * * *")
    first = every_minute.after(start)
    assert start < first <= start + 60
    assert every_minute.after(first) == first + 60
