"""The paged log under writers in several replicas, lost answers at every step, and pages that fill up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.memory import Fault, Memory, Proxy, nth
from services.kit.ids import uuid7
from services.kit.pages import Draft, Page, PagedLog, PageMissing
from services.kit.sidecar import EtagMismatch, Item, SidecarError

NAME = "somebody"


def adding(*values: str, identity: str | None = None, size: int = 0) -> Any:
    """Return the decision to append entries with these values, under one identity however often it is asked."""
    identity = identity or str(uuid7())

    def decide(page: Page) -> Draft:
        entries = [{"id": f"{identity}/{n}", "value": value, "pad": "x" * size} for n, value in enumerate(values)]
        return Draft({"head": page.header.get("head", 0) + len(values)}, entries, page.epoch or 1)

    return decide


async def values(log: PagedLog) -> list[str]:
    """Return everything that the log holds, page by page."""
    page = await log.open_page(NAME)
    closed = await log.closed_pages(NAME, page.epoch, range(1, page.number))
    return [e["value"] for entries in [*(closed[n] for n in sorted(closed)), page.entries] for e in entries]


class Interrupted(Memory):
    """Has `then` happen after a write, and loses the answer to it."""

    then: Callable[[], Awaitable[None]] | None = None

    async def save(self, *args: Any, **kwargs: Any) -> None:
        await super().save(*args, **kwargs)
        if self.then:
            then, self.then = self.then, None
            await then()
            raise SidecarError("the answer was lost")


def small(sidecar: Any) -> PagedLog:
    return PagedLog(sidecar, "log", max_entries=3)


async def test_entries_come_back_in_their_order_over_many_pages() -> None:
    log = small(Memory())
    for number in range(20):
        await log.append(NAME, adding(str(number)))
    page = await log.open_page(NAME)
    assert (page.number, page.header) == (7, {"head": 20})
    assert await values(log) == [str(n) for n in range(20)]


async def test_a_page_is_full_by_its_bytes_too() -> None:
    log = PagedLog(Memory(), "log", max_bytes=2_000)
    for number in range(4):
        await log.append(NAME, adding(str(number), size=1_500))
    assert (await log.open_page(NAME)).number == 2
    assert len(await log.closed_page(NAME, 1, 1)) == 2


async def test_an_append_is_one_read_and_one_write_but_where_a_page_is_full() -> None:
    proxy = Proxy(Memory())
    log = small(proxy)
    writes = []
    for number in range(7):
        proxy.calls.clear()
        await log.append(NAME, adding(str(number)))
        assert proxy.calls["get"] == 1
        writes.append(proxy.calls["save"])
    assert writes == [1, 1, 1, 2, 1, 1, 2]


async def test_nothing_decided_is_nothing_written() -> None:
    proxy = Proxy(Memory())
    assert (await small(proxy).append(NAME, lambda _: None)) == Page()
    assert proxy.calls == {"get": 1}


async def test_a_page_that_is_known_is_not_parsed_again() -> None:
    log = small(Memory())
    await log.append(NAME, adding("one"))
    known = await log.open_page(NAME)
    assert await log.open_page(NAME, known) is known
    await log.append(NAME, adding("two"))
    assert await log.open_page(NAME, known) is not known


async def test_a_missing_page_is_told_by_name() -> None:
    with pytest.raises(PageMissing, match=f"log/{NAME}/1/2"):
        await small(Memory()).closed_page(NAME, 1, 2)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.REFUSED])
@pytest.mark.parametrize("before", range(8))
@pytest.mark.parametrize(("operation", "number"), [("get", 1), ("get", 2), ("save", 1), ("save", 2), ("get_many", 1)])
async def test_an_answer_lost_at_any_step_doubles_nothing(
    before: int, operation: str, number: int, fault: Fault
) -> None:
    memory = Memory()
    for n in range(before):
        await small(memory).append(NAME, adding(f"before {n}"))
    proxy = Proxy(memory, nth(operation, number, fault))
    acknowledged = True
    try:
        await small(proxy).append(NAME, adding("wanted"))
    except SidecarError:
        acknowledged = False
    found = await values(small(memory))
    assert found[:before] == [f"before {n}" for n in range(before)]
    assert found[before:] in ([["wanted"]] if acknowledged else [[], ["wanted"]])
    await small(memory).append(NAME, adding("after"))
    assert await values(small(memory)) == [*found, "after"]


async def test_a_lost_answer_to_the_write_is_found_again_and_counts() -> None:
    memory = Memory()
    proxy = Proxy(memory, nth("save", 1, Fault.LOST))
    page = await small(proxy).append(NAME, adding("wanted"))
    assert [e["value"] for e in page.entries] == ["wanted"]
    assert proxy.calls["save"] == 1


async def test_a_lost_answer_is_found_on_a_page_that_others_have_closed_since() -> None:
    memory = Interrupted()
    log = small(memory)
    await log.append(NAME, adding("first"))

    async def crowd() -> None:
        for number in range(7):
            await log.append(NAME, adding(f"other {number}"))

    memory.then = crowd
    await log.append(NAME, adding("wanted"))
    assert (await values(log)).count("wanted") == 1
    assert len(await values(log)) == 9


async def test_a_first_write_that_another_was_faster_with_is_decided_anew() -> None:
    """With no ETag to hold against, the store answers with an error that could mean anything."""
    memory = Memory()
    proxy = Proxy(memory, nth("save", 1, Fault.HELD))
    waiting = asyncio.create_task(small(proxy).append(NAME, adding("slow")))
    await proxy.held.wait()
    await small(memory).append(NAME, adding("quick"))
    proxy.release.set()
    await waiting
    assert await values(small(memory)) == ["quick", "slow"]


async def test_the_copy_of_a_full_page_may_be_made_again_by_anyone_at_any_time() -> None:
    memory = Memory()
    for number in range(3):
        await small(memory).append(NAME, adding(str(number)))
    proxy = Proxy(memory, nth("save", 1, Fault.HELD))
    paused = asyncio.create_task(small(proxy).append(NAME, adding("paused")))
    await proxy.held.wait()
    for number in range(3, 12):
        await small(memory).append(NAME, adding(str(number)))
    proxy.release.set()
    await paused
    assert await values(small(memory)) == [*map(str, range(12)), "paused"]


async def test_a_header_alone_is_written_without_an_entry() -> None:
    log = small(Memory())
    await log.append(NAME, adding("one"))
    page = await log.append(NAME, lambda page: Draft(page.header | {"published": 1}))
    assert page.header == {"head": 1, "published": 1}
    assert await values(log) == ["one"]


async def test_another_epoch_begins_at_page_one() -> None:
    log = small(Memory())
    for number in range(5):
        await log.append(NAME, adding(str(number)))
    await log.append(NAME, lambda _: Draft({}, [{"id": "n", "value": "new"}], 2))
    page = await log.open_page(NAME)
    assert (page.number, page.epoch, await values(log)) == (1, 2, ["new"])


async def test_a_page_is_replaced_only_as_it_was_read() -> None:
    memory = Memory()
    log = small(memory)
    await log.append(NAME, adding("one"))
    seen: list[int] = []

    def tombstone(page: Page) -> Page:
        seen.append(len(page.entries))
        return Page(epoch=page.epoch, header={"erased": page.epoch})

    proxy = Proxy(memory, nth("save", 1, Fault.HELD))
    waiting = asyncio.create_task(small(proxy).replace(NAME, tombstone))
    await proxy.held.wait()
    await log.append(NAME, adding("two"))
    proxy.release.set()
    await waiting
    assert seen == [1, 2]
    assert (await log.open_page(NAME)).header == {"erased": 1}


async def test_who_loses_every_race_is_told_that_nothing_was_written() -> None:
    memory = Memory()

    def overtaken(_: Page) -> Draft:
        memory.state[f"log/{NAME}"] = Item(b'{"page":1,"epoch":1,"header":{},"entries":[]}', str(uuid7()))
        return Draft({}, [{"id": "x", "value": "mine"}], 1)

    with pytest.raises(SidecarError, match="kept changing"):
        await small(memory).append(NAME, overtaken)
    assert await values(small(memory)) == []


def plans() -> st.SearchStrategy[list[tuple[int, Fault | None]]]:
    fault = st.sampled_from([None, None, None, Fault.LOST, Fault.REFUSED])
    return st.lists(st.tuples(st.integers(0, 2), fault), min_size=1, max_size=24)


@settings(max_examples=60, deadline=None)
@given(plans())
def test_writers_in_several_replicas_lose_and_double_nothing(plan: list[tuple[int, Fault | None]]) -> None:
    """Three replicas write at once, each its own entries in turn; any state call may fail or lose its answer."""

    async def scene() -> None:
        memory = Memory()
        outcomes: dict[str, bool] = {}

        async def replica(number: int) -> None:
            faults: Iterator[Fault | None] = iter([fault for who, fault in plan if who == number])
            proxy = Proxy(memory, lambda name, _: next(faults, None) if name == "save" else None)
            for turn in range(6):
                value = f"{number}.{turn}"
                try:
                    await small(proxy).append(NAME, adding(value))
                    outcomes[value] = True
                except EtagMismatch:
                    raise
                except SidecarError:
                    outcomes[value] = False

        await asyncio.gather(*(replica(number) for number in range(3)))
        found = await values(small(memory))
        assert len(found) == len(set(found))
        assert {value for value, done in outcomes.items() if done} <= set(found) <= set(outcomes)
        for number in range(3):
            own = [value for value in found if value.startswith(f"{number}.")]
            assert own == sorted(own)
        assert (await small(memory).open_page(NAME)).header["head"] == len(found)

    asyncio.run(scene())
