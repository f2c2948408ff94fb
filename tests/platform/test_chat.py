"""The chat through the whole platform: its steps on other devices, threads across replicas, and the way to a model."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from harness.follower import Follower
from harness.person import Person
from harness.platform import Platform
from harness.waiting import eventually

Someone = Callable[[], Person]
Follow = Callable[..., Follower]
Elsewhere = Callable[[Person], Person]


async def say(person: Person, message: str, conversation: str | None = None) -> Any:
    return await person.call("POST", "/api/chat", json={"message": message, "conversation": conversation})


async def titles(person: Person) -> list[str]:
    return [task["title"] for task in await person.everything("/api/tasks")]


async def test_every_device_sees_the_steps_of_a_turn_whichever_relay_it_is_at(someone: Someone, follow: Follow) -> None:
    person, other = someone(), someone()
    async with follow(person, 0) as phone, follow(person, 1) as laptop, follow(other, 0) as stranger:

        async def are_live() -> bool:  # steps are not told again to a relay that takes its part later
            await say(person, "help")
            return bool(phone.chats and laptop.chats)

        await eventually(are_live, every=1)
        turn = await say(person, "add buy milk tomorrow #shop")
        for device in (phone, laptop):
            await device.until(lambda d: [step["state"] for step in steps(d, turn)] == ["working", "done"])
            done = steps(device, turn)[1]
            assert (done["turn"], done["reply"], done["changes"]) == (turn["id"], turn["reply"], turn["changes"])
            await device.until(lambda d: [task["title"] for task in d.tasks.values()] == ["buy milk"])
        theirs = await say(other, "help")
        await stranger.until(lambda d: len(d.chats) == 2)
        assert steps(stranger, theirs) == stranger.chats


def steps(device: Follower, turn: Any) -> list[Any]:
    """Return what a device was told of the conversation of a turn."""
    return [step for step in device.chats if step["conversation"] == turn["conversation"]]


async def test_a_thread_goes_on_at_the_other_replicas(someone: Someone, elsewhere: Elsewhere) -> None:
    person = someone()
    places = [person, elsewhere(person)]
    await person.call("POST", "/api/tasks", json={"title": "Old"}, expect=201)
    asked = await say(person, "delete old")
    assert (asked["asks"], await titles(person)) == (True, ["Old"])
    for number in range(4):  # both backends are asked in turn, or by chance
        await person.call("GET", f"/api/chat/{asked['conversation']}")
        await places[number % 2].call("GET", "/api/chat")
    confirmed = await say(places[1], "yes", asked["conversation"])
    assert (len(confirmed["changes"]), await titles(person)) == (1, [])
    undone = await say(places[0], "undo", asked["conversation"])
    assert (len(undone["changes"]), await titles(places[1])) == (1, ["Old"])
    read = await places[1].call("GET", f"/api/chat/{asked['conversation']}")
    assert [turn["message"] for turn in read["items"]] == ["delete old", "yes", "undo"]


async def test_nobody_elses_conversation_is_there(someone: Someone) -> None:
    person, other = someone(), someone()
    begun = await say(person, "help")
    for method, path in (("GET", f"/{begun['conversation']}"), ("DELETE", f"/{begun['conversation']}")):
        await other.call(method, f"/api/chat{path}", expect=404)
    await other.call("POST", "/api/chat", json={"message": "yes", "conversation": begun["conversation"]}, expect=404)
    assert (await other.call("GET", "/api/chat"))["items"] == []


@pytest.fixture(params=["rules", "echo"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def conversing(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Platform]:
    """A platform whose chat talks, through the embedded runtime, to what stands there in a model's place."""
    found = Platform(tmp_path_factory.mktemp("conversing"), {"CONVERSATION": provider})
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def me(conversing: Platform) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as session:
        yield Person(session, conversing.url, {})


@pytest.mark.parametrize("provider", ["rules"], indirect=True)
async def test_the_way_through_a_model_on_the_embedded_runtime(me: Person) -> None:
    noted = await say(me, "add buy milk tomorrow #shop")
    assert noted["reply"].startswith("All right.\n\nDone:\n- add “buy milk”")
    assert (len(noted["changes"]), await titles(me)) == (1, ["buy milk"])
    talk = noted["conversation"]
    assert (await say(me, "show my tasks", talk))["reply"] == "- buy milk"
    asked = await say(me, "delete milk", talk)
    assert (asked["reply"], asked["asks"]) == ("That would:\n- delete “buy milk”\nShall I? (yes or no)", True)
    assert (await say(me, "no", talk))["reply"] == "Then I leave everything as it is."
    done = await say(me, "done with milk", talk)
    assert (done["changes"] != [], await titles(me)) == (True, [])
    undo = await say(me, "undo", talk)
    assert undo["asks"]
    await say(me, "yes", talk)
    assert await titles(me) == ["buy milk"]


@pytest.mark.parametrize("provider", ["echo"], indirect=True)
async def test_a_provider_that_talks_nonsense_changes_nothing(me: Person) -> None:
    await me.call("POST", "/api/tasks", json={"title": "Keep me"}, expect=201)
    turn = await say(me, "delete everything")
    assert turn["reply"].endswith("did not come to an end. Nothing was changed; try again.")
    assert (turn["changes"], turn["asks"], await titles(me)) == ([], False, ["Keep me"])
    read = await me.call("GET", f"/api/chat/{turn['conversation']}")
    assert [item["message"] for item in read["items"]] == ["delete everything"]
