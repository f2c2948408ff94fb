"""A sidecar in memory, and a backend that keeps a log and makes occurrences, as recurring-task sees them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

import orjson

from services.kit.events import TaskEvent
from services.kit.sidecar import EtagMismatch, Item, Reply, SidecarError


@dataclass
class FakeBackend:
    """`log` is what `GET /internal/log` gives; `answers` are the statuses of the next POSTs, 201 or 200 by default."""

    log: list[TaskEvent] = field(default_factory=list)
    erased: bool = False
    answers: list[int] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    broken_log: bool = False
    children: set[UUID] = field(default_factory=set)

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Reply:
        if method == "GET" and path.startswith("/internal/log/"):
            return self._slice(int(query["epoch"]), int(query["since"]), int(query["limit"]))
        assert (method, path) == ("POST", "/internal/occurrences")
        self.requests.append(body)
        status = self.answers.pop(0) if self.answers else (200 if UUID(body["id"]) in self.children else 201)
        if status == 201:
            self.children.add(UUID(body["id"]))
        return Reply(status, b"{}")

    def _slice(self, epoch: int, since: int, limit: int) -> Reply:
        self.reads += 1
        if self.erased or not self.log:
            return Reply(404, b"{}")
        current = self.log[-1].epoch
        after = since if epoch == current else 0
        events = [e for e in self.log if e.epoch == current and e.seq > after][: min(limit, 3)]
        document: dict[str, Any] = {"epoch": current, "seq": self.log[-1].seq}
        document["events"] = [e.model_dump(mode="json") for e in events]
        if self.broken_log:
            document["events"][-1]["type"] = "task.unheard-of"
        return Reply(200, orjson.dumps(document))


class FakeSidecar:
    """State and invocation; `away` makes calls of a kind ("state", "invoke") fail."""

    def __init__(self, backend: FakeBackend) -> None:
        self.backend = backend
        self.store: dict[str, bytes] = {}
        self.versions: dict[str, int] = {}
        self.away: set[str] = set()
        self.reads: list[str] = []
        self.saves: list[str] = []
        self.saved = asyncio.Event()
        self.ttls: dict[str, int | None] = {}
        self.before_save: list[Any] = []
        self.http = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def healthy(self) -> bool:
        return True

    async def get(self, _: str, key: str) -> Item:
        self._check("state")
        self.reads.append(key)
        return Item(self.store.get(key, b""), str(self.versions.get(key, "")))

    async def save(self, _: str, key: str, data: bytes, *, etag: str | None = None, ttl: int | None = None) -> None:
        self._check("state")
        if self.before_save:
            self.before_save.pop()()
        if etag is not None and etag != str(self.versions.get(key, "")):
            raise EtagMismatch(key)
        self.put(key, data)
        self.saves.append(key)
        self.ttls[key] = ttl
        self.saved.set()

    def put(self, key: str, data: bytes) -> None:
        self.store[key] = data
        self.versions[key] = self.versions.get(key, 0) + 1

    async def invoke(
        self,
        app_id: str,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Reply:
        self._check("invoke")
        assert app_id == "backend"
        return self.backend.answer(method, path, query or {}, body or {})

    def _check(self, kind: str) -> None:
        if kind in self.away:
            raise SidecarError(f"{kind} is away")
