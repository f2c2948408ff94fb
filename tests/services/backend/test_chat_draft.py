"""What a model may do in one turn: an undo stands alone, and changes, calls and words are so many and no more."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from backend.inprocess import call
from backend.test_chat_model import Model, Said, add, app, model, say, says, tasks, together, wants
from services.backend.chat import draft
from services.backend.chat import model as chat_model
from services.kit.conversation import Utterance

__all__ = ["app", "model"]  # fixtures


def problems(model: Model) -> list[int | None]:
    return [result.get("error", {}).get("status") for result in model.results()]


async def test_an_undo_stands_alone_in_its_turn(app: FastAPI, model: Model) -> None:
    await add(app, "First")
    model.script = [wants("undo"), wants("add_task", title="More"), says("Taken back.")]
    asked = await say(app, "take that back, and add more")
    assert (problems(model), asked["asks"]) == ([None, 409], True)
    model.script = [wants("add_task", title="More"), wants("undo"), says("Added.")]
    made = await say(app, "add more, and take that back")
    assert (problems(model), made["asks"], len(made["changes"])) == ([None, 409], False, 1)
    assert set(await tasks(app)) == {"First", "More"}


async def test_only_the_latest_change_is_taken_back_by_a_model(app: FastAPI, model: Model) -> None:
    made = await call(app, "POST", "/api/tasks", {"title": "First"})
    await add(app, "Second")
    model.script = [wants("undo", change=made.json["change"]), says("I cannot.")]
    turn = await say(app, "take the first back")
    assert (problems(model), turn["asks"], turn["reply"]) == ([422], False, "I cannot.")


async def test_a_turn_plans_so_many_changes_and_no_more(
    app: FastAPI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "MAX_OPERATIONS", 3)
    model.script = [together(*(wants("add_task", title=f"T{n}") for n in range(5))), says("Added.")]
    turn = await say(app, "add five")
    assert problems(model) == [None, None, None, 409, 409]
    assert (len(turn["changes"]), len(await tasks(app))) == (1, 3)


@pytest.mark.parametrize(("count", "asks"), [(5, False), (6, True)])
async def test_many_new_tasks_are_asked_about(app: FastAPI, model: Model, count: int, asks: bool) -> None:
    model.script = [together(*(wants("add_task", title=f"T{n}") for n in range(count))), says("Added.")]
    turn = await say(app, "add them")
    assert (turn["asks"], len(await tasks(app))) == (asks, 0 if asks else count)


async def test_what_changes_while_the_model_thinks_is_left_alone(app: FastAPI, model: Model) -> None:
    task_id = await add(app, "Pay rent")

    def meanwhile(_: Said) -> Utterance:
        changing.append(asyncio.ensure_future(call(app, "PATCH", f"/api/tasks/{task_id}", {"priority": "low"})))
        return wants("list_tags")

    changing: list[Any] = []
    model.script = [wants("update_task", id=task_id, title="Mine"), meanwhile, says("Changed.")]
    plan = model.converse

    async def converse(*arguments: Any, **options: Any) -> Utterance:
        if changing:
            assert (await changing[0]).status == 200
        return await plan(*arguments, **options)

    model.converse = converse  # type: ignore[method-assign]
    turn = await say(app, "rename it")
    assert (turn["changes"], "has changed meanwhile" in turn["reply"]) == ([], True)
    assert {title: task["priority"] for title, task in (await tasks(app)).items()} == {"Pay rent": "low"}


async def test_a_turn_calls_so_many_tools_and_no_more(
    app: FastAPI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_model, "MAX_CALLS", 3)
    model.script = [together(*[wants("list_tags")] * 3), says("None.")]
    assert (await say(app, "tags?"))["reply"] == "None."
    model.script = [together(*[wants("list_tags")] * 3), wants("list_tags"), says("None.")]
    turn = await say(app, "tags?")
    assert (turn["failed"], "did not come to an end" in turn["reply"], len(model.script)) == (True, True, 1)


async def test_a_talk_has_so_many_characters_and_no_more(
    app: FastAPI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(app, "x" * 400)
    model.script = [wants("list_tasks"), says("One.")]
    assert (await say(app, "tasks?"))["reply"] == "One."
    monkeypatch.setattr(chat_model, "MAX_TALK", sum(len(said.text) for said in model.heard[-1]) - 1)
    model.script = [wants("list_tasks"), says("One.")]
    turn = await say(app, "tasks?")
    assert (turn["failed"], len(model.script)) == (True, 1)
