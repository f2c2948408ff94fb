"""Undo: a change taken back restores what was; what happened since is respected; an undo is a change of its own."""

from uuid import UUID

import pytest

from backend.hand import Hand, content, contents, due_in, every_seq
from services.backend.batch import BatchRequest, run
from services.backend.changes import set_profile
from services.backend.commit import Intent
from services.kit.ids import uuid7
from services.kit.problems import Problem
from services.kit.task import ReminderStatus, Status


async def test_changes_of_one_task_are_taken_back_one_after_the_other() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    first = content(await hand.task(task_id))
    await hand.patch(task_id, title="two")
    second = content(await hand.task(task_id))
    await hand.patch(task_id, title="three")
    await hand.undo()
    assert content(await hand.task(task_id)) == second
    await hand.undo()
    assert content(await hand.task(task_id)) == first
    await hand.undo()
    assert await hand.task(task_id) is None
    with pytest.raises(Problem, match="nothing left"):
        await hand.undo()
    assert every_seq(await hand.events())


async def test_an_undo_is_undone_and_that_again() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    patched = (await hand.patch(task_id, title="two")).change
    after = content(await hand.task(task_id))
    before = after | {"title": "one"}
    change = patched
    for expected in (before, after, before, after):
        change = (await hand.undo(change)).change
        assert content(await hand.task(task_id)) == expected
    assert (await hand.undo()).reply.extra["undone"] == str(patched)


async def test_after_undo_and_redo_and_undo_the_change_is_undone_for_good() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    change = (await hand.patch(task_id, title="two")).change
    first = (await hand.undo(change)).change
    second = (await hand.undo(first)).change
    await hand.undo(second)
    with pytest.raises(Problem, match="undone already") as refused:
        await hand.undo(change)
    assert refused.value.status == 409
    await hand.undo()
    assert await hand.task(task_id) is None


async def test_a_later_change_of_the_task_is_in_the_way_until_it_is_undone() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    other = await hand.create("other")
    wanted = (await hand.patch(task_id, title="two")).change
    later = (await hand.patch(task_id, priority="high")).change
    await hand.patch(other, title="elsewhere")
    with pytest.raises(Problem) as refused:
        await hand.undo(wanted)
    assert refused.value.status == 409
    assert refused.value.extensions["tasks"] == [str(task_id)]
    await hand.undo(later)
    await hand.undo(wanted)
    assert (await hand.here(task_id)).title == "one"
    assert (await hand.here(other)).title == "elsewhere"


async def test_an_undo_whose_task_has_gone_further_back_is_not_taken_back_alone() -> None:
    hand = Hand()
    task_id = await hand.create("one")
    await hand.patch(task_id, title="two")
    undone = (await hand.undo()).change
    await hand.undo()
    with pytest.raises(Problem) as refused:
        await hand.undo(undone)
    assert refused.value.extensions["tasks"] == [str(task_id)]


async def test_a_deleted_task_comes_back_as_it_was() -> None:
    hand = Hand()
    task_id = await hand.create("one", tags=["a"], due=due_in(days=2), reminders=[{"before": "P1D"}])
    before = content(await hand.task(task_id))
    await hand.delete(task_id)
    assert await hand.task(task_id) is None
    await hand.undo()
    assert content(await hand.task(task_id)) == before
    await hand.undo()
    assert await hand.task(task_id) is None


@pytest.mark.parametrize("old", ["high", "none"])
async def test_a_batch_is_one_change(old: str) -> None:
    hand = Hand()
    kept, gone = await hand.create("kept", priority=old), await hand.create("gone")
    before = contents(await hand.tasks())
    operations = [
        {"op": "update", "id": str(kept), "task": {"title": "renamed"}},
        {"op": "update", "id": str(kept), "task": {"priority": "urgent"}},
        {"op": "complete", "id": str(kept)},
        {"op": "delete", "id": str(gone)},
        {"op": "create", "task": {"title": "new"}},
    ]
    body = BatchRequest.model_validate({"operations": operations})
    await hand.do(lambda work: run(work, body.operations))
    after = contents(await hand.tasks())
    undone = await hand.undo()
    assert contents(await hand.tasks()) == before
    assert len(undone.reply.extra["tasks"]) == 3
    await hand.undo(undone.change)
    assert contents(await hand.tasks()) == after | {kept: after[kept] | {"completed_at": after[kept]["completed_at"]}}


