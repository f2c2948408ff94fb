"""Service invocation: what passes, what is refused, and that bodies stream."""

import asyncio
import base64
import contextlib
import gzip
import json
import zlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.conformance.differences import differs
from tests.conformance.harness import (
    API_TOKEN,
    APP_TOKEN,
    PATIENCE_SECONDS,
    Client,
    FakeApp,
    Runtime,
    eventually,
    unique,
)
from tests.conformance.platform import Platform

BACKEND = "/v1.0/invoke/backend/method"
SECRET = "eyJhb"


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


async def test_the_caller_is_named_and_cannot_be_forged(runtime: Runtime, callee: FakeApp, frontend: Client) -> None:
    forged = {
        "dapr-caller-app-id": "audit",
        "DAPR-CALLEE-APP-ID": "audit",
        "dapr-caller-namespace": "kube-system",
    }
    await frontend.http("GET", f"{BACKEND}/api/tasks", headers=forged)
    headers = callee.received[-1].headers

    def beside(forged: str, true: str) -> set[str]:
        return differs(runtime, "caller-header", embedded={true}, daprd={forged, true})

    assert set(headers.getall("dapr-caller-app-id")) == beside("audit", "frontend")
    assert set(headers.getall("dapr-callee-app-id")) == beside("audit", "backend")
    assert set(headers.getall("dapr-caller-namespace")) == beside("kube-system", "default")


async def test_the_app_sees_its_own_token_and_not_the_callers(callee: FakeApp, frontend: Client) -> None:
    await frontend.http("GET", f"{BACKEND}/api/tasks")
    assert callee.received[-1].headers.getall("dapr-api-token") == [APP_TOKEN]


async def test_hop_by_hop_headers_stay_behind(runtime: Runtime, callee: FakeApp, frontend: Client) -> None:
    answered = {"Connection": "X-Hop", "X-Hop": "1", "Proxy-Authenticate": "Basic", "X-Kept": "1"}
    callee.answer = lambda _request: web.Response(headers=answered)
    sent = {"Connection": "keep-alive, X-Private", "X-Private": "1", "TE": "trailers", "X-Public": "1"}
    _, _, headers = await frontend.http("GET", f"{BACKEND}/api/tasks", headers=sent)
    received = callee.received[-1].headers
    passed = differs(runtime, "hop-by-hop", embedded=False, daprd=True)
    assert ("X-Private" in received, "X-Hop" in headers) == (passed, passed)
    assert received["X-Public"] == "1"
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
    status, _, _ = await asyncio.wait_for(sent, PATIENCE_SECONDS)
    assert status == 200
    assert (callee.received[-1].body, callee.received[-1].headers["Content-Encoding"]) == (body, encoding)


async def test_long_headers_and_queries_pass(callee: FakeApp, frontend: Client) -> None:
    many = {f"X-{n}": "v" for n in range(150)} | {"X-Long": "v" * 30_000}
    status, _, _ = await frontend.http("GET", f"{BACKEND}/api/tasks?q={'x' * 30_000}", headers=many)
    assert status == 200
    received = callee.received[-1]
    assert (len(received.query), len(received.headers["X-Long"]), received.headers["X-149"]) == (30_002, 30_000, "v")


@pytest.mark.parametrize(
    ("head", "otherwise"),
    [
        (f"GET /{SECRET * 20_000} HTTP/1.1\r\n", 431),
        (f"GET / HTTP/1.1\r\nAuthorization: Bearer {SECRET * 20_000}\r\n", 431),
        (f"GET / HTTP/1.1\r\n{SECRET * 20_000}: x\r\n", 431),
        (f"GET / HTTP/1.1\r\nX: {SECRET}\x00\r\n", 400),
        (f"GET / HTTP/1.1\r\n{SECRET}\r\n", 400),
        (f"GET / {SECRET}\r\n", 400),
        (f"GET / HTTP/1.1\r\nContent-Length: {SECRET}\r\n", 400),
    ],
    ids=["path", "token", "name", "control", "no value", "version", "length"],
)
async def test_what_cannot_be_read_is_refused_and_never_repeated(platform: Platform, head: str, otherwise: int) -> None:
    answer = await exchange(platform, f"{head}Host: x\r\nConnection: close\r\n\r\n")
    expected = differs(platform.runtime, "malformed-http", embedded=(400, b"{"), daprd=(otherwise, b"4"))
    assert (int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2][:1]) == expected
    assert SECRET not in answer.decode() + platform.runtime.logs()


