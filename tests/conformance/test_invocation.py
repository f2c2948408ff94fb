"""Service invocation: what passes, what is refused, and that bodies stream."""

import asyncio
import base64
import contextlib
import gzip
import json
import zlib
from collections.abc import AsyncIterator

import aiohttp
import grpc
import pytest
from aiohttp import web
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import invoke_pb2
from google.protobuf.any_pb2 import Any as AnyMessage

from tests.conformance.harness import API_TOKEN, APP_TOKEN, Client, FakeApp, Platform, Received, eventually, unique
from tests.conformance.test_state import refused

BACKEND = "/v1.0/invoke/backend/method"
SECRET = "eyJhb"


@pytest.fixture
async def callee(platform: Platform) -> FakeApp:
    """The application that is invoked."""
    return await platform.app("backend")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_method_path_query_headers_and_body_arrive(callee: FakeApp, frontend: Client, method: str) -> None:
    callee.answer = lambda _request: web.Response(status=207, body=b"answer", headers={"X-Answer": "1"})
    path = f"{BACKEND}/api/tasks/a%20b?q=1&q=%2F&empty="
    body = b"\x00body" if method != "GET" else None
    status, answer, headers = await frontend.http(method, path, data=body, headers={"X-Given": "yes"})
    assert (status, answer, headers["X-Answer"]) == (207, b"answer", "1")
    request = callee.received[-1]
    assert (request.method, request.path, request.query) == (method, "/api/tasks/a%20b", "q=1&q=%2F&empty=")
    assert request.headers["X-Given"] == "yes"
    assert request.body == (body or b"")


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 400, 404, 409, 422, 500, 503])
async def test_every_status_passes(callee: FakeApp, frontend: Client, status: int) -> None:
    callee.answer = lambda _request: web.Response(status=status, headers={"Location": "/elsewhere"})
    found, _, headers = await frontend.http("GET", f"{BACKEND}/api/tasks", allow_redirects=False)
    assert (found, headers["Location"]) == (status, "/elsewhere")


async def test_the_caller_is_named_and_cannot_be_forged(callee: FakeApp, frontend: Client) -> None:
    forged = {
        "dapr-caller-app-id": "audit",
        "DAPR-CALLEE-APP-ID": "audit",
        "dapr-caller-namespace": "kube-system",
    }
    await frontend.http("GET", f"{BACKEND}/api/tasks", headers=forged)
    headers = callee.received[-1].headers
    assert headers.getall("dapr-caller-app-id") == ["frontend"]
    assert headers.getall("dapr-callee-app-id") == ["backend"]
    assert headers.getall("dapr-caller-namespace") == ["default"]


async def test_the_app_sees_its_own_token_and_not_the_callers(callee: FakeApp, frontend: Client) -> None:
    await frontend.http("GET", f"{BACKEND}/api/tasks")
    assert callee.received[-1].headers.getall("dapr-api-token") == [APP_TOKEN]


async def test_hop_by_hop_headers_stay_behind(callee: FakeApp, frontend: Client) -> None:
    answered = {"Connection": "X-Hop", "X-Hop": "1", "Proxy-Authenticate": "Basic", "X-Kept": "1"}
    callee.answer = lambda _request: web.Response(headers=answered)
    sent = {"Connection": "keep-alive, X-Private", "X-Private": "1", "TE": "trailers", "X-Public": "1"}
    _, _, headers = await frontend.http("GET", f"{BACKEND}/api/tasks", headers=sent)
    received = callee.received[-1].headers
    assert "X-Private" not in received
    assert "TE" not in received
    assert received["X-Public"] == "1"
    assert "X-Hop" not in headers
    assert "Proxy-Authenticate" not in headers
    assert headers["X-Kept"] == "1"