async def test_the_last_hundred_changes_can_be_undone_one_by_one() -> None:
    hand = Hand()
    task_id = await hand.create("title 0")
    for number in range(1, 131):
        await hand.patch(task_id, title=f"title {number}")
    for number in range(130, 30, -1):
        assert (await hand.here(task_id)).title == f"title {number}"
        await hand.undo()
    assert (await hand.here(task_id)).title == "title 30"


async def test_what_services_did_does_not_count_and_is_not_in_the_way() -> None:
    hand = Hand()
    task_id = await hand.create("one", reminders=[{"at": due_in(seconds=-1)["at"]}])
    changed = (await hand.patch(task_id, title="two")).change
    await hand.fire(await hand.trigger(task_id))
    assert (await hand.here(task_id)).reminders[0].status is ReminderStatus.DUE
    assert (await hand.undo()).reply.extra["undone"] == str(changed)
    task = await hand.here(task_id)
    assert (task.title, task.reminders[0].status) == ("one", ReminderStatus.DUE)


async def test_an_unknown_change_is_refused() -> None:
    hand = Hand()
    await hand.create()
    with pytest.raises(Problem) as refused:
        await hand.undo(uuid7())
    assert refused.value.status == 409


async def test_undo_gives_no_external_id_back_that_another_task_has_taken() -> None:
    hand = Hand()
    first = await hand.create("first", external_id="x")
    deleted = (await hand.delete(first)).change
    second = await hand.create("second", external_id="x")
    with pytest.raises(Problem) as refused:
        await hand.undo(deleted)
    assert (refused.value.status, refused.value.extensions["tasks"]) == (409, [str(second)])
    patched = (await hand.patch(second, external_id="y")).change
    await hand.create("third", external_id="x")
    with pytest.raises(Problem, match="external_id"):
        await hand.undo(patched)


async def test_a_large_change_is_checked_whole_before_any_of_it_is_undone() -> None:
    hand = Hand()
    operations = [{"op": "create", "task": {"title": f"task {n}"}} for n in range(400)]
    body = BatchRequest.model_validate({"operations": operations})
    outcome = await hand.do(lambda work: run(work, body.operations))
    for result in outcome.reply.results or ():
        if result.task in {(outcome.reply.results or ())[0].task, (outcome.reply.results or ())[-1].task}:
            await hand.patch(result.task, title="touched")
    with pytest.raises(Problem) as refused:
        await hand.undo(outcome.change)
    assert len(refused.value.extensions["tasks"]) == 2
    assert len((await hand.tasks()).rows) == 400


async def test_a_large_change_is_undone_and_redone_as_one() -> None:
    hand = Hand()
    operations = [{"op": "create", "task": {"title": f"task {n}"}} for n in range(450)]
    body = BatchRequest.model_validate({"operations": operations})
    outcome = await hand.do(lambda work: run(work, body.operations))
    before = contents(await hand.tasks())
    undone = await hand.undo()
    assert (await hand.tasks()).rows == {}
    await hand.undo(undone.change)
    assert contents(await hand.tasks()) == before
    assert (await hand.undo()).reply.extra["undone"] == str(outcome.change)


async def test_another_time_zone_is_undone_with_the_reminders_it_moved() -> None:
    hand = Hand()
    task_id = await hand.create("one", due={"date": "2030-01-02"}, reminders=[{"before": "PT1H"}])
    before = content(await hand.task(task_id))
    await set_profile(hand.log, hand.person, {"time_zone": "Asia/Tokyo"}, Intent())
    moved = await hand.here(task_id)
    assert moved.reminders[0].at.isoformat() == "2030-01-02T08:00:00+09:00"
    await hand.undo()
    assert content(await hand.task(task_id)) == before
    assert (await hand.tasks()).profile.time_zone == "UTC"


async def test_reopening_by_undo_takes_the_next_occurrence_back_and_redo_brings_it_again() -> None:
    hand = Hand()
    task_id = await hand.create("daily", due=due_in(days=1), recurrence={"rrule": "FREQ=DAILY"})
    completed = await hand.complete(task_id)
    child = UUID(completed.reply.extra["next_id"])
    await hand.next(task_id)
    undone = await hand.undo(completed.change)
    assert await hand.task(child) is None
    assert (await hand.here(task_id)).status is Status.OPEN
    await hand.undo(undone.change)
    assert await hand.task(child) is not None
    assert (await hand.here(task_id)).status is Status.COMPLETED
    await hand.reopen(task_id)
    assert await hand.task(child) is None
