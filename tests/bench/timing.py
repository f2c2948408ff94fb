"""Timing calls, and the table that comes of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """Durations in milliseconds, sorted."""

    values: tuple[float, ...]

    def quantile(self, q: float) -> float:
        """Return the smallest value that a share `q` of all does not exceed."""
        return self.values[min(len(self.values) - 1, int(q * len(self.values)))]

    @property
    def p50(self) -> float:
        """The median."""
        return self.quantile(0.5)


def sample(values: Sequence[float]) -> Sample:
    """Return durations in seconds as a sample."""
    return Sample(tuple(sorted(1000 * value for value in values)))


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


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: what was measured, and what its median is held against."""

    name: str
    sample: Sample
    beside: tuple[tuple[str, Sample], ...] = ()
    aim: str = ""


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a Markdown table: p50, p95, p99 in ms, and ratios of medians."""
    rows = ["| what | p50 ms | p95 ms | p99 ms | ratio of medians | aim |", "| --- | --: | --: | --: | --- | --- |"]
    for line in lines:
        ratios = ", ".join(
            f"{line.sample.p50 / other.p50:.2f}× {name} ({other.p50:.2f})" for name, other in line.beside if other.p50
        )
        figures = " | ".join(f"{line.sample.quantile(q):.2f}" for q in (0.5, 0.95, 0.99))
        rows.append(f"| {line.name} | {figures} | {ratios} | {line.aim} |")
    return "\n".join(rows)
