"""What the relay asks of the backend: a person's log, a snapshot of their tasks, and where many people's logs end."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, NamedTuple

import orjson

from components.catalogue import BACKEND
from services.frontend import messages
from services.frontend.feed import MAX_MISSED, Cursor, Slice
from services.kit.metrics import RELAY_READS
from services.kit.sidecar import Sidecar, SidecarError

_AT_ONCE: Final = 32
_SECONDS: Final = 5
NOTHING: Final = Cursor(0, 0)


class Page(NamedTuple):
    """A page of a snapshot, of at most 1 MB: where the log stood, tasks, and whether there are no more."""

    at: Cursor
    tasks: Sequence[Any]
    last: bool


class Backend:
    """The backend, by service invocation; every method may raise SidecarError.

    At most 32 questions are asked at once, however many clients come back together.
    """

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def log(self, person: str, cursor: Cursor) -> Slice:
        """Return the events after `cursor`, at most 500; (0, 0) is the head of a log that is not there."""
        query = {"epoch": str(cursor.epoch), "since": str(cursor.seq), "limit": str(MAX_MISSED)}
        found = await self._ask("log", "GET", f"/internal/log/{person}", query=query)
        if found is None:
            return Slice(NOTHING, ())
        try:
            return Slice(_cursor(found), [messages.entry(event) for event in found["events"]])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SidecarError(f"the backend's log cannot be read: {error!r}") from error

    async def snapshot(self, person: str) -> AsyncGenerator[Page, None]:
        """Yield the person's tasks page by page, each with the place in the log that the first one was read at."""
        start: Cursor | None = None
        cursor: str | None = None
        while True:
            query = {"cursor": cursor} if cursor else {}
            found = await self._ask("snapshot", "GET", f"/internal/snapshot/{person}", query=query)
            page = found or {"epoch": 0, "seq": 0, "tasks": [], "next_cursor": None}
            start = start or _cursor(page)
            if page["epoch"] != start.epoch:
                raise SidecarError("the log began anew while its snapshot was read")
            cursor = page.get("next_cursor")
            yield Page(start, page["tasks"], last=cursor is None)
            if cursor is None:
                return

    async def heads(self, people: Sequence[str]) -> dict[str, Cursor]:
        """Return where each person's log ends; who has none is at (0, 0)."""
        found = await self._ask("heads", "POST", "/internal/heads", body={"people": people})
        heads = (found or {}).get("heads", {})
        return {person: _cursor(heads[person]) if person in heads else NOTHING for person in people}

    async def _ask(self, kind: str, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401 - a JSON document
        """Return the answer's document, None for a 404."""
        try:
            async with asyncio.timeout(_SECONDS), self._turn:
                answer = await self._sidecar.invoke(BACKEND, method, path, timeout=_SECONDS, **content)
        except TimeoutError as error:
            raise SidecarError(f"{method} {path}: no answer in {_SECONDS} s") from error
        RELAY_READS.labels(kind, str(answer.status)).inc()
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise SidecarError(f"{method} {path}: answered {answer.status}")
        try:
            return answer.json()
        except orjson.JSONDecodeError as error:
            raise SidecarError(f"{method} {path}: not JSON") from error


def _cursor(document: Any) -> Cursor:  # noqa: ANN401 - a JSON document
    return Cursor(int(document["epoch"]), int(document["seq"]))
