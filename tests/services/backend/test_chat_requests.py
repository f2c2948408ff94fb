"""What people say to the chat without a model: many ways to ask for a change or an answer, and what is neither."""

from datetime import date, timedelta
from typing import Any
from unicodedata import normalize

import pytest
from fastapi import FastAPI

from backend.talking import OVERDUE, add, app, memory, say, tasks

__all__ = ["app", "memory"]  # fixtures

DAY = {"date": "2031-05-05"}  # a Monday
HOUR = {"at": "2031-05-05T15:30:00+02:00", "time_zone": "Europe/Rome"}


async def filled(app: FastAPI) -> dict[str, Any]:
    await add(app, "Pay the rent", due=HOUR, tags=["home"])
    await add(app, "Book flights to Rome", due=DAY, tags=["travel"])
    await add(app, "Tidy desk")
    return await tasks(app)


@pytest.mark.parametrize(
    ("message", "title", "changed"),
    [
        ("rename tidy desk to tidy the office", "tidy the office", {}),
        ("rename the flights to Rome to book trains to Rome", "book trains to Rome", {}),
        ("please rename desk to “Clear desk”", "Clear desk", {}),
        ("change the title of the rent to Pay the landlord", "Pay the landlord", {}),
        ("tag the desk with office and home", "Tidy desk", {"tags": ["office", "home"]}),
        ("tag the rent #bills", "Pay the rent", {"tags": ["home", "bills"]}),
        ("add #bills to the rent", "Pay the rent", {"tags": ["home", "bills"]}),
        ("untag the rent home", "Pay the rent", {"tags": []}),
        ("remove the tag home from the rent", "Pay the rent", {"tags": []}),
        ("add a note to the flights: window seat", "Book flights to Rome", {"description": "window seat"}),
        ("remove the due date from the flights", "Book flights to Rome", {"due": None}),
        ("snooze the flights by a week", "Book flights to Rome", {"due": {"date": "2031-05-12"}}),
        ("push the flights back 2 days", "Book flights to Rome", {"due": {"date": "2031-05-07"}}),
        ("snooze the rent by a week", "Pay the rent", {"due": HOUR | {"at": "2031-05-12T15:30:00+02:00"}}),
        ("push the rent by 3 hours", "Pay the rent", {"due": HOUR | {"at": "2031-05-05T18:30:00+02:00"}}),
        ("snooze the flights until 9 May 2031", "Book flights to Rome", {"due": {"date": "2031-05-09"}}),
        ("move book flights to Rome to 9 May 2031", "Book flights to Rome", {"due": {"date": "2031-05-09"}}),
        ("change the due date of the flights to 9 May 2031", "Book flights to Rome", {"due": {"date": "2031-05-09"}}),
        ("the flights are due on 9 May 2031", "Book flights to Rome", {"due": {"date": "2031-05-09"}}),
        ("repeat the flights every year", "Book flights to Rome", {"rrule": "FREQ=YEARLY"}),
        ("could you please mark tidy desk as done", "Tidy desk", {"status": "completed"}),
        ("I’ve done the desk", "Tidy desk", {"status": "completed"}),
        ("set the desk to high priority", "Tidy desk", {"priority": "high"}),
    ],
)
async def test_one_task_is_changed_as_it_is_said(
    app: FastAPI, message: str, title: str, changed: dict[str, Any]
) -> None:
    before = await filled(app)
    turn = await say(app, message)
    after = await tasks(app)
    assert len(turn["changes"]) == 1, turn["reply"]
    assert len(after) == 3
    rrule = (after[title]["recurrence"] or {}).get("rrule")
    assert {name: {**after[title], "rrule": rrule}[name] for name in changed} == changed
    await say(app, "undo that, please")
    assert {name: _said_by_person(task) for name, task in (await tasks(app)).items()} == {
        name: _said_by_person(task) for name, task in before.items()
    }


