"""The gateway, between a client and services behind the runtime."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from frontend_stage import Stage
from harness.runtime import APP_TOKEN
from harness.waiting import eventually

from components.catalogue import LARGEST_BODY


async def _raw(port: int, request: str) -> tuple[int, bytes]:
    """Send a request byte by byte as it stands; return the status and everything that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.encode("latin-1"))
        answer = await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
    return int(answer.split(b" ", 2)[1]), answer


async def test_a_call_goes_to_its_service_and_back(open_stage: Stage) -> None:
    headers = {"If-None-Match": '"6"', "Idempotency-Key": "k", "Dapr-Caller-App-Id": "audit", "Cookie": "a=b"}
    target = "/api/tasks/import?format=todo.txt&q=a%20b%2Fc&tag=%C3%BC&tag=x"
    status, answered, told = await open_stage.call("PATCH", target, headers=headers, json={"a": 1})
    assert (status, answered["ETag"], answered["X-Change-Id"]) == (200, '"7"', "c")
    assert "Dapr-Inside" not in answered
    assert (told["app"], told["method"], told["path"]) == ("backend", "PATCH", "/api/tasks/import")
    assert told["query"] == "format=todo.txt&q=a%20b%2Fc&tag=%C3%BC&tag=x"
    assert told["body"] == '{"a": 1}'
    assert told["headers"]["idempotency-key"] == "k"
    assert told["headers"]["if-none-match"] == '"6"'
    assert told["headers"]["dapr-caller-app-id"] == "frontend"
    assert told["headers"]["dapr-api-token"] == APP_TOKEN
    assert told["headers"]["traceparent"]
    assert "cookie" not in told["headers"]


async def test_each_service_gets_its_calls(open_stage: Stage) -> None:
    for method, path, app in (
        ("GET", "/api/tasks", "backend"),
        ("GET", "/api/audit?limit=1", "audit"),
        ("GET", "/api/audit/verify", "audit"),
        ("POST", "/api/notifications/3/read", "notification"),
        ("POST", "/mcp", "backend"),
    ):
        assert (await open_stage.call(method, path))[2]["app"] == app


async def test_statuses_and_problem_documents_pass(open_stage: Stage) -> None:
    for status in (201, 204, 304, 307, 404, 409, 422, 503):
        found, headers, _ = await open_stage.call("GET", f"/api/answer/{status}")
        assert (found, headers["Location"]) == (status, "/x")


async def test_errors_of_mcp_pass_though_they_are_no_problem_documents(open_stage: Stage) -> None:
    async with open_stage.http.get(f"{open_stage.url}/api/answer/400?kind=application/json") as answer:
        assert (answer.status, await answer.json()) == (400, {"status": 1})


async def test_an_error_that_nobody_of_ours_wrote_becomes_a_problem(open_stage: Stage) -> None:
    status, headers, problem = await open_stage.call("GET", "/api/answer/500?kind=text/html")
    assert (status, headers["Retry-After"], problem["status"]) == (503, "2", 503)


PRIVATE = [
    "/api/jobs/trigger",
    "/api/../internal/heads",
    "/api/%2e%2e/internal/heads",
    "/api/tasks/%2e%2e/jobs/trigger",
    "/api%2fjobs%2ftrigger",
    "/%61pi/jobs/trigger",
    "/api//jobs/trigger",
    "//api/jobs/trigger",
    "/api\\jobs\\trigger",
    "/api/tasks/..%5c..%5cinternal",
    "/internal/heads",
    "/internal/log/x",
    "/job/x",
    "/dapr/subscribe",
    "/dapr/config",
    "/events/task-updates",
    "/events%2ftask-updates",
    "/v1.0/invoke/backend/method/api/tasks",
]


async def test_what_is_private_cannot_be_reached(open_stage: Stage) -> None:
    port = open_stage.config.port
    for path in PRIVATE:
        for method in ("GET", "POST"):
            request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            status, answer = await _raw(port, request + "Content-Length: 0\r\nConnection: close\r\n\r\n")
            assert status in {401, 404, 405}, (path, answer)
            assert b"application/problem+json" in answer, (path, answer)
            assert b'"app"' not in answer, (path, answer)


async def test_a_client_cannot_pose_as_the_sidecar(open_stage: Stage) -> None:
    status, _, told = await open_stage.call("GET", "/api/tasks", headers={"dapr-api-token": "mine"})
    assert (status, told["headers"]["dapr-api-token"]) == (200, APP_TOKEN)
    event = {"id": "1", "type": "t", "data": {}}
    status, _, _ = await open_stage.call("POST", "/events/task-updates", json=event)
    assert status == 401


