"""What is seen on the terminal."""

import io
import json
import re

import pytest

from infra.local.display import Display

STAMP = "2026-11-02 10:11:12,345"


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def display(out: io.StringIO) -> Display:
    return Display(out, coloured=False)


def record(**fields: object) -> bytes:
    return json.dumps({"time": STAMP, "level": "INFO", "message": "hello", **fields}).encode()


def test_a_json_line_is_written_for_people(display: Display, out: io.StringIO) -> None:
    display.line("backend", record(logger="x", service="backend", person="p1", trace_id=None, n=3))
    assert out.getvalue() == "10:11:12 backend        INFO    hello  person=p1 n=3\n"


def test_a_traceback_follows_its_message_line_by_line(display: Display, out: io.StringIO) -> None:
    display.line("audit", record(level="ERROR", exc_info="Traceback:\n  a line"))
    assert out.getvalue().splitlines() == [
        "10:11:12 audit          ERROR   hello",
        "10:11:12 audit          ERROR   Traceback:",
        "10:11:12 audit          ERROR     a line",
    ]


def test_the_runtimes_lines_keep_their_time_and_level(display: Display, out: io.StringIO) -> None:
    display.line("runtime", f"{STAMP} WARNING it is late".encode())
    assert out.getvalue() == "10:11:12 runtime        WARNING it is late\n"


@pytest.mark.parametrize("text", ["plain", "{not json", '["a list"]', '{"no": "message"}', "  indented", "null"])
def test_other_lines_are_passed_on(display: Display, out: io.StringIO, text: str) -> None:
    display.line("frontend", text.encode() + b"\r")
    assert re.fullmatch(rf"\d\d:\d\d:\d\d frontend       {re.escape(text)}\n", out.getvalue())


def test_bytes_that_are_no_text(display: Display, out: io.StringIO) -> None:
    display.line("frontend", b"\xff\xfe")
    assert "��" in out.getvalue()


def test_a_message_cannot_drive_the_terminal(display: Display, out: io.StringIO) -> None:
    display.line("backend", record(message="title \x1b[2J\x07", tag="\x9b31m"))
    assert out.getvalue().endswith("title \\x1b[2J\\x07  tag=\\x9b31m\n")


def test_colours_only_where_they_are_wanted(out: io.StringIO) -> None:
    coloured = Display(out, coloured=True)
    coloured.line("backend", record(level="ERROR"))
    coloured.say("a word")
    assert "\x1b[31mERROR" in out.getvalue()
    assert out.getvalue().count("\x1b[0m") == out.getvalue().count("\x1b[") / 2


def test_each_name_has_a_colour_of_its_own(out: io.StringIO) -> None:
    coloured = Display(out, coloured=True)
    for name in ("a", "b", "a"):
        coloured.line(name, b"x")
    colours = re.findall(r"\x1b\[(\d+)m[ab] ", out.getvalue())
    assert colours[0] == colours[2] != colours[1]
