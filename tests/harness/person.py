"""A person at the public address, as a client program that does not give up: repeats carry the same key."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import aiohttp

_PATIENCE_SECONDS = 120
_PAUSE_SECONDS = 0.1


class Person:
    """Calls for one person, who turns to another of the public addresses where one gives no answer.

    `unavailable` are the answers that said to come back, by status and `Retry-After`; `unanswered` counts the calls
    that got none; `waits` are the seconds that each change took until it was acknowledged.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str] | None = None,
        *,
        others: Sequence[str] = (),
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._http = http
        self._urls = [url, *others]
        self._patience = patience
        self.headers = headers or {}
        self.unavailable: list[tuple[int, str | None]] = []
        self.unanswered = 0
        self.waits: list[float] = []

    async def call(self, method: str, path: str, *, expect: int | None = None, **options: Any) -> Any:
        """Make one call; return its JSON. AssertionError for a status other than the one expected (else: success)."""
        status, body = await self.answer(method, path, **options)
        assert (status == expect) if expect else (status < 400), f"{method} {path}: {status} {body}"
        return body

    async def answer(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        """Make one call; return status and JSON."""
        async with self._http.request(
            method, self._urls[0] + path, headers=self.headers | (headers or {}), **options
        ) as answer:
            is_json = "json" in answer.headers.get("Content-Type", "")
            body = await (answer.json(content_type=None) if is_json else answer.text())
            if answer.status >= 500:
                self.unavailable.append((answer.status, answer.headers.get("Retry-After")))
            return answer.status, body

    async def insist(self, method: str, path: str, **options: Any) -> Any:
        """Make a changing call until it is acknowledged, always under the same Idempotency-Key; return its JSON."""
        key = {"Idempotency-Key": str(uuid4())}
        began = time.monotonic()
        async with asyncio.timeout(self._patience):
            while True:
                pause = _PAUSE_SECONDS
                try:
                    status, body = await self.answer(method, path, headers=key, **options)
                except (aiohttp.ClientError, TimeoutError, ConnectionError):
                    status = 0
                    self.unanswered += 1
                    self._urls.append(self._urls.pop(0))
                if 0 < status < 500:
                    assert status < 400, f"{method} {path}: {status} {body}"
                    self.waits.append(time.monotonic() - began)
                    return body
                if status:
                    pause = float(self.unavailable[-1][1] or pause)
                await asyncio.sleep(pause)

    async def everything(self, path: str, limit: int = 500) -> list[dict[str, Any]]:
        """Return all items of a paged list, `limit` a page."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            query = f"{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
            page = await self.call("GET", path + query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items
