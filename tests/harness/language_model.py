"""A language model of our own: a server that speaks OpenAI's protocol and says what it is told to say."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = dict[str, Any]

KEY = "the-models-key"


def calls(name: str, **arguments: Any) -> Message:
    """Return a message that wants a tool called."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": function}]}


def says(text: str) -> Message:
    """Return a message of words."""
    return {"role": "assistant", "content": text}


class Server(ThreadingHTTPServer):
    """Answers with the messages of `script`, then with `otherwise`, or with 500; `heard` is what it was sent."""

    daemon_threads = True

    def __init__(self, otherwise: Callable[[list[Message]], Message] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.otherwise = otherwise
        self.script: list[Message] = []
        self.heard: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()

    def settings(self, provider: str = "openai") -> dict[str, str]:
        """Return what `make up` is told to talk to it."""
        found = {"RUNTIME": "dapr", "CONVERSATION": provider, "CONVERSATION_MODEL": "m"}
        if provider == "ollama":
            return found | {"CONVERSATION_ENDPOINT": f"http://127.0.0.1:{self.server_port}"}
        return found | {"CONVERSATION_ENDPOINT": f"http://127.0.0.1:{self.server_port}/v1", "CONVERSATION_KEY": KEY}

    def answer(self, said: list[Message]) -> Message | None:
        """Return the next message."""
        if self.script:
            return self.script.pop(0)
        return self.otherwise(said) if self.otherwise else None


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer is two writes, the second of which would wait 40 ms

    def do_POST(self) -> None:
        self.server.keys.add(self.headers["Authorization"])
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append({"path": self.path, **asked})
        message = self.server.answer(asked["messages"])
        if message is None:
            self.send_error(500)
            return
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


@contextmanager
def serving(otherwise: Callable[[list[Message]], Message] | None = None) -> Iterator[Server]:
    """Run a server until the block ends."""
    with Server(otherwise) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()
