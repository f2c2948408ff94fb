"""An append-only log in the state store: one open page, written with its ETag, and closed pages that never change.

The open page of `name` is always at `{prefix}/{name}`. Once it is full, the next write first copies it to
`{prefix}/{name}/{epoch}/{n}` and then replaces it. Nobody appends to a full page, so anyone may make that copy again.
An append is one write of one key. Its outcome may be lost on the way, so after any answer but success the page is read
again and searched for the entries before anything is decided anew.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from components.catalogue import STATE_STORE
from services.kit.sidecar import EtagMismatch, Sidecar, SidecarError

log = logging.getLogger(__name__)

Entry = dict[str, Any]

_ATTEMPTS: Final = 16
_BULK: Final = 16
_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.25


class PageMissing(SidecarError):
    """A closed page is not there: its epoch was erased meanwhile."""


class Contended(SidecarError):
    """Others kept changing the page; nothing was written."""


@dataclass(frozen=True, slots=True)
class Page:
    """An open page as it was read; `etag` is empty where there is none yet. `number` counts from 1."""

    number: int = 1
    epoch: int = 0
    header: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    etag: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What a decision wants written: the whole new header, and entries to append, each with a unique `id`.

    Another `epoch` than the page's starts the log over at page 1.
    """

    header: dict[str, Any]
    entries: list[Entry] = field(default_factory=list)
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append came to: the page as it was written or found, and the entries of ours that stand in the log."""

    page: Page
    entries: list[Entry]


Decide = Callable[[Page], Draft | None]
DecideAsync = Callable[[Page], Awaitable[Draft | None]]


class PagedLog:
    """The logs under one prefix; every method may raise SidecarError."""

    def __init__(self, sidecar: Sidecar, prefix: str, *, max_entries: int = 64, max_bytes: int = 32 * 1024) -> None:
        self._sidecar = sidecar
        self._prefix = prefix
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def key(self, name: str, *parts: object) -> str:
        """Return the key of a log's open page, or of something kept below it."""
        return "/".join([self._prefix, name, *map(str, parts)])

    async def open_page(self, name: str, known: Page | None = None) -> Page:
        """Read the open page; `known` is given back unparsed where it is still the one."""
        item = await self._sidecar.get(STATE_STORE, self.key(name))
        if not item:
            return Page()
        if known is not None and known.etag == item.etag:
            return known
        return _parse(item.data, item.etag)

    async def open_pages(self, names: Sequence[str]) -> dict[str, Page]:
        """Read the open pages of several logs; those without one, or with one that cannot be read, are left out."""
        found: dict[str, Page] = {}
        for start in range(0, len(names), _BULK):
            keys = {self.key(name): name for name in names[start : start + _BULK]}
            for key, item in (await self._sidecar.get_many(STATE_STORE, list(keys))).items():
                try:
                    found[keys[key]] = _parse(item.data, item.etag)
                except (ValueError, KeyError):
                    log.exception("the page %s cannot be read", key)
        return found

    async def closed_page(self, name: str, epoch: int, number: int) -> list[Entry]:
        """Read the entries of a closed page; PageMissing where it was erased."""
        return (await self.closed_pages(name, epoch, [number]))[number]

    async def closed_pages(self, name: str, epoch: int, numbers: Sequence[int]) -> dict[int, list[Entry]]:
        """Read the entries of several closed pages; PageMissing names the first that is not there."""
        found: dict[int, list[Entry]] = {}
        for start in range(0, len(numbers), _BULK):
            wanted = numbers[start : start + _BULK]
            items = await self._sidecar.get_many(STATE_STORE, [self.key(name, epoch, n) for n in wanted])
            for number in wanted:
                item = items.get(self.key(name, epoch, number))
                if item is None:
                    raise PageMissing(self.key(name, epoch, number))
                found[number] = _parse(item.data, item.etag).entries
        return found

    async def append(self, name: str, decide: Decide) -> Page:
        """Read the page, decide, write once; return the page as it then is.

        `decide` is asked again whenever the page turns out to be another one; None means there is nothing to write.
        """

        async def decided(page: Page) -> Draft | None:
            return decide(page)

        return (await self.commit(name, decided)).page

    async def commit(self, name: str, decide: DecideAsync, page: Page | None = None) -> Appended:
        """Do as `append` does on a page that was just read, and tell also which entries of ours stand in the log."""
        page = page if page is not None else await self.open_page(name)
        for attempt in range(_ATTEMPTS):
            draft = await decide(page)
            if draft is None:
                return Appended(page, [])
            try:
                return Appended(await self._write(name, page, draft), draft.entries)
            except SidecarError as error:
                failure = error
            fresh = await self.open_page(name)
            if found := await self._find(name, page, fresh, draft):
                return Appended(fresh, found)
            if fresh.etag == page.etag and not isinstance(failure, EtagMismatch):
                raise failure
            await _out_of_step(attempt)
            page = await self.open_page(name, fresh)
        raise Contended(f"{self.key(name)} kept changing")

    async def replace(self, name: str, decide: Callable[[Page], Page | None]) -> Page:
        """Put another page in the place of the open one: a tombstone, say. None leaves it as it is."""
        for attempt in range(_ATTEMPTS):
            page = await self.open_page(name)
            wanted = decide(page)
            if wanted is None:
                return page
            try:
                await self._sidecar.save(STATE_STORE, self.key(name), _encode(wanted), etag=page.etag)
            except EtagMismatch:
                await _out_of_step(attempt)
                continue
            return wanted
        raise Contended(f"{self.key(name)} kept changing")

    async def delete_closed(self, name: str, epoch: int, last: int) -> None:
        """Delete the closed pages 1 to `last` of an epoch; those that are not there are no error."""
        for start in range(1, last + 1, _BULK):
            numbers = range(start, min(start + _BULK, last + 1))
            await self._sidecar.delete_many(STATE_STORE, [self.key(name, epoch, n) for n in numbers])

    async def _write(self, name: str, page: Page, draft: Draft) -> Page:
        base = page
        if draft.epoch is not None and draft.epoch != page.epoch:
            base = Page(epoch=draft.epoch, etag=page.etag)
        elif self._is_full(page):
            await self._sidecar.save(STATE_STORE, self.key(name, page.epoch, page.number), _encode(page))
            base = Page(number=page.number + 1, epoch=page.epoch, etag=page.etag)
        written = replace(base, header=draft.header, entries=[*base.entries, *draft.entries])
        data = _encode(written)
        await self._sidecar.save(STATE_STORE, self.key(name), data, etag=page.etag)
        return replace(written, etag="", size=len(data))

    def _is_full(self, page: Page) -> bool:
        return len(page.entries) >= self._max_entries or page.size >= self._max_bytes

    async def _find(self, name: str, before: Page, now: Page, draft: Draft) -> list[Entry]:
        """Look for a draft whose write had no clear outcome; also on the pages closed since."""
        if not draft.entries:
            return []
        wanted = draft.entries[0]["id"]
        epoch = before.epoch if draft.epoch is None else draft.epoch
        if now.epoch != epoch:
            return []
        pages = [now.entries]
        if now.number > before.number or draft.epoch not in {None, before.epoch}:
            first = before.number if draft.epoch in {None, before.epoch} else 1
            closed = await self.closed_pages(name, epoch, range(first, now.number))
            pages += closed.values()
        if any(entry["id"] == wanted for entries in pages for entry in entries):
            return draft.entries
        return []


async def _out_of_step(attempt: int) -> None:
    """Wait a little, by chance, so that those who write at once do not keep losing to each other."""
    await asyncio.sleep(random.uniform(0, min(_PAUSE * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311


def _encode(page: Page) -> bytes:
    return orjson.dumps({"page": page.number, "epoch": page.epoch, "header": page.header, "entries": page.entries})


def _parse(data: bytes, etag: str) -> Page:
    document = orjson.loads(data)
    return Page(document["page"], document["epoch"], document["header"], document["entries"], etag, len(data))
