"""The quick line: the written table to the letter, any text at all, and steps that grow with the line alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.quick_lines import TABLE, Case, cases, shown
from services.backend.quick import QuickTask, read, reading
from services.backend.quick.tokens import Line
from services.backend.schemas import TaskCreate
from services.kit.recurrence import check_rule

CASES = cases()
NOW = datetime.fromisoformat("2026-11-25T10:17:33+01:00")
STEPS_A_TOKEN = 100
LANGUAGE = """every each other monday tuesday and , 1st 2nd third last friday of the month at 9 10am - until june for 3
weeks remind me 1 day before after completion in 2 hours from now #tag !high p1 " “ ( ) / . : 2026-12-01 12/25 half past
eight quarter to next week end eod a an couple new york time CET due on by 30 february 0000 99999 9999 years 24:00
starting 10 times ! # ’s www. @ mid dinner up get no later than M-F eod weekend over about ( ) Sun
Sat weekdays through 31st \u0660 ² İ"""
WORDS = LANGUAGE.split()


def understood(text: str, locale: str = "en-GB") -> QuickTask:
    return read(text, NOW, "Europe/Rome", locale)


def notes(text: str, locale: str = "en-GB") -> list[str]:
    return [span.note for span in understood(text, locale).spans if span.note]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.line} ({case.zone})")
def test_the_written_lines(case: Case) -> None:
    assert shown(read(case.line, case.now, case.zone, case.locale)) == case.task


def test_the_table_is_long_enough_and_says_nothing_twice() -> None:
    assert len(CASES) >= 300
    assert len({(case.line, case.zone, case.now) for case in CASES}) == len(CASES)
    assert len({case.zone for case in CASES}) >= 7


@pytest.mark.parametrize(
    ("table", "lines", "least"),
    [
        ("quick_lines_blind", 50, 50),
        ("quick_lines_blind_again", 50, 48),
        ("quick_lines_blind_third", 93, 93),
        ("quick_lines_blind_fourth", 65, 64),
    ],
)
def test_of_lines_written_afterwards_nine_in_ten_are_read_to_the_letter(table: str, lines: int, least: int) -> None:
    blind = cases(TABLE.with_name(f"{table}.yaml"))
    right = [case for case in blind if shown(read(case.line, case.now, case.zone, case.locale)) == case.task]
    assert len(blind) == lines
    assert len(right) >= least


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line)
def test_spans_stand_in_order_and_what_they_leave_is_in_the_title(case: Case) -> None:
    found = read(case.line, case.now, case.zone, case.locale)
    ends = [0, *(end for span in found.spans for end in (span.start, span.end)), len(case.line)]
    assert ends == sorted(ends)
    left = "".join(case.line[end:start] for end, start in zip(ends[::2], ends[1::2], strict=True))
    kept = set("".join(c for c in left if c.isalnum()))
    assert kept <= set(found.title) | set("to")


def test_each_span_says_what_it_means() -> None:
    line = "pay rent every month on the 1st at 9am !high #home remind 1 day before"
    assert [(line[span.start : span.end], span.field, span.means) for span in understood(line).spans] == [
        ("every month", "recurrence", "every month on day 1"),
        ("on the 1st", "recurrence", "every month on day 1"),
        ("at 9am", "due", "at 09:00"),
        ("!high", "priority", "priority high"),
        ("#home", "tags", "tag home"),
        ("remind 1 day before", "reminders", "reminder 1 day before"),
    ]


@pytest.mark.parametrize(
    ("line", "locale", "said"),
    [
        ("pay 02/03", "en-GB", "02/03 is read day before month"),
        ("pay 02/03", "en-US", "02/03 is read month before day"),
        ("pay 2/3/2027", "de-DE", "2/3 is read day before month"),
        ("call at 5", "en-GB", "5 is read as the afternoon"),
        ("dinner at 7", "en-GB", "7 is read as the evening"),
        ("breakfast at 6", "en-GB", "6 is read as the morning"),
        ("dinner Friday 29 November 2026", "en-GB", "that is a Sunday"),
        ("pay before Friday", "en-GB", "the day before"),
        ("holiday 24-26 Dec", "en-GB", "the first counts"),
        ("call next Friday", "en-GB", "the week after this"),
        ("gym every second Tuesday", "en-GB", "every second week"),
        ("standup weekdays until June", "en-GB", "the day before it is the last"),
        ("pay every month on the 31st", "en-GB", "the last day where the month is shorter"),
        ("meeting tomorrow 9-11am", "en-GB", "the begin counts"),
        ("bake on 28 March 2027 at 02:30", "en-GB", "Europe/Rome skip 02:30"),
        ("bake on 31 October 2027 at 02:30", "en-GB", "show 02:30 twice"),
    ],
)
def test_what_can_be_read_in_two_ways_is_said(line: str, locale: str, said: str) -> None:
    assert any(said in note for note in notes(line, locale)), notes(line, locale)


@pytest.mark.parametrize("line", ["pay 3/3", "pay 25/12", "pay 2.3.2027", "call at 9am", "call Friday", "buy milk"])
def test_nothing_is_said_of_what_has_one_reading(line: str) -> None:
    assert notes(line) == []


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not an IANA time zone"):
        read("buy milk", NOW, "Mars/Olympus")


def check(text: str, now: datetime, zone: str, locale: str) -> None:
    """Hold what any text gives against what a task may be."""
    found = read(text, now, zone, locale)
    assert bool(found.title) == bool(text.split())
    assert len(found.title) <= len(text)
    values: dict[str, Any] = found.model_dump(exclude={"spans"})
    if "\0" not in text:
        TaskCreate.model_validate(values | {"title": found.title[:400].strip() or "t"})
    if found.recurrence is not None:
        assert found.due is not None
        assert check_rule(found.recurrence.rrule, found.due) == found.recurrence.rrule
    assert all(0 <= span.start < span.end <= len(text) for span in found.spans)


_ZONES = st.sampled_from(
    ["UTC", "Europe/Rome", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Tehran"]
)
_NOWS = st.integers(-2_177_452_800, 16_722_547_200).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_LOCALES = st.sampled_from(["en", "en-US", "en-GB", "de", "zh-Hant-TW", "", "x"])


@given(st.text(max_size=200), _NOWS, _ZONES, _LOCALES)
def test_any_text_is_a_task(text: str, now: datetime, zone: str, locale: str) -> None:
    check(text, now, zone, locale)


@given(st.lists(st.sampled_from(WORDS), max_size=40), st.sampled_from([" ", "", "  "]), _NOWS, _ZONES, _LOCALES)
def test_any_words_of_the_language_are_a_task(
    words: list[str], joint: str, now: datetime, zone: str, locale: str
) -> None:
    check(joint.join(words), now, zone, locale)


def steps(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    lines: list[Line] = []

    class Counted(Line):
        def __init__(self, text: str) -> None:
            super().__init__(text)
            lines.append(self)

    monkeypatch.setattr(reading, "Line", Counted)
    understood(text)
    return lines[0].steps


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "every ",
            "1 ",
            "at ",
            '"',
            "“",
            "a",
            "1st and ",
            "mon, ",
            "remind me ",
            "1d and ",
            "#",
            "#a",
            "!",
            "1/",
            "1:",
        ),
        *("9-", "Europe/", "( ", "due by on ", "half a ", "the end of ", "a.m.", "every monday ", "in 1h 30m "),
        *("until the end of next ", "every 29 February ", "remind me 1d, 1d, ", "first and second ", "new york "),
        *("half eight ", "mid-", "from april to ", "M-F ", "no later than ", "thursday, 29 october ", "a week on "),
        *("the day after ", "dinner get up at 7 ", "july 6-8 ", "by 5 ", "!!1 ", "tue/thu "),
        *("www.", "@", "a@", "from 9 to 5 ", "every 1st and 2nd ", "after it is ", "'", "a'", "\u0660", "½ "),
    ],
)
def test_the_steps_grow_with_the_line_alone(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    once, twice = (piece * (size // len(piece)) for size in (500, 1000))
    assert steps(once, monkeypatch) <= STEPS_A_TOKEN * (len(Line(once)) + 1)
    assert steps(twice, monkeypatch) <= 2.1 * steps(once, monkeypatch) + STEPS_A_TOKEN


@given(st.lists(st.sampled_from(WORDS), max_size=120))
def test_any_words_take_few_steps(words: list[str]) -> None:
    line = " ".join(words)
    with pytest.MonkeyPatch.context() as patch:
        assert steps(line, patch) <= STEPS_A_TOKEN * (len(Line(line)) + 1)