@pytest.mark.parametrize(
    "head",
    [f"{SECRET} / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n" + "".join(f"X-{n}: {SECRET}\r\n" for n in range(400))],
    ids=["method", "many"],
)
async def test_what_is_odd_is_refused_and_never_repeated(platform: Platform, head: str) -> None:
    answer = await exchange(platform, f"{head}Host: x\r\nConnection: close\r\n\r\n")
    assert int(answer.split()[1]) in {400, 401}
    assert SECRET not in answer.decode() + platform.runtime.logs()


async def exchange(platform: Platform, request: str) -> bytes:
    """Return what the frontend's sidecar answers to what no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.runtime.ports["frontend", 0].http)
    writer.write(request.encode("latin-1"))
    answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    writer.close()
    return answer


async def test_an_answer_streams_as_it_comes(runtime: Runtime, callee: FakeApp, frontend: Client) -> None:
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
    streams = differs(runtime, "answer-streams", embedded=True, daprd=False)
    calling = asyncio.create_task(frontend.session.get(url, headers={"dapr-api-token": API_TOKEN}))
    done, _ = await asyncio.wait({calling}, timeout=PATIENCE_SECONDS if streams else 1)
    assert bool(done) == streams
    if not streams:
        go_on.set()
    async with await calling as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        if streams:
            assert await asyncio.wait_for(response.content.readany(), PATIENCE_SECONDS) == b"data: 1\n\n"
            go_on.set()
        assert await response.read() == (b"" if streams else b"data: 1\n\n") + b"data: 2\n\n"


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
            assert await asyncio.wait_for(arrived.get(), PATIENCE_SECONDS) == b"chunk-%d" % n

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
    notification = platform.client("notification")

    async def body() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"x" * 65536

    path = f"{BACKEND}/internal/reminders"
    expected = differs(
        platform.runtime,
        "body-limit-invocation",
        embedded={(413, "ERR_BODY_READ")},
        daprd={(500, "ERR_DIRECT_INVOKE"), (0, "")},
    )
    try:
        status, answer, _ = await notification.http("POST", path, data=body())
        found = (status, json.loads(answer)["errorCode"])
    except aiohttp.ClientError:  # it ends the connection while the body is still being sent
        found = (0, "")
    assert found in expected


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
    patience = aiohttp.ClientTimeout(total=3)
    async with aiohttp.ClientSession(timeout=patience) as session:
        with contextlib.suppress(TimeoutError):  # of a sidecar that waits for the whole answer
            response = await session.get(url, headers={"dapr-api-token": API_TOKEN})
            await response.content.readany()
            response.close()
    await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)


async def test_an_answer_that_breaks_off_does_not_look_whole(
    runtime: Runtime, callee: FakeApp, frontend: Client
) -> None:
    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    callee.raw["/api/stream"] = serve
    if differs(runtime, "broken-answer", embedded=True, daprd=False):
        with pytest.raises(aiohttp.ClientError):
            await frontend.http("GET", f"{BACKEND}/api/stream")
    else:
        assert (await frontend.http("GET", f"{BACKEND}/api/stream"))[:2] == (200, b"half")


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
    assert found["message"].startswith("failed to invoke, id: nosuch, err: ")


async def test_an_app_that_is_away_is_an_error(platform: Platform, callee: FakeApp, frontend: Client) -> None:
    await platform.away("backend")
    status, body, _ = await frontend.http("POST", f"{BACKEND}/api/tasks", data=b"x")
    assert (status, json.loads(body)["errorCode"]) == (500, "ERR_DIRECT_INVOKE")
    assert "error invoking app channel" in json.loads(body)["message"]


async def test_replicas_take_turns_and_one_that_is_away_is_passed_over(platform: Platform, frontend: Client) -> None:
    apps = [await platform.app("audit", n) for n in range(2)]
    asked = "/api/audit/x"
    path = f"/v1.0/invoke/audit/method{asked}"
    for _ in range(6):
        assert (await frontend.http("GET", path))[0] == 200
    shares = [len(app.at(asked)) for app in apps]
    assert sum(shares) == 6
    assert shares == differs(platform.runtime, "replica-choice", embedded=[3, 3], daprd=shares)
    await platform.lost("audit", 0)
    for _ in range(4):
        assert (await frontend.http("GET", path))[0] == 200
    assert len(apps[1].at(asked)) == shares[1] + 4


async def test_an_invocation_is_sent_once(callee: FakeApp, frontend: Client) -> None:
    callee.answer = lambda _request: 503
    status, _, _ = await frontend.http("POST", f"{BACKEND}/api/tasks", data=b"x")
    assert status == 503
    assert len(callee.received) == 1


async def test_an_upload_that_waits_for_the_go_ahead_gets_it(callee: FakeApp, frontend: Client) -> None:
    body = unique().encode()
    status, _, _ = await frontend.http("POST", f"{BACKEND}/api/tasks", data=body, expect100=True)
    assert status == 200
    await eventually(lambda: callee.received[-1].body == body)
