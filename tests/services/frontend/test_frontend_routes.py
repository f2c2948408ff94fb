"""Which service a public call goes to, and the many ways to ask for what is not public."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.catalogue import AUDIT, BACKEND, NOTIFICATION
from services.frontend.routes import Routes
from services.kit.problems import Problem

ROUTES = Routes()


@pytest.mark.parametrize(
    ("method", "path", "callee"),
    [
        ("GET", "/api/tasks", BACKEND),
        ("PATCH", "/api/tasks/0198c0de-0000-7000-8000-000000000000", BACKEND),
        ("POST", "/api/tasks/batch", BACKEND),
        ("DELETE", "/api/me", BACKEND),
        ("POST", "/mcp", BACKEND),
        ("GET", "/api/audit", AUDIT),
        ("GET", "/api/audit/verify", AUDIT),
        ("GET", "/api/auditors", BACKEND),
        ("GET", "/api/notifications", NOTIFICATION),
        ("PUT", "/api/notifications/settings", NOTIFICATION),
        ("GET", "/api/jobsearch", BACKEND),
    ],
)
def test_the_most_particular_edge_counts(method: str, path: str, callee: str) -> None:
    assert ROUTES.find(method, path.encode()) == callee


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/api/audit", "GET, HEAD"),
        ("DELETE", "/api/notifications/1", "GET, HEAD, POST, PUT"),
        ("OPTIONS", "/api/tasks", "DELETE, GET, HEAD, PATCH, POST, PUT"),
        ("PUT", "/mcp", "POST"),
    ],
)
def test_a_method_that_no_edge_has_is_405(method: str, path: str, allow: str) -> None:
    with pytest.raises(Problem) as refusal:
        ROUTES.find(method, path.encode())
    assert (refusal.value.status, refusal.value.headers) == (405, {"Allow": allow})


@pytest.mark.parametrize(
    "path",
    [
        "/api/jobs",
        "/api/jobs/",
        "/api/jobs/trigger",
        "/api/Jobs/trigger",
        "/API/tasks",
        "/internal/log/x",
        "/internal/heads",
        "/events/task-updates",
        "/job/reminder-1",
        "/dapr/subscribe",
        "/api/../internal/heads",
        "/api/tasks/../jobs/trigger",
        "/api/./jobs/trigger",
        "/api/..",
        "/api/.",
        "/api/%2e%2e/internal/heads",
        "/api/%2E%2E/internal/heads",
        "/api/.%2e/internal/heads",
        "/api/tasks%2f..%2fjobs",
        "/api%2fjobs/trigger",
        "/api/jobs%2ftrigger",
        "/api/%6aobs/trigger",
        "/%61pi/jobs/trigger",
        "/api/%252e%252e/internal/heads",
        "/api//jobs/trigger",
        "//api/jobs/trigger",
        "/api///jobs",
        "/api/tasks//",
        "/api\\jobs\\trigger",
        "/api/..\\internal",
        "/api/%5cjobs",
        "/api/jobs;x=1/trigger",
        "/api/tasks/\x00",
        "/api/tasks/%00",
        "/api/tasks/\r\nX: y",
        "/api/tasks/%0d%0a",
        "/api/jobs\ttrigger",
        "/api/jobs?x",
        "/api/jobs#x",
        "/api/tasks/ü",
        "/api/tasks/%c0%ae%c0%ae",
        "/api/tasks/%zz",
        "api/tasks",
        "",
        "/",
        "*",
        "/mcp/",
        "/mcp/x",
        "/api/" + "x" * 3000,
    ],
)
def test_what_is_not_public_or_has_two_readings_is_not_found(path: str) -> None:
    for method in ("GET", "POST"):
        with pytest.raises(Problem) as refusal:
            ROUTES.find(method, path.encode())
        assert refusal.value.status == 404


_PIECES = st.sampled_from(
    [b"/api", b"/jobs", b"/tasks", b"/internal", b"/", b".", b"..", b"%2e", b"%2f", b"\\", b"%5c", b"a", b"%", b";"]
)


@given(st.lists(_PIECES, max_size=8).map(b"".join) | st.binary(max_size=40).map(lambda raw: b"/api/" + raw))
def test_no_path_at_all_reaches_what_is_private(path: bytes) -> None:
    try:
        ROUTES.find("POST", path)
    except Problem:
        return
    segments = path.split(b"/")
    assert not path.lower().startswith(b"/api/jobs/")
    assert segments[1] in {b"api", b"mcp"}
    assert not set(segments) & {b".", b".."}
    assert b"" not in segments[1:-1]
    assert not set(path) & set(b"%\\;\x00?#")
