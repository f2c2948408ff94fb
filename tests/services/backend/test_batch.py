"""Batches: decided on one workspace, all operations or none."""

from typing import Any

import pytest
from pydantic import ValidationError

from backend.hand import Hand, contents, every_seq, state
from services.backend.batch import MAX_OPERATIONS, BatchRequest, run
from services.backend.commit import Outcome
from services.kit.ids import uuid7
from services.kit.problems import Problem


async def batch(hand: Hand, *operations: dict[str, Any]) -> Outcome:
    body = BatchRequest.model_validate({"operations": operations})
    return await hand.do(lambda work: run(work, body.operations))


def creating(title: str, **fields: Any) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title, **fields}}


async def test_operations_see_those_before_them() -> None:
    hand = Hand()
    task_id = str(uuid7())
    outcome = await batch(
        hand,
        creating("new", id=task_id),
        {"op": "update", "id": task_id, "task": {"title": "renamed"}, "version": 1},
        {"op": "complete", "id": task_id, "version": 2},
        {"op": "reopen", "id": task_id},
        {"op": "delete", "id": task_id},
    )
    assert [result.status for result in outcome.reply.results or ()] == [201, 200, 200, 200, 204]
    assert (await hand.tasks()).rows == {}
    assert every_seq(await hand.events())
    assert len(await hand.commits()) == 1


async def test_tasks_made_together_keep_their_order() -> None:
    hand = Hand()
    wanted = [f"task {number:03}" for number in range(MAX_OPERATIONS)]
    await batch(hand, *(creating(title) for title in wanted))
    made = [row.task for row in (await hand.tasks()).rows.values()]
    assert [task.title for task in sorted(made, key=lambda task: (task.created_at, task.id))] == wanted


@pytest.mark.parametrize("place", [0, 1, 250, 499])
async def test_one_refusal_refuses_all(place: int) -> None:
    hand = Hand()
    await hand.create("there", external_id="x")
    before = state(await hand.tasks())
    operations = [creating(f"task {n}") for n in range(MAX_OPERATIONS)]
    operations[place] = creating("taken", external_id="x")
    with pytest.raises(Problem) as refused:
        await batch(hand, *operations)
    assert (refused.value.status, refused.value.extensions["index"]) == (409, place)
    assert refused.value.errors[0].field.startswith(f"operations.{place}")
    assert state(await hand.tasks()) == before


async def test_a_field_that_is_wrong_is_named_with_its_operation() -> None:
    with pytest.raises(Problem) as refused:
        await batch(Hand(), creating("t"), creating("t", recurrence={"rrule": "FREQ=DAILY"}))
    assert [error.field for error in refused.value.errors] == ["operations.1.recurrence"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "create"},
        {"op": "create", "task": {"title": "t"}, "id": str(uuid7())},
        {"op": "complete"},
        {"op": "complete", "id": str(uuid7()), "task": {}},
        {"op": "undo", "id": str(uuid7())},
        {"id": str(uuid7())},
    ],
)
def test_what_is_no_operation_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BatchRequest.model_validate({"operations": [operation]})


async def test_what_changes_nothing_is_no_change() -> None:
    hand = Hand()
    task_id = str(await hand.create("one"))
    outcome = await batch(
        hand,
        {"op": "update", "id": task_id, "task": {"title": "one"}},
        {"op": "reopen", "id": task_id},
        creating("again", id=task_id),
    )
    assert (outcome.change, [result.status for result in outcome.reply.results or ()]) == (None, [200, 200, 200])
    assert len(await hand.commits()) == 1


async def test_deleting_frees_an_external_id_within_the_batch() -> None:
    hand = Hand()
    old = str(await hand.create("old", external_id="x"))
    await batch(hand, {"op": "delete", "id": old}, creating("new", external_id="x"))
    assert [task["title"] for task in contents(await hand.tasks()).values()] == ["new"]
    await hand.undo()
    assert [task["title"] for task in contents(await hand.tasks()).values()] == ["old"]
