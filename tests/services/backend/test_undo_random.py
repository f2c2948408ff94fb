"""Undo held against what was remembered: any sequence of commands, taken back in any order that is allowed."""

import asyncio
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.hand import Hand, contents, every_seq
from backend.player import Player, Step, steps
from services.kit.problems import Problem


@settings(max_examples=40, deadline=None)
@given(steps)
def test_undo_walks_back_through_every_state(played: list[Step]) -> None:
    async def walk() -> None:
        player = Player()
        states = []
        for step in played:
            before = contents(await player.hand.tasks())
            if await player.play(step):
                states.append(before)
        for before in reversed(states):
            await player.hand.undo()
            assert contents(await player.hand.tasks()) == before
        assert every_seq(await player.hand.events())

    asyncio.run(walk())


@settings(max_examples=40, deadline=None)
@given(steps, st.tuples(st.sampled_from(["title", "complete", "delete", "due"]), st.just(0), st.integers(6, 9)), steps)
def test_changes_of_other_tasks_are_not_touched_by_an_undo(first: list[Step], wanted: Step, later: list[Step]) -> None:
    async def walk() -> None:
        player = Player()
        for step in [("create", 0, 1), *first]:
            await player.play(step)
        before = contents(await player.hand.tasks())
        change = await player.play(wanted)
        for step in later:
            if step[1] != 0:
                await player.play(step)
        if change is None:
            return
        others = contents(await player.hand.tasks())
        undone = await player.hand.undo(change)
        now = contents(await player.hand.tasks())
        task_id = player.ids[0]
        assert now.pop(task_id) == before[task_id]
        assert now == {key: value for key, value in others.items() if key != task_id}
        await player.hand.undo(undone.change)
        assert contents(await player.hand.tasks()) == others

    asyncio.run(walk())


async def attempted(hand: Hand, change: UUID) -> tuple[UUID | None, Problem | None]:
    try:
        return (await hand.undo(change)).change, None
    except Problem as problem:
        return None, problem


@settings(max_examples=40, deadline=None)
@given(steps, st.data())
def test_undo_in_any_order_refuses_or_restores(played: list[Step], data: st.DataObject) -> None:
    """Whatever is undone, in any order: a refusal names tasks, and a redo brings back what the undo took."""

    async def walk() -> None:
        player = Player()
        changes = [change for step in played if (change := await player.play(step))]
        for change in data.draw(st.permutations(changes)):
            before = contents(await player.hand.tasks())
            undone, refusal = await attempted(player.hand, change)
            if refusal:
                assert (refusal.status, bool(refusal.extensions["tasks"])) == (409, True)
            else:
                await player.hand.undo(undone)
            assert contents(await player.hand.tasks()) == before
            if not refusal:
                await player.hand.undo(change)
        assert every_seq(await player.hand.events())

    asyncio.run(walk())
