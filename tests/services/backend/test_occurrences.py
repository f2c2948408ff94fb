"""The next occurrence: made once, taken back while nobody touched it, and never against the person's will."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.hand import Hand, content, due_in, state
from services.backend import decide
from services.backend.service_commands import OccurrenceRequest, next_occurrence
from services.kit.ids import occurrence_id
from services.kit.problems import Problem
from services.kit.task import DueAt, Task

DAILY = {"rrule": "FREQ=DAILY"}


async def completed(hand: Hand, **fields: Any) -> tuple[UUID, UUID]:
    """Return a completed daily task and the next one, which is there."""
    task_id = await hand.create("daily", **{"due": due_in(days=1), "recurrence": DAILY, **fields})
    child = UUID((await hand.complete(task_id)).reply.extra["next_id"])
    outcome = await hand.next(task_id)
    assert (outcome.reply.status, outcome.reply.task) == (201, child)
    return task_id, child


def at(task: Task) -> datetime:
    assert isinstance(task.due, DueAt)
    return task.due.at


async def test_the_next_one_carries_everything_on() -> None:
    hand = Hand()
    fields = {"description": "d", "priority": "high", "tags": ["a"], "external_id": "x"}
    reminders = [{"before": "PT1H"}, {"at": due_in(hours=1)["at"]}]
    parent_id, child_id = await completed(hand, reminders=reminders, **fields)
    parent, child = await hand.here(parent_id), await hand.here(child_id)
    assert at(child) - at(parent) == timedelta(days=1)
    assert (child.series_id, child.occurrence, child.version) == (parent.series_id, 2, 1)
    assert child_id == occurrence_id(parent.series_id, 2)
    assert (child.title, child.description, child.priority, child.tags) == ("daily", "d", "high", ("a",))
    assert [(r.before, at(child) - r.at) for r in child.reminders] == [("PT1H", timedelta(hours=1))]
    assert child.external_id is None


async def test_asked_for_again_there_is_still_one() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    before = state(await hand.tasks())
    again = await hand.next(parent)
    assert (again.reply.status, again.reply.task, again.commit) == (200, child, None)
    assert state(await hand.tasks()) == before


async def test_completing_again_names_the_same_one() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    again = await hand.complete(parent)
    assert (again.reply.extra["next_id"], again.commit) == (str(child), None)


async def test_reopening_takes_it_back_and_completing_makes_it_again() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    await hand.reopen(parent)
    assert await hand.task(child) is None
    assert UUID((await hand.complete(parent)).reply.extra["next_id"]) == child
    assert (await hand.next(parent)).reply.status == 201
    assert (await hand.here(child)).version == 1


@pytest.mark.parametrize("touch", ["patch", "complete", "complete and reopen"])
async def test_one_that_the_person_touched_is_kept(touch: str) -> None:
    hand = Hand()
    parent, child = await completed(hand)
    if touch == "patch":
        await hand.patch(child, title="mine now")
    else:
        await hand.complete(child)
    if touch == "complete and reopen":
        await hand.reopen(child)
    before = content(await hand.task(child))
    await hand.reopen(parent)
    assert content(await hand.task(child)) == before
    await hand.complete(parent)
    assert (await hand.next(parent)).reply.status == 200
    assert content(await hand.task(child)) == before


async def test_one_whose_changes_were_all_undone_is_untouched() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    await hand.patch(child, title="mine now")
    await hand.undo()
    await hand.reopen(parent)
    assert await hand.task(child) is None


async def test_what_a_service_does_to_it_is_no_touch() -> None:
    hand = Hand()
    parent, child = await completed(hand, due=due_in(days=-1, seconds=2), reminders=[{"before": "PT3S"}])
    await hand.fire(await hand.trigger(child))
    await hand.reopen(parent)
    assert await hand.task(child) is None


async def test_one_that_the_person_deleted_never_comes_back() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    await hand.delete(child)
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            await hand.next(parent)
        assert refused.value.status == 409
        await hand.reopen(parent)
        assert (await hand.complete(parent)).reply.extra["next_id"] is None
    assert await hand.task(child) is None


async def test_it_comes_back_when_the_person_undoes_the_deletion() -> None:
    hand = Hand()
    parent, child = await completed(hand)
    before = content(await hand.task(child))
    await hand.delete(child)
    await hand.undo()
    assert content(await hand.task(child)) == before
    assert (await hand.next(parent)).reply.status == 200


def request(hand: Hand, parent: Task, epoch: int, **other: Any) -> OccurrenceRequest:
    values = {"person": hand.person, "epoch": epoch, "parent": parent.id, "version": parent.version, "occurrence": 2}
    return OccurrenceRequest.model_validate(
        values | {"id": occurrence_id(parent.series_id, 2), "due": parent.due, **other}
    )


async def refusal(hand: Hand, body: OccurrenceRequest) -> int:
    with pytest.raises(Problem) as refused:
        await hand.do(lambda work: next_occurrence(work, body), actor="recurring-task")
    return refused.value.status


async def test_events_that_come_late_make_nothing() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence=DAILY)
    await hand.complete(task_id)
    done = await hand.here(task_id)
    epoch = (await hand.tasks()).epoch
    assert await refusal(hand, request(hand, done, epoch, version=done.version + 1)) == 409
    assert await refusal(hand, request(hand, done, epoch, id=UUID(int=5))) == 409
    await hand.reopen(task_id)
    assert await refusal(hand, request(hand, done, epoch)) == 409
    await hand.delete(task_id)
    assert await refusal(hand, request(hand, done, epoch)) == 404


async def test_the_event_of_a_completion_that_was_taken_back_counts_for_the_one_in_force() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence=DAILY)
    await hand.complete(task_id)
    first = await hand.here(task_id)
    await hand.reopen(task_id)
    await hand.complete(task_id)
    body = request(hand, first, (await hand.tasks()).epoch)
    outcome = await hand.do(lambda work: next_occurrence(work, body), actor="recurring-task")
    assert outcome.reply.status == 201


async def test_a_series_ends() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence={"rrule": "FREQ=DAILY;COUNT=2"})
    child = UUID((await hand.complete(task_id)).reply.extra["next_id"])
    await hand.next(task_id)
    assert (await hand.complete(child)).reply.extra["next_id"] is None
    with pytest.raises(Problem):
        await hand.next(child)


async def test_moving_one_occurrence_moves_no_other() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence=DAILY)
    planned = at(await hand.here(task_id))
    await hand.patch(task_id, due=due_in(hours=3))
    await hand.complete(task_id)
    child = (await hand.next(task_id)).reply.task
    assert child
    assert at(await hand.here(child)) == planned + timedelta(days=1)


async def test_a_new_rule_begins_a_new_series_and_the_same_rule_does_not() -> None:
    hand = Hand()
    task_id = await hand.create(due=due_in(days=1), recurrence=DAILY)
    first = (await hand.here(task_id)).series_id
    await hand.patch(task_id, title="t", recurrence={"rrule": "RRULE:freq=daily"})
    assert (await hand.here(task_id)).series_id == first
    await hand.patch(task_id, recurrence={"rrule": "FREQ=WEEKLY"})
    assert (await hand.here(task_id)).series_id not in {first, None}
    await hand.patch(task_id, recurrence=None)
    task = await hand.here(task_id)
    assert (task.series_id, task.occurrence, task.nominal) == (None, None, None)


async def test_a_batch_that_completes_and_reopens_leaves_no_next_one() -> None:
    hand = Hand()
    parent, child = await completed(hand)

    def again(work: Any) -> Any:
        decide.reopen(work, parent)
        decide.complete(work, parent)
        return decide.reopen(work, parent)

    await hand.do(again)
    assert await hand.task(child) is None
    assert list((await hand.tasks()).deleted) == []
