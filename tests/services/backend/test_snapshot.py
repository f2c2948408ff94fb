"""Snapshots: written as the log grows, loaded where they are whole, and left aside where they are not."""

from typing import Any

import pytest

from backend.hand import Hand, state
from backend.memory import MESSAGE_BYTES, Memory, Proxy
from services.backend import decide
from services.backend.relay import Relay
from services.backend.schemas import TaskCreate
from services.backend.snapshot import CHUNK_BYTES, encoded
from services.kit.sidecar import Item


async def grown(memory: Memory, tasks: int = 300, **fields: Any) -> Hand:
    """Return a hand with a log of several pages, relayed to its end: there is a snapshot now."""
    hand = Hand(memory)
    for number in range(tasks):
        await hand.create(f"task {number}", **fields)
    await relayed(hand)
    return hand


async def relayed(hand: Hand) -> None:
    relay = Relay(hand.sidecar, hand.log)
    relay.notice(hand.person)
    await relay.settle(10)


def pointer(hand: Hand) -> dict[str, Any]:
    found: dict[str, Any] = hand.log.kept(hand.person).page.header["snapshot"]
    return found


async def test_a_long_log_gets_a_snapshot_that_a_cold_start_begins_with() -> None:
    memory = Memory()
    hand = await grown(memory)
    assert pointer(hand)["seq"] == 300
    for number in range(70):
        await hand.create(f"later {number}")
    proxy = Proxy(memory)
    cold = Hand(proxy)
    assert state(await cold.tasks()) == state(await hand.tasks())
    assert proxy.calls["get_many"] <= 2
    assert proxy.calls["get"] == 1


async def test_the_next_snapshot_waits_until_the_log_has_grown_as_much_again() -> None:
    memory = Memory()
    hand = await grown(memory, description="d" * 500)
    first = pointer(hand)
    for number in range(100):
        await hand.create(f"later {number}", description="d" * 500)
    await relayed(hand)
    assert pointer(hand) == first
    for number in range(400):
        await hand.create(f"more {number}", description="d" * 500)
    await relayed(hand)
    second = pointer(hand)
    assert second["seq"] == 800
    kept = {key for key in memory.state if "/snapshot/" in key}
    assert all(f"/snapshot/{second['page']}/" in key for key in kept)
    assert len(kept) == second["chunks"]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def other_seq(data: bytes) -> bytes:
    """Return what a replica that was behind would have written there."""
    behind = data.replace(b'"seq":300', b'"seq":299', 1)
    return behind.replace(b'"task 1', b'"older 1').replace(b'"UTC"', b'"Asia/Tokyo"')


def without_members(_: bytes) -> bytes:
    return b"{}"


@pytest.mark.parametrize("damage", [None, cut, other_seq, without_members])
@pytest.mark.parametrize("chunk", [0, -1])
async def test_a_snapshot_that_is_not_whole_is_left_aside(damage: Any, chunk: int) -> None:
    memory = Memory()
    hand = await grown(memory)
    key = sorted(key for key in memory.state if "/snapshot/" in key)[chunk]
    if damage is None:
        del memory.state[key]
    else:
        memory.state[key] = Item(damage(memory.state[key].data), memory.state[key].etag)
    assert state(await Hand(memory).tasks()) == state(await hand.tasks())


async def test_no_chunk_is_larger_than_a_message_may_be() -> None:
    """Not even where a day's keys, a year's deletions and long texts come together."""
    memory = Memory()
    hand = Hand(memory)
    for number in range(120):
        await hand.create(f"task {number}", description="é" * 20_000)
    tasks = await hand.tasks()
    use_key = TaskCreate(title="keyed")
    await hand.do(lambda work: decide.create(work, use_key), key="k")
    use = tasks.keys["k"]
    tasks.keys.update({f"{number:0250}": use for number in range(12_000)})
    folded = await hand.log.synced(hand.person)
    made = await hand.log.snapshots.write(folded.tasks, folded.page, encoded(folded.tasks))
    sizes = [len(item.data) for key, item in memory.state.items() if "/snapshot/" in key]
    assert len(sizes) == made["chunks"] > 8
    assert max(sizes) < CHUNK_BYTES + 300_000 < MESSAGE_BYTES
    loaded = await hand.log.snapshots.load(hand.person, tasks.epoch, made)
    assert state(loaded) == state(tasks)
