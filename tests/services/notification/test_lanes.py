"""Nobody waits behind another person's work, and no more is done at once than is allowed."""

import asyncio
from collections import Counter

from harness.waiting import PATIENCE_SECONDS, eventually, never

from services.notification.lanes import Lanes


class Work:
    """Pieces of work that hold their places until they are released."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.running: Counter[str] = Counter()
        self.release = asyncio.Event()

    async def one(self, person: str) -> None:
        async with self.lanes.place(person):
            self.running[person] += 1
            await self.release.wait()
            self.running[person] -= 1


async def test_few_of_one_person() -> None:
    work = Work(Lanes(total=8, per_person=2))
    async with asyncio.TaskGroup() as group:
        for person in ["a"] * 20 + ["b", "c"]:
            group.create_task(work.one(person))
        await eventually(lambda: work.running == Counter(a=2, b=1, c=1))
        await never(lambda: work.running["a"] > 2, during=0.1)
        assert (work.lanes.users("a"), work.lanes.users("b"), work.lanes.users("d")) == (20, 1, 0)
        work.release.set()
    assert work.lanes._own == {}
    assert work.lanes._users == Counter()


async def test_so_many_in_all() -> None:
    work = Work(Lanes(total=3, per_person=2))
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(work.one(str(number)))
        await eventually(lambda: work.running.total() == 3)
        await never(lambda: work.running.total() > 3, during=0.1)
        work.release.set()


async def test_a_place_is_given_back_when_work_is_cancelled() -> None:
    work = Work(Lanes(total=1, per_person=1))
    tasks = [asyncio.create_task(work.one(person)) for person in ("a", "a", "b")]
    await eventually(lambda: work.running.total() == 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert work.lanes._own == {}
    work.release.set()
    await asyncio.wait_for(work.one("c"), PATIENCE_SECONDS)
