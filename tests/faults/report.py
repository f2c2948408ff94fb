"""The tables that come of the faults, and the page of `docs/` that they are written into."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from faults.evidence import Findings
from faults.phase import Phase, Scale

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


@dataclass(frozen=True, slots=True)
class Result:
    """One fault: what was done, and what was found."""

    phase: Phase
    findings: Findings

    @property
    def without_word(self) -> int:
        """How many answers with a 5xx did not say when to come back."""
        return sum(1 for _, retry_after in self.phase.unavailable if not retry_after)

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Everything that should be nothing, and is not."""
        silent = [f"{status} without Retry-After" for status, after in self.phase.unavailable if not after]
        more = {"without_retry_after": silent, "never_whole": self.phase.never_whole}
        return self.findings.wrong | {what: found for what, found in more.items() if found}


Column = tuple[str, Callable[[Result], object]]

_KEPT: tuple[Column, ...] = (
    ("strikes", lambda r: len(r.phase.recoveries)),
    ("changes", lambda r: r.phase.changes),
    ("writes lost", lambda r: len(r.findings.writes_lost)),
    ("events", lambda r: sum(member.ledger.events for member in r.phase.members)),
    ("events lost", lambda r: len(r.findings.events_lost)),
    ("doubled effects", lambda r: len(r.findings.doubled)),
    ("out of order", lambda r: len(r.findings.disorder)),
    ("reminders", lambda r: sum(len(member.ledger.reminders) for member in r.phase.members)),
    ("reminders lost", lambda r: len(r.findings.reminders_lost)),
)
_FELT: tuple[Column, ...] = (
    ("whole again after, s", lambda r: spread(r.phase.recoveries)),
    ("reminders late by, s", lambda r: spread(r.findings.lateness)),
    ("a change took, s", lambda r: spread(r.phase.waits)),
    ("5xx", lambda r: len(r.phase.unavailable)),
    ("of them without `Retry-After`", lambda r: r.without_word),
    ("calls without an answer", lambda r: r.phase.unanswered),
    ("e-mails and webhooks", lambda r: len(r.findings.sent)),
    ("never sent", lambda r: len(r.findings.never_sent)),
    ("sent again", lambda r: len(r.findings.sent_again)),
)


def spread(values: Sequence[float]) -> str:
    """Return median and largest of some values."""
    return f"{median(values):.1f} / {max(values):.1f}" if values else "-"


def text(results: Sequence[Result], scale: Scale, commit: str) -> str:
    """Return what was run, and both tables, in Markdown."""
    return "\n\n".join((_said(results, scale, commit), _table(results, _KEPT), _table(results, _FELT)))


def write(page: Path, generated: str) -> None:
    """Put the text between the page's markers, in the place of what is there."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{generated}\n\n{END}{after}")


def _table(results: Sequence[Result], columns: Sequence[Column]) -> str:
    head = "| " + " | ".join(["fault", *(name for name, _ in columns)]) + " |"
    rule = "| " + " | ".join(["---", *("--:" for _ in columns)]) + " |"
    rows = ["| " + " | ".join([r.phase.fault.does, *(str(show(r)) for _, show in columns)]) + " |" for r in results]
    return "\n".join([head, rule, *rows])


def _said(results: Sequence[Result], scale: Scale, commit: str) -> str:
    changes = sum(result.phase.changes for result in results)
    minutes = sum(result.phase.seconds for result in results) / 60
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[2] if hasattr(os, "getloadavg") else 0.0
    durations = scale.durations
    return (
        f"Run on {datetime.now(UTC):%Y-%m-%d}, commit `{commit}`: {changes:,} acknowledged changes in {minutes:.0f} "
        f"minutes, by {scale.people} people for each fault, two writers each, about {scale.pace:g} a second in all. "
        f"The broker was kept away for {durations.broker:g} s, a backend paused for {durations.pause:g} s, and the "
        f"disk stayed full for {durations.disk:g} s after Kafka and PostgreSQL had met its end. Everything on one "
        f"machine: {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, Python "
        f"{platform.python_version()}; load average over the last 15 minutes at the end: {load:.1f}."
    )