async def test_headers_may_repeat(callee: FakeApp, frontend: Client) -> None:
    answer = web.Response()
    answer.headers.extend([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    callee.answer = lambda _request: answer
    _, _, headers = await frontend.http("GET", f"{BACKEND}/api/tasks")
    assert headers.getall("Set-Cookie") == ["a=1", "b=2"]


async def test_a_trace_is_passed_on_or_begun(callee: FakeApp, frontend: Client) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await frontend.http("GET", f"{BACKEND}/api/tasks", headers={"traceparent": trace})
    await frontend.http("GET", f"{BACKEND}/api/tasks")
    given, made = (request.headers["traceparent"] for request in callee.received[-2:])
    assert given == trace
    assert len(made.split("-")) == 4


async def test_a_compressed_answer_is_left_as_it_is(callee: FakeApp, frontend: Client) -> None:
    body = gzip.compress(b"text" * 100)
    callee.answer = lambda _request: web.Response(body=body, headers={"Content-Encoding": "gzip"})
    _, answer, headers = await frontend.http("GET", f"{BACKEND}/api/tasks")
    assert (answer, headers["Content-Encoding"]) == (body, "gzip")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "unheard-of"])
async def test_a_compressed_request_is_left_as_it_is(callee: FakeApp, frontend: Client, encoding: str) -> None:
    body = gzip.compress(b"text" * 100) if encoding == "gzip" else zlib.compress(b"text" * 100)
    sent = frontend.http("POST", f"{BACKEND}/api/tasks", data=body, headers={"Content-Encoding": encoding})
    status, _, _ = await asyncio.wait_for(sent, 5)
    assert status == 200
    assert (callee.received[-1].body, callee.received[-1].headers["Content-Encoding"]) == (body, encoding)


async def test_long_headers_and_queries_pass(callee: FakeApp, frontend: Client) -> None:
    many = {f"X-{n}": "v" for n in range(150)} | {"X-Long": "v" * 30_000}
    status, _, _ = await frontend.http("GET", f"{BACKEND}/api/tasks?q={'x' * 30_000}", headers=many)
    assert status == 200
    received = callee.received[-1]
    assert (len(received.query), len(received.headers["X-Long"]), received.headers["X-149"]) == (30_002, 30_000, "v")


@pytest.mark.parametrize(
    "head",
    [
        f"GET /{SECRET * 20_000} HTTP/1.1\r\n",
        f"GET / HTTP/1.1\r\nAuthorization: Bearer {SECRET * 20_000}\r\n",
        f"GET / HTTP/1.1\r\n{SECRET * 20_000}: x\r\n",
        f"GET / HTTP/1.1\r\nX: {SECRET}\x00\r\n",
        f"GET / HTTP/1.1\r\n{SECRET}\r\n",
        f"{SECRET} / HTTP/1.1\r\n",
        f"GET / {SECRET}\r\n",
        f"GET / HTTP/1.1\r\nContent-Length: {SECRET}\r\n",
        "GET / HTTP/1.1\r\n" + "".join(f"X-{n}: {SECRET}\r\n" for n in range(400)),
    ],
)
async def test_what_cannot_be_read_is_refused_and_never_repeated(platform: Platform, head: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.runtime.ports["frontend", 0].http)
    writer.write(f"{head}Host: x\r\n\r\n".encode("latin-1"))
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert int(answer.split()[1]) == 400
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["errorCode"] == "ERR_MALFORMED_REQUEST"
    assert SECRET not in answer.decode() + platform.runtime.logs()


async def test_an_answer_streams_as_it_comes(callee: FakeApp, frontend: Client) -> None:
    go_on = asyncio.Event()

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await go_on.wait()
        await response.write(b"data: 2\n\n")
        return response

    callee.raw["/api/stream"] = serve
    url = f"{frontend.base}{BACKEND}/api/stream"
    async with frontend.session.get(url, headers={"dapr-api-token": API_TOKEN}) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert await asyncio.wait_for(response.content.readany(), 2) == b"data: 1\n\n"
        go_on.set()
        assert await asyncio.wait_for(response.content.readany(), 2) == b"data: 2\n\n"


async def test_a_request_streams_as_it_comes(callee: FakeApp, frontend: Client) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        async for chunk in request.content.iter_any():
            arrived.put_nowait(chunk)
        return web.Response(text="done")

    callee.raw["/api/upload"] = serve

    async def body() -> AsyncIterator[bytes]:
        for n in range(3):
            yield b"chunk-%d" % n
            assert await asyncio.wait_for(arrived.get(), 2) == b"chunk-%d" % n

    status, answer, _ = await frontend.http("POST", f"{BACKEND}/api/upload", data=body())
    assert (status, answer) == (200, b"done")


