"""A sidecar's state store in memory, and a proxy that counts, breaks and pauses the calls of any sidecar."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from services.kit.sidecar import EtagMismatch, Item, Job, Reply, SidecarError

MESSAGE_BYTES = 4_000_000


class Memory:
    """What the backend asks of its sidecar, as the Dapr API defines it, without a process behind it."""

    def __init__(self) -> None:
        self.state: dict[str, Item] = {}
        self.published: list[tuple[str, Mapping[str, Any]]] = []
        self.jobs: dict[str, Job] = {}
        self.invoked: list[tuple[str, str, str]] = []
        self._etag = 0

    async def get(self, _store: str, key: str) -> Item:
        await asyncio.sleep(0)
        return self.state.get(key, Item(b"", ""))

    async def get_many(self, _store: str, keys: Sequence[str], **_: Any) -> dict[str, Item]:
        await asyncio.sleep(0)
        found = {key: self.state[key] for key in keys if key in self.state}
        if sum(len(item.data) for item in found.values()) > 16 * MESSAGE_BYTES:
            raise SidecarError("RESOURCE_EXHAUSTED")
        return found

    async def save(self, _store: str, key: str, data: bytes, *, etag: str | None = None, **_: Any) -> None:
        await asyncio.sleep(0)
        if len(data) > MESSAGE_BYTES:
            raise SidecarError("RESOURCE_EXHAUSTED")
        known = self.state.get(key)
        if etag == "" and known:
            raise SidecarError("the key is there already")
        if etag and (known is None or known.etag != etag):
            raise EtagMismatch(key)
        self._etag += 1
        self.state[key] = Item(data, str(self._etag))

    async def delete_many(self, _store: str, keys: Iterable[str]) -> None:
        await asyncio.sleep(0)
        for key in keys:
            self.state.pop(key, None)

    async def publish(self, _pubsub: str, topic: str, events: Sequence[Mapping[str, Any]]) -> None:
        await asyncio.sleep(0)
        self.published += [(str(topic), event) for event in events]

    async def schedule(self, job: Job) -> None:
        await asyncio.sleep(0)
        self.jobs[job.name] = job

    async def unschedule(self, name: str) -> None:
        await asyncio.sleep(0)
        self.jobs.pop(name, None)

    async def invoke(self, app_id: str, method: str, path: str, **_: Any) -> Reply:
        await asyncio.sleep(0)
        self.invoked.append((app_id, method, path))
        return Reply(204, b"")


class Fault(Enum):
    """What becomes of a call."""

    REFUSED = auto()  # it is not carried out
    LOST = auto()  # it is carried out, its answer is lost
    HELD = auto()  # it waits until `release`, then it is carried out


class Proxy:
    """A sidecar that stands before another one; `fault` is asked what becomes of each call (name, arguments)."""

    def __init__(self, inner: Any, fault: Callable[[str, tuple[Any, ...]], Fault | None] | None = None) -> None:
        self._inner = inner
        self.fault = fault
        self.calls: Counter[str] = Counter()
        self.held = asyncio.Event()
        self.release = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            fault = self.fault(name, args) if self.fault else None
            if fault is Fault.REFUSED:
                raise SidecarError(f"{name} was refused")
            if fault is Fault.HELD:
                self.held.set()
                await self.release.wait()
            answer = await method(*args, **kwargs)
            if fault is Fault.LOST:
                raise SidecarError(f"the answer to {name} was lost")
            return answer

        return call


def nth(operation: str, number: int, fault: Fault, key: str = "") -> Callable[[str, tuple[Any, ...]], Fault | None]:
    """Return a rule: the call `number` (from 1) of an operation, on keys that contain `key`, meets the fault."""
    seen = 0

    def rule(name: str, args: tuple[Any, ...]) -> Fault | None:
        nonlocal seen
        if name != operation or (key and key not in str(args)):
            return None
        seen += 1
        return fault if seen == number else None

    return rule
