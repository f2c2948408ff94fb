"""Whatever bytes come: problems, never an exception, and nothing that cannot be stored."""

import random
import time
from pathlib import Path

import pytest
from harness.dues import at, rule
from hypothesis import given, settings
from hypothesis import strategies as st
from transfer_cases import read, task, unhurried, write

from services.backend.schemas import TaskDraft
from services.backend.transfer import FORMATS
from services.backend.transfer.parsed import MAX_PROBLEMS, MAX_TASKS, Parsed

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "vtodo"
OWN = task(
    title="Pay; rent, \\now",
    description="One\nTwo",
    due=at("2026-12-01T09:00:00+01:00"),
    recurrence=rule("FREQ=MONTHLY;BYMONTHDAY=1;COUNT=9", "from_completion"),
    reminders=[{"id": "r1", "before": "P1D", "at": "2026-11-30T08:00:00Z"}],
    tags=["home", "@desk", "my house"],
    priority="urgent",
)
SEEDS = [write(name, OWN, OWN.model_copy(update={"title": "Two"})) for name in FORMATS]
REAL = [path.read_bytes() for path in sorted(FOLDER.glob("*.ics"))]
PIECES = [
    b"\r\n",
    b"\n",
    b"\n ",
    b":",
    b";",
    b",",
    b"=",
    b'"',
    b"\\",
    b"\xff",
    b"\x00",
    b"\xe2\x80\xa8",
    b"[",
    b"}",
    b"-",
]
PIECES += [
    b"BEGIN:VTODO\n",
    b"END:VTODO\n",
    b"BEGIN:VALARM\n",
    b"END:VCALENDAR\n",
    b"RECURRENCE-ID:20260101\n",
    b"99999999999",
]
PIECES += [
    b"TZID=X:",
    b"RRULE:FREQ=DAILY\n",
    b"EXDATE:20261201\n",
    b"DTSTART:00010101T000000Z\n",
    b"DUE:99991231T235959\n",
]
PIECES += [
    b"TRIGGER:-P9999999D\n",
    b" due:2026-12-01 rec:1d at:9 tz:UTC ",
    b"x ",
    b"(A) ",
    b'"due": {"at": 1}',
    b"null",
    b"1e999",
]


def is_sound(parsed: Parsed) -> None:
    for entry in parsed.drafts:
        again = TaskDraft.model_validate_json(entry.draft.model_dump_json())
        assert again == entry.draft
    for problem in parsed.problems:
        problem.model_dump_json()
        assert len(problem.message) < 1000
    assert len(parsed.problems) <= MAX_PROBLEMS + 1


def mutated(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 1, 1, 8, 60]))
        data = data[:start] + chance.choice([*PIECES, b"", data[chance.randrange(len(data) + 1) :][:80]]) + data[end:]
    return data


@pytest.mark.parametrize("name", FORMATS)
@unhurried
@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=40).map(b"".join))
def test_any_bytes(name: str, data: bytes) -> None:
    is_sound(read(name, data))


@pytest.mark.parametrize("name", FORMATS)
@settings(unhurried, max_examples=300)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_damaged_files_of_our_own(name: str, data: bytes, seed: int) -> None:
    is_sound(read(name, mutated(data, random.Random(seed))))


@pytest.mark.skipif(not REAL, reason="no ../shared/data/vtodo: damaged real exports are NOT tested")
@settings(unhurried, max_examples=500)
@given(st.sampled_from(REAL or [b""]), st.integers(0, 2**32))
def test_damaged_files_of_other_programs(data: bytes, seed: int) -> None:
    is_sound(read("ics", mutated(data, random.Random(seed))))


@pytest.mark.skipif(not REAL, reason="no ../shared/data/vtodo: real exports cut off are NOT tested")
@pytest.mark.parametrize("data", REAL, ids=range(len(REAL)))
def test_cut_off_anywhere(data: bytes) -> None:
    for end in range(0, len(data), 7):
        is_sound(read("ics", data[:end]))


