"""The chat's language model on real Dapr: a server of our own that speaks OpenAI's protocol plays a dialogue."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from harness.engines import need_engines, reachable_folder
from harness.platform import Platform

pytestmark = pytest.mark.slow

KEY = "the-models-key"


def _calls(name: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": function}]}


class Server(ThreadingHTTPServer):
    """Answers with the messages of `script`, or with 500 where none is left; `heard` is what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()

    @property
    def endpoint(self) -> str:
        """The address that the component is told."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.keys.add(self.headers["Authorization"])
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if not self.server.script:
            self.send_error(500)
            return
        message = self.server.script.pop(0)
        reason = "tool_calls" if "tool_calls" in message else "stop"
        choice = {"index": 0, "finish_reason": reason, "message": message}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": {}}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def platform(server: Server) -> Iterator[Platform]:
    need_engines()
    conversation = {
        "CONVERSATION": "openai",
        "CONVERSATION_ENDPOINT": server.endpoint,
        "CONVERSATION_MODEL": "m",
        "CONVERSATION_KEY": KEY,
    }
    with reachable_folder() as folder:
        found = Platform(folder, {"RUNTIME": "dapr", **conversation})
        yield found
        found.stop()


def call(platform: Platform, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(platform.url + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def titles(platform: Platform) -> list[str]:
    return [task["title"] for task in call(platform, "/api/tasks")["items"]]


def test_a_dialogue_with_tool_calls_and_a_server_that_fails(server: Server, platform: Platform) -> None:
    platform.start()
    said = {"role": "assistant", "content": "It is on your list."}
    server.script = [_calls("quick_add", text="buy milk tomorrow #shop"), said]
    turn = call(platform, "/api/chat", {"message": "we are out of milk"})
    assert turn["reply"].startswith("It is on your list.\n\nDone:\n- add “buy milk”")
    assert (len(turn["changes"]), titles(platform)) == (1, ["buy milk"])
    assert server.keys == {f"Bearer {KEY}"}
    assert [message["role"] for message in server.heard[1]["messages"]] == ["system", "user", "assistant", "tool"]
    assert "quick_add" in {tool["function"]["name"] for tool in server.heard[0]["tools"]}

    task = call(platform, "/api/tasks")["items"][0]["id"]
    server.script = [_calls("delete_task", id=task), said]
    conversation = turn["conversation"]
    asked = call(platform, "/api/chat", {"message": "forget it", "conversation": conversation})
    assert (asked["asks"], titles(platform)) == (True, ["buy milk"])

    server.script = []
    failed = call(platform, "/api/chat", {"message": "what now?", "conversation": conversation})
    assert "cannot be reached just now. Nothing was changed" in failed["reply"]
    assert titles(platform) == ["buy milk"]
    assert KEY not in platform.log.read_text()
