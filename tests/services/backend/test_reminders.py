"""Reminders: they follow the due, each setting has a trigger of its own, and a stale trigger changes nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.hand import Hand, due_in, soon, state
from services.backend.publication import jobs_to_drop, jobs_to_set
from services.backend.service_commands import ReminderReport, ReminderTrigger, settle_reminder
from services.backend.tasklist import LogEvent
from services.kit.events import EventType
from services.kit.task import Reminder, ReminderStatus

SCHEDULED, DUE, MISSED = ReminderStatus.SCHEDULED, ReminderStatus.DUE, ReminderStatus.MISSED
CANCELLED, DELIVERED = ReminderStatus.CANCELLED, ReminderStatus.DELIVERED


async def reminder(hand: Hand, task_id: UUID) -> Reminder:
    (found,) = (await hand.here(task_id)).reminders
    return found


async def jobs(hand: Hand) -> set[str]:
    """Return the names of the jobs that are left when the events of the log are carried out in order."""
    left: set[str] = set()
    epoch = (await hand.tasks()).epoch
    for event in await hand.events():
        left |= {job.name for job in jobs_to_set(hand.person, epoch, event)}
        left -= set(jobs_to_drop(hand.person, epoch, event))
    return left


async def last_event(hand: Hand) -> LogEvent:
    return (await hand.events())[-1]


async def report(hand: Hand, task_id: UUID, status: str, seq: int) -> None:
    epoch = (await hand.tasks()).epoch
    body = ReminderReport.model_validate(
        {"person": hand.person, "epoch": epoch, "task": task_id, "reminder": "r1", "seq": seq, "status": status}
    )
    await hand.do(lambda work: settle_reminder(work, body), actor="notification")


async def test_a_reminder_before_the_due_moves_with_it() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=3), reminders=[{"before": "P1D"}])
    first = await reminder(hand, task_id)
    assert (first.id, first.status, first.seq) == ("r1", SCHEDULED, 1)
    before = await jobs(hand)
    await hand.patch(task_id, due=due_in(days=5))
    moved = await reminder(hand, task_id)
    assert (moved.at - first.at, moved.status, moved.seq) == (timedelta(days=2), SCHEDULED, 2)
    assert len(await jobs(hand)) == 1
    assert await jobs(hand) != before


async def test_what_does_not_move_a_reminder_leaves_its_setting() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=3), reminders=[{"before": "P1D"}])
    first = await reminder(hand, task_id)
    shown = (await hand.here(task_id)).model_dump(mode="json")["reminders"]
    await hand.patch(task_id, title="renamed", reminders=shown)
    await hand.patch(task_id, priority="high", reminders=[{"before": "P1D"}])
    assert await reminder(hand, task_id) == first


async def test_completing_cancels_and_reopening_schedules_again() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=3), reminders=[{"before": "P1D"}])
    first = await jobs(hand)
    await hand.complete(task_id)
    assert (await reminder(hand, task_id)).status is CANCELLED
    assert await jobs(hand) == set()
    await hand.reopen(task_id)
    assert (await reminder(hand, task_id)).status is SCHEDULED
    assert len(await jobs(hand)) == 1
    assert await jobs(hand) != first


async def test_a_reminder_whose_time_went_by_meanwhile_was_missed() -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-61).isoformat()}])
    assert (await reminder(hand, task_id)).status is MISSED
    just = await hand.create(reminders=[{"at": soon(seconds=-50).isoformat()}])
    assert (await reminder(hand, just)).status is SCHEDULED


async def test_deleting_drops_the_jobs_and_undo_brings_them_back() -> None:
    hand = Hand()
    await hand.delete(
        await hand.create(due=due_in(days=3), reminders=[{"before": "P1D"}, {"at": due_in(days=1)["at"]}])
    )
    assert await jobs(hand) == set()
    await hand.undo()
    assert len(await jobs(hand)) == 2


async def test_a_trigger_makes_the_reminder_due_once() -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    trigger = await hand.trigger(task_id)
    await hand.fire(trigger)
    assert (await reminder(hand, task_id)).status is DUE
    event = await last_event(hand)
    assert (event.type, event.reminder) == (EventType.REMINDER_DUE, "r1")
    before = state(await hand.tasks())
    assert (await hand.fire(trigger)).commit is None
    assert state(await hand.tasks()) == before


async def stale(hand: Hand, task_id: UUID, how: str) -> None:
    late: dict[str, Any] = {"reminders": [{"id": "r1", "at": soon(hours=9).isoformat()}]}
    await {
        "moved": lambda: hand.patch(task_id, **late),
        "removed": lambda: hand.patch(task_id, reminders=[]),
        "completed": lambda: hand.complete(task_id),
        "deleted": lambda: hand.delete(task_id),
    }[how]()


@pytest.mark.parametrize("how", ["moved", "removed", "completed", "deleted"])
async def test_a_stale_trigger_changes_nothing(how: str) -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    trigger = await hand.trigger(task_id)
    await stale(hand, task_id, how)
    before = state(await hand.tasks())
    assert (await hand.fire(trigger)).commit is None
    assert state(await hand.tasks()) == before


async def test_a_reminder_moved_there_and_back_answers_to_its_newest_trigger_alone() -> None:
    hand = Hand()
    at = soon(seconds=-1).isoformat()
    task_id = await hand.create(reminders=[{"at": at}])
    old = await hand.trigger(task_id)
    await hand.patch(task_id, reminders=[{"id": "r1", "at": soon(hours=1).isoformat()}])
    await hand.patch(task_id, reminders=[{"id": "r1", "at": at}])
    assert (await hand.fire(old)).commit is None
    assert (await hand.fire(await hand.trigger(task_id))).commit is not None


async def test_triggers_for_what_never_was_change_nothing() -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    trigger = await hand.trigger(task_id)
    for wrong in ({"reminder": "r9"}, {"seq": 99}, {"task": UUID(int=1)}):
        assert (await hand.fire(ReminderTrigger(**trigger.model_dump() | wrong))).commit is None


@pytest.mark.parametrize("status", ["delivered", "missed"])
async def test_what_became_of_a_reminder_is_recorded_once(status: str) -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    await report(hand, task_id, status, 1)
    assert (await reminder(hand, task_id)).status is SCHEDULED
    await hand.fire(await hand.trigger(task_id))
    await report(hand, task_id, status, 7)
    assert (await reminder(hand, task_id)).status is DUE
    await report(hand, task_id, status, 1)
    assert (await reminder(hand, task_id)).status is ReminderStatus(status)
    assert (await last_event(hand)).type is EventType.REMINDER_SETTLED
    before = state(await hand.tasks())
    await report(hand, task_id, "missed", 1)
    assert state(await hand.tasks()) == before


async def test_what_fell_due_stays_so_through_completion_and_undo() -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    await hand.fire(await hand.trigger(task_id))
    await report(hand, task_id, "delivered", 1)
    await hand.complete(task_id)
    assert (await reminder(hand, task_id)).status is DELIVERED
    await hand.undo()
    await hand.patch(task_id, title="renamed")
    assert (await reminder(hand, task_id)).status is DELIVERED


async def test_a_delivered_reminder_that_is_moved_is_scheduled_anew() -> None:
    hand = Hand()
    task_id = await hand.create(reminders=[{"at": soon(seconds=-1).isoformat()}])
    await hand.fire(await hand.trigger(task_id))
    await hand.patch(task_id, reminders=[{"id": "r1", "at": soon(hours=1).isoformat()}])
    assert (await reminder(hand, task_id)).status is SCHEDULED


async def test_reminders_are_matched_by_id_and_else_by_value() -> None:
    hand = Hand()
    at = soon(days=1).isoformat()
    task_id = await hand.create(due=due_in(days=3), reminders=[{"before": "P1D"}, {"at": at}, {"id": "mine", "at": at}])
    ids = [r.id for r in (await hand.here(task_id)).reminders]
    assert ids == ["r1", "r2", "mine"]
    await hand.patch(task_id, reminders=[{"at": at}, {"before": "PT5M"}, {"before": "P1D"}])
    found = {r.id: (r.before, r.seq) for r in (await hand.here(task_id)).reminders}
    assert len(found) == 3
    assert found["r1"] == ("P1D", 1)
    assert sum(seq == 1 for _, seq in found.values()) == 2


async def test_two_reminders_may_have_the_same_time_but_not_the_same_id() -> None:
    hand = Hand()
    at = soon(days=1).isoformat()
    task_id = await hand.create(reminders=[{"at": at}, {"at": at}])
    assert [r.id for r in (await hand.here(task_id)).reminders] == ["r1", "r2"]
    await hand.patch(task_id, reminders=[{"at": at}, {"at": at}])
    assert len({r.id for r in (await hand.here(task_id)).reminders}) == 2
