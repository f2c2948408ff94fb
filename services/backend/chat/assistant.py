"""A turn: a message is planned by a provider, its changes are made as one, and the answer is written down.

Whatever a provider wants, a turn makes at most one batch: deletions and changes of several tasks wait for a yes, and
are then made on the versions that were shown. Nothing is changed where a provider fails.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from pydantic import ValidationError

from services.backend import batch
from services.backend.changes import undo_change
from services.backend.chat import consent
from services.backend.chat.plan import Asked, Plan, Provider, ProviderFailed, needs_yes
from services.backend.chat.progress import Progress
from services.backend.chat.threads import MAX_TURNS, Listed, Pending, Threads, Turn, full
from services.backend.commit import Intent, Outcome
from services.backend.log import TaskLog
from services.backend.tools.tool import Call
from services.kit.identity import Caller
from services.kit.ids import uuid7
from services.kit.problems import Problem, invalid
from services.kit.sidecar import Sidecar
from services.kit.tokens import Scope

log = logging.getLogger(__name__)

TURN_SECONDS: Final = 30
_BEGUN: Final = UUID("5d0a2c2c-63f5-4c55-a0ba-2f1f9d5f8b57")  # conversations begun under an Idempotency-Key
_MAY_NOT: Final = "The token of this call may not change tasks, so I changed nothing. Use one with tasks:write."


@dataclass(frozen=True, slots=True)
class Message:
    """What a person says, in which conversation (None begins one), and under which Idempotency-Key."""

    caller: Caller
    text: str
    conversation: UUID | None = None
    key: str | None = None
    request: str | None = None
    authorization: str | None = None

    @property
    def person(self) -> str:
        """The id of the person."""
        return self.caller.person

    def may(self, scope: Scope) -> bool:
        """Tell whether they may do that, and so whether the chat may for them."""
        return scope in self.caller.scopes


@dataclass(frozen=True, slots=True)
class _Said:
    """What a turn came to, before it is written down."""

    reply: str
    changes: tuple[UUID, ...] = ()
    pending: Pending | None = None
    failed: bool = False


class Assistant:
    """Answers messages; any method may raise SidecarError."""

    def __init__(self, tasks: TaskLog, sidecar: Sidecar, provider: Provider) -> None:
        self.threads = Threads(sidecar)
        self.progress = Progress(sidecar)
        self._log = tasks
        self._sidecar = sidecar
        self._provider = provider

    async def turn(self, message: Message) -> tuple[UUID, Turn]:
        """Answer a message and write the turn down; the same key in a conversation gets the same turn."""
        conversation, earlier = await self._thread(message)
        repeated = _repeated(earlier, message)
        if repeated is not None:
            return conversation, repeated
        turn_id = uuid7()
        self._step(message.person, conversation, turn_id, "working")
        try:
            turn = await self._write_down(
                message, conversation, turn_id, await self._answer(message, conversation, earlier)
            )
        except BaseException:  # also where the caller went away: no device shall wait for what does not come
            self._step(message.person, conversation, turn_id, "failed")
            raise
        done = {"reply": turn.reply, "changes": [str(change) for change in turn.changes]}
        self._step(message.person, conversation, turn_id, "done", **done)
        return conversation, turn

    async def _write_down(self, message: Message, conversation: UUID, turn_id: UUID, said: _Said) -> Turn:
        turn = Turn(
            id=turn_id,
            at=datetime.now(UTC),
            message=message.text,
            reply=said.reply,
            changes=list(said.changes),
            failed=said.failed,
            pending=said.pending,
            key=message.key,
            request=message.request,
        )
        await self.threads.append(message.person, conversation, turn)
        return turn

    def _step(self, person: str, conversation: UUID, turn: UUID, state: str, **more: Any) -> None:  # noqa: ANN401 - JSON
        self.progress.step(person, {"conversation": str(conversation), "turn": str(turn), "state": state, **more})

    async def _thread(self, message: Message) -> tuple[UUID, list[Turn]]:
        """Return the conversation, a new one where none was named, and its latest turns."""
        named = message.conversation
        if named is None:
            now = datetime.now(UTC)
            named = uuid5(_BEGUN, f"{message.person} {message.key}") if message.key else uuid7()
            title = " ".join(message.text.split())[:80]
            await self.threads.begin(
                message.person, Listed(id=named, title=title, created_at=now, updated_at=now, turns=0)
            )
        listed = await self.threads.need(message.person, named)
        if listed.turns >= MAX_TURNS:
            raise full()
        return listed.id, await self.threads.latest(message.person, listed.id)

    async def _answer(self, message: Message, conversation: UUID, earlier: list[Turn]) -> _Said:
        if not message.may(Scope.TASKS_READ):
            return _Said("The token of this call may not read tasks, so I cannot either. Use one with tasks:read.")
        last = earlier[-1] if earlier else None
        if last is not None and last.pending is not None:
            said = await self._settle(message, f"chat {conversation} {last.id}", last.pending)
            if said is not None:
                return said
        call = Call(self._log, self._sidecar, message.caller, message.authorization)
        asked = Asked(message.text, await call.tasks(), datetime.now(UTC), earlier, call)
        try:
            async with asyncio.timeout(TURN_SECONDS):
                plan = await self._provider.plan(asked)
        except (ProviderFailed, TimeoutError) as error:
            reason = str(error) or "the language model took too long"
            log.warning("the provider failed: %s", reason)
            return _Said(f"I could not answer: {reason}. Nothing was changed; try again.", failed=True)
        return await self._carry_out(message, conversation, plan)

    async def _settle(self, message: Message, key: str, pending: Pending) -> _Said | None:
        """Do what waited for this answer; None where the message answers something else."""
        if consent.is_no(message.text):
            return _Said("Then I leave everything as it is.")
        if pending.choose:
            place = consent.chosen(message.text, pending.told, len(pending.operations))
            if place is None:
                is_vague = consent.is_yes(message.text) or message.text.strip().isdigit()
                return _Said("Which of them? Say its number, or “no”.", pending=pending) if is_vague else None
            told = pending.told[place] if place < len(pending.told) else ""
            return await self._make(message, [pending.operations[place]], key, told)
        if not consent.is_yes(message.text):
            return None
        if pending.undoes is not None:
            return await self._undo(message, pending.undoes)
        return await self._make(message, pending.operations, key, pending.done)

    async def _carry_out(self, message: Message, conversation: UUID, plan: Plan) -> _Said:
        if (plan.undo or plan.undoes or plan.operations) and not message.may(Scope.TASKS_WRITE):
            return _Said(_MAY_NOT)
        if plan.undo:
            return await self._undo(message, None)
        if plan.undoes:
            return _Said(plan.reply, pending=Pending(operations=[], undoes=plan.undoes))
        if not plan.operations:
            return _Said(plan.reply)
        if plan.ask or needs_yes(plan.operations):
            reply = plan.reply or f"That changes {len(plan.operations)} tasks or deletes. Shall I? (yes or no)"
            return _Said(reply, pending=_waiting(plan))
        key = f"chat {conversation} {message.key}" if message.key else None
        return await self._make(message, plan.operations, key, plan.done or plan.reply)

    async def _make(self, message: Message, operations: list[dict[str, Any]], key: str | None, done: str) -> _Said:
        """Make operations as one change; what cannot be made is told, and nothing is."""
        if not message.may(Scope.TASKS_WRITE):
            return _Said(_MAY_NOT)
        try:
            request = batch.BatchRequest.model_validate({"operations": operations})
        except ValidationError as error:
            log.warning("a provider asked for what is no batch: %s", error.error_count())
            return _Said("I put that together wrongly and changed nothing. Say it in another way.")
        intent = Intent(key=key, request="chat" if key else None)
        try:
            outcome = await self._log.execute(message.person, lambda work: batch.run(work, request.operations), intent)
        except Problem as problem:
            if problem.status == 412:
                return _Said("A task of these has changed meanwhile, so I changed nothing. Ask again.")
            return _Said(f"That cannot be done: {_reason(problem)}. Nothing was changed.")
        if outcome.change is None:
            return _Said("That is so already, and I changed nothing.")
        return _Said(done or _summary(outcome), (outcome.change,))

    async def _undo(self, message: Message, change: UUID | None) -> _Said:
        if not message.may(Scope.TASKS_WRITE):
            return _Said(_MAY_NOT)
        try:
            outcome = await undo_change(self._log, message.person, change, Intent())
        except Problem as problem:
            return _Said(problem.detail)
        count = len(outcome.reply.extra.get("tasks", ()))
        return _Said(
            f"Took back the latest change ({count} task{'' if count == 1 else 's'}).",
            (outcome.change,) if outcome.change else (),
        )


def _reason(problem: Problem) -> str:
    """Return what is wrong, without the place in a batch that the person never saw."""
    return re.sub(r"^operations\.\d+: ", "", problem.detail).rstrip(".")


def _summary(outcome: Outcome) -> str:
    count = len(outcome.reply.results or ())
    return f"Done: {count} task{'' if count == 1 else 's'}. Say “undo” to take it back."


def _repeated(turns: list[Turn], message: Message) -> Turn | None:
    """Return the turn that a key was used for; the 422 where it was another message's."""
    used = next((turn for turn in turns if message.key and turn.key == message.key), None)
    if used is not None and used.request != message.request:
        raise invalid("Idempotency-Key", "was used for another message of this conversation; give a new one")
    return used


def _waiting(plan: Plan) -> Pending:
    return Pending(operations=plan.operations, choose=plan.choose, told=plan.told, done=plan.done)
