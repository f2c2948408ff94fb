"""Changing documents: nothing is lost between two writers, nor with the reply to a write."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from harness.runtime import Runtime
from harness.waiting import eventually

from components.catalogue import NOTIFICATION
from services.kit.documents import Documents
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import Frozen


class Count(Frozen):
    """A document of the tests: who added to it."""

    names: tuple[str, ...] = ()


class Deaf(Sidecar):
    """A sidecar whose next replies to writes are lost; `reach` says whether the writes themselves arrive."""

    lost = 0
    reach = True

    async def save(self, store: str, key: str, data: bytes, *, etag: str | None = None, ttl: int | None = None) -> None:
        if not self.lost or self.reach:
            await super().save(store, key, data, etag=etag, ttl=ttl)
        if self.lost:
            self.lost -= 1
            raise SidecarError("the reply was lost")


@pytest.fixture
async def sidecar(runtime: Runtime) -> AsyncIterator[Deaf]:
    async with Deaf(runtime.config(NOTIFICATION)) as opened:
        yield opened


async def add(documents: Documents, key: str, name: str) -> Count | None:
    def decide(found: Count | None) -> Count | None:
        names = found.names if found else ()
        return None if name in names else Count(names=(*names, name))

    return await documents.update(key, Count, decide)


async def test_writers_do_not_lose_each_others_work(sidecar: Deaf, person: str) -> None:
    documents = Documents(sidecar)
    await asyncio.gather(*(add(documents, person, str(n)) for n in range(4)))
    found = await documents.read(person, Count)
    assert found is not None
    assert sorted(found.names) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("there", [False, True])
async def test_a_lost_reply(sidecar: Deaf, person: str, there: bool) -> None:
    documents = Documents(sidecar)
    if there:
        await add(documents, person, "first")
    sidecar.lost = 1
    found = await add(documents, person, "second")
    assert found is not None
    assert found.names.count("second") == 1


@pytest.mark.parametrize("there", [False, True])
async def test_a_write_that_did_not_arrive(sidecar: Deaf, person: str, there: bool) -> None:
    documents = Documents(sidecar)
    if there:
        await add(documents, person, "first")
    sidecar.lost, sidecar.reach = 1, False
    with pytest.raises(SidecarError):
        await add(documents, person, "second")
    assert (await documents.read(person, Count) or Count()).names == (("first",) if there else ())


async def test_nothing_to_change(sidecar: Deaf, person: str) -> None:
    documents = Documents(sidecar)
    assert await documents.update(person, Count, lambda _: None) is None
    await add(documents, person, "one")
    sidecar.lost = 1
    assert await add(documents, person, "one") == Count(names=("one",))
    assert sidecar.lost == 1


async def test_reading_many_and_deleting(sidecar: Deaf, person: str) -> None:
    documents = Documents(sidecar)
    keys = [f"{person}/{n}" for n in range(3)]
    await add(documents, keys[0], "a")
    await add(documents, keys[2], "c")
    assert await documents.read_many(keys, Count) == {keys[0]: Count(names=("a",)), keys[2]: Count(names=("c",))}
    await documents.delete(keys)
    assert await documents.read_many(keys, Count) == {}
    assert await documents.read_many([], Count) == {}


async def test_a_document_that_ends(sidecar: Deaf, person: str) -> None:
    documents = Documents(sidecar)
    await documents.update(person, Count, lambda _: Count(names=("a",)), ttl=3)
    assert await documents.read(person, Count) is not None

    async def has_ended() -> bool:
        return await documents.read(person, Count) is None

    await eventually(has_ended)
