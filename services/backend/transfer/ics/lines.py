"""Content lines (RFC 5545, 3.1) and the components they make up, with line numbers, of any bytes whatever.

`icalendar` reads whole calendars, but stops at the first component that does not close, knows no line numbers, and
keeps every VTIMEZONE that it meets for the whole process, so that one person's file would change how another's is
read. So components are told apart here, and `icalendar` is left what it is good at: the grammar of a line's
parameters and of values.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from icalendar.parser import Contentline

from services.backend.transfer.parsed import Reading
from services.backend.transfer.text import decoded

WANTED: Final = frozenset({"VTODO", "VTIMEZONE"})
_ROOTS: Final = WANTED | {"VEVENT", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"}
MAX_DEFINITIONS: Final = 100
MAX_LINES: Final = 1_000
"""How many properties of one name, and how many subcomponents, a component keeps."""
_MAX_DEPTH: Final = 8
_BRACKET = re.compile(rb"(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]{1,64})", re.IGNORECASE)
_PLAIN_LINE = re.compile(r"[A-Za-z0-9_-]+((?:;[A-Za-z0-9-]+=[^\";:,\\^]*)*):(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]+(?=[ \t]*[;:])")


@dataclass(frozen=True, slots=True)
class Property:
    """A property: its value as it is written, escapes and all, and its parameters by upper-case name."""

    value: str
    params: Mapping[str, str]


@dataclass(slots=True)
class Component:
    """A component: the line of its BEGIN, its properties' lines by name, not parsed yet, and its subcomponents."""

    name: str
    line: int
    wanted: bool
    closed: bool = False
    lines: dict[str, list[str]] = field(default_factory=dict)
    children: list["Component"] = field(default_factory=list)

    def first(self, name: str) -> Property | None:
        """Return the first property of that name; ValueError when its line cannot be parsed."""
        lines = self.lines.get(name)
        return parse_line(lines[0]) if lines else None

    def text(self, name: str) -> str:
        """Return the value of the first property of that name as it is written, trimmed; empty when there is none."""
        try:
            found = self.first(name)
        except ValueError:
            return ""
        return found.value.strip() if found else ""


def parse_line(text: str) -> Property:
    """Split a content line into parameters and value; ValueError when it is none."""
    plain = _PLAIN_LINE.fullmatch(text)
    if plain is not None:  # nearly every line, at a tenth of the cost
        pairs = (pair.partition("=") for pair in plain[1].split(";")[1:])
        return Property(plain[2], {key.upper(): value.strip() for key, _, value in pairs})
    _, params, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call]
    return Property(value, {key.upper(): v if isinstance(v, str) else ",".join(v) for key, v in params.items()})


def unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each content line with the number of its first line. Bytes are joined first: a fold may split a letter."""
    start, parts = 0, list[bytes]()
    for number, raw in enumerate(BytesIO(data), 1):
        line = raw.rstrip(b"\r\n")
        if line[:1] in {b" ", b"\t"} and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield start, b"".join(parts)
        start, parts = number, [line] if line.strip() else []
    if parts:
        yield start, b"".join(parts)


def components(data: bytes, reading: Reading) -> list[Component]:
    """Return the VTODO components of a file, as many as may come in, and its first `MAX_DEFINITIONS` VTIMEZONE."""
    scanner = _Scanner(reading)
    for number, line in unfolded(data):
        scanner.take(number, line)
    return scanner.finish()


class _Scanner:
    """Follows BEGIN and END. A component that does not close ends where the next one begins."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._stack: list[Component] = []
        self._found: list[Component] = []
        self._left_out: Counter[str] = Counter()
        self._too_deep = 0
        self._definitions = 0

    def take(self, number: int, line: bytes) -> None:
        bracket = _BRACKET.fullmatch(line.strip())
        if bracket is None:
            self._property(number, line)
        elif bracket[1].upper() == b"BEGIN":
            self._begin(bracket[2].decode().upper(), number)
        else:
            self._end(bracket[2].decode().upper())

    def finish(self) -> list[Component]:
        self._close_down_to(0)
        for name, count in self._left_out.items():
            self._reading.spot(item=name).warn(None, f"{count:,} {name} left out: only tasks (VTODO) are read")
        return self._found

    def _begin(self, name: str, number: int) -> None:
        if name == "VCALENDAR" or name in _ROOTS:
            self._too_deep = 0
            self._close_down_to(0)
        if len(self._stack) >= _MAX_DEPTH:
            self._too_deep += 1
        elif name != "VCALENDAR":
            inside = bool(self._stack) and self._stack[-1].wanted
            self._stack.append(Component(name, number, name in WANTED or inside))

    def _end(self, name: str) -> None:
        if self._too_deep:
            self._too_deep -= 1
            return
        if name == "VCALENDAR":
            self._close_down_to(0)
            return
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth].name == name:
                self._stack[depth].closed = True
                self._close_down_to(depth)
                return

    def _close_down_to(self, depth: int) -> None:
        while len(self._stack) > depth:
            component = self._stack.pop()
            if not component.wanted:
                self._left_out.update([component.name] if component.name in _ROOTS else [])
            elif self._stack:
                if len(self._stack[-1].children) < MAX_LINES:
                    self._stack[-1].children.append(component)
            elif self._is_kept(component):
                self._found.append(component)

    def _is_kept(self, component: Component) -> bool:
        if component.name == "VTODO":
            return self._reading.has_room()
        self._definitions += 1
        return self._definitions <= MAX_DEFINITIONS

    def _property(self, number: int, line: bytes) -> None:
        if self._too_deep or not self._stack or not self._stack[-1].wanted:
            return
        text, is_utf8 = decoded(line)
        name = _NAME.match(text)
        if name is None:
            self._reading.spot(number).warn(None, f"not a property: {text[:60]!r}")
            return
        if not is_utf8:
            self._reading.spot(number).warn(name[0].lower(), "not UTF-8; read as Windows-1252")
        lines = self._stack[-1].lines.setdefault(name[0].upper(), [])
        if len(lines) < MAX_LINES:
            lines.append(text)