async def test_a_large_body_passes_both_ways(callee: FakeApp, frontend: Client) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for chunk in request.content.iter_any():
            await response.write(chunk)
        return response

    async def body() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65536

    callee.raw["/api/echo"] = echo
    status, answer, _ = await frontend.http("POST", f"{BACKEND}/api/echo", data=body())
    assert (status, len(answer)) == (200, 160 * 65536)


async def test_a_body_over_the_callers_limit_is_refused(platform: Platform) -> None:
    await platform.app("backend")
    recurring = platform.client("recurring-task")

    async def body() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 65536

    path = f"{BACKEND}/internal/occurrences"
    status, answer, _ = await recurring.http("POST", path, data=body())
    assert (status, json.loads(answer)["errorCode"]) == (413, "ERR_BODY_READ")


async def test_the_callee_learns_that_the_caller_has_gone(callee: FakeApp, frontend: Client) -> None:
    ended = asyncio.Event()

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"tick")
                await asyncio.sleep(0.02)
        finally:
            ended.set()

    callee.raw["/api/stream"] = serve
    url = f"{frontend.base}{BACKEND}/api/stream"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"dapr-api-token": API_TOKEN}) as response:
        await response.content.readany()
    await asyncio.wait_for(ended.wait(), 5)


async def test_an_answer_that_breaks_off_does_not_look_whole(callee: FakeApp, frontend: Client) -> None:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    callee.raw["/api/stream"] = serve
    with pytest.raises(aiohttp.ClientError):
        await frontend.http("GET", f"{BACKEND}/api/stream")


@pytest.mark.parametrize("header", ["dapr-app-id", "authorization"])
async def test_the_callee_may_be_named_by_a_header(callee: FakeApp, frontend: Client, header: str) -> None:
    basic = "Basic " + base64.b64encode(b"dapr-app-id:backend").decode()
    value = "backend" if header == "dapr-app-id" else basic
    status, _, _ = await frontend.http("GET", "/api/tasks?x=1", headers={header: value})
    assert status == 200
    assert (callee.received[-1].path, callee.received[-1].query) == ("/api/tasks", "x=1")
    assert "dapr-app-id" not in callee.received[-1].headers


async def test_an_unknown_app_is_named(frontend: Client) -> None:
    status, body, _ = await frontend.http("GET", "/v1.0/invoke/nosuch/method/api/x")
    found = json.loads(body)
    assert (status, found["errorCode"]) == (500, "ERR_DIRECT_INVOKE")
    assert found["message"] == "failed to invoke, id: nosuch, err: couldn't find service: nosuch"


async def test_an_app_that_is_away_is_an_error(frontend: Client) -> None:
    status, body, _ = await frontend.http("POST", f"{BACKEND}/api/tasks", data=b"x")
    assert (status, json.loads(body)["errorCode"]) == (500, "ERR_DIRECT_INVOKE")
    assert "error invoking app channel" in json.loads(body)["message"]


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
async def test_what_no_edge_allows_is_denied(callee: FakeApp, frontend: Client, method: str, path: str) -> None:
    status, body, _ = await frontend.http(method, BACKEND + path)
    assert status == 403
    assert not callee.received
    if method != "HEAD":
        found = json.loads(body)
        assert found["errorCode"] == "ERR_DIRECT_INVOKE"
        assert f"ns/default/frontend operation: {path} verb: {method}" in found["message"]


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/api", "/api"),
        ("/api/", "/api"),
        ("//api//tasks", "/api/tasks"),
        ("/api/./tasks", "/api/tasks"),
        ("/internal/heads/../../api/tasks", "/api/tasks"),
        ("/api%2Ftasks", "/api/tasks"),
        ("/%61pi/tasks", "/api/tasks"),
        ("/api/%252e%252e/x", "/api/%252e%252e/x"),
        ("/api/%E2%82%AC", "/api/%E2%82%AC"),
    ],
)
async def test_the_path_that_is_checked_is_the_one_sent(
    platform: Platform, callee: FakeApp, frontend: Client, path: str, arrives: str
) -> None:
    assert await raw_get(platform, BACKEND + path) == 200
    assert callee.received[-1].path == arrives


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
    assert await raw_get(platform, BACKEND + path) == 403
    assert not callee.received


