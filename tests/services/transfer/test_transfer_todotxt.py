"""todo.txt: its own rules (http://todotxt.org), the extensions, and what comes back of a task."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from harness.dues import ROME, at, local, on, rule
from hypothesis import example, given
from hypothesis import strategies as st
from transfer_cases import ID, NOW, PERSON, back, only, read, task, tasks, told, unhurried, words, write

from services.backend.schemas import TaskDraft
from services.backend.transfer.todotxt.grammar import escaped, unescaped
from services.kit.task import Due, Priority, Recurrence, Status, Task


def line(original: Task) -> str:
    """The line of a task, without the id that every line ends in."""
    text = write("todo.txt", original).decode()
    assert text.endswith(f" id:{original.id}\n")
    return text.removesuffix(f" id:{original.id}\n")


def midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(ROME)).astimezone(UTC)


def one(text: str) -> TaskDraft:
    return only(read("todo.txt", text))


def plain_rule(recurrence: Recurrence | None) -> Recurrence | None:
    """A rule without the interval that it has anyway, which `rec:1d` does not tell apart."""
    if recurrence is None or not recurrence.rrule.endswith(";INTERVAL=1"):
        return recurrence
    return recurrence.model_copy(update={"rrule": recurrence.rrule.removesuffix(";INTERVAL=1")})


class TestHead:
    @pytest.mark.parametrize(
        ("text", "title", "priority", "created"),
        [
            ("Call Mom", "Call Mom", "none", None),
            ("(A) Call Mom", "Call Mom", "urgent", None),
            ("(B) 2026-11-01 Call Mom", "Call Mom", "high", "2026-11-01"),
            ("2026-11-01 Call Mom", "Call Mom", "none", "2026-11-01"),
            ("2026-11-01 2026-11-02 is Monday", "2026-11-02 is Monday", "none", "2026-11-01"),
            ("2026-13-01 Call Mom", "2026-13-01 Call Mom", "none", None),
            ("2026-11-01Call Mom", "2026-11-01Call Mom", "none", None),
            ("(a) Call Mom", "(a) Call Mom", "none", None),
            ("(A)->Call Mom", "(A)->Call Mom", "none", None),
            ("Really (A) Call Mom", "Really (A) Call Mom", "none", None),
            ("(AB) Call Mom", "(AB) Call Mom", "none", None),
        ],
    )
    def test_an_open_task(self, text: str, title: str, priority: str, created: str | None) -> None:
        draft = one(text)
        assert (draft.title, draft.priority, draft.status) == (title, Priority(priority), Status.OPEN)
        assert draft.created_at == (midnight(created) if created else None)

    @pytest.mark.parametrize(
        ("text", "title", "completed", "created"),
        [
            ("x Call Mom", "Call Mom", None, None),
            ("x 2026-11-20 Call Mom", "Call Mom", "2026-11-20", None),
            ("x 2026-11-20 2026-11-01 Call Mom", "Call Mom", "2026-11-20", "2026-11-01"),
            ("x (B) 2026-11-20 2026-11-01 Call Mom", "Call Mom", "2026-11-20", "2026-11-01"),
            ("x 2026-11-20 2026-11-01 2026-10-01 Call", "2026-10-01 Call", "2026-11-20", "2026-11-01"),
        ],
    )
    def test_a_completed_task(self, text: str, title: str, completed: str | None, created: str | None) -> None:
        draft = one(text)
        assert (draft.title, draft.status) == (title, Status.COMPLETED)
        assert draft.completed_at == (midnight(completed) if completed else NOW)
        assert draft.created_at == (midnight(created) if created else None)

    @pytest.mark.parametrize("text", ["xylophone lesson", "X 2026-11-01 Make resolutions", "(A) x Find tickets"])
    def test_what_is_not_completed(self, text: str) -> None:
        assert one(text).status is Status.OPEN

    @pytest.mark.parametrize(
        ("letter", "priority"), [("A", "urgent"), ("B", "high"), ("C", "medium"), ("D", "low"), ("Z", "low")]
    )
    def test_priorities(self, letter: str, priority: str) -> None:
        assert one(f"({letter}) Call").priority == Priority(priority)
        assert one(f"x Call pri:{letter}").priority == Priority(priority)

    def test_a_mark_goes_before_a_field(self) -> None:
        assert one("(C) Call pri:A").priority is Priority.MEDIUM

    @pytest.mark.parametrize("word", ["pri:a", "pri:AB", "pri:1"])
    def test_what_is_no_priority_stays_text(self, word: str) -> None:
        parsed = read("todo.txt", f"Call {word}")
        assert (parsed.drafts[0].draft.title, told(parsed)) == (f"Call {word}", [(1, "pri", "warning")])


class TestWords:
    @pytest.mark.parametrize(
        ("text", "title", "tags"),
        [
            ("Thank Mom for the meatballs @phone", "Thank Mom for the meatballs", ("@phone",)),
            ("Schedule pickup +GarageSale @phone", "Schedule pickup", ("GarageSale", "@phone")),
            ("@GroceryStore Eskimo pies", "Eskimo pies", ("@GroceryStore",)),
            ("+home @phone Call  Mom", "Call  Mom", ("home", "@phone")),
            ("Call @mom today", "Call @mom today", ("@mom",)),
            ("Call @mom today due:2026-12-01 +home", "Call @mom today", ("@mom", "home")),
            ("Email bob@example.com about 2+2 and + or @", "Email bob@example.com about 2+2 and + or @", ()),
            ("+home @phone", "+home @phone", ("home", "@phone")),
            ("Call +a +A", "Call", ("a",)),
            ("Call tag:my%20house", "Call", ("my house",)),
            (r"Add \+1 and \due:2026-12-01 to \\server", r"Add +1 and due:2026-12-01 to \\server", ()),
            (r"\x marks", "x marks", ()),
            (r"\(A) is a grade", "(A) is a grade", ()),
        ],
    )
    def test_tags_and_titles(self, text: str, title: str, tags: tuple[str, ...]) -> None:
        draft = one(text)
        assert (draft.title, draft.tags) == (title, tags)

    def test_fields_of_other_programs_stay_text(self) -> None:
        text = "See http://example.com/a:b h:1 at:noon at:09:00 id:12 tz:Europe/Rome"
        assert one(text).title == text

    def test_only_the_first_of_a_field_is_one(self) -> None:
        draft = one("Pay due:2026-12-01 due:2026-12-02")
        assert (draft.title, draft.due) == ("Pay due:2026-12-02", on("2026-12-01"))

    def test_ids(self) -> None:
        draft = one(f"Pay id:{ID} uid:a%20b%25@c")
        assert (draft.title, draft.id, draft.external_id) == ("Pay", ID, "a b%@c")

    def test_an_id_that_is_too_long_is_text(self) -> None:
        parsed = read("todo.txt", f"Pay uid:{'u' * 256}")
        assert (parsed.drafts[0].draft.external_id, told(parsed)) == (None, [(1, "uid", "warning")])

    def test_a_line_of_fields_alone_has_no_title(self) -> None:
        parsed = read("todo.txt", "due:2026-12-01")
        assert (parsed.drafts[0].draft.title, told(parsed)) == ("Untitled", [(1, "title", "warning")])

    @unhurried
    @given(st.text(), st.booleans())
    @example(f"\\\\id:{ID}", False)
    @example("\\x", True)
    def test_an_escape_comes_off_again(self, word: str, first: bool) -> None:
        assert unescaped(escaped(word, first=first), first=first) == word


class TestDue:
    @pytest.mark.parametrize(
        ("text", "due"),
        [
            ("due:2026-12-01", on("2026-12-01")),
            ("due:2026-12-01T09:00", local("2026-12-01T09:00")),
            ("due:2026-12-01 at:09:00", local("2026-12-01T09:00")),
            ("at:09:00 due:2026-12-01", local("2026-12-01T09:00")),
            ("due:2026-12-01 at:09:00 tz:America/New_York", at("2026-12-01T09:00:00-05:00", "America/New_York")),
            ("due:2026-12-01T09:00 tz:Europe/Rome", at("2026-12-01T09:00:00+01:00")),
            ("due:2026-12-01T09:00Z", at("2026-12-01T10:00:00+01:00")),
            ("due:2026-12-01T09:00:00-05:00 tz:America/New_York", at("2026-12-01T09:00:00-05:00", "America/New_York")),
            ("due:2026-10-25 at:02:30 tz:Europe/Rome", at("2026-10-25T02:30:00+02:00")),
            ("due:2026-10-25 at:02:30+01:00 tz:Europe/Rome", at("2026-10-25T02:30:00+01:00")),
            ("due:2026-03-29 at:02:30 tz:Europe/Rome", at("2026-03-29T03:30:00+02:00")),
            ("due:2026-12-01 tz:Europe/Rome", on("2026-12-01")),
        ],
    )
    def test_forms(self, text: str, due: Due) -> None:
        draft = one(f"Pay {text}")
        assert (draft.title, draft.due) == ("Pay", due)

    @pytest.mark.parametrize("value", ["tomorrow", "2026-13-01", "1066-10-14", "20261201", "2026-12-01T25:00"])
    def test_what_is_no_date_stays_text_and_is_told(self, value: str) -> None:
        parsed = read("todo.txt", f"Pay due:{value}")
        draft = parsed.drafts[0].draft
        assert (draft.title, draft.due, told(parsed)) == (f"Pay due:{value}", None, [(1, "due", "warning")])

    def test_a_start_is_told(self) -> None:
        parsed = read("todo.txt", "Pay t:2026-12-01")
        draft = parsed.drafts[0].draft
        assert (draft.title, draft.due, told(parsed)) == ("Pay", None, [(1, "t", "warning")])


class TestRecurrence:
    @pytest.mark.parametrize(
        ("word", "recurrence"),
        [
            ("rec:1d", rule("FREQ=DAILY", "from_completion")),
            ("rec:+1m", rule("FREQ=MONTHLY")),
            ("rec:2w", rule("FREQ=WEEKLY;INTERVAL=2", "from_completion")),
            ("rec:+10y", rule("FREQ=YEARLY;INTERVAL=10")),
            ("rec:1b", rule("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "from_completion")),
            ("rec:+1b", rule("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR")),
            ("rrule:+FREQ=MONTHLY;BYMONTHDAY=1", rule("FREQ=MONTHLY;BYMONTHDAY=1")),
            ("rrule:FREQ=DAILY;COUNT=3", rule("FREQ=DAILY;COUNT=3", "from_completion")),
        ],
    )
    def test_words_both_ways(self, word: str, recurrence: Recurrence) -> None:
        assert one(f"Pay due:2026-12-01 {word}").recurrence == recurrence
        assert line(task(due=on("2026-12-01"), recurrence=recurrence)).endswith(f" {word}")

    @pytest.mark.parametrize("value", ["0d", "1x", "+", "2b", "1000d", "weekly", "-1d"])
    def test_what_is_no_recurrence_stays_text_and_is_told(self, value: str) -> None:
        parsed = read("todo.txt", f"Pay due:2026-12-01 rec:{value}")
        draft = parsed.drafts[0].draft
        assert (draft.title, draft.recurrence) == (f"Pay rec:{value}", None)
        assert told(parsed) == [(1, "rec", "warning")]

    @pytest.mark.parametrize("word", ["rec:1d", "rrule:FREQ=SECONDLY due:2026-12-01"])
    def test_what_cannot_recur_comes_in_without(self, word: str) -> None:
        parsed = read("todo.txt", f"Pay {word}")
        assert (parsed.drafts[0].draft.recurrence, told(parsed)) == (None, [(1, "recurrence", "warning")])

    def test_a_start_is_the_due_of_what_recurs_without_one(self) -> None:
        draft = one("Pay rec:1d t:2026-12-01")
        assert (draft.due, draft.recurrence) == (on("2026-12-01"), rule("FREQ=DAILY", "from_completion"))


class TestFile:
    def test_lines_are_numbered_and_blank_ones_are_nothing(self) -> None:
        parsed = read("todo.txt", "\ufeffOne\r\n\r\n  \nTwo\n\nThree")
        assert [(entry.line, entry.draft.title) for entry in parsed.drafts] == [(1, "One"), (4, "Two"), (6, "Three")]

    def test_an_empty_file_is_an_empty_list(self) -> None:
        parsed = read("todo.txt", "")
        assert (parsed.drafts, parsed.problems) == ((), ())

    def test_windows_1252_is_read_and_told(self) -> None:
        parsed = read("todo.txt", b"Caf\xe9\nTea")
        assert [entry.draft.title for entry in parsed.drafts] == ["Café", "Tea"]
        assert told(parsed) == [(1, None, "warning")]

    def test_utf_16_is_read(self) -> None:
        assert only(read("todo.txt", "Café".encode("utf-16"))).title == "Café"

    def test_a_line_that_is_too_long_costs_the_others_nothing(self) -> None:
        parsed = read("todo.txt", "One\n" + "x" * 65_536 + "\nTwo")
        assert [entry.draft.title for entry in parsed.drafts] == ["One", "Two"]
        assert told(parsed) == [(2, None, "error")]

    def test_a_title_that_is_too_long_is_cut(self) -> None:
        parsed = read("todo.txt", "t" * 501)
        assert (len(parsed.drafts[0].draft.title), told(parsed)) == (500, [(1, "title", "warning")])


class TestWritten:
    @pytest.mark.parametrize(
        ("original", "text"),
        [
            (task(), "2026-11-01 Pay rent"),
            (task(priority="urgent"), "(A) 2026-11-01 Pay rent"),
            (
                task(priority="low", tags=["home", "@desk", "my house"]),
                "(D) 2026-11-01 Pay rent +home @desk tag:my%20house",
            ),
            (task(status="completed", completed_at=NOW, priority="high"), "x 2026-11-23 2026-11-01 Pay rent pri:B"),
            (task(status="completed", title="2026-12-01 rent"), r"x \2026-12-01 rent"),
            (task(due=on("2026-12-01")), "2026-11-01 Pay rent due:2026-12-01"),
            (task(due=local("2026-12-01T09:00")), "2026-11-01 Pay rent due:2026-12-01 at:09:00"),
            (
                task(due=at("2026-12-01T09:00:05+01:00")),
                "2026-11-01 Pay rent due:2026-12-01 at:09:00:05 tz:Europe/Rome",
            ),
            (
                task(due=at("2026-10-25T02:30:00+01:00")),
                "2026-11-01 Pay rent due:2026-10-25 at:02:30+01:00 tz:Europe/Rome",
            ),
            (task(title="x +1 @home due:2026-12-01"), r"2026-11-01 \x \+1 \@home \due:2026-12-01"),
            (task(title="Call +Mom today", tags=["Mom", "b"]), "2026-11-01 Call +Mom today +b"),
            (task(title="Call +Mom", tags=["Mom"]), r"2026-11-01 Call \+Mom +Mom"),
            (task(title="a\r\nb\tc"), "2026-11-01 a b c"),
            (task(external_id="a b@c"), "2026-11-01 Pay rent uid:a%20b@c"),
        ],
    )
    def test_lines(self, original: Task, text: str) -> None:
        assert line(original) == text

    def test_days_are_those_of_the_person(self) -> None:
        late = task(created_at=datetime(2026, 11, 1, 23, 30, tzinfo=UTC))
        assert line(late) == "2026-11-02 Pay rent"
        assert write("todo.txt", late, profile=PERSON.model_copy(update={"time_zone": "UTC"}))[:10] == b"2026-11-01"

    @unhurried
    @given(tasks())
    @example(task(due=at("2026-10-25T02:30:00+01:00")))
    @example(task(due=on("2026-12-01"), recurrence=rule("FREQ=DAILY;INTERVAL=1")))
    @example(task(external_id=" "))
    def test_what_the_format_carries_comes_back(self, original: Task) -> None:
        draft = back("todo.txt", original)
        for name in ("id", "external_id", "status", "priority", "due"):
            assert getattr(draft, name) == getattr(original, name), name
        assert plain_rule(draft.recurrence) == plain_rule(original.recurrence)
        assert sorted(draft.tags) == sorted(original.tags)
        assert draft.title.split() == "".join(c if c >= " " and c != "\x7f" else " " for c in original.title).split()
        for name in ("created_at", "completed_at"):
            before, after = getattr(original, name), getattr(draft, name)
            assert (before is None) == (after is None)
            assert before is None or timedelta() <= before - after < timedelta(hours=25)

    @unhurried
    @given(words.filter(lambda text: text.strip().isprintable() and text.strip()))
    def test_a_title_comes_back_word_by_word(self, title: str) -> None:
        assert back("todo.txt", task(title=title.strip()[:500].strip())).title == title.strip()[:500].strip()

    @unhurried
    @given(st.lists(words.map(str.strip).filter(bool), max_size=4))
    def test_one_line_each(self, titles: list[str]) -> None:
        originals = [task(id=UUID(int=number), title=title[:500].strip()) for number, title in enumerate(titles)]
        data = write("todo.txt", *originals)
        assert data.count(b"\n") == len(originals)
        assert [entry.draft.id for entry in read("todo.txt", data).drafts] == [one.id for one in originals]

    def test_read_and_written_again_is_the_same(self) -> None:
        text = f"(A) 2026-11-01 Call @mom today +home due:2026-12-01 rec:+1w uid:u id:{UUID(int=5)}\n"
        draft = one(text)
        assert write("todo.txt", task(**draft.model_dump(exclude={"completed_at"}))).decode() == text
