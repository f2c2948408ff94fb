"""Conversations: replicas, repeats, bounds, erasure, the steps that devices see, and providers at fault."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from fastapi import FastAPI

from backend.inprocess import call, replica
from backend.memory import Memory
from backend.talking import add, app, memory, say, tasks
from services.backend.chat import progress, threads
from services.backend.chat.assistant import Message
from services.backend.chat.plan import Asked, Plan, ProviderFailed
from services.kit.identity import Caller
from services.kit.tokens import EVERYTHING, Scope

__all__ = ["app", "memory"]  # fixtures


async def test_a_conversation_outlives_the_process_and_is_shared_by_replicas(memory: Memory) -> None:
    async with replica(memory) as first:
        await add(first, "Keep me")
        asked = await say(first, "delete keep me")
    async with replica(memory) as one, replica(memory) as other:
        made = await say(other, "yes", asked["conversation"])
        assert len(made["changes"]) == 1
        assert await tasks(one) == {}
        read = await call(one, "GET", f"/api/chat/{asked['conversation']}")
        assert [turn["message"] for turn in read.json["items"]] == ["delete keep me", "yes"]
        listed = (await call(one, "GET", "/api/chat")).json["items"]
        assert [(c["id"], c["title"], c["turns"]) for c in listed] == [(asked["conversation"], "delete keep me", 2)]


async def test_a_repeat_under_the_same_key_is_the_same_turn(app: FastAPI) -> None:
    first = await say(app, "add buy milk", Idempotency_Key="k")
    assert await say(app, "add buy milk", Idempotency_Key="k") == first
    assert len(await tasks(app)) == 1
    assert len((await call(app, "GET", "/api/chat")).json["items"]) == 1
    other = await call(app, "POST", "/api/chat", {"message": "add tea"}, {"Idempotency-Key": "k"})
    assert other.status == 422


async def test_a_turn_that_was_not_written_down_is_not_made_twice(app: FastAPI, memory: Memory) -> None:
    begun = await say(app, "help")
    body = {"message": "add buy milk", "conversation": begun["conversation"]}
    save, broken = memory.save, True

    async def failing(store: str, key: str, data: bytes, **options: Any) -> None:
        if broken and key.startswith("chat/") and b"buy milk" in data:
            raise threads.SidecarError("away")
        await save(store, key, data, **options)

    memory.save = failing  # type: ignore[method-assign]
    assert (await call(app, "POST", "/api/chat", body, {"Idempotency-Key": "k"})).status == 503
    broken = False
    assert (await call(app, "POST", "/api/chat", body, {"Idempotency-Key": "k"})).status == 200
    assert len(await tasks(app)) == 1


async def test_conversations_are_bounded_and_deleted(app: FastAPI, memory: Memory, monkeypatch: Any) -> None:
    monkeypatch.setattr(threads, "MAX_CONVERSATIONS", 2)
    monkeypatch.setattr(threads, "MAX_TURNS", 2)
    first = (await say(app, "help"))["conversation"]
    await say(app, "help")
    assert (await call(app, "POST", "/api/chat", {"message": "help"})).status == 409
    assert (await call(app, "DELETE", f"/api/chat/{first}")).status == 204
    assert (await call(app, "GET", f"/api/chat/{first}")).status == 404
    assert (await call(app, "DELETE", f"/api/chat/{first}")).status == 404
    assert (await call(app, "POST", "/api/chat", {"message": "hi", "conversation": first})).status == 404
    assert [key for key in memory.state if first in key] == []
    second = (await say(app, "help"))["conversation"]
    await say(app, "help", second)
    refused = await call(app, "POST", "/api/chat", {"message": "help", "conversation": second})
    assert (refused.status, "begin a new one" in refused.json["detail"]) == (409, True)


async def test_a_long_conversation_is_read_whole(app: FastAPI) -> None:
    conversation = (await say(app, "help 0"))["conversation"]
    for number in range(1, 70):
        await say(app, f"help {number}", conversation)
    read = (await call(app, "GET", f"/api/chat/{conversation}")).json["items"]
    assert [turn["message"] for turn in read] == [f"help {number}" for number in range(70)]


async def test_erasing_the_person_leaves_no_key_of_a_chat(app: FastAPI, memory: Memory) -> None:
    await add(app, "A task")
    conversation = (await say(app, "a secret tomorrow"))["conversation"]
    assert any(b"a secret" in item.data for item in memory.state.values())
    assert (await call(app, "DELETE", "/api/me")).status == 204
    assert [key for key in memory.state if conversation in key] == []
    assert not any(b"a secret" in item.data for item in memory.state.values())
    assert (await call(app, "GET", "/api/chat")).json["items"] == []


async def test_an_erasure_that_comes_again_leaves_what_was_said_since(app: FastAPI, memory: Memory) -> None:
    person = (await call(app, "GET", "/api/me")).json["person"]
    await say(app, "help")
    keeper = app.state.assistant.threads
    await keeper.erase(person, 7)
    since = (await say(app, "help"))["conversation"]
    await keeper.erase(person, 7)
    assert [one["id"] for one in (await call(app, "GET", "/api/chat")).json["items"]] == [since]
    await keeper.erase(person, 8)
    assert [key for key in memory.state if since in key] == []


async def test_devices_see_the_steps_of_a_turn_in_order(app: FastAPI, memory: Memory) -> None:
    turn = await say(app, "help")
    await app.state.assistant.progress.settle(5)
    steps = [event["data"]["chat"] for _, event in memory.published if event["type"] == "chat"]
    assert [step["state"] for step in steps] == ["working", "done"]
    assert (steps[1]["turn"], steps[1]["reply"]) == (turn["id"], turn["reply"])


async def test_devices_hear_of_a_turn_that_fails(app: FastAPI, memory: Memory, monkeypatch: Any) -> None:
    async def failing(*_: Any, **__: Any) -> None:
        raise threads.SidecarError("away")

    monkeypatch.setattr(app.state.assistant.threads, "append", failing)
    assert (await call(app, "POST", "/api/chat", {"message": "help"})).status == 503
    await app.state.assistant.progress.settle(5)
    steps = [event["data"]["chat"] for _, event in memory.published if event["type"] == "chat"]
    assert [step["state"] for step in steps] == ["working", "failed"]


async def test_a_conversation_whose_first_turn_failed_is_not_listed_and_makes_room(
    app: FastAPI, memory: Memory, monkeypatch: Any
) -> None:
    monkeypatch.setattr(threads, "MAX_CONVERSATIONS", 2)
    monkeypatch.setattr(app.state.assistant, "_provider", Broken(threads.SidecarError("away")))
    for key in ("k", "l"):
        body = {"message": "add buy milk"}
        assert (await call(app, "POST", "/api/chat", body, {"Idempotency-Key": key})).status == 503
    monkeypatch.undo()
    monkeypatch.setattr(threads, "MAX_CONVERSATIONS", 2)
    assert (await call(app, "GET", "/api/chat")).json["items"] == []
    full = await call(app, "POST", "/api/chat", {"message": "help"})
    assert full.status == 409, "the first turns may still be on their way"
    again = await say(app, "add buy milk", Idempotency_Key="k")
    assert (len(again["changes"]), list(await tasks(app))) == (1, ["buy milk"])
    monkeypatch.setattr(threads, "_BEGUN_FOR", timedelta(0))
    other = await say(app, "help")
    listed = (await call(app, "GET", "/api/chat")).json["items"]
    assert [(one["id"], one["turns"]) for one in listed] == [(other["conversation"], 1), (again["conversation"], 1)]
    index = next(item.data for key, item in memory.state.items() if key.startswith("chat/") and key.count("/") == 1)
    assert index.count(b'"turns":0') == 0
    assert len(orjson.loads(index)["leaving"]) == 1, "an erasure looks for what may have come late to it"
    assert (await call(app, "POST", "/api/chat", {"message": "help"})).status == 409, "no empty one is left"


async def test_a_turn_that_the_index_does_not_count_yet_is_not_lost(app: FastAPI, memory: Memory) -> None:
    save = memory.save
    written = 0

    async def failing(store: str, key: str, data: bytes, **options: Any) -> None:
        nonlocal written
        written += key.startswith("chat/") and key.count("/") == 1
        if written == 2:  # the count, after the beginning
            raise threads.SidecarError("away")
        await save(store, key, data, **options)

    memory.save = failing  # type: ignore[method-assign]
    assert (await call(app, "POST", "/api/chat", {"message": "help"})).status == 503
    memory.save = save  # type: ignore[method-assign]
    (listed,) = (await call(app, "GET", "/api/chat")).json["items"]
    assert listed["turns"] == 1
    read = (await call(app, "GET", f"/api/chat/{listed['id']}")).json["items"]
    assert [turn["message"] for turn in read] == ["help"]
    await say(app, "help", listed["id"])
    assert [one["turns"] for one in (await call(app, "GET", "/api/chat")).json["items"]] == [2]


async def test_steps_keep_their_order_where_publishing_is_slow(app: FastAPI, memory: Memory) -> None:
    publish, begun = memory.publish, []

    async def slowly(*arguments: Any, **options: Any) -> None:
        begun.append(None)
        if len(begun) == 1:
            await asyncio.sleep(0.05)
        await publish(*arguments, **options)

    memory.publish = slowly  # type: ignore[method-assign]
    await say(app, "help")
    await app.state.assistant.progress.settle(5)
    steps = [event["data"]["chat"]["state"] for _, event in memory.published if event["type"] == "chat"]
    assert steps == ["working", "done"]


async def test_steps_that_nobody_takes_do_not_pile_up(app: FastAPI, memory: Memory, monkeypatch: Any) -> None:
    never = asyncio.Event()

    async def publish(*_: Any, **__: Any) -> None:
        await never.wait()

    monkeypatch.setattr(progress, "_MOST", 3)
    monkeypatch.setattr(memory, "publish", publish)
    told = app.state.assistant.progress
    for number in range(5):
        told.step("p", {"state": str(number)})
    assert len(told._tasks) == 3
    never.set()
    await told.settle(5)


async def test_it_may_do_no_more_than_who_talks_to_it(app: FastAPI) -> None:
    await add(app, "Pay rent")
    person = (await call(app, "GET", "/api/me")).json["person"]

    async def said(text: str, conversation: Any = None, *, without: Scope | None = None) -> Any:
        caller = Caller(person=person, subject="me", name="me", scopes=EVERYTHING - {without})
        return await app.state.assistant.turn(Message(caller, text, conversation))

    for text in ("done with the rent", "add buy milk", "undo", "delete pay rent"):
        _, turn = await said(text, without=Scope.TASKS_WRITE)
        assert ("may not change" in turn.reply, turn.pending) == (True, None)
    conversation, _ = await said("delete pay rent")
    _, turn = await said("yes", conversation, without=Scope.TASKS_WRITE)
    assert "may not change" in turn.reply
    _, turn = await said("what is due?", without=Scope.TASKS_READ)
    assert "may not read" in turn.reply
    assert {title: task["status"] for title, task in (await tasks(app)).items()} == {"Pay rent": "open"}


class Broken:
    """A provider at fault."""

    def __init__(self, fault: Exception | Plan) -> None:
        self._fault = fault

    async def plan(self, asked: Asked) -> Plan:  # noqa: ARG002
        if isinstance(self._fault, Plan):
            return self._fault
        raise self._fault


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ProviderFailed("the model cannot be reached"), "could not answer: the model cannot be reached"),
        (TimeoutError(), "the language model took too long"),
        (Plan("ok", [{"op": "explode"}]), "put that together wrongly"),
        (Plan("ok", [{"op": "complete", "id": "7b0c1b1e-0000-4000-8000-000000000000"}]), "There is no task"),
    ],
)
async def test_a_provider_at_fault_leaves_tasks_and_conversation_as_they_are(
    app: FastAPI, fault: Exception | Plan, said: str
) -> None:
    await add(app, "Pay rent")
    before = await tasks(app)
    working = app.state.assistant._provider
    conversation = (await say(app, "help"))["conversation"]
    app.state.assistant._provider = Broken(fault)
    turn = await say(app, "done with the rent", conversation)
    assert said in turn["reply"]
    assert turn["failed"] is not isinstance(fault, Plan)
    read = (await call(app, "GET", f"/api/chat/{conversation}")).json["items"]
    assert [(one["message"], one["failed"]) for one in read] == [
        ("help", False),
        ("done with the rent", turn["failed"]),
    ]
    assert (turn["changes"], await tasks(app)) == ([], before)
    app.state.assistant._provider = working
    assert len((await say(app, "done with the rent", conversation))["changes"]) == 1


@pytest.mark.parametrize("operation", ["delete", "complete"])
async def test_a_provider_that_does_not_ask_is_made_to(app: FastAPI, monkeypatch: Any, operation: str) -> None:
    found = [await add(app, title) for title in ("A", "B")]
    before = await tasks(app)
    wanted = [{"op": operation, "id": task} for task in (found[:1] if operation == "delete" else found)]
    monkeypatch.setattr(app.state.assistant, "_provider", Broken(Plan("Done.", wanted)))
    turn = await say(app, "tidy up")
    assert (turn["asks"], turn["changes"], await tasks(app)) == (True, [], before)


@pytest.mark.parametrize("body", [{"message": ""}, {"message": "  "}, {"message": "x" * 2001}, {}, {"message": 1}])
async def test_what_is_no_message_is_refused_by_name(app: FastAPI, body: Any) -> None:
    refused = await call(app, "POST", "/api/chat", body)
    assert (refused.status, refused.fields) == (422, {"message"})
