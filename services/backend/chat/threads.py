"""Conversations in the state store: an index for each person, and a log of turns, in pages, for each conversation.

An erasure or a deletion first takes a conversation out of the index and keeps its id aside, so that its pages are
deleted again by whoever comes later, also when a paused replica wrote to them meanwhile.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from components.catalogue import STATE_STORE
from services.kit.pages import Draft, Entry, Page, PagedLog
from services.kit.problems import Problem
from services.kit.sidecar import EtagMismatch, Sidecar, SidecarError

PREFIX: Final = "chat"
MAX_CONVERSATIONS: Final = 50
MAX_TURNS: Final = 200
_ATTEMPTS: Final = 8
_LEAVING: Final = 200
_BEGUN_FOR: Final = timedelta(minutes=10)  # longer than a first turn takes


class Pending(BaseModel):
    """Operations of a batch that wait for a yes (`choose`: for a number, one of them), and what to say then.

    `told` is what to say of each of them where one is chosen.
    `undoes` is a change that waits to be taken back instead.
    """

    operations: list[dict[str, Any]]
    choose: bool = False
    told: list[str] = Field(default_factory=list)
    done: str = ""
    undoes: UUID | None = None


class Turn(BaseModel):
    """One message and the answer to it; `changes` are what it changed, each of which can be undone.

    `failed` is one that the provider had no answer to.
    """

    id: UUID
    at: datetime
    message: str
    reply: str
    changes: list[UUID] = Field(default_factory=list)
    failed: bool = False
    pending: Pending | None = None
    key: str | None = None
    request: str | None = None


class Listed(BaseModel):
    """A conversation as the list of them shows it."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    turns: int = Field(ge=0)


class _Index(BaseModel):
    """A person's conversations; `leaving` were deleted, `erased` is the epoch of the last erasure."""

    conversations: dict[UUID, Listed] = Field(default_factory=dict)
    leaving: list[UUID] = Field(default_factory=list)
    erased: int = 0


