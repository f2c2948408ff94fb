"""Snapshots of a folded list: what bounds the cold start of a long log.

A snapshot is chunks under keys that name the page it was made at; the open page's header points to the one in force. A
new one is written once the log has grown by as much as the last one holds, so its cost stays in proportion to the
writes. Every chunk carries the snapshot's seq: one that does not fit the pointer makes the reader replay the pages,
which are all kept.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel

from components.catalogue import STATE_STORE
from services.backend.row import Row
from services.backend.tasklist import Change, KeyUse, TaskList
from services.kit.pages import Page, PagedLog
from services.kit.sidecar import Sidecar
from services.kit.task import Profile, Task

CHUNK_BYTES: Final = 512 * 1024
MIN_PAGES: Final = 4
_BULK: Final = 4
_SECTIONS: Final = 5


class _Chunk(BaseModel):
    """A run of one section of a list; every chunk says which state of the list it belongs to."""

    seq: int
    profile: Profile | None = None
    deleted: list[tuple[UUID, int]] = []
    changes: list[tuple[UUID, list[tuple[int, int, int]], UUID | None, UUID | None, bool]] = []
    keys: list[tuple[str, str, UUID, str, int, datetime, bool]] = []
    tasks: list[tuple[Task, int]] = []


class SnapshotUnfit(Exception):
    """A snapshot is not whole: it was replaced, erased, or written by two replicas at once."""


class Snapshots:
    """Reads and writes the snapshots of one family of logs."""

    def __init__(self, sidecar: Sidecar, pages: PagedLog) -> None:
        self._sidecar = sidecar
        self._pages = pages

    async def load(self, person: str, epoch: int, pointer: dict[str, Any]) -> TaskList:
        """Return the list that a header's `pointer` names; SnapshotUnfit where it is not whole."""
        keys = self._keys(person, epoch, pointer["page"], pointer["chunks"])
        chunks: dict[str, bytes] = {}
        for start in range(0, len(keys), _BULK):
            items = await self._sidecar.get_many(STATE_STORE, keys[start : start + _BULK])
            chunks |= {key: item.data for key, item in items.items()}
        if len(chunks) != len(keys):
            raise SnapshotUnfit(f"{len(chunks)} of {len(keys)} chunks are there")
        return _decoded(person, epoch, pointer["seq"], [chunks[key] for key in keys])

    async def write(self, tasks: TaskList, page: Page, chunks: list[bytes]) -> dict[str, Any]:
        """Write the `encoded` chunks of a list that was folded up to the end of `page`; return the header's pointer."""
        for key, chunk in zip(self._keys(tasks.person, page.epoch, page.number, len(chunks)), chunks, strict=True):
            await self._sidecar.save(STATE_STORE, key, chunk)
        return {
            "seq": orjson.loads(chunks[0])["seq"],
            "page": page.number,
            "chunks": len(chunks),
            "bytes": sum(map(len, chunks)),
            "at": page.header.get("bytes", 0),
        }

    async def discard(self, person: str, epoch: int, page: int, chunks: int) -> None:
        """Delete the chunks of a snapshot that was made at `page`."""
        await self._sidecar.delete_many(STATE_STORE, self._keys(person, epoch, page, chunks))

    def _keys(self, person: str, epoch: int, page: int, chunks: int) -> list[str]:
        return [self._pages.key(person, epoch, "snapshot", page, n) for n in range(chunks)]


def is_worth(page: Page) -> bool:
    """Tell whether a log has grown enough since its last snapshot for a new one."""
    last = page.header.get("snapshot") or {"page": 1, "bytes": 0, "at": 0}
    grown: int = page.header.get("bytes", 0) - last["at"]
    return page.number - int(last["page"]) >= MIN_PAGES and grown >= int(last["bytes"])


def encoded(tasks: TaskList) -> list[bytes]:
    """Return the chunks of a list: the profile, then what else there is in runs of about CHUNK_BYTES."""
    return list(_chunks(tasks))


def _chunks(tasks: TaskList) -> Iterator[bytes]:
    yield b'{"seq":%d,"profile":%b}' % (tasks.seq, tasks.profile.model_dump_json().encode())
    for section, items in _sections(tasks).items():
        for run in _runs(items):
            yield b'{"seq":%d,"%b":[%b]}' % (tasks.seq, section.encode(), b",".join(run))


def _sections(tasks: TaskList) -> dict[str, list[bytes]]:
    changes = ((i, c.spans, c.undone_by, c.undoes, c.partial) for i, c in tasks.changes.items())
    keys = ((key, u.request, u.change, u.commit, u.page, u.at, u.partial) for key, u in tasks.keys.items())
    return {
        "deleted": list(map(orjson.dumps, tasks.deleted.items())),
        "changes": list(map(orjson.dumps, changes)),
        "keys": list(map(orjson.dumps, keys)),
        "tasks": [b"[%b,%d]" % (row.body, row.person_seq) for row in tasks.rows.values()],
    }


def _runs(items: list[bytes]) -> Iterator[list[bytes]]:
    run: list[bytes] = []
    size = 0
    for item in items:
        run.append(item)
        size += len(item)
        if size >= CHUNK_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run


def _decoded(person: str, epoch: int, seq: int, chunks: list[bytes]) -> TaskList:
    try:
        parts = [_Chunk.model_validate_json(chunk, extra="ignore") for chunk in chunks]
    except ValueError as error:
        raise SnapshotUnfit(f"a chunk cannot be read: {error}") from None
    if {part.seq for part in parts} != {seq} or parts[0].profile is None:
        raise SnapshotUnfit(f"its chunks are not all of seq {seq}")
    tasks = TaskList(person, epoch)
    tasks.seq, tasks.profile = seq, parts[0].profile
    for part in parts:
        tasks.deleted.update(part.deleted)
        for change_id, spans, undone_by, undoes, partial in part.changes:
            tasks.changes[change_id] = Change(spans, undone_by, undoes, partial)
        for key, request, change_id, commit, page, at, partial in part.keys:
            tasks.keys[key] = KeyUse(request, change_id, commit, page, at, partial)
        for task, person_seq in part.tasks:
            tasks.rows[task.id] = Row(task, person_seq, tasks.profile.time_zone)
            if task.external_id:
                tasks.external[task.external_id] = task.id
    return tasks
