"""The picture of a run, as SVG: drawn from the recorded tables, and legible on a light and on a dark page."""

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

CALLS = "Calls, one after the other"
EVENTS = "Events"
TASKS = "More tasks of one person"
WIDTH = 900
_PANEL = 430
_HEIGHT = 330
_LETTER = 7  # the width of most letters at most
_STYLE = """
svg { font: 12px system-ui, sans-serif; }
text { fill: #1f2328; } .soft { fill: #59636e; } .title { font-weight: 600; font-size: 13px; }
.grid { stroke: #d1d9e0; } .aim { stroke: #cf222e; stroke-width: 2; } .aimed { fill: #cf222e; }
.a { fill: #0969da; } .b { fill: #1a7f37; } .c { fill: #9a6700; } .d { fill: #8250df; }
.la { stroke: #0969da; } .lb { stroke: #1a7f37; } .lc { stroke: #9a6700; } .ld { stroke: #8250df; }
polyline { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; }
.aim { stroke: #f85149; } .aimed { fill: #f85149; }
.a { fill: #4493f8; } .b { fill: #3fb950; } .c { fill: #d29922; } .d { fill: #ab7df8; }
.la { stroke: #4493f8; } .lb { stroke: #3fb950; } .lc { stroke: #d29922; } .ld { stroke: #ab7df8; }
}
"""
_RATIOS = (
    ("create", "bare get and ETag save", 2.0),
    ("create", "plain", None),
    ("get", "plain", 2.0),
    ("list, first 100 of 10,000 tasks", "plain", 1.0),
    ("list, filtered by priority, of 10,000 tasks", "plain", 1.0),
    ("search of 10,000 tasks", "plain", 1.0),
)
_WAYS = (
    ("commit → Kafka", 100),
    ("commit → WebSocket", 150),
    ("complete → next occurrence there", 1000),
    ("reminder lateness at the client", 1000),
)
Rows = Mapping[str, Sequence[str]]


def draw(tables: Sequence[Mapping[str, Any]]) -> str:
    """Return the picture of the tables of one run."""
    found = {table["title"]: table for table in tables}
    calls, events = _rows(found.get(CALLS)), _rows(found.get(EVENTS))
    panels = (
        _panel(0, 0, "Medians as ratios (line: the aim)", _ratios(calls) if calls else ()),
        _panel(1, 0, "What each hop costs, p50 in ms", _hops(calls) if calls else ()),
        _panel(0, 1, "After the commit, p50 to p95 in ms (line: the aim)", _ways({**calls, **events})),
        _panel(1, 1, "p50 in ms as one person's tasks grow", _growth(found[TASKS]) if TASKS in found else ()),
    )
    body = "\n".join(panels)
    label = "Ratios to the plain app, cost of each hop, latency of events, and growth"
    view = f'viewBox="0 0 {WIDTH} {2 * _HEIGHT}" width="{WIDTH}" height="{2 * _HEIGHT}" role="img" aria-label="{label}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view}>\n<style>{_STYLE}</style>\n{body}\n</svg>\n'


def _rows(table: Mapping[str, Any] | None) -> Rows:
    return {row[0]: row for row in table["rows"]} if table else {}


def _panel(column: int, row: int, title: str, content: Sequence[str]) -> str:
    place = f"translate({20 + column * (WIDTH - _PANEL - 20)} {20 + row * _HEIGHT})"
    return "\n".join([f'<g transform="{place}">', _text(0, 10, title, "title"), *content, "</g>"])


def _ratios(calls: Rows) -> list[str]:
    shown = [(f"{name} / {beside}", _ratio(calls[name], beside), aim) for name, beside, aim in _RATIOS]
    scale = 380 / max(2.2, *(value for _, value, _ in shown))
    drawn = []
    for number, (name, value, aim) in enumerate(shown):
        top = 34 + number * 44
        drawn += [
            _text(0, top, f"{name}: {value:.2f}×", "soft"),
            _bar(0, top + 6, value * scale, "a" if aim is None or value <= aim else "c"),
        ]
        if aim is not None:
            drawn.append(_line(aim * scale, top + 3, aim * scale, top + 25, "aim"))
    return drawn


