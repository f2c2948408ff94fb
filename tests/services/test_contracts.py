"""`contracts/` says what the code does: the files are made from it, and what travels fits them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import yaml

from components.model import Topic
from services.backend.publication import envelope, reminder_event
from services.contracts import FOLDER, documents, event_schema, main
from services.kit.consumer import cloud_event
from services.kit.events import NOTIFICATION_TYPE, EventType, NotificationUpdate, TaskEvent
from services.kit.ids import person_id
from services.kit.task import Reminder, ReminderStatus, Task

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CALLS = {
    "/api/tasks": {"get", "post"},
    "/api/tasks/{task_id}": {"get", "patch", "delete"},
    "/api/tasks/{task_id}/complete": {"post"},
    "/api/tasks/{task_id}/reopen": {"post"},
    "/api/tasks/{task_id}/tags": {"put"},
    "/api/tasks/{task_id}/occurrences": {"get"},
    "/api/occurrences": {"post"},
    "/api/tags": {"get"},
    "/api/tasks/batch": {"post"},
    "/api/tasks/quick": {"post"},
    "/api/chat": {"get", "post"},
    "/api/chat/{conversation}": {"get", "delete"},
    "/api/undo": {"post"},
    "/api/events": {"get"},
    "/api/tasks/export": {"get"},
    "/api/tasks/import": {"post"},
    "/api/audit": {"get"},
    "/api/audit/verify": {"get"},
    "/api/notifications": {"get"},
    "/api/notifications/{notification_id}/read": {"post"},
    "/api/notifications/settings": {"get", "put"},
    "/api/notifications/test": {"post"},
    "/api/tokens": {"get", "post"},
    "/api/tokens/{token_id}": {"delete"},
    "/api/me": {"get", "patch", "delete"},
}


def task(**values: Any) -> Task:
    return Task(id=uuid4(), seq=3, version=1, title="Pay rent", created_at=NOW, updated_at=NOW, **values)


def event(kind: EventType, **values: Any) -> TaskEvent:
    return TaskEvent(person=person_id("i", "s"), epoch=7, seq=3, type=kind, at=NOW, change=uuid4(), **values)


def checked(topic: Topic, envelope: dict[str, Any]) -> None:
    schema = json.loads((FOLDER / f"{topic.value}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(envelope)), schema, format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("name", ["backend-api.yaml", "task-events.json", "reminders.json", "task-updates.json"])
def test_the_files_are_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text() == documents()[name], "run `make contracts`"


def test_a_stale_file_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    monkeypatch.setattr("services.contracts.documents", lambda: {"reminders.json": "{}"})
    assert main(["--check"]) == 1
    assert "reminders.json" in capsys.readouterr().err


def test_every_call_is_described_and_no_other() -> None:
    paths = yaml.safe_load((FOLDER / "backend-api.yaml").read_text())["paths"]
    assert {path: set(item) for path, item in paths.items()} == CALLS


@pytest.mark.parametrize("topic", [Topic.TASK_EVENTS, Topic.TASK_UPDATES])
@pytest.mark.parametrize("kind", [EventType.CREATED, EventType.UPDATED, EventType.DELETED])
def test_a_task_event_fits_its_contract(topic: Topic, kind: EventType) -> None:
    checked(topic, envelope(event(kind, task=task(), was={"title": "Rent"})))


def test_a_reminder_fits_its_contract() -> None:
    reminder = Reminder(id="r1", at=NOW, status=ReminderStatus.DUE, seq=2)
    found = reminder_event(event(EventType.REMINDER_DUE, task=task(reminders=(reminder,)), reminder="r1"))
    assert found is not None
    checked(Topic.REMINDERS, envelope(found))


def test_a_notification_fits_its_contract() -> None:
    data = NotificationUpdate(person=person_id("i", "s"), notification={"id": "1"}).model_dump(mode="json")
    checked(Topic.TASK_UPDATES, cloud_event("e:notification", NOTIFICATION_TYPE, "notification", "p", data))


@pytest.mark.parametrize("broken", [{"type": None}, {"data": {}}, {"specversion": "0.3"}, {"id": ""}])
def test_what_does_not_fit_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(envelope(event(EventType.CREATED, task=task())) | broken, event_schema(Topic.TASK_EVENTS))
