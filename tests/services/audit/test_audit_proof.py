"""The proof against a store that somebody else has written to."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from audit_cases import events
from audit_stands import BackendLog, FaultySidecar

from components.catalogue import STATE_STORE
from services.audit.proof import verify
from services.audit.schemas import Proof
from services.audit.trail import PAGES_EPOCH, Trail
from services.kit.sidecar import SidecarError

Document = dict[str, Any]


async def written(trail: Trail, person: str, count: int = 14) -> None:
    """Pages of four: three closed ones, and an open one with the last two."""
    for given in events(person, count):
        await trail.take(given)


async def tamper(sidecar: FaultySidecar, key: str, change: Callable[[Document], object]) -> None:
    document = orjson.loads((await sidecar.get(STATE_STORE, key)).data)
    change(document)
    await sidecar.save(STATE_STORE, key, orjson.dumps(document))


async def test_an_empty_trail_holds(trail: Trail, person: str) -> None:
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries) == (True, 0)
    assert len(proof.head) == 64


async def test_a_whole_trail_holds_and_names_its_head(trail: Trail, person: str) -> None:
    await written(trail, person)
    page = await trail.pages.open_page(person)
    assert await verify(trail, person) == Proof(ok=True, entries=14, head=page.entries[-1]["hash"])


@pytest.mark.parametrize(
    ("change", "at"),
    [
        pytest.param(lambda d: d["entries"][1]["content"].update(title="forged"), 6, id="changed content"),
        pytest.param(lambda d: d["entries"][1].update(digest="0" * 64), 6, id="changed digest"),
        pytest.param(lambda d: d["entries"][1].update(seq=7), 6, id="changed place"),
        pytest.param(lambda d: d["entries"].pop(1), 6, id="dropped"),
        pytest.param(lambda d: d["entries"].pop(), 8, id="cut off"),
        pytest.param(lambda d: d["entries"].reverse(), 5, id="turned round"),
        pytest.param(lambda d: d["entries"].append(dict(d["entries"][0])), 9, id="repeated"),
        pytest.param(lambda d: d["entries"][1].update(content=None, salt=None), 6, id="scrubbed though not erased"),
        pytest.param(lambda d: d["entries"].clear(), 5, id="emptied"),
        pytest.param(lambda d: d.update(entries=[1, 2]), 5, id="no entries"),
        pytest.param(lambda d: d.pop("entries"), 5, id="no page"),
    ],
)
async def test_a_closed_page_that_was_changed_shows(
    trail: Trail, sidecar: FaultySidecar, person: str, change: Callable[[Document], object], at: int
) -> None:
    await written(trail, person)
    await tamper(sidecar, trail.pages.key(person, 0, 2), change)
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at) == (False, at)
    assert proof.reason
    assert proof.entries == at - 1


@pytest.mark.parametrize(
    ("change", "at"),
    [
        pytest.param(lambda d: d["entries"].pop(), 14, id="cut off"),
        pytest.param(lambda d: d["entries"].clear(), 13, id="emptied"),
        pytest.param(lambda d: d["header"].update(length=13), 15, id="another length"),
        pytest.param(lambda d: d["header"].update(head="0" * 64), 15, id="another head"),
        pytest.param(lambda d: d["header"]["position"].update(erased=1), 15, id="said to be erased"),
        pytest.param(lambda d: d["header"].update(position="here"), 1, id="no header"),
        pytest.param(lambda d: d.update(page=3), 9, id="another number"),
    ],
)
async def test_an_open_page_that_was_changed_shows(
    trail: Trail, sidecar: FaultySidecar, person: str, change: Callable[[Document], object], at: int
) -> None:
    await written(trail, person)
    await tamper(sidecar, trail.pages.key(person), change)
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at) == (False, at)


async def test_a_missing_page_shows(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    await written(trail, person)
    await sidecar.delete(STATE_STORE, trail.pages.key(person, 0, 3))
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at, proof.entries) == (False, 9, 8)
    assert proof.reason == "page 3 is missing or cannot be read"


@pytest.mark.parametrize("garbage", [b"{", b"[]", b"7", b"\xff\xfe", b'{"page": 1}'])
@pytest.mark.parametrize("parts", [(), (0, 2)])
async def test_a_page_of_garbage_shows(
    trail: Trail, sidecar: FaultySidecar, person: str, garbage: bytes, parts: tuple[int, ...]
) -> None:
    await written(trail, person)
    await sidecar.save(STATE_STORE, trail.pages.key(person, *parts), garbage)
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at) == (False, 5 if parts else 1)


@pytest.mark.parametrize("kept", range(1, 14))
async def test_an_open_page_that_was_put_back_shows(
    trail: Trail, sidecar: FaultySidecar, person: str, kept: int
) -> None:
    """A page that was whole once cannot stand in for the one that came after it."""
    await written(trail, person, kept)
    key = trail.pages.key(person)
    former = (await sidecar.get(STATE_STORE, key)).data
    for given in events(person, 17):
        await trail.take(given)
    await sidecar.save(STATE_STORE, key, former)
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at) == (False, kept + 1)
    assert "was closed" in (proof.reason or "")


async def test_an_open_page_that_was_deleted_shows(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    await written(trail, person)
    await sidecar.delete(STATE_STORE, trail.pages.key(person))
    proof = await verify(trail, person)
    assert (proof.ok, proof.broken_at) == (False, 1)


async def test_an_end_that_was_cut_off_without_a_trace_shows_against_the_log(
    trail: Trail, sidecar: FaultySidecar, backend: BackendLog, person: str
) -> None:
    *kept, last = events(person, 14)
    backend.logs[person] = [*kept, last]
    for given in kept:
        await trail.take(given)
    before = (await sidecar.get(STATE_STORE, trail.pages.key(person))).data
    await trail.take(last)
    assert (await verify(trail, person)).behind is None
    await sidecar.save(STATE_STORE, trail.pages.key(person), before)
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries, proof.behind) == (True, 13, 1)
    await sidecar.delete(STATE_STORE, trail.pages.key(person))
    for number in (1, 2, 3):
        await sidecar.delete(STATE_STORE, trail.pages.key(person, PAGES_EPOCH, number))
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries, proof.behind) == (True, 0, 14)


async def test_what_was_erased_is_not_missed(trail: Trail, backend: BackendLog, person: str) -> None:
    backend.logs[person] = events(person, 3)
    await trail.erase(person, backend.logs[person][0].epoch)
    assert (await verify(trail, person)).behind is None


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_the_proof_does_without_a_backend(trail: Trail, backend: BackendLog, person: str, status: int) -> None:
    await written(trail, person)
    backend.status = status
    assert (await verify(trail, person)).ok


async def test_another_persons_trail_in_its_place_shows(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    await written(trail, person, 2)
    another = person[::-1]
    await sidecar.save(
        STATE_STORE, trail.pages.key(another), (await sidecar.get(STATE_STORE, trail.pages.key(person))).data
    )
    assert (await verify(trail, another)).broken_at == 1


async def test_a_copy_that_a_dead_writer_left_is_no_harm(trail: Trail, sidecar: FaultySidecar, person: str) -> None:
    *before, last = events(person, 5)
    for given in before:
        await trail.take(given)
    sidecar.script = ["ok", "refused"]
    with pytest.raises(SidecarError):
        await trail.take(last)
    assert (await verify(trail, person)).ok


async def test_a_trail_written_while_it_is_read_is_read_again(
    trail: Trail, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages that are closed after the open one was read look like a page put back; they are not taken for it."""
    await written(trail, person, 3)
    read, others = trail.pages.closed_page, iter(events(person, 9, first=4))

    async def others_write_then_read(name: str, epoch: int, number: int) -> list[Document]:
        for given in others:
            await trail.take(given)
        return await read(name, epoch, number)

    monkeypatch.setattr(trail.pages, "closed_page", others_write_then_read)
    proof = await verify(trail, person)
    assert (proof.ok, proof.entries) == (True, 12)
