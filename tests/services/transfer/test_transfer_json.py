"""The platform's own format: nothing of a task is lost, and one bad task costs the others nothing."""

import json
from typing import Any

import pytest
from harness.dues import on
from hypothesis import given
from transfer_cases import ID, NOW, moments, only, read, task, tasks, told, unhurried, write

from services.backend.schemas import TaskDraft
from services.backend.transfer.json_format import FORMAT, VERSION
from services.kit.task import Status, Task


def file_of(*values: object, **envelope: object) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, **envelope, "tasks": list(values)})


def same(draft: TaskDraft, original: Task) -> None:
    for name in set(TaskDraft.model_fields) - {"reminders"}:
        assert getattr(draft, name) == getattr(original, name), name
    given_back = [reminder.model_dump(mode="json") for reminder in draft.reminders]
    assert given_back == [reminder.model_dump(mode="json") for reminder in original.reminders]


@unhurried
@given(tasks(moments))
def test_everything_of_every_task_comes_back(original: Task) -> None:
    parsed = read("json", write("json", original, task(), original))
    assert parsed.problems == ()
    for entry, written in zip(parsed.drafts, [original, task(), original], strict=True):
        same(entry.draft, written)


def test_one_task_a_line_after_an_envelope() -> None:
    lines = write("json", task(), task(title="Two")).decode().splitlines()
    assert lines[0] == '{"format": "task-platform", "version": 1, "tasks": ['
    assert json.loads(lines[1].rstrip(","))["id"] == str(ID)
    assert [len(lines), lines[-1]] == [4, "]}"]


def test_an_empty_list_is_a_file() -> None:
    parsed = read("json", write("json"))
    assert (parsed.drafts, parsed.problems) == ((), ())


def test_a_bare_array_is_read() -> None:
    assert only(read("json", '[{"title": " Pay rent "}]')) == TaskDraft(title="Pay rent")


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    text = '[{"title": "Café"}]'
    assert only(read("json", b"\xef\xbb\xbf" + text.encode())).title == "Café"
    assert only(read("json", text.encode("utf-16"))).title == "Café"


def test_a_bad_task_names_its_index_and_field_and_the_others_come_in() -> None:
    parsed = read("json", file_of({"title": "One"}, {"title": "", "tags": ["a", "A"]}, 7, None, {"title": "Five"}))
    assert [entry.draft.title for entry in parsed.drafts] == ["One", "Five"]
    named = [(problem.item, problem.field) for problem in parsed.problems]
    assert named == [("tasks[1]", "title"), ("tasks[1]", "tags"), ("tasks[2]", None), ("tasks[3]", None)]
    assert {problem.severity.value for problem in parsed.problems} == {"error"}
    assert parsed.problems[2].message == "a task is an object, not a number"


def test_an_unpaired_surrogate_or_a_broken_byte_costs_one_task() -> None:
    broken = b'[{"title": "\\ud800"}, {"title": "\xff"}, {"title": "Fine"}, {"title": "x", "\\ud800": 1}]'
    parsed = read("json", broken)
    assert [entry.draft.title for entry in parsed.drafts] == ["Fine", "x"]
    assert [problem.item for problem in parsed.problems] == ["tasks[0]", "tasks[1]", "tasks[3]"]
    for problem in parsed.problems:
        problem.model_dump_json()


def test_an_unknown_field_is_told_and_left_out() -> None:
    parsed = read("json", file_of({"title": "One", "colour": "red"}))
    assert told(parsed) == [(None, "colour", "warning")]
    assert parsed.drafts[0].draft == TaskDraft(title="One")


def test_read_only_fields_are_no_problem() -> None:
    assert only(read("json", file_of({"title": "One", "seq": 4, "version": 2, "updated_at": "x"}))).title == "One"


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("", 1, None),
        ('{"tasks": [\n{"title": }]}', 2, None),
        ("7", None, "tasks"),
        ('{"items": []}', None, "tasks"),
        ('{"tasks": {}}', None, "tasks"),
        ('{"format": "other", "tasks": []}', None, "version"),
        ('{"version": 2, "tasks": []}', None, "version"),
        ("[" * 200_000, None, None),
        ("[" + "9" * 5000 + "]", None, None),
    ],
)
def test_what_is_no_list_of_tasks_is_one_problem(text: str, line: int | None, field: str | None) -> None:
    parsed = read("json", text)
    assert parsed.drafts == ()
    assert told(parsed) == [(line, field, "error")]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"recurrence": {"rrule": "FREQ=DAILY"}}, "recurrence"),
        ({"recurrence": {"rrule": "FREQ=SECONDLY"}, "due": {"date": "2026-12-01"}}, "recurrence"),
        ({"reminders": [{"before": "P1D"}]}, "reminders"),
        ({"completed_at": "2026-11-01T00:00:00Z"}, "completed_at"),
        ({"nominal": {"date": "1066-10-14"}}, "nominal"),
        ({"nominal": {"local": "2026-12-01T09:00"}, "due": {"date": "2026-12-01"}}, "nominal"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"reminders": [{"at": "9999-12-31T23:59:59-14:00"}]}, "reminders"),
    ],
)
def test_what_does_not_fit_together_is_left_out_and_told(fields: dict[str, Any], field: str) -> None:
    parsed = read("json", file_of({"title": "One", **fields}))
    assert told(parsed) == [(None, field, "warning")]
    draft = parsed.drafts[0].draft
    assert draft == TaskDraft(title="One", due=on("2026-12-01") if "due" in fields else None)


@pytest.mark.parametrize(
    "due",
    [
        {"at": "2026-12-01T09:00:00+02:00", "time_zone": "Europe/Rome"},
        {"at": "2026-12-01T09:00:00Z", "time_zone": "Mars/Olympus"},
        {"date": "9999-01-01"},
    ],
)
def test_a_due_that_cannot_be_is_an_error(due: dict[str, Any]) -> None:
    parsed = read("json", file_of({"title": "One", "due": due}))
    assert (parsed.drafts, told(parsed)) == ((), [(None, "due", "error")])


def test_a_completed_task_keeps_its_date() -> None:
    draft = only(read("json", write("json", task(status="completed", completed_at=NOW))))
    assert (draft.status, draft.completed_at) == (Status.COMPLETED, NOW)


def test_a_refusal_is_said_in_words_of_json() -> None:
    parsed = read("json", file_of({"title": "t", "external_id": "\ud800"}))
    said = [f"{problem.field}: {problem.message}" for problem in parsed.problems]
    assert said == ["external_id: must not contain NUL or unpaired surrogates"]
