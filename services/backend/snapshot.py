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
from services.backend.tasklist import Change, KeyUse, Row, TaskList
from services.kit.pages import Page, PagedLog
from services.kit.sidecar import Sidecar
from services.kit.task import Profile, Task

CHUNK_BYTES: Final = 512 * 1024
MIN_PAGES: Final = 4
_BULK: Final = 4


class _Chunk(BaseModel):
    seq: int
    tasks: list[Task]


class SnapshotUnfit(Exception):
    """A snapshot is not whole: it was replaced, erased, or written by two replicas at once."""


class Snapshots:
    """Reads and writes the snapshots of one family of logs."""

    def __init__(self, sidecar: Sidecar, pages: PagedLog) -> None:
        self._sidecar = sidecar
        self._pages = pages

    async def load(self, person: str, epoch: int, pointer: dict[str, Any]) -> TaskList:
        """Return the list that a header's `pointer` names; SnapshotUnfit where it is not whole."""
        keys = self._keys(person, epoch, pointer)
        chunks: dict[str, bytes] = {}
        for start in range(0, len(keys), _BULK):
            items = await self._sidecar.get_many(STATE_STORE, keys[start : start + _BULK])
            chunks |= {key: item.data for key, item in items.items()}
        if len(chunks) != len(keys):
            raise SnapshotUnfit(f"{len(chunks)} of {len(keys)} chunks are there")
        return _decoded(person, epoch, pointer["seq"], [chunks[key] for key in keys])

    async def write(self, tasks: TaskList, page: Page) -> dict[str, Any]:
        """Write a list that is folded up to the end of `page`; return the pointer for the header."""
        chunks = list(_encoded(tasks))
        pointer = {
            "seq": tasks.seq,
            "page": page.number,
            "chunks": len(chunks),
            "bytes": sum(map(len, chunks)),
            "at": page.header.get("bytes", 0),
        }
        for key, chunk in zip(self._keys(tasks.person, tasks.epoch, pointer), chunks, strict=True):
            await self._sidecar.save(STATE_STORE, key, chunk)
        return pointer

    async def discard(self, person: str, epoch: int, pointer: dict[str, Any]) -> None:
        """Delete the chunks of a snapshot that no header points to any more."""
        await self._sidecar.delete_many(STATE_STORE, self._keys(person, epoch, pointer))

    async def erase(self, person: str, epoch: int, pages: int, log_bytes: int) -> None:
        """Delete every chunk that a log of so many pages and bytes can have had."""
        chunks = log_bytes // CHUNK_BYTES + 3
        for page in range(MIN_PAGES, pages + 2):
            keys = self._keys(person, epoch, {"page": page, "chunks": chunks})
            await self._sidecar.delete_many(STATE_STORE, keys)

    def _keys(self, person: str, epoch: int, pointer: dict[str, Any]) -> list[str]:
        return [self._pages.key(person, epoch, "snapshot", pointer["page"], n) for n in range(pointer["chunks"])]


def is_worth(page: Page) -> bool:
    """Tell whether a log has grown enough since its last snapshot for a new one."""
    last = page.header.get("snapshot") or {"page": 1, "bytes": 0, "at": 0}
    grown: int = page.header.get("bytes", 0) - last["at"]
    return page.number - int(last["page"]) >= MIN_PAGES and grown >= int(last["bytes"])


def _encoded(tasks: TaskList) -> Iterator[bytes]:
    """Yield the chunks: first what is not a task, then the tasks in runs of about CHUNK_BYTES."""
    yield orjson.dumps(_facts(tasks))
    run: list[bytes] = []
    size = 0
    for row in list(tasks.rows.values()):
        run.append(row.body)
        size += len(row.body)
        if size >= CHUNK_BYTES:
            yield b'{"seq":%d,"tasks":[%b]}' % (tasks.seq, b",".join(run))
            run, size = [], 0
    if run:
        yield b'{"seq":%d,"tasks":[%b]}' % (tasks.seq, b",".join(run))


def _facts(tasks: TaskList) -> dict[str, Any]:
    return {
        "seq": tasks.seq,
        "profile": tasks.profile.model_dump(),
        "person_seqs": [row.person_seq for row in tasks.rows.values()],
        "deleted": [[str(i), seq] for i, seq in tasks.deleted.items()],
        "changes": [
            [str(i), c.spans, c.undone_by and str(c.undone_by), c.undoes and str(c.undoes), c.partial]
            for i, c in tasks.changes.items()
        ],
        "keys": [
            [key, u.request, str(u.change), u.commit, u.page, u.at.isoformat(), u.partial]
            for key, u in tasks.keys.items()
        ],
    }


def _decoded(person: str, epoch: int, seq: int, chunks: list[bytes]) -> TaskList:
    facts = orjson.loads(chunks[0])
    parts = [_Chunk.model_validate_json(chunk) for chunk in chunks[1:]]
    if {facts["seq"], *(part.seq for part in parts)} != {seq}:
        raise SnapshotUnfit(f"its chunks are not all of seq {seq}")
    tasks = TaskList(person, epoch)
    tasks.seq = facts["seq"]
    tasks.profile = Profile.model_validate(facts["profile"])
    tasks.deleted = {UUID(i): seq for i, seq in facts["deleted"]}
    for change_id, spans, undone_by, undoes, partial in facts["changes"]:
        change = Change([tuple(s) for s in spans], undone_by and UUID(undone_by), undoes and UUID(undoes), partial)
        tasks.changes[UUID(change_id)] = change
    for key, request, change_id, commit, page, at, partial in facts["keys"]:
        tasks.keys[key] = KeyUse(request, UUID(change_id), commit, page, datetime.fromisoformat(at), partial)
    found = [task for part in parts for task in part.tasks]
    for task, person_seq in zip(found, facts["person_seqs"], strict=True):
        tasks.rows[task.id] = Row(task, person_seq)
        if task.external_id:
            tasks.external[task.external_id] = task.id
    return tasks
