"""Timing calls, and the tables that come of it."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

ROUND = 25


@dataclass(frozen=True, slots=True)
class Sample:
    """Durations in milliseconds, sorted; `rounds` are the medians of the rounds that they were taken in."""

    values: tuple[float, ...]
    rounds: tuple[float, ...] = ()

    def quantile(self, q: float) -> float:
        """Return the smallest value that a share `q` of all does not exceed."""
        return self.values[min(len(self.values) - 1, int(q * len(self.values)))]

    @property
    def p50(self) -> float:
        """The median."""
        return self.quantile(0.5)

    def over(self, other: "Sample") -> float:
        """Return the ratio to another: where both were taken in turn, the median of the rounds' ratios."""
        if len(self.rounds) == len(other.rounds) > 1:
            return statistics.median(own / beside for own, beside in zip(self.rounds, other.rounds, strict=True))
        return self.p50 / other.p50


def sample(values: Sequence[float], rounds: Sequence[float] = ()) -> Sample:
    """Return durations in seconds as a sample."""
    return Sample(tuple(sorted(1000 * value for value in values)), tuple(1000 * value for value in rounds))


async def timed(calls: int, call: Callable[[int], Awaitable[object]], *, warm: int = 5, pause: float = 0) -> Sample:
    """Make a call so many times, one after the other, and time each; a few go before that do not count.

    `pause` seconds lie between two calls, for what a call sets going to come to its end.
    """
    for number in range(warm):
        await call(number)
    found = []
    for number in range(warm, warm + calls):
        started = time.perf_counter()
        await call(number)
        found.append(time.perf_counter() - started)
        await asyncio.sleep(pause)
    return sample(found)


async def alternating(*calls: Callable[[int], Awaitable[object]], count: int, pause: float = 0) -> list[Sample]:
    """Time several calls in turn, in rounds, so that the machine's moods meet all of them alike."""
    rounds: list[list[Sample]] = [[] for _ in calls]
    for start in range(0, count, ROUND):
        for found, call in zip(rounds, calls, strict=True):
            found.append(await timed(min(ROUND, count - start), call, pause=pause))
    return [
        Sample(tuple(sorted(value for part in found for value in part.values)), tuple(part.p50 for part in found))
        for found in rounds
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured, in milliseconds, and what its median is held against."""

    name: str
    sample: Sample
    beside: tuple[tuple[str, Sample], ...] = ()
    aim: str = ""

    def row(self) -> list[str]:
        """Return the cells of its row."""
        ratios = ", ".join(f"{self.sample.over(other):.2f}× {name} ({other.p50:.2f})" for name, other in self.beside)
        return [self.name, *(f"{self.sample.quantile(q):.2f}" for q in (0.5, 0.95, 0.99)), ratios, self.aim]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report: the first column is text, the others are aligned as `align` says (`l` or `r` each)."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str

    @classmethod
    def of(cls, title: str, lines: Sequence[Line]) -> "Table":
        """Return measured calls as a table: p50, p95, p99 in ms, and ratios of medians."""
        head = ("what", "p50 ms", "p95 ms", "p99 ms", "ratio", "aim")
        return cls(title, head, tuple(tuple(line.row()) for line in lines), "lrrrll")

    def markdown(self) -> str:
        """Return the table as Markdown."""
        rule = ["--:" if side == "r" else "---" for side in self.align]
        rows = [f"| {' | '.join(cells)} |".replace("  |", " |") for cells in (self.head, rule, *self.rows)]
        return "\n".join([f"### {self.title}", "", *rows])

    def document(self) -> dict[str, Any]:
        """Return the table as JSON holds it."""
        return {"title": self.title, "head": self.head, "rows": self.rows, "align": self.align}