def _said_by_person(task: dict[str, Any]) -> dict[str, Any]:
    names = ("title", "description", "priority", "tags", "due", "recurrence", "status")
    return {name: task[name] for name in names}


@pytest.mark.parametrize("message", ["set the desk to no priority", "tag the rent with home", "untag the desk home"])
async def test_a_change_that_changes_nothing_does_not_offer_an_undo(app: FastAPI, message: str) -> None:
    await filled(app)
    turn = await say(app, message)
    assert (turn["reply"], turn["changes"]) == ("That is so already, and I changed nothing.", [])


async def test_the_account_of_a_move_has_the_new_day(app: FastAPI) -> None:
    await filled(app)
    reply = (await say(app, "snooze the flights by a week"))["reply"]
    assert "- “Book flights to Rome”, due Monday 12 May 2031" in reply


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("add: buy stamps", "buy stamps"),
        ("create a task called polish shoes", "polish shoes"),
        ("put eggs on my list", "eggs"),
        ("I need to buy nails", "buy nails"),
        ("please add milk", "milk"),
        ("finish the budget tomorrow", "finish the budget"),
        ("find a plumber tomorrow", "find a plumber"),
        ("the gas bill is due on Friday", "the gas bill"),
        ("tag along with Ann on Friday", "tag along with Ann"),
    ],
)
async def test_a_task_is_noted_without_the_words_around_it(app: FastAPI, message: str, title: str) -> None:
    turn = await say(app, message)
    assert (list(await tasks(app)), len(turn["changes"])) == ([title], 1), turn["reply"]


async def test_what_was_completed_is_told_by_when_it_was(today: date, app: FastAPI) -> None:
    await add(app, "Open", due={"date": today.isoformat()})
    await add(app, "Old", due={"date": (today - timedelta(days=1)).isoformat()})
    await add(app, "Rent")
    assert (await say(app, "what did I finish today?"))["reply"] == "Nothing completed today."
    await say(app, "done with the rent")
    assert (await say(app, "what did I finish today?"))["reply"] == "1 task completed today:\n- “Rent”"
    assert (await say(app, "what have I done this week"))["reply"] == "1 task completed this week:\n- “Rent”"
    assert (await say(app, "what did I finish yesterday"))["reply"] == "Nothing completed yesterday."
    assert "“Open”" in (await say(app, "what is still to be done today"))["reply"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("show me everything tagged work", {"Report"}),
        ("any work tasks?", {"Report"}),
        ("what work tasks are due today?", {"Report"}),
        ("what is due in the next 3 days", {"Report", "Dentist"}),
        ("what's next?", {"Report", "Dentist"}),
        ("when is the dentist appointment?", {"Dentist"}),
        ("search dent", {"Dentist"}),
        ("today", {"Report"}),
        ("is there anything due tomorrow?", {"Dentist"}),
        ("which gardening tasks do I have?", set()),
    ],
)
async def test_a_question_is_answered_with_what_it_is_about_and_no_more(
    today: date, app: FastAPI, message: str, told: set[str]
) -> None:
    await add(app, "Report", tags=["work"], due={"date": today.isoformat()})
    await add(app, "Dentist", due={"date": (today + timedelta(days=1)).isoformat()})
    await add(app, "Some day")
    turn = await say(app, message)
    assert {title for title in ("Report", "Dentist", "Some day") if f"“{title}”" in turn["reply"]} == told, turn[
        "reply"
    ]
    assert turn["changes"] == []


@pytest.mark.parametrize(
    "answer",
    [
        "yes but not the rent",
        "ok show me the list",
        "sure, and add milk",
        "okay wait",
        "no, not that",
        "yes to the first",
    ],
)
async def test_only_a_yes_and_nothing_else_is_a_yes(app: FastAPI, answer: str) -> None:
    await filled(app)
    asked = await say(app, "delete everything")
    assert asked["asks"]
    await say(app, answer, asked["conversation"])
    assert {"Pay the rent", "Book flights to Rome", "Tidy desk"} <= set(await tasks(app))


