"""What the trail keeps of an event."""

from typing import Any

import pytest
from audit_cases import TASK_ID, event, profile_event, task

from services.audit.records import UnrecordableError, changes, record
from services.kit.events import EventType


def test_a_record_says_who_when_and_what() -> None:
    given = event("p", 3, actor="recurring-task")
    kept = record(given)
    assert (kept.epoch, kept.seq) == (1, 3)
    assert kept.content == {
        "type": "task.updated",
        "at": "2026-05-01T12:00:03.000000Z",
        "actor": "recurring-task",
        "change": str(given.change),
        "task_id": str(TASK_ID),
        "title": "title 3",
        "reminder": None,
        "changes": [{"field": "title", "before": "title 2", "after": "title 3"}],
    }


def test_fields_that_did_not_change_are_left_out() -> None:
    given = event("p", 2, was={"priority": "low", "version": 1, "updated_at": "earlier"})
    assert changes(given) == [{"field": "priority", "before": "low", "after": "none"}]


def test_a_new_task_shows_every_field_that_was_given() -> None:
    given = event("p", 1, type_=EventType.CREATED, task=task(tags=("home",)), was={})
    assert changes(given) == [
        {"field": "title", "before": None, "after": "Pay rent"},
        {"field": "tags", "before": None, "after": ["home"]},
    ]


@pytest.mark.parametrize("was", [{}, {"title": "earlier"}])
def test_a_deleted_task_shows_what_it_was(was: dict[str, Any]) -> None:
    given = event("p", 1, type_=EventType.DELETED, task=task(), was=was)
    assert changes(given) == [{"field": "title", "before": "Pay rent", "after": None}]


def test_a_reminder_changes_nothing_but_is_named() -> None:
    given = event("p", 1, type_=EventType.REMINDER_DUE, reminder="r1", was={})
    assert changes(given) == []
    assert record(given).content["reminder"] == "r1"


def test_a_profile_has_no_task() -> None:
    kept = record(profile_event("p", 1))
    assert kept.content["task_id"] is None
    assert kept.content["title"] is None
    assert kept.content["changes"] == [{"field": "time_zone", "before": "UTC", "after": "Europe/Rome"}]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("odd", [2**80, nested(300)])
def test_what_json_cannot_carry_on_is_refused(odd: object) -> None:
    with pytest.raises(UnrecordableError, match="p:1:1 cannot be recorded"):
        record(event("p", 1, was={"title": odd}))


def test_a_time_that_utc_does_not_have_is_refused() -> None:
    with pytest.raises(UnrecordableError):
        record(event("p", 1, at="0001-01-01T00:00:00+14:00"))
