"""Undo: a change taken back restores what was; what happened since is respected; an undo is a change of its own."""

import pytest
from backend.hand import Hand, content, contents, due_in

from services.kit.problems import Problem


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