@pytest.mark.parametrize("answer", ["yes", "Yes, please!", "ok do it", "sure, go ahead", "yes delete them all"])
async def test_a_polite_yes_is_one(app: FastAPI, answer: str) -> None:
    await filled(app)
    asked = await say(app, "delete everything")
    assert len((await say(app, answer, asked["conversation"]))["changes"]) == 1
    assert await tasks(app) == {}


@pytest.mark.parametrize("answer", ["2", "the second one", "number 2 please", "soy", "the soy one"])
async def test_of_several_one_is_chosen_in_words_too(today: date, app: FastAPI, answer: str) -> None:
    await add(app, "Buy oat milk", due={"date": today.isoformat()})
    await add(app, "Buy soy milk")
    asked = await say(app, "delete the milk")
    again = await say(app, "yes", asked["conversation"])
    assert (again["asks"], again["changes"]) == (True, [])
    made = await say(app, answer, asked["conversation"])
    assert made["reply"].startswith("1 task deleted:\n- “Buy soy milk”")
    assert list(await tasks(app)) == ["Buy oat milk"]


async def test_the_milk_is_the_task_of_that_name(app: FastAPI) -> None:
    for title in ("Buy oat milk", "milk"):
        await add(app, title)
    assert (await say(app, "done with the milk"))["reply"].startswith("1 task completed:\n- “milk”")


async def test_completed_tasks_are_deleted_after_a_yes(app: FastAPI) -> None:
    await filled(app)
    assert "nothing to delete" in (await say(app, "delete all completed"))["reply"]
    await say(app, "done with the desk")
    asked = await say(app, "clear completed tasks")
    assert "“Tidy desk”" in asked["reply"]
    await say(app, "yes", asked["conversation"])
    assert set(await tasks(app)) == {"Pay the rent", "Book flights to Rome"}


@pytest.mark.parametrize("message", ["snooze the desk by a week", "snooze the flights by 2 hours"])
async def test_what_cannot_be_put_off_is_said(app: FastAPI, message: str) -> None:
    before = await filled(app)
    assert "cannot be moved by" in (await say(app, message))["reply"]
    assert await tasks(app) == before


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("yes", "Nothing waits for an answer"),
        ("no", "Nothing waits for an answer"),
        ("2", "Nothing waits for an answer"),
        ("thanks a lot!", "You are welcome."),
        ("hi there", "I can note a task"),
        ("move everything overdue to tomorrow", "Nothing is overdue, and I changed nothing."),
        ("delete all gardening tasks", "Nothing fits “all gardening tasks”, and I changed nothing."),
        ("redo", "cannot redo"),
        ("undo the rent", "the latest change alone"),
        ("was ist diese Woche fällig?", "I read English"),
    ],
)
async def test_what_asks_for_nothing_is_answered_as_what_it_is(app: FastAPI, message: str, said: str) -> None:
    before = await filled(app)
    turn = await say(app, message)
    assert said in turn["reply"]
    assert (turn["changes"], await tasks(app)) == ([], before)


async def test_a_refusal_is_told_without_its_place_in_a_batch(app: FastAPI) -> None:
    await add(app, "Water plants", due=OVERDUE, recurrence={"rrule": "FREQ=DAILY"})
    reply = (await say(app, "remove the due date from the plants"))["reply"]
    assert reply.startswith("That cannot be done: recurrence: needs a due date")
    assert "operations." not in reply
    assert reply.endswith(". Nothing was changed.")


async def test_a_tag_is_the_same_however_its_accents_are_composed(app: FastAPI) -> None:
    await add(app, "Pay the rent", tags=[normalize("NFD", "büro")])
    await say(app, "tag the rent with Büro")
    assert (await tasks(app))["Pay the rent"]["tags"] == ["Büro"]
    await say(app, "untag the rent büro")
    assert (await tasks(app))["Pay the rent"]["tags"] == []
