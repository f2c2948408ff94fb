"""What of a call and of an answer is passed on."""

import orjson
import pytest

from services.frontend.forwarding import is_doubtful, request_headers, response_headers, sidecar_problem

PASSED = {
    "authorization": "Bearer x",
    "content-type": "application/json",
    "content-length": "2",
    "if-none-match": '"3"',
    "if-match": '"3"',
    "idempotency-key": "k",
    "accept": "text/event-stream",
    "accept-encoding": "gzip",
    "last-event-id": "4",
    "mcp-session-id": "5",
    "mcp-protocol-version": "2025-06-18",
    "user-agent": "x",
}
STRIPPED = [
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authorization",
    "host",
    "cookie",
    "origin",
    "traceparent",
    "tracestate",
    "dapr-api-token",
    "dapr-app-id",
    "Dapr-Caller-App-Id",
    "dapr-callee-app-id",
    "X-Dapr-Anything",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "forwarded",
    "grpc-timeout",
    "sec-fetch-site",
]


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def test_what_speaks_of_the_call_goes_on() -> None:
    assert dict(request_headers(_raw(PASSED))) == PASSED


@pytest.mark.parametrize("name", STRIPPED)
def test_what_only_a_sidecar_or_a_connection_may_say_does_not(name: str) -> None:
    assert request_headers(_raw({name: "x", "accept": "y"})) == [("accept", "y")]


def test_headers_that_connection_names_are_hop_by_hop() -> None:
    sent = _raw({"Connection": "close, X-Mine", "x-mine": "1", "x-other": "2"})
    assert request_headers(sent) == [("x-other", "2")]
    assert response_headers(sent) == [(b"x-other", b"2")]


@pytest.mark.parametrize("value", [b"Basic ZGFwci1hcHAtaWQ6YXVkaXQ=", b"basic x", b"Bearer", b"Digest a=b", b"", b"x"])
def test_only_a_bearer_token_is_passed_on(value: bytes) -> None:
    assert request_headers([(b"Authorization", value)]) == []
    both = [(b"authorization", value), (b"authorization", b"bearer t")]
    assert request_headers(both) == [("authorization", "bearer t")]


def test_repeated_headers_stay_repeated_and_odd_bytes_do_no_harm() -> None:
    assert request_headers([(b"X", b"1"), (b"x", b"\xff")]) == [("x", "1"), ("x", "\ufffd")]


def test_an_answer_keeps_what_speaks_of_it() -> None:
    kept = ["etag", "location", "x-change-id", "retry-after", "content-disposition", "content-type", "content-length"]
    dropped = ["Dapr-Something", "traceparent", "server", "date", "transfer-encoding", "set-cookie"]
    given = [(name.encode(), b"x") for name in kept + dropped]
    assert [name.decode() for name, _ in response_headers(given)] == kept


@pytest.mark.parametrize(
    ("status", "headers", "doubtful"),
    [
        (200, {"Content-Type": "application/json"}, False),
        (304, {}, False),
        (404, {"Content-Type": "application/problem+json"}, False),
        (503, {"Content-Type": "application/problem+json; charset=utf-8"}, False),
        (404, {"Content-Type": "application/json"}, True),
        (500, {"Content-Type": "text/plain"}, True),
        (500, {}, True),
        (401, {"Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer"}, False),
        (401, {"Content-Type": "application/problem+json"}, True),
    ],
)
def test_errors_that_are_no_problem_documents_may_be_the_sidecars(
    status: int, headers: dict[str, str], doubtful: bool
) -> None:
    assert is_doubtful(status, headers) is doubtful


@pytest.mark.parametrize(
    ("status", "body", "becomes"),
    [
        (500, {"errorCode": "ERR_DIRECT_INVOKE", "message": "fail to invoke"}, 503),
        (403, {"errorCode": "ERR_DIRECT_INVOKE", "message": "access control policy has denied access"}, 503),
        (404, {"errorCode": "ERR_DIRECT_INVOKE", "message": "not found"}, 503),
        (401, "invalid api token", 503),
        (502, "<html>", 503),
        (413, {"errorCode": "ERR_X"}, 413),
        (400, {"errorCode": "ERR_MALFORMED_REQUEST"}, 400),
        (431, "Request Header Fields Too Large", 431),
        (400, {"jsonrpc": "2.0", "error": {"code": -32600}}, None),
        (406, "not acceptable", None),
        (404, ["errorCode"], None),
        (404, {"errorCode": "mine"}, None),
    ],
)
def test_the_sidecars_own_words_do_not_leak(status: int, body: object, becomes: int | None) -> None:
    problem = sidecar_problem(status, body.encode() if isinstance(body, str) else orjson.dumps(body))
    assert (problem.status if problem else None) == becomes
    if problem and becomes == 503:
        assert "Retry-After" in problem.headers
        assert "ERR" not in problem.detail