async def test_foreign_pages_are_refused(open_stage: Stage) -> None:
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ):
        for path in ("/", "/api/tasks", "/docs", "/openapi.json", "/mcp"):
            assert (await open_stage.call("GET", path, headers=headers))[0] == status


async def test_health_and_metrics_answer_under_any_host(open_stage: Stage) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        async with open_stage.http.get(f"{open_stage.url}{path}", headers={"Host": "10.0.0.1"}) as answer:
            assert answer.status == 200


async def test_every_answer_carries_the_security_headers(open_stage: Stage) -> None:
    for path in ("/docs", "/api/tasks", "/api/jobs", "/nowhere"):
        _, headers, _ = (
            await open_stage.call("GET", path)
            if path != "/docs"
            else (0, (await open_stage.http.get(f"{open_stage.url}{path}")).headers, 0)
        )
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


async def test_a_large_body_is_streamed(open_stage: Stage) -> None:
    size = 32 * 1024 * 1024
    status, _, told = await open_stage.call("POST", "/api/tasks/import", data=io.BytesIO(bytes(size)))
    assert (status, told) == (200, {"bytes": size})


async def test_a_body_without_a_length_passes(open_stage: Stage) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 1000

    assert (await open_stage.call("POST", "/api/tasks/import", data=parts()))[2] == {"bytes": 10_000}


async def test_a_body_reaches_the_service_while_it_is_sent(open_stage: Stage) -> None:
    arrived = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await asyncio.wait_for(arrived.wait(), 60)
        yield b"y"

    calling = asyncio.create_task(open_stage.call("POST", "/api/tasks/import", data=parts()))
    await eventually(lambda: open_stage.echo.received)
    arrived.set()
    assert (await calling)[0] == 200


async def test_too_large_a_body_is_413_whether_or_not_it_says_so(open_stage: Stage) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(34):
            yield b"x" * 1024 * 1024

    declared = f"POST /api/tasks/import HTTP/1.1\r\nHost: 127.0.0.1:{open_stage.config.port}\r\n"
    declared += f"Content-Length: {LARGEST_BODY + 1}\r\nConnection: close\r\n\r\n"
    assert (await _raw(open_stage.config.port, declared))[0] == 413
    with suppress(aiohttp.ClientError):  # the server may close before the rest of the body is sent
        assert (await open_stage.call("POST", "/api/tasks/import", data=parts()))[0] == 413


async def test_an_answer_is_streamed_and_ends_with_its_client(open_stage: Stage) -> None:
    address = f"{open_stage.url}/api/tasks/stream"
    async with open_stage.http.get(address) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert await asyncio.wait_for(answer.content.readany(), 60) == b"data: first\n\n"
        open_stage.echo.go_on.set()
        assert await answer.content.read() == b"data: last\n\n"
    open_stage.echo.go_on.clear()
    async with open_stage.http.get(address) as answer:
        await answer.content.readany()
        assert open_stage.echo.streams == 1
        answer.close()
    await eventually(lambda: open_stage.echo.streams == 0)


async def test_half_an_answer_does_not_pass_for_a_whole_one(open_stage: Stage) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with open_stage.http.get(f"{open_stage.url}/api/tasks/broken") as answer:
            await answer.read()


async def test_with_the_service_away_it_is_503_and_says_nothing_of_the_inside(open_stage: Stage) -> None:
    await open_stage.close_backend()
    for options in ({}, {"json": {"title": "x"}}):
        status, headers, problem = await open_stage.call("POST", "/api/tasks", **options)
        assert (status, problem["status"]) == (503, 503)
        assert int(headers["Retry-After"]) >= 1
        assert "ERR" not in str(problem)
        assert "127.0.0.1" not in str(problem)
    await open_stage.open_backend()
    assert (await open_stage.call("GET", "/api/tasks"))[0] == 200


async def test_with_the_sidecar_away_it_is_503(open_stage: Stage) -> None:
    sidecar = open_stage.app.state.platform.sidecar
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        sidecar.base_url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        status, headers, _ = await open_stage.call("POST", "/api/tasks", json={})
    assert (status, headers["Retry-After"]) == (503, "1")


async def test_odd_queries_and_headers_do_no_harm(open_stage: Stage) -> None:
    port = open_stage.config.port
    for target, header in [
        ("/api/tasks?a=\xff\xfe<>\"'`{}|^[]", "x"),
        ("/api/tasks?%zz&=&&", "x"),
        ("/api/tasks", "\xff"),
    ]:
        request = (
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nIdempotency-Key: {header}\r\nConnection: close\r\n\r\n"
        )
        status, answer = await _raw(port, request)
        assert status < 500, answer
