"""What a call costs in state operations, counted: the promise that holds whatever the list's length."""

import pytest

from backend.hand import Hand, due_in
from backend.memory import Memory, Proxy
from services.backend.active import ActivePeople
from services.backend.batch import BatchRequest, run
from services.backend.relay import Relay

LENGTHS = (1, 63, 64, 65, 700)


async def warmed(tasks: int) -> tuple[Hand, Proxy]:
    """Return a hand whose replica knows its list of so many tasks, noted for the hour, with its relay."""
    proxy = Proxy(Memory())
    hand = Hand(proxy)
    relay = Relay(proxy, hand.log)
    hand.log.before_commit, hand.log.after_commit = ActivePeople(proxy).note, lambda _, **__: None
    operations = [{"op": "create", "task": {"title": f"task {n}", "due": due_in(days=1)}} for n in range(tasks)]
    for start in range(0, tasks, 500):
        body = BatchRequest.model_validate({"operations": operations[start : start + 500]})
        await hand.do(lambda work, body=body: run(work, body.operations))
    relay.notice(hand.person)
    await relay.settle(10)
    proxy.calls.clear()
    return hand, proxy


@pytest.mark.parametrize("tasks", LENGTHS)
async def test_a_warm_list_is_one_read(tasks: int) -> None:
    hand, proxy = await warmed(tasks)
    for _ in range(3):
        proxy.calls.clear()
        assert len((await hand.tasks()).rows) == tasks
        assert proxy.calls == {"get": 1}


@pytest.mark.parametrize("tasks", LENGTHS)
async def test_a_warm_write_is_one_write_and_one_read(tasks: int) -> None:
    hand, proxy = await warmed(tasks)
    await hand.create("the page may have been full")
    task_id = next(iter((await hand.tasks()).rows))
    for step in (hand.complete(task_id), hand.reopen(task_id), hand.patch(task_id, title="t"), hand.delete(task_id)):
        proxy.calls.clear()
        await step
        assert proxy.calls == {"get": 1, "save": 1}


async def test_a_full_page_costs_one_write_more() -> None:
    hand, proxy = await warmed(1)
    writes = []
    for number in range(200):
        proxy.calls.clear()
        await hand.create(f"{number}")
        writes.append(proxy.calls["save"])
        assert proxy.calls["get"] == 1
    assert set(writes) == {1, 2}
    assert writes.count(2) == (await hand.log.synced(hand.person)).page.number - 1


async def test_a_refused_or_repeated_command_writes_nothing() -> None:
    hand, proxy = await warmed(5)
    task_id = next(iter((await hand.tasks()).rows))
    await hand.complete(task_id)
    proxy.calls.clear()
    await hand.complete(task_id)
    assert proxy.calls == {"get": 1}


async def test_what_another_replica_wrote_costs_one_read_as_well() -> None:
    hand, proxy = await warmed(700)
    other = Hand(proxy._inner)
    await other.create("elsewhere")
    assert len((await hand.tasks()).rows) == 701
    assert proxy.calls == {"get": 1}


async def test_telling_the_store_how_far_the_relay_came_is_one_write() -> None:
    hand, proxy = await warmed(5)
    relay = Relay(proxy, hand.log)
    for number in range(10):
        await hand.create(f"{number}")
    proxy.calls.clear()
    relay.notice(hand.person)
    await relay.settle(10)
    assert proxy.calls == {"publish": 2, "get": 1, "save": 1}


async def test_a_cold_start_reads_the_log_in_a_few_calls() -> None:
    hand, proxy = await warmed(700)
    for number in range(300):
        await hand.create(f"{number}")
    proxy.calls.clear()
    await Hand(proxy).tasks()
    assert proxy.calls["get"] == 1
    assert proxy.calls["get_many"] <= 3
