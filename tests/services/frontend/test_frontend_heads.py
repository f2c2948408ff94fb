"""What the gateway does with the head of a request: its size, its encoding, its method, and who it says is called."""

import asyncio
import base64
import gzip
import logging
import socket
import struct
from contextlib import suppress

import pytest
from frontend_stage import Stage
from harness.waiting import eventually
from prometheus_client import REGISTRY

from services.kit import connection
from services.kit.problems import MEDIA_TYPE

WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def _send(stage: Stage, head: str) -> bytes:
    """Send a head as it stands, Host and the end of the head added; return everything that came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.config.port)
    host = f"Host: 127.0.0.1:{stage.config.port}\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        writer.write((head + host).encode("latin-1"))
        with suppress(ConnectionError):
            while part := await asyncio.wait_for(reader.read(65_536), 60):
                answer += part
    finally:
        writer.close()
    return answer


async def _refused(stage: Stage, status: int, head: str) -> None:
    answer = await _send(stage, head)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert MEDIA_TYPE.encode() in answer
    assert b"xxxx" not in answer


def _counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_seconds_count", labels) or 0


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "unheard-of"])
async def test_a_compressed_body_is_415(open_stage: Stage, encoding: str) -> None:
    for method, path in (("POST", "/api/tasks"), ("POST", "/mcp"), ("GET", "/api/tasks")):
        sent = open_stage.call(method, path, data=gzip.compress(b"{}"), headers={"Content-Encoding": encoding})
        status, headers, problem = await asyncio.wait_for(sent, 60)
        assert (status, problem["status"], headers["Accept-Encoding"]) == (415, 415, "identity")


async def test_a_body_that_says_it_is_not_compressed_passes(open_stage: Stage) -> None:
    status, _, told = await open_stage.call("POST", "/api/tasks", data=b"{}", headers={"Content-Encoding": "Identity"})
    assert (status, told["body"]) == (200, "{}")


async def test_too_large_a_head_is_refused_before_anything_else(open_stage: Stage) -> None:
    for status, head in (
        (414, f"GET /api/tasks?q={'x' * 9_000} HTTP/1.1\r\n"),
        (414, f"GET /api/tasks?q={'x' * 40_000} HTTP/1.1\r\n"),
        (414, f"GET /api/tasks?q={'x' * 70_000} HTTP/1.1\r\n"),
        (431, f"GET /api/tasks HTTP/1.1\r\nAuthorization: Bearer {'x' * 9_000}\r\n"),
        (431, f"GET /api/tasks HTTP/1.1\r\n{'x' * 9_000}: y\r\n"),
        (431, "GET /api/tasks HTTP/1.1\r\n" + "".join(f"x{n}: {'x' * 4_000}\r\n" for n in range(5))),
        (431, "POST /mcp HTTP/1.1\r\n" + "x: xxxx\r\n" * 101),
        (431, "GET /docs HTTP/1.1\r\n" + "x: xxxx\r\n" * 101),
    ):
        await _refused(open_stage, status, head)


async def test_a_head_just_below_the_limits_passes(open_stage: Stage) -> None:
    for head in (
        f"GET /api/tasks?q={'x' * 8_000} HTTP/1.1\r\n",
        f"GET /api/tasks?q={'<' * 8_000} HTTP/1.1\r\n",
        f"GET /api/tasks HTTP/1.1\r\nx: {'x' * 8_000}\r\n",
        f"GET /api/tasks HTTP/1.1\r\nx: {chr(255) * 8_000}\r\ny: {chr(255) * 8_000}\r\n",
        "GET /api/tasks HTTP/1.1\r\n" + "x: y\r\n" * 98,
    ):
        assert (await _send(open_stage, head)).startswith(b"HTTP/1.1 200 "), head[:100]


async def test_an_upgrade_with_too_large_a_head_is_refused_too(open_stage: Stage) -> None:
    upgrade = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    await _refused(open_stage, 431, f"GET /ws HTTP/1.1\r\n{upgrade}x: {'x' * 9_000}\r\n")
    await _refused(open_stage, 414, f"GET /ws?{'x' * 9_000} HTTP/1.1\r\n{upgrade}")


async def test_a_head_without_an_end_is_cut_off(open_stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", open_stage.config.port)
    writer.write(b"GET /api/tasks HTTP/1.1\r\nx: ")

    async def fill() -> None:
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.001)

    with suppress(ConnectionError):
        await asyncio.wait_for(fill(), 60)
    with suppress(ConnectionError):
        assert (await asyncio.wait_for(reader.read(), 60)).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_what_is_no_http_is_told_so_in_a_problem_document(open_stage: Stage) -> None:
    await _refused(open_stage, 400, "xxxx yyyy\r\n")
    await _refused(open_stage, 400, "GET / HTTP/1.1\r\nxxxx\r\n")


async def test_a_header_that_cannot_be_passed_on_is_the_clients_fault(open_stage: Stage) -> None:
    twice = "POST /api/tasks HTTP/1.1\r\nContent-Type: a/xxxx\r\nContent-Type: b/xxxx\r\nContent-Length: 0\r\n"
    answer = await _send(open_stage, twice)
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 ")), answer


async def test_a_client_cannot_name_the_callee(open_stage: Stage) -> None:
    for callee in ("audit", "nosuch", "frontend"):
        value = "Basic " + base64.b64encode(f"dapr-app-id:{callee}".encode()).decode()
        status, _, told = await open_stage.call("GET", "/api/tasks", headers={"Authorization": value})
        assert (status, told["app"], told["path"]) == (200, "backend", "/api/tasks")
        assert "authorization" not in told["headers"]


async def test_forwarded_calls_are_counted_under_their_route(open_stage: Stage) -> None:
    before = _counted("GET", "/api/{path}", 200), _counted("POST", "/mcp", 200), _counted("GET", "/api/{path}", 404)
    await open_stage.call("GET", "/api/tasks")
    await open_stage.call("POST", "/mcp")
    await open_stage.call("GET", "/api/jobs")
    after = _counted("GET", "/api/{path}", 200), _counted("POST", "/mcp", 200), _counted("GET", "/api/{path}", 404)
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]


async def test_head_answers_as_get_without_a_body(open_stage: Stage) -> None:
    status, headers, told = await open_stage.call("HEAD", "/api/tasks")
    assert (status, headers["ETag"], told) == (200, '"7"', None)
    answer = await _send(open_stage, "HEAD /api/tasks HTTP/1.1\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == b""


async def test_head_of_an_answer_without_an_end_ends(open_stage: Stage) -> None:
    status, _, _ = await asyncio.wait_for(open_stage.call("HEAD", "/api/tasks/stream"), 60)
    assert status == 200
    await eventually(lambda: open_stage.echo.streams == 0)


@pytest.mark.parametrize(
    ("path", "length"), [("/api/tasks/import", 1000), ("/api/tasks/stalled", 10), ("/api/tasks/import", None)]
)
async def test_a_client_that_goes_away_is_no_error(
    open_stage: Stage, caplog: pytest.LogCaptureFixture, path: str, length: int | None
) -> None:
    before, said = _counted("POST", "/api/{path}", 499), len(open_stage.runtime.log.read_text())
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    body = b"a\r\n0123456789\r\n" if length is None else b"0123456789"
    open_stage.echo.received = 0
    with caplog.at_level(logging.INFO), socket.socket() as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", open_stage.config.port))
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{open_stage.config.port}\r\n{size}\r\n\r\n"
        await loop.sock_sendall(client, head.encode() + body)
        await eventually(lambda: open_stage.echo.received == 10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        await eventually(lambda: _counted("POST", "/api/{path}", 499) == before + 1)
        await asyncio.sleep(0.2)
    ours = [r for r in caplog.records if r.name.startswith(("services", "access"))]
    assert [r.getMessage() for r in ours if r.levelno >= logging.WARNING] == []
    assert "Traceback" not in open_stage.runtime.log.read_text()[said:]


async def test_bad_utf8_on_a_websocket_closes_1007_without_a_traceback(
    open_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    for early in (True, False):
        client = await open_stage.client()
        if not early:
            await client.hello()
            await client.settled()
        await client.socket.send(b"\xff\xfe", text=True)
        assert (await client.end())[0] == 1007
    await asyncio.sleep(0.1)
    assert "Traceback" not in caplog.text
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTT", WHOLE + b"GET /healthz HTT"])
async def test_who_does_not_come_to_the_end_of_a_head_is_cut_off(
    open_stage: Stage, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", open_stage.config.port)
    writer.write(begun)
    answer = await asyncio.wait_for(reader.read(), 10)
    assert answer.count(b"HTTP/1.1 200 ") == begun.count(WHOLE)
    writer.close()


async def test_a_connection_is_kept_between_two_requests(open_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    kept = await asyncio.open_connection("127.0.0.1", open_stage.config.port)
    cut = await asyncio.open_connection("127.0.0.1", open_stage.config.port)
    for _ in range(2):
        kept[1].write(WHOLE)
        assert (await asyncio.wait_for(kept[0].readuntil(b"}"), 10)).startswith(b"HTTP/1.1 200 ")
        await asyncio.wait_for(cut[0].read(), 10)  # so long has the other one said nothing
    kept[1].close()
    cut[1].close()