def _hops(calls: Rows) -> list[str]:
    hops = (
        ("", "a", "backend's port"),
        (", through the sidecar", "b", "+ sidecar"),
        (", through the gateway", "c", "+ gateway"),
    )
    values = {kind: [_number(calls[kind + hop][1]) for hop, _, _ in hops] for kind in ("get", "create")}
    scale = 370 / max(max(found) for found in values.values())
    drawn = []
    for number, (kind, found) in enumerate(values.items()):
        top, known = 60 + number * 90, 0.0
        drawn.append(_text(0, top - 8, f"{kind}: {' → '.join(f'{value:.1f}' for value in found)}", "soft"))
        for value, (_, colour, _) in zip(found, hops, strict=True):
            drawn.append(_bar(known * scale, top, max(0.0, value - known) * scale, colour, 30))
            known = max(known, value)
    return drawn + _legend([(colour, name) for _, colour, name in hops], 240)


def _ways(rows: Rows) -> list[str]:
    drawn = []
    for at in (1, 10, 100, 1000):
        drawn += [_line(_log(at), 24, _log(at), 270, "grid"), _text(_log(at), 285, f"{at:,}", "soft", "middle")]
    for number, (name, aim) in enumerate(_WAYS):
        row = next((row for key, row in rows.items() if key.startswith(name)), None)
        if row is None:
            continue
        top, low, high = 50 + number * 58, _number(row[1]), _number(row[2])
        drawn += [_text(0, top, name), _bar(_log(low), top + 8, max(3, _log(high) - _log(low)), "a", 12)]
        drawn += [_text(_log(high) + 6, top + 18, f"{low:.0f}–{high:.0f}", "soft")]
        drawn.append(_line(_log(aim), top + 4, _log(aim), top + 24, "aim"))
    return drawn


def _log(milliseconds: float) -> float:
    """Return the place of a duration between 1 ms and 3 s."""
    return 340 * math.log10(max(1.0, milliseconds)) / math.log10(3000)


def _growth(table: Mapping[str, Any]) -> list[str]:
    sizes = [_number(row[0]) for row in table["rows"]]
    series = [
        (colour, head.removesuffix(" p50 ms"), [_number(row[column]) for row in table["rows"]])
        for column, (colour, head) in enumerate(zip("abcd", table["head"][1:5], strict=True), 1)
    ]
    top = 10.0 * math.ceil(max(max(values) for _, _, values in series) / 10)
    drawn = []
    for n, size in enumerate(sizes):
        x = 30 + 380 * n / (len(sizes) - 1)
        drawn += [_line(x, 30, x, 240, "grid"), _text(x, 256, f"{size:,.0f}", "soft", "middle")]
    for share in (0.0, 0.5, 1.0):
        drawn += [_line(30, 240 - 210 * share, 410, 240 - 210 * share, "grid")]
        drawn += [_text(26, 244 - 210 * share, f"{top * share:.0f}", "soft", "end")]
    for colour, _, values in series:
        points = " ".join(
            f"{30 + 380 * n / (len(sizes) - 1):.1f},{240 - 210 * value / top:.1f}" for n, value in enumerate(values)
        )
        drawn.append(f'<polyline class="l{colour}" points="{points}"/>')
    return drawn + _legend([(colour, name) for colour, name, _ in series], 272)


def _legend(entries: Sequence[tuple[str, str]], top: float) -> list[str]:
    drawn, left = [], 30.0
    for colour, name in entries:
        drawn += [_bar(left, top, 12, colour, 12), _text(left + 16, top + 11, name, "soft")]
        left += 36 + _LETTER * len(name)
    return drawn


def _bar(x: float, y: float, width: float, colour: str, height: float = 16) -> str:
    return f'<rect class="{colour}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.0f}" rx="2"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _number(cell: str) -> float:
    """Return the first number in a cell."""
    found = re.match(r"[\d.,]+", cell)
    if found is None:
        raise ValueError(f"no number: {cell!r}")
    return float(found[0].replace(",", ""))


def _ratio(row: Sequence[str], beside: str) -> float:
    found = re.search(rf"([\d.]+)× {re.escape(beside)} ", row[4])
    if found is None:
        raise ValueError(f"{row[0]} has no ratio to {beside}")
    return float(found[1])