class Threads:
    """Everybody's conversations; any method may raise SidecarError."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._log = PagedLog(sidecar, PREFIX)

    async def listed(self, person: str) -> list[Listed]:
        """Return a person's conversations, the latest first; not those whose first turn is not there."""
        index, _ = await self._index(person)
        empty = await self._empty(person, index)
        found = (one for one in index.conversations.values() if one.id not in empty)
        return sorted(found, key=lambda one: one.updated_at, reverse=True)

    async def turns(self, person: str, conversation: UUID) -> list[Turn]:
        """Return all turns of a conversation; the 404 where the person has none of that id."""
        await self.need(person, conversation)
        page = await self._log.open_page(_name(person, conversation))
        closed = await self._log.closed_pages(_name(person, conversation), page.epoch, range(1, page.number))
        entries = [entry for number in sorted(closed) for entry in closed[number]] + page.entries
        return [Turn.model_validate(entry) for entry in entries]

    async def latest(self, person: str, conversation: UUID) -> list[Turn]:
        """Return the turns of the open page: at least the last one where there is any."""
        page = await self._log.open_page(_name(person, conversation))
        return [Turn.model_validate(entry) for entry in page.entries]

    async def need(self, person: str, conversation: UUID) -> Listed:
        """Return a conversation of the person's; the 404 where there is none."""
        index, _ = await self._index(person)
        if conversation not in index.conversations:
            raise Problem(404, f"There is no conversation {conversation}.")
        return index.conversations[conversation]

    async def begin(self, person: str, listed: Listed) -> None:
        """Enter a new conversation; nothing where it is there, 409 where there are too many.

        It stands in the index before its first turn is written, so that an erasure finds whatever is written. One whose
        first turn failed makes room.
        """
        index, _ = await self._index(person)
        is_full = len(index.conversations) >= MAX_CONVERSATIONS
        spare = await self._empty(person, index, listed.created_at - _BEGUN_FOR) if is_full else set()

        def enter(index: _Index) -> bool:
            if listed.id in index.conversations:
                return False
            gone = [one for one in spare if index.conversations.pop(one, None)]
            index.leaving = [*index.leaving, *gone][-_LEAVING:]
            if len(index.conversations) >= MAX_CONVERSATIONS:
                raise Problem(409, f"There are {MAX_CONVERSATIONS} conversations already; delete one first.")
            index.conversations[listed.id] = listed
            return True

        await self._change(person, enter)

    async def append(self, person: str, conversation: UUID, turn: Turn) -> None:
        """Write a turn down; 409 where the conversation is full, 404 where it was deleted meanwhile."""
        entry: Entry = turn.model_dump(mode="json")

        def decide(page: Page) -> Draft:
            count = page.header.get("turns", 0)
            if count >= MAX_TURNS:
                raise full()
            return Draft({"turns": count + 1}, [entry], page.epoch or 1)

        written = await self._log.append(_name(person, conversation), decide)

        def touch(index: _Index) -> bool:
            listed = index.conversations.get(conversation)
            if listed is None:
                raise Problem(404, f"The conversation {conversation} was deleted meanwhile.")
            listed.updated_at = turn.at
            listed.turns = max(listed.turns, written.header.get("turns", 0))
            return True

        await self._change(person, touch)

    async def delete(self, person: str, conversation: UUID) -> None:
        """Delete a conversation; 404 where there is none."""

        def leave(index: _Index) -> bool:
            if index.conversations.pop(conversation, None) is None:
                raise Problem(404, f"There is no conversation {conversation}.")
            index.leaving = [*index.leaving, conversation][-_LEAVING:]
            return True

        await self._change(person, leave)
        await self._delete_pages(person, [conversation])

    async def erase(self, person: str, epoch: int) -> None:
        """Delete everything of a person up to the erasure of an epoch; asked again, what came late to it."""

        def leave(index: _Index) -> bool:
            if index.erased >= epoch:
                return False
            index.leaving = [*index.leaving, *index.conversations]
            index.conversations, index.erased = {}, epoch
            return True

        if not await self._sidecar.get(STATE_STORE, _key(person)):
            return
        index = await self._change(person, leave)
        await self._delete_pages(person, index.leaving)

    async def _empty(self, person: str, index: _Index, before: datetime | None = None) -> set[UUID]:
        """Return the conversations, begun before a moment, that have no turn: what the index says may lag behind."""
        found = set()
        for one in index.conversations.values():
            if one.turns == 0 and (before is None or one.created_at < before):
                page = await self._log.open_page(_name(person, one.id))
                one.turns = page.header.get("turns", 0)
                found |= set() if one.turns else {one.id}
        return found

    async def _delete_pages(self, person: str, conversations: list[UUID]) -> None:
        for conversation in conversations:
            await self._log.delete_closed(_name(person, conversation), 1, MAX_TURNS)
        await self._sidecar.delete_many(STATE_STORE, [self._log.key(_name(person, one)) for one in conversations])

    async def _index(self, person: str) -> tuple[_Index, str]:
        item = await self._sidecar.get(STATE_STORE, _key(person))
        return (_Index.model_validate_json(item.data), item.etag) if item else (_Index(), "")

    async def _change(self, person: str, change: Callable[[_Index], bool]) -> _Index:
        """Change the index under its ETag; a change whose outcome is not known is not tried again."""
        for _ in range(_ATTEMPTS):
            index, etag = await self._index(person)
            if not change(index):
                return index
            try:
                await self._sidecar.save(STATE_STORE, _key(person), _encoded(index), etag=etag)
            except EtagMismatch:
                continue
            except SidecarError:
                if etag or not await self._sidecar.get(STATE_STORE, _key(person)):
                    raise
                continue
            return index
        raise SidecarError(f"the conversations of {person} kept changing")


def full() -> Problem:
    """Return the 409 of a conversation that takes no more."""
    return Problem(409, f"This conversation has {MAX_TURNS} turns, which is all it takes; begin a new one.")


def _key(person: str) -> str:
    return f"{PREFIX}/{person}"


def _name(person: str, conversation: UUID) -> str:
    return f"{person}/{conversation}"


def _encoded(index: _Index) -> bytes:
    return orjson.dumps(index.model_dump(mode="json"))