@pytest.mark.parametrize("path", ["/api/%00", "/api/%0d%0aX: 1", "/api/%3fq=1", "/api/%23x", "/api/%ff"])
async def test_paths_that_would_mean_something_else_are_refused(platform: Platform, callee: FakeApp, path: str) -> None:
    assert await raw_get(platform, (BACKEND + path).replace(" ", "%20")) == 500
    assert not callee.received


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


async def test_replicas_take_turns_and_one_that_is_away_is_passed_over(platform: Platform, frontend: Client) -> None:
    apps = [await platform.app("audit", n) for n in range(2)]
    path = "/v1.0/invoke/audit/method/api/audit/x"
    for _ in range(6):
        assert (await frontend.http("GET", path))[0] == 200
    assert [len(app.received) for app in apps] == [3, 3]
    await platform.down("audit", 0)
    for _ in range(4):
        assert (await frontend.http("GET", path))[0] == 200
    assert len(apps[1].received) == 7


async def test_an_invocation_is_sent_once(callee: FakeApp, frontend: Client) -> None:
    callee.answer = lambda _request: 503
    status, _, _ = await frontend.http("POST", f"{BACKEND}/api/tasks", data=b"x")
    assert status == 503
    assert len(callee.received) == 1


def invocation(path: str, verb: int = common.HTTPExtension.POST, **more: str) -> invoke_pb2.InvokeServiceRequest:
    message = common.InvokeRequest(method=path, data=AnyMessage(value=b"body"), content_type="text/plain")
    message.http_extension.verb = verb  # type: ignore[assignment]
    message.http_extension.querystring = more.get("query", "")
    return invoke_pb2.InvokeServiceRequest(id=more.get("id", "backend"), message=message)


async def test_grpc_callers_invoke_http_apps(callee: FakeApp, frontend: Client) -> None:
    def answer(request: Received) -> web.Response:
        return web.Response(body=request.body.upper(), content_type="text/plain", headers={"X-Answer": "1"})

    callee.answer = answer
    call = frontend.stub.InvokeService(invocation("api/tasks", query="q=1"), metadata=frontend.metadata)
    response = await call
    assert (response.data.value, response.content_type) == (b"BODY", "text/plain")
    headers = dict(await call.initial_metadata())
    assert (headers["x-answer"], headers["dapr-http-status"]) == ("1", "200")
    request = callee.received[-1]
    assert (request.method, request.path, request.query) == ("POST", "/api/tasks", "q=1")
    assert request.headers["dapr-caller-app-id"] == "frontend"


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, grpc.StatusCode.NOT_FOUND), (409, grpc.StatusCode.ALREADY_EXISTS), (500, grpc.StatusCode.UNKNOWN)],
)
async def test_grpc_callers_get_the_status_as_a_code(
    callee: FakeApp, frontend: Client, status: int, code: grpc.StatusCode
) -> None:
    callee.answer = lambda _request: status
    await refused(code, frontend.call("InvokeService", invocation("api/tasks")))


async def test_grpc_callers_are_refused_the_same_way(callee: FakeApp, frontend: Client) -> None:
    denied = frontend.call("InvokeService", invocation("internal/occurrences"))
    await refused(grpc.StatusCode.PERMISSION_DENIED, denied)
    await refused(grpc.StatusCode.INTERNAL, frontend.call("InvokeService", invocation("x", id="nosuch")))
    await refused(grpc.StatusCode.INTERNAL, frontend.call("InvokeService", invocation("api/x", verb=0)))
    assert not callee.received


async def test_an_upload_that_waits_for_the_go_ahead_gets_it(callee: FakeApp, frontend: Client) -> None:
    body = unique().encode()
    status, _, _ = await asyncio.wait_for(frontend.http("POST", f"{BACKEND}/api/tasks", data=body, expect100=True), 5)
    assert status == 200
    await eventually(lambda: callee.received[-1].body == body)
