"""What the tests of the codecs share: a clock, a person, short ways to read, and arbitrary tasks."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from harness.dues import ROME, ZONES, wall
from harness.rules import rules
from hypothesis import settings
from hypothesis import strategies as st

from services.backend.schemas import TaskDraft
from services.backend.transfer import FORMATS
from services.backend.transfer.parsed import Parsed
from services.kit.due import normal_due, reminder_at
from services.kit.recurrence import check_rule
from services.kit.task import (
    Due,
    DueAt,
    DueDate,
    DueLocal,
    Priority,
    Profile,
    Recurrence,
    RecurrenceMode,
    Reminder,
    ReminderStatus,
    Status,
    Task,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PERSON = Profile(time_zone=ROME)
ID = UUID("01980000-0000-7000-8000-000000000001")


unhurried = settings(deadline=None)
"""For property tests: the machine may be busy with others."""


def read(format_name: str, text: str | bytes, profile: Profile = PERSON) -> Parsed:
    data = text.encode() if isinstance(text, str) else text
    return FORMATS[format_name].read(data, profile, NOW)


def write(format_name: str, *tasks: Task, profile: Profile = PERSON) -> bytes:
    return b"".join(FORMATS[format_name].write(tasks, profile))


def only(parsed: Parsed) -> TaskDraft:
    """The one task of a file that says nothing else."""
    assert [problem.message for problem in parsed.problems] == []
    (entry,) = parsed.drafts
    return entry.draft


def told(parsed: Parsed) -> list[tuple[int | None, str | None, str]]:
    """Where the problems are, without their words."""
    return [(problem.line, problem.field, problem.severity.value) for problem in parsed.problems]


def back(format_name: str, task: Task, profile: Profile = PERSON) -> TaskDraft:
    """A task after it was written and read again."""
    return only(read(format_name, write(format_name, task, profile=profile), profile))


def task(**fields: object) -> Task:
    moment = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    return Task.model_validate(
        {"id": ID, "seq": 7, "version": 3, "title": "Pay rent", "created_at": moment, "updated_at": moment, **fields}
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
awkward_words = st.sampled_from(
    [
        "x",
        "(A)",
        "2026-01-01",
        "+1",
        "@home",
        "due:2026-01-01",
        "rec:1w",
        "id:1",
        f"id:{ID}",
        "pri:A",
        "tag:a",
        "\\+1",
        "\\",
        "\\\\x",
        "C:\\New",
        "C:\\new",
        "a;b",
        "a,b",
        "a:b",
        "",
        '"',
        "http://a.b/?c=d",
        "é",
        "🎉" * 30,
        "at:09:00",
    ]
)
words = st.lists(awkward_words | st.text(characters, min_size=1, max_size=12), min_size=1, max_size=8).map(" ".join)
moments = st.datetimes(wall("1975-01-01"), wall("2400-01-01"), timezones=st.just(UTC))
whole = moments.map(lambda moment: moment.replace(microsecond=0))
changes = st.sampled_from([utc("2026-10-25T00:30:00"), utc("2026-10-25T01:30:00"), utc("2026-03-29T01:00:00")])
durations = st.sampled_from(["P1D", "P2W", "PT0S", "PT30M", "PT90M", "P1DT2H", "PT36H", "P1W2DT3H4M5S", "P366D"])


def plain(text: str) -> str:
    """Text as a line of any format can carry it: without control characters, and trimmed."""
    return "".join(c for c in text if c.isprintable() or c == " ").strip()


@st.composite
def dues(draw: st.DrawFn, instants: st.SearchStrategy[datetime] = whole, like: Due | None = None) -> Due:
    kind = draw(st.integers(0, 2)) if like is None else (DueDate, DueLocal, DueAt).index(type(like))
    if kind == 0:
        return DueDate(date=draw(st.dates(date(1975, 1, 1), date(2400, 1, 1))))
    if kind == 1:
        return DueLocal(local=draw(instants).replace(tzinfo=None))
    zone = draw(st.sampled_from(["UTC", "Etc/UTC", ROME]) | st.sampled_from(ZONES))
    return normal_due(normal_due(DueAt(at=draw(instants | changes)), zone), zone)


@st.composite
def recurrences(draw: st.DrawFn, due: Due) -> Recurrence:
    rrule = draw(rules(timed=not isinstance(due, DueDate)) | st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2"]))
    try:
        rrule = check_rule(rrule, due)
    except ValueError:
        rrule = "FREQ=MONTHLY;COUNT=9"
    return Recurrence(rrule=rrule, mode=draw(st.sampled_from(RecurrenceMode)))


@st.composite
def reminders(draw: st.DrawFn, due: Due | None, instants: st.SearchStrategy[datetime]) -> tuple[Reminder, ...]:
    found = []
    befores = draw(st.lists(durations, max_size=3, unique=True)) if due is not None else []
    for number, before in enumerate([*befores, *[None] * draw(st.integers(0, 2))]):
        at = draw(instants) + timedelta(hours=number)
        if before is not None and due is not None:
            at = reminder_at(due, before, ROME)
        status = draw(st.sampled_from(ReminderStatus))
        found.append(Reminder(id=f"r{number}", before=before, at=at, status=status, seq=draw(st.integers(0, 9))))
    return tuple({(one.before, one.before or one.at): one for one in found}.values())


@st.composite
def tasks(draw: st.DrawFn, instants: st.SearchStrategy[datetime] = whole) -> Task:
    due = draw(st.none() | dues(instants))
    done = draw(st.booleans())
    tags = draw(st.lists(words.map(plain).filter(bool).map(lambda text: text[:64].strip()), max_size=5))
    return task(
        id=draw(st.uuids()),
        title=draw(words.map(str.strip).filter(plain).map(lambda text: text[:500].strip())),
        description=draw(st.just("") | st.text(characters, max_size=200)),
        status=Status.COMPLETED if done else Status.OPEN,
        completed_at=draw(instants) if done else None,
        created_at=draw(instants),
        updated_at=draw(instants),
        priority=draw(st.sampled_from(Priority)),
        tags=tuple({tag.casefold(): tag for tag in tags}.values()),
        due=due,
        recurrence=draw(st.none() | recurrences(due)) if due is not None else None,
        series_id=draw(st.none() | st.uuids()),
        occurrence=draw(st.none() | st.integers(1, 10**6)),
        nominal=draw(st.none() | dues(instants, like=due)) if due is not None else None,
        reminders=draw(reminders(due, instants)),
        external_id=draw(st.none() | st.text(characters, min_size=1, max_size=40)),
    )
