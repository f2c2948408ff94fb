"""Every call of a person asks for the scope that a personal access token needs for it; none was forgotten."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from components.catalogue import AUDIT, BACKEND, NOTIFICATION
from services.audit.app import build as audit
from services.backend.app import build as backend
from services.contracts import scopes_asked_for
from services.kit.config import Config
from services.kit.tokens import Scope
from services.notification.app import build as notification

READ, WRITE, ADMIN = {"tasks:read"}, {"tasks:write"}, {"admin:self"}
SCOPES = {
    ("GET", "/api/tasks"): READ,
    ("POST", "/api/tasks"): WRITE,
    ("GET", "/api/tasks/{task_id}"): READ,
    ("PATCH", "/api/tasks/{task_id}"): WRITE,
    ("DELETE", "/api/tasks/{task_id}"): WRITE,
    ("POST", "/api/tasks/{task_id}/complete"): WRITE,
    ("POST", "/api/tasks/{task_id}/reopen"): WRITE,
    ("PUT", "/api/tasks/{task_id}/tags"): WRITE,
    ("GET", "/api/tasks/{task_id}/occurrences"): READ,
    ("POST", "/api/occurrences"): READ,
    ("GET", "/api/tags"): READ,
    ("POST", "/api/tasks/batch"): WRITE,
    ("POST", "/api/tasks/quick"): WRITE,
    ("POST", "/api/undo"): WRITE,
    ("GET", "/api/events"): READ,
    ("GET", "/api/tasks/export"): READ,
    ("POST", "/api/tasks/import"): WRITE,
    ("GET", "/api/audit"): READ,
    ("GET", "/api/audit/verify"): READ,
    ("GET", "/api/notifications"): READ,
    ("POST", "/api/notifications/{notification_id}/read"): WRITE,
    ("GET", "/api/notifications/settings"): ADMIN,
    ("PUT", "/api/notifications/settings"): ADMIN,
    ("POST", "/api/notifications/test"): ADMIN,
    ("POST", "/api/chat"): {"chat"},
    ("GET", "/api/chat"): {"chat"},
    ("GET", "/api/chat/{conversation}"): {"chat"},
    ("DELETE", "/api/chat/{conversation}"): {"chat"},
    ("GET", "/api/me"): set(),
    ("PATCH", "/api/me"): ADMIN,
    ("DELETE", "/api/me"): ADMIN,
    ("GET", "/api/tokens"): ADMIN,
    ("POST", "/api/tokens"): ADMIN,
    ("DELETE", "/api/tokens/{token_id}"): ADMIN,
}


@pytest.mark.parametrize(("app_id", "make"), [(BACKEND, backend), (AUDIT, audit), (NOTIFICATION, notification)])
def test_every_call_of_a_person_asks_for_its_scope(app_id: str, make: Callable[[Config], FastAPI]) -> None:
    asked = scopes_asked_for(make(Config(app_id=app_id, port=8001)))
    calls = {call for call in asked if call[1].startswith("/api/") and not call[1].startswith("/api/jobs/")}
    assert calls
    assert {call: asked[call] for call in calls} == {call: SCOPES.get(call) for call in calls}


def test_the_scopes_are_those_of_the_api() -> None:
    assert [scope.value for scope in Scope] == ["tasks:read", "tasks:write", "chat", "admin:self"]