def test_problems_are_bounded_and_counted() -> None:
    parsed = read("json", "[" + ",".join("7" * 1500) + "]")
    assert (len(parsed.problems), parsed.omitted) == (MAX_PROBLEMS, 1500 - MAX_PROBLEMS)


@pytest.mark.parametrize(
    ("name", "one"),
    [("todo.txt", b"a\n"), ("json", b'{"title":"a"},'), ("ics", b"BEGIN:VTODO\nSUMMARY:a\nEND:VTODO\n")],
)
def test_tasks_are_bounded_and_counted(name: str, one: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.backend.transfer.parsed.MAX_TASKS", 10)
    data = one * 12
    parsed = read(name, b"[" + data[:-1] + b"]" if name == "json" else data)
    assert len(parsed.drafts) == 10
    assert [problem.message for problem in parsed.problems] == [
        "only the first 10 tasks of a file are read; 2 more were left out"
    ]
    assert MAX_TASKS == 100_000


def hostile(size: int) -> dict[str, tuple[str, bytes]]:
    task_with = b"BEGIN:VTODO\nSUMMARY:a\n%s\nEND:VTODO\n"
    occurrence = b"BEGIN:VTODO\nUID:a\nRECURRENCE-ID:%dT000000\nEND:VTODO\n"
    calendars = {
        "newlines": b"\n" * size,
        "folds": b"BEGIN:VTODO\nSUMMARY:a\n" + b" \n" * (size // 2),
        "begins": b"BEGIN:A\n" * (size // 8),
        "begins in a task": b"BEGIN:VTODO\n" + b"BEGIN:A\n" * (size // 16) + b"END:B\n" * (size // 12),
        "ends": b"END:VTODO\n" * (size // 10),
        "tasks": b"BEGIN:VTODO\n" * (size // 12),
        "one property again and again": task_with % (b"SUMMARY:b\n" * (size // 10)),
        "parameters": task_with % (b"DUE" + b";A=B" * (size // 4) + b":20260101"),
        "commas": task_with % (b"CATEGORIES:" + b"," * size),
        "tags": task_with % b"\n".join(b"CATEGORIES:t%d" % n for n in range(size // 16)),
        "exceptions": task_with % (b"DUE:20260101\nRRULE:FREQ=DAILY\nEXDATE:" + b"20260101," * (size // 9)),
        "alarms": task_with % (b"BEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\n" * (size // 40)),
        "overrides": b"BEGIN:VTODO\nUID:a\nDUE:20260101\nRRULE:FREQ=DAILY\nEND:VTODO\n"
        + b"".join(occurrence % n for n in range(20260101, 20260101 + size // 60)),
        "zones": b"BEGIN:VTIMEZONE\nTZID:a\nEND:VTIMEZONE\n" * (size // 40),
        "backslashes": task_with % (b"DESCRIPTION:" + b"\\" * size),
        "quotes": task_with % (b'DUE;A="' + b"\\" * size),
    }
    lists = {"brackets": b"[" * size, "objects": b"[" + b"{}," * (size // 3) + b"{}]"}
    lines = {
        "words": b"+a " * (size // 3),
        "lines": b"a\n" * (size // 2),
        "many words": (b"+a " * 9_999 + b"\n") * (size // 30_000),
    }
    of_format = {"ics": calendars, "json": lists, "todo.txt": lines}
    return {kind: (name, data) for name, kinds in of_format.items() for kind, data in kinds.items()}


@pytest.mark.parametrize("kind", hostile(100))
def test_no_file_costs_more_than_its_size(kind: str) -> None:
    """Eight times the size may cost eight times the work, and some, not sixty-four times.

    Work is told by the processor's time, which a busy machine stretches for one of the two as it likes: once is enough.
    """
    assert any(grows_with_its_size(kind) for _ in range(10))


def grows_with_its_size(kind: str) -> bool:
    seconds = []
    for size in (20_000, 160_000):
        name, data = hostile(size)[kind]
        start = time.process_time()
        parsed = read(name, data)
        seconds.append(time.process_time() - start)
        is_sound(Parsed(parsed.drafts[:10], parsed.problems))
    return seconds[1] < 24 * max(seconds[0], 0.05)
