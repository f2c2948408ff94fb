"""Service invocation: who may call whom, and which paths are refused."""

import asyncio
import contextlib
import json

import pytest

from tests.conformance.differences import differs
from tests.conformance.harness import API_TOKEN, Client, FakeApp, Runtime
from tests.conformance.platform import Platform
from tests.conformance.test_invocation import BACKEND


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/internal/heads"),
        ("POST", "/internal/log/p"),
        ("DELETE", "/mcp/x"),
        ("GET", "/internal/log/p/1"),
        ("GET", "/internal/log"),
        ("GET", "/"),
        ("GET", "/apix"),
        ("HEAD", "/api/tasks"),
        ("OPTIONS", "/api/tasks"),
        ("GET", "/API/tasks"),
    ],
)
async def test_what_no_edge_allows_is_denied(
    runtime: Runtime, callee: FakeApp, frontend: Client, method: str, path: str
) -> None:
    status, body, _ = await frontend.http(method, BACKEND + path)
    assert (status, len(callee.received)) == differs(runtime, "access-control", embedded=(403, 0), daprd=(200, 1))
    if status == 403 and method != "HEAD":
        found = json.loads(body)
        assert found["errorCode"] == "ERR_DIRECT_INVOKE"
        assert f"ns/default/frontend operation: {path} verb: {method}" in found["message"]


@pytest.mark.parametrize(
    ("path", "arrives", "otherwise"),
    [
        ("/api", "/api", "/api"),
        ("/api/", "/api", "/api/"),
        ("//api//tasks", "/api/tasks", "/api//tasks"),
        ("/api/./tasks", "/api/tasks", "/api/./tasks"),
        ("/internal/heads/../../api/tasks", "/api/tasks", "/internal/heads/../../api/tasks"),
        ("/api%2Ftasks", "/api/tasks", "/api%2Ftasks"),
        ("/%61pi/tasks", "/api/tasks", "/%61pi/tasks"),
        ("/api/%252e%252e/x", "/api/%252e%252e/x", "/api/%2e%2e/x"),
        ("/api/%E2%82%AC", "/api/%E2%82%AC", "/api/%E2%82%AC"),
    ],
)
async def test_the_path_that_is_checked_is_the_one_sent(
    platform: Platform, callee: FakeApp, path: str, arrives: str, otherwise: str
) -> None:
    assert await raw_get(platform, BACKEND + path) == 200
    assert callee.received[-1].path == differs(platform.runtime, "path-as-sent", embedded=arrives, daprd=otherwise)


@pytest.mark.parametrize(
    "path",
    [
        "/api/../internal/heads",
        "/api/%2e%2e/internal/heads",
        "/api/%2E%2E%2Finternal%2Fheads",
        "/api/..%2finternal/heads",
        "/../../internal/heads",
    ],
)
async def test_tricks_with_the_path_are_denied(platform: Platform, callee: FakeApp, path: str) -> None:
    found = await raw_get(platform, BACKEND + path), len(callee.received)
    assert found == differs(platform.runtime, "access-control", embedded=(403, 0), daprd=(200, 1))


@pytest.mark.parametrize(
    ("path", "otherwise"),
    [("/api/%00", 403), ("/api/%0d%0aX: 1", 200), ("/api/%3fq=1", 200), ("/api/%23x", 200), ("/api/%ff", 200)],
)
async def test_paths_that_would_mean_something_else_are_refused(
    platform: Platform, callee: FakeApp, path: str, otherwise: int
) -> None:
    found = await raw_get(platform, (BACKEND + path).replace(" ", "%20"))
    assert found == differs(platform.runtime, "path-as-sent", embedded=500, daprd=otherwise)
    assert len(callee.received) == (found == 200)


async def raw_get(platform: Platform, target: str) -> int:
    """Send a request whose target no client library has tidied up, and return the status."""
    port = platform.runtime.ports["frontend", 0].http
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\ndapr-api-token: {API_TOKEN}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return status
