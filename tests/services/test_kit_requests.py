"""What every service does with a request before and after its handlers: methods, encodings, clients that leave."""

import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from services.kit.app import Blueprint, create_app
from services.kit.config import Config

GONE = {"type": "http.disconnect"}


class Body(BaseModel):
    title: str


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    tags: tuple[str, ...] = Field(default=("a",), min_length=1, max_length=2)


async def _named(task_id: UUID) -> str:
    return str(task_id)


async def _take(body: Body) -> str:
    return body.title


async def _take_strict(body: Strict) -> str:
    return body.title


async def _read(request: Request) -> Response:
    return JSONResponse(len(await request.body()))


async def _fail() -> None:
    raise ZeroDivisionError


def _app() -> FastAPI:
    tasks = APIRouter(prefix="/api/tasks")
    tasks.add_api_route("/batch", _take, methods=["POST"])
    tasks.add_api_route("", _take, methods=["POST"])
    tasks.add_api_route("", lambda: "listed", methods=["GET"])
    tasks.add_api_route("/strict", _take_strict, methods=["POST"])
    tasks.add_api_route("/fail", _fail, methods=["POST"])
    tasks.add_api_route("/raw", _read, methods=["POST"])
    tasks.add_api_route("/{task_id}", _named, methods=["GET"])
    more = APIRouter()
    more.add_api_route("/api/tasks", lambda: "gone", methods=["DELETE"])
    more.add_route("/plain", _read, methods=["PUT"])
    return create_app(Blueprint("backend", "Test", routers=(tasks, more)), Config(app_id="backend", port=8001))


async def _call(
    method: str,
    path: str,
    *received: Message,
    headers: Iterable[tuple[bytes, bytes]] = (),
    kind: bytes = b"application/json",
) -> tuple[int, dict[str, str], Any]:
    """Call the application; a status of 0 stands for no answer at all."""
    messages = iter(received or [{"type": "http.request", "body": b""}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages, GONE)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", kind), *headers],
    }
    await _app()(scope, receive, send)
    if not sent:
        return 0, {}, None
    body = b"".join(message.get("body", b"") for message in sent[1:])
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], head, orjson.loads(body) if body else None


def _counted(route: str, status: int) -> float:
    labels = {"method": "POST", "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_seconds_count", labels) or 0


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/api/tasks", "DELETE, GET, HEAD, POST"),
        ("PATCH", "/api/tasks/batch", "GET, HEAD, POST"),
        ("GET", "/plain", "PUT"),
        ("HEAD", "/plain", "PUT"),
        ("POST", "/healthz", "GET, HEAD"),
        ("WHATEVER", "/api/tasks", "DELETE, GET, HEAD, POST"),
    ],
)
async def test_405_names_the_methods_of_every_route_of_the_path(method: str, path: str, allow: str) -> None:
    status, headers, problem = await _call(method, path)
    assert (status, headers["allow"]) == (405, allow)
    if method != "HEAD":
        assert problem["status"] == 405
        assert allow in problem["detail"]


async def test_head_answers_as_get_without_a_body() -> None:
    status, headers, body = await _call("HEAD", "/api/tasks")
    assert (status, headers["content-length"], body) == (200, "8", None)
    assert (await _call("HEAD", "/api/nothing"))[::2] == (404, None)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, deflate", "GZIP"])
async def test_a_compressed_body_is_415_at_every_service(encoding: str) -> None:
    status, headers, problem = await _call("POST", "/api/tasks", headers=[(b"content-encoding", encoding.encode())])
    assert (status, problem["status"], headers["accept-encoding"]) == (415, 415, "identity")


async def test_a_body_as_it_is_may_say_so() -> None:
    message = {"type": "http.request", "body": b'{"title": "x"}'}
    for encoding in (b"identity", b"Identity", b""):
        assert (await _call("POST", "/api/tasks", message, headers=[(b"content-encoding", encoding)]))[0] == 200


@pytest.mark.parametrize(("path", "route"), [("/api/tasks", "/api/tasks"), ("/api/tasks/raw", "/api/tasks/raw")])
async def test_a_client_that_goes_away_is_no_error_of_ours(
    caplog: pytest.LogCaptureFixture, path: str, route: str
) -> None:
    before = _counted(route, 499)
    with caplog.at_level(logging.INFO):
        await _call("POST", path, {"type": "http.request", "body": b'{"ti', "more_body": True}, GONE)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert _counted(route, 499) == before + 1


async def test_an_error_of_ours_is_still_one(caplog: pytest.LogCaptureFixture) -> None:
    before = _counted("/api/tasks/fail", 500)
    with pytest.raises(ZeroDivisionError):
        await _call("POST", "/api/tasks/fail")
    assert "unexpected error" in caplog.text
    assert _counted("/api/tasks/fail", 500) == before + 1


@pytest.mark.parametrize("kind", [b"text/plain", b"application/x-www-form-urlencoded", b""])
async def test_a_body_that_does_not_say_it_is_json_is_told_to(kind: bytes) -> None:
    message = {"type": "http.request", "body": b'{"title": "x"}'}
    status, headers, problem = await _call("POST", "/api/tasks", message, kind=kind)
    assert (status, headers["accept"]) == (415, "application/json")
    assert "Content-Type: application/json" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"[]", 422, "body: must be an object"),
        (b"5", 422, "body: must be an object"),
        (b"\xff", 400, "UTF-8"),
        (b"[" * 100_000, 400, "too deep"),
        (b'{"title": 1' + b"0" * 5000 + b"}", 400, "too many digits"),
        (b'{"title": "t", "tags": ["a", "b", "c"]}', 422, "tags: must have at most 2 items, has 3"),
        (b'{"title": "t", "tags": []}', 422, "tags: must have at least 1 item, has 0"),
        (b'{"title": "t", "tags": [5]}', 422, "tags.0: Input should be a valid string"),
        (b'{"title": "t", "other": 5}', 422, "other: there is no such field"),
    ],
)
async def test_what_is_wrong_with_a_body_is_said_in_words_of_json(body: bytes, status: int, says: str) -> None:
    found, _, problem = await _call("POST", "/api/tasks/strict", {"type": "http.request", "body": body})
    assert found == status
    assert says in problem["detail"]
    assert len(problem.get("errors", [None])) == 1
