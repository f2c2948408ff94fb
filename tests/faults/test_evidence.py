"""The judge of the faults: whole evidence has nothing wrong, and each thing that goes wrong counts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from faults.evidence import Evidence, Findings, judge
from faults.ledger import Ledger

AT = "2026-11-23T18:00:00Z"
LATER = "2026-11-23T18:00:02.500000Z"


def task(name: str, **values: Any) -> dict[str, Any]:
    usual = {"description": "", "status": "open", "priority": "none", "tags": [], "due": None, "reminders": []}
    return {"id": name, "title": name, "version": 1} | usual | values


def entry(seq: int, kind: str, task_id: str) -> dict[str, Any]:
    return {"seq": seq, "type": kind, "task_id": task_id, "at": AT}


def whole() -> Evidence:
    """A person with a reminded task, a completed one with its next occurrence, and one that they deleted."""
    reminded = task("reminded", reminders=[{"id": "r1", "at": AT, "status": "scheduled"}])
    completed = task("completed", status="completed")
    ledger = Ledger()
    ledger.put(reminded)
    ledger.put(task("completed"))
    ledger.complete(completed | {"next_id": "child"})
    ledger.put(task("gone"))
    ledger.delete("gone")
    kinds = ["task.created", "task.created", "task.completed", "task.created", "task.created", "task.deleted"]
    ids = ["reminded", "completed", "completed", "child", "gone", "gone", "reminded", "reminded"]
    kinds += ["reminder.due", "reminder.settled"]
    tasks = [reminded | {"version": 3}, completed, task("child")]
    delivered = {"status": "delivered", "delivered_at": LATER}
    return Evidence(
        ledger=ledger,
        tasks=tasks,
        head=8,
        audit=[entry(n, *of) for n, of in reversed(list(enumerate(zip(kinds, ids, strict=True), 1)))],
        proof={"ok": True, "entries": 8},
        notifications=[
            {"id": "5-7", "task": "reminded", "reminder": "r1", "channels": {"in_app": delivered, "email": delivered}}
        ],
        stretches=[[0], [0, *range(1, 9)]],
        seen={t["id"]: t for t in tasks},
        mails={"someone:5:7": 1},
    )


def without(evidence: Evidence, seq: int) -> list[Any]:
    return [found for found in evidence.audit if found["seq"] != seq]


def test_what_is_whole_has_nothing_wrong() -> None:
    found = judge(whole())
    assert found.wrong == {}
    assert (found.lateness, found.sent, found.sent_again) == ([2.5], ["mail someone:5:7"], [])


BREAKS: dict[str, tuple[str, Callable[[Evidence], Evidence]]] = {
    "a task is gone": ("writes_lost", lambda e: replace(e, tasks=e.tasks[1:])),
    "a task went back": ("writes_lost", lambda e: replace(e, tasks=[e.tasks[0], task("completed"), e.tasks[2]])),
    "a deleted task is back": ("writes_lost", lambda e: replace(e, tasks=[*e.tasks, task("gone")])),
    "a change was refused": (
        "writes_lost",
        lambda e: replace(e, ledger=replace(e.ledger, refused=["PATCH /api/tasks/1: 404"])),
    ),
    "the log is short": ("events_lost", lambda e: replace(e, head=7)),
    "no next occurrence": ("events_lost", lambda e: replace(e, tasks=e.tasks[:2])),
    "the trail lacks an event": ("events_lost", lambda e: replace(e, audit=without(e, 3))),
    "the trail lacks the last": ("events_lost", lambda e: replace(e, audit=without(e, 8))),
    "a gap in the trail": ("events_lost", lambda e: replace(e, audit=[entry(3, "trail.gap", ""), *without(e, 3)])),
    "the trail is broken": ("events_lost", lambda e: replace(e, proof={"ok": False})),
    "a client missed one": ("events_lost", lambda e: replace(e, stretches=[[0, 1, 2, 4, 5, 6, 7, 8]])),
    "a client missed one before a snapshot": ("events_lost", lambda e: replace(e, stretches=[[0, 1, 3], [8]])),
    "a client ended early": ("events_lost", lambda e: replace(e, stretches=[[0, 1, 2, 3, 4, 5, 6, 7]])),
    "a client shows less": ("events_lost", lambda e: replace(e, seen={})),
    "an event too many": ("doubled", lambda e: replace(e, head=9)),
    "a task nobody asked for": ("doubled", lambda e: replace(e, tasks=[*e.tasks, task("twin")])),
    "a task twice": ("doubled", lambda e: replace(e, tasks=[*e.tasks, e.tasks[0]])),
    "an entry twice": ("doubled", lambda e: replace(e, audit=[*e.audit, e.audit[0]])),
    "a notification twice": ("doubled", lambda e: replace(e, notifications=[*e.notifications, *e.notifications])),
    "a client was sent one again": ("disorder", lambda e: replace(e, stretches=[[0, 1, 2, 2, 3, 4, 5, 6, 7, 8]])),
    "a client was sent one before": ("disorder", lambda e: replace(e, stretches=[[0, 1, 3, 2, 4, 5, 6, 7, 8]])),
    "the trail is out of order": ("disorder", lambda e: replace(e, audit=[e.audit[1], e.audit[0], *e.audit[2:]])),
    "a reminder never came": ("reminders_lost", lambda e: replace(e, audit=without(e, 7))),
    "a reminder was not delivered": ("reminders_lost", lambda e: replace(e, notifications=[])),
    "a mail was never sent": ("never_sent", lambda e: replace(e, mails={})),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_wrong_counts(what: str) -> None:
    counted, broken = BREAKS[what]
    assert counted in judge(broken(whole())).wrong


def test_a_mail_that_was_sent_again_is_told_apart() -> None:
    found = judge(replace(whole(), mails={"someone:5:7": 2}))
    assert found.wrong == {}
    assert found.sent_again == ["mail someone:5:7 2 times"]


def test_a_reminder_that_was_acknowledged_too_late_to_be_set_is_not_waited_for() -> None:
    ledger = Ledger()
    ledger.put(task("late", reminders=[{"id": "r1", "at": datetime.now(UTC).isoformat(), "status": "missed"}]))
    assert (ledger.reminders, ledger.events) == ({}, 1)


def test_findings_of_many_are_added_up() -> None:
    one, other = judge(whole()), judge(replace(whole(), head=7))
    both = Findings.all_of([one, other])
    assert both.lateness == [2.5, 2.5]
    assert both.events_lost == other.events_lost
