"""What was found after a fault, held against what was promised: pure, so that tests can show each count to count."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from faults.ledger import Ledger, shown

Document = Mapping[str, Any]

_NO_FAULTS = frozenset({"lateness", "sent", "sent_again"})  # what leaves the platform may leave it twice


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the platform says of one person.

    `tasks` are all tasks, `head` the last seq, `audit` the entries of the trail (newest first), `proof` its
    verification, `notifications` the deliveries of reminders. `stretches` and `seen` are a WebSocket client's: the
    seqs that it was sent, each stretch beginning with that of a snapshot, and the tasks that it holds in the end.
    `mails` and `webhooks` say how often each message, by its id, left the platform.
    """

    ledger: Ledger
    tasks: Sequence[Document]
    head: int
    audit: Sequence[Document]
    proof: Document
    notifications: Sequence[Document]
    stretches: Sequence[Sequence[int]]
    seen: Mapping[str, Document]
    mails: Mapping[str, int] = field(default_factory=dict)
    webhooks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong, each in words.

    `lateness` is how many seconds after its time each reminder was delivered, `sent` every message that left.
    """

    writes_lost: list[str] = field(default_factory=list)
    events_lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    reminders_lost: list[str] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    sent_again: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What should be empty and is not."""
        judged = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NO_FAULTS}
        return {name: found for name, found in judged.items() if found}

    @classmethod
    def all_of(cls, many: Sequence[Self]) -> Self:
        """Return the findings of many as one."""
        return cls(**{f.name: [item for one in many for item in getattr(one, f.name)] for f in fields(cls)})


def judge(evidence: Evidence) -> Findings:
    """Return what is wrong with one person's evidence."""
    return Findings(
        writes_lost=list(_writes_lost(evidence)),
        events_lost=list(_events_lost(evidence)),
        doubled=list(_doubled(evidence)),
        disorder=list(_disorder(evidence)),
        reminders_lost=list(_reminders_lost(evidence)),
        lateness=list(_lateness(evidence)),
        sent=[what for sent in _sent(evidence) for what in sent],
        sent_again=[f"{what} {n} times" for sent in _sent(evidence) for what, n in sent.items() if n > 1],
        never_sent=list(_never_sent(evidence)),
    )


def _writes_lost(evidence: Evidence) -> Iterator[str]:
    there = {task["id"]: shown(task) for task in evidence.tasks}
    for task_id, promised in evidence.ledger.tasks.items():
        if task_id not in there:
            yield f"task {task_id} is gone: {promised}"
        elif there[task_id] != promised:
            yield f"task {task_id} is {there[task_id]}, and was acknowledged as {promised}"
    yield from (f"refused: {change}" for change in evidence.ledger.refused)
    for task_id in evidence.ledger.gone & set(there):
        yield f"task {task_id} was deleted and is there"


def _events_lost(evidence: Evidence) -> Iterator[str]:
    if evidence.head < evidence.ledger.events:
        yield f"the log ends at {evidence.head}, and the changes come to {evidence.ledger.events}"
    for task_id in evidence.ledger.children - {task["id"] for task in evidence.tasks}:
        yield f"the next occurrence {task_id} never came"
    recorded = {entry["seq"] for entry in evidence.audit if entry["type"] != "trail.gap"}
    for seq in set(range(1, evidence.head + 1)) - recorded:
        yield f"the trail misses {seq}"
    if not evidence.proof["ok"]:
        yield f"the trail does not hold: {dict(evidence.proof)}"
    for stretch in evidence.stretches:
        for seq in set(range(stretch[0], stretch[-1] + 1)) - set(stretch):
            yield f"a client was never sent {seq}"
    if (last := evidence.stretches[-1][-1]) < evidence.head:
        yield f"a client ended at {last} of {evidence.head}"
    elif dict(evidence.seen) != {task["id"]: task for task in evidence.tasks}:
        yield "a client's tasks are others than the list's"


def _doubled(evidence: Evidence) -> Iterator[str]:
    if evidence.head > evidence.ledger.events:
        yield f"the log ends at {evidence.head}, and the changes come to {evidence.ledger.events}"
    known = {*evidence.ledger.tasks, *evidence.ledger.gone, *evidence.ledger.children}
    for task in evidence.tasks:
        if task["id"] not in known:
            yield f"nobody asked for task {task['id']}: {shown(task)}"
    for what, found in (
        ("task", Counter(task["id"] for task in evidence.tasks)),
        ("audit entry", Counter(entry["seq"] for entry in evidence.audit)),
        ("notification", Counter((found["task"], found["reminder"]) for found in evidence.notifications)),
    ):
        yield from (f"{what} {key} is there {times} times" for key, times in found.items() if times > 1)


def _disorder(evidence: Evidence) -> Iterator[str]:
    for stretch in evidence.stretches:
        for before, seq in itertools.pairwise(stretch):
            if seq <= before:
                yield f"a client was sent {seq} after {before}"
    trail = [entry["seq"] for entry in reversed(evidence.audit)]
    for before, seq in itertools.pairwise(trail):
        if seq < before:
            yield f"the trail has {seq} after {before}"


def _reminders_lost(evidence: Evidence) -> Iterator[str]:
    due = {entry["task_id"] for entry in evidence.audit if entry["type"] == "reminder.due"}
    delivered = {
        found["task"] for found in evidence.notifications if found["channels"]["in_app"]["status"] == "delivered"
    }
    for task_id, at in evidence.ledger.reminders.items():
        if task_id not in due:
            yield f"the reminder of {task_id} for {at} never fell due"
        elif task_id not in delivered:
            yield f"the reminder of {task_id} for {at} was never delivered"


def _lateness(evidence: Evidence) -> Iterator[float]:
    for found in evidence.notifications:
        at, when = evidence.ledger.reminders.get(found["task"]), found["channels"]["in_app"]["delivered_at"]
        if at and when:
            yield (datetime.fromisoformat(when) - at).total_seconds()


def _sent(evidence: Evidence) -> tuple[Mapping[str, int], Mapping[str, int]]:
    return (
        {f"mail {key}": times for key, times in evidence.mails.items()},
        {f"webhook {key}": times for key, times in evidence.webhooks.items()},
    )


def _never_sent(evidence: Evidence) -> Iterator[str]:
    for channel, sent in (("email", evidence.mails), ("webhook", evidence.webhooks)):
        claimed = [found for found in evidence.notifications if channel in found["channels"]]
        for found in claimed:
            if not any(key.endswith(":" + found["id"].replace("-", ":")) for key in sent):
                yield f"{channel} of the reminder of {found['task']}: {found['channels'][channel]['status']}"
