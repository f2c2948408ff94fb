"""`python -m local.part BEHAVIOUR PORT`: a small process for the supervisor to keep, in place of a service."""

import os
import signal
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/endless" else 204)
        self.end_headers()
        while self.path == "/endless":
            with suppress(ConnectionResetError):  # whoever writes once more gets the signal
                self.wfile.write(b"x" * 65_536)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        pass


def main(behaviour: str, port: int) -> None:
    if behaviour == "crash":
        sys.exit(7)
    if behaviour == "wrong":
        sys.stderr.write("part cannot start: COLOUR: there is no such one\n")
        sys.exit(2)
    if behaviour == "talk":
        _talk()
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    HTTPServer(("127.0.0.1", port), Ready).serve_forever()


def _talk() -> None:
    say = sys.stdout.write
    say('{"time": "2026-11-02 10:11:12,345", "level": "WARNING", "message": "late\\u001b[2J", "person": "p1"}\n')
    say("a plain line\n" + "=" * 200_000 + "\n")
    # Standard input and outputs, and the folder that is being listed.
    files = sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    pipe = "ignored" if signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN else "deadly"
    say(f"files {files}, colour {os.environ.get('COLOUR')}, SIGPIPE {pipe}")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
