"""What is seen on the terminal: a line of each process, under its name; and what the supervisor has to say."""

import json
import os
import re
import signal
import time
from collections.abc import Mapping
from typing import Any, Final, TextIO

SUPERVISOR: Final = "up"
_WIDTH: Final = 14
_SHOWN_APART: Final = {
    "time",
    "level",
    "logger",
    "message",
    "service",
    "exc_info",
    "stack_info",
    "taskName",
    "color_message",
}
_PLAIN: Final = re.compile(r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)\S* ([A-Z]+) (.*)", re.DOTALL)
_CLOCK: Final = re.compile(r"\d{4}-\d\d-\d\d[ T](\d\d:\d\d:\d\d)")
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

_NAME_COLOURS: Final = (36, 34, 35, 32, 96, 94)
_LEVEL_COLOURS: Final = {"WARNING": 33, "ERROR": 31, "CRITICAL": 31}
_DIM: Final = 2
_BOLD: Final = 1


class Display:
    """Writes to `out`, in colours where they are wanted."""

    def __init__(self, out: TextIO, *, coloured: bool) -> None:
        self._out = out
        self._coloured = coloured
        self._colours: dict[str, int] = {}

    def line(self, name: str, written: bytes) -> None:
        """Show a line that a process wrote: a JSON object rendered for people, anything else as it is."""
        text = written.decode(errors="replace").rstrip()
        try:
            record = json.loads(text) if text.startswith("{") else None
        except ValueError:
            record = None
        if isinstance(record, dict) and "msg" in record:
            self._dapr(name, record)
            return
        if isinstance(record, dict) and "message" in record:
            self._record(name, record)
        elif plain := _PLAIN.fullmatch(text):
            self._write(plain[1], name, plain[2], plain[3])
        else:
            self._write(_now(), name, "", text)

    def say(self, text: str, level: str = "INFO") -> None:
        """Show what the supervisor has to say."""
        self._write(_now(), SUPERVISOR, level, text)

    def banner(self, text: str) -> None:
        """Show a block of text by itself."""
        self._print("\n" + self._paint(text, _BOLD) + "\n")

    def _dapr(self, name: str, record: Mapping[str, Any]) -> None:
        """Show what one of Dapr's processes says; the etcd in its scheduler chats whatever level it is told."""
        level = str(record.get("level", "")).upper()
        if level not in {"DEBUG", "INFO"}:
            self._record(name, {"time": record.get("time"), "level": level, "message": record["msg"]})

    def _record(self, name: str, record: Mapping[str, Any]) -> None:
        clock = _CLOCK.match(str(record.get("time", "")))
        values = " ".join(
            f"{key}={value}" for key, value in record.items() if key not in _SHOWN_APART and value is not None
        )
        message = str(record["message"]).translate(_CONTROLS)
        if values:
            message += "  " + self._paint(values.translate(_CONTROLS), _DIM)
        for detail in ("exc_info", "stack_info"):
            if record.get(detail):
                message += "\n" + str(record[detail]).translate(_CONTROLS)
        self._write(clock[1] if clock else _now(), name, str(record.get("level", "")), message)

    def _write(self, clock: str, name: str, level: str, text: str) -> None:
        colour = self._colours.setdefault(name, _NAME_COLOURS[len(self._colours) % len(_NAME_COLOURS)])
        start = f"{self._paint(clock, _DIM)} {self._paint(name.ljust(_WIDTH), colour)} "
        if level:
            start += self._paint(level.ljust(7), _LEVEL_COLOURS.get(level, 0)) + " "
        for line in text.split("\n"):
            self._print(start + line)

    def _print(self, text: str) -> None:
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except BrokenPipeError:  # nobody reads any more: end, as after Ctrl-C
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())
            signal.raise_signal(signal.SIGTERM)

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured and colour else text


def _now() -> str:
    return time.strftime("%H:%M:%S")
