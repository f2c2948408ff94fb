"""A command on its way into a log: what surrounds it, how it is decided, and what it came to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson

from services.backend.folding import Folded
from services.backend.tasklist import PERSON, Commit, Reply, TaskList
from services.backend.workspace import Workspace
from services.kit import trace
from services.kit.ids import uuid7
from services.kit.pages import Draft, Page
from services.kit.problems import Problem

MAX_COMMIT_BYTES: Final = 2_000_000

Command = Callable[[Workspace], Reply]


@dataclass(frozen=True, slots=True)
class Intent:
    """What surrounds a command: who acts, under which Idempotency-Key and request hash, as part of which change."""

    actor: str = PERSON
    key: str | None = None
    request: str | None = None
    change: UUID | None = None
    undoes: UUID | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: its reply, its commit (None where nothing was written), and the list after it."""

    reply: Reply
    commit: Commit | None
    tasks: TaskList

    @property
    def change(self) -> UUID | None:
        """The id of the change, None where there was none."""
        return self.commit.change if self.commit and self.commit.events else None


class Attempt:
    """One command under one commit id, however often it is decided anew."""

    def __init__(self, command: Command, intent: Intent) -> None:
        self._command = command
        self._intent = intent
        self._id = str(uuid7())
        self._change = intent.change or uuid7()
        self.reply = Reply()
        self.commit: Commit | None = None
        self.repeated: Commit | None = None

    def draft(self, folded: Folded, page: Page) -> Draft | None:
        """Decide on the list, which `page` is the end of; None where there is nothing to write."""
        tasks = folded.tasks
        work = Workspace(tasks, datetime.now(UTC))
        self.reply = self._command(work)
        if not work.events and self._intent.key is None:
            return None
        self.commit = self._made(work)
        entry = self.commit.model_dump(mode="json")
        if (size := len(orjson.dumps(entry))) > MAX_COMMIT_BYTES:
            raise TooLarge(size)
        known = folded.cursors.onto(page.header, tasks.epoch) if tasks.epoch else {}
        header = known | {"head": self.commit.last, "bytes": known.get("bytes", 0) + size}
        return Draft(header, [entry], tasks.epoch or max(int(work.now.timestamp() * 1000), page.epoch + 1))

    def _made(self, work: Workspace) -> Commit:
        intent = self._intent
        reply = self.reply
        if not work.events and reply.task is not None:
            reply = reply.model_copy(update={"shown": work.get(reply.task)})
        return Commit(
            id=self._id,
            at=work.now,
            change=self._change,
            actor=intent.actor,
            key=intent.key,
            request=intent.request,
            undoes=intent.undoes,
            partial=intent.partial,
            reply=reply,
            trace=trace.trace_id.get() or None,
            last=work.next_seq - 1,
            events=tuple(work.events),
        )


class TooLarge(Problem):
    """The 413 of a change that does not fit a commit."""

    def __init__(self, size: int) -> None:
        super().__init__(413, f"This change takes {size} bytes; at most {MAX_COMMIT_BYTES} fit. Split it.")
