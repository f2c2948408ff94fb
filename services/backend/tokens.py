"""Personal access tokens: one document a person, which every call that brings a token reads.

So a revoked token is refused by every replica from the next call on, and nothing has to be told to anyone's cache.
Making and revoking one are events of the person's log as well: the audit trail has them, and open WebSockets end.
"""

import hmac
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from services.backend.commit import Command, Intent, Outcome
from services.backend.log import TaskLog
from services.backend.tasklist import Reply
from services.backend.workspace import Workspace
from services.kit.documents import Documents
from services.kit.events import EventType, TokenInfo
from services.kit.identity import Caller
from services.kit.problems import Problem, invalid
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import Frozen
from services.kit.tokens import Presented, TokenCaller, digest, new_token

log = logging.getLogger(__name__)

MOST: Final = 50
LONGEST: Final = timedelta(days=366)
USUAL: Final = timedelta(days=90)
_USE_STEP: Final = timedelta(hours=1)


class Token(TokenInfo):
    """A token as it is kept; `epoch` is that of the log which its making stands in."""

    digest: str
    epoch: int
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None = None


class TokenBook(Frozen):
    """What is kept of a person's tokens; `subject` and `title` are the person's, as their sign-in named them."""

    subject: str = ""
    title: str = ""
    items: tuple[Token, ...] = ()

    def find(self, token_id: UUID) -> Token | None:
        """Return the token of that id."""
        return next((token for token in self.items if token.id == token_id), None)

    def holding(self, items: tuple[Token, ...]) -> "TokenBook":
        """Return the book with other tokens in it."""
        return self.model_copy(update={"items": items})


class TokenDesk:
    """Makes, lists, revokes and checks tokens; every method may raise SidecarError."""

    def __init__(self, sidecar: Sidecar, tasks: TaskLog) -> None:
        self._documents = Documents(sidecar)
        self._log = tasks

    async def book(self, person: str) -> TokenBook:
        """Return a person's tokens, with those that have expired."""
        return await self._documents.read(_key(person), TokenBook) or TokenBook()

    async def check(self, presented: Presented) -> TokenCaller | None:
        """Return whom a token speaks for, and note that it was used; None where it is not in force."""
        book = await self.book(presented.person)
        now = datetime.now(UTC)
        found = [token for token in book.items if hmac.compare_digest(token.digest, presented.digest)]
        if not found or found[0].expires_at <= now:
            return None
        token = found[0]
        if token.last_used_at is None or now - token.last_used_at >= _USE_STEP:
            await self._note_use(presented.person, token.id, now)
        return TokenCaller(
            id=token.id,
            title=token.name,
            subject=book.subject,
            name=book.title,
            scopes=token.scopes,
            expires_at=token.expires_at,
        )

    async def make(self, caller: Caller, wanted: TokenInfo, intent: Intent) -> tuple[Token, str | None, Outcome]:
        """Make a token: what is kept of it, and its secret; a repeat under the same key gets no secret again.

        Problems: 403 for scopes that the caller does not have, 409 for one too many or one that is gone since.
        """
        caller.need(*wanted.scopes)
        secret = new_token(caller.person)
        outcome = await self._log.execute(caller.person, _made(wanted, await self.book(caller.person)), intent)
        if outcome.reply.extra["token"] != str(wanted.id):
            return await self._made_before(caller.person, outcome), None, outcome
        values = wanted.model_dump() | {"epoch": outcome.tasks.epoch, "digest": digest(secret)}
        token = Token.model_validate(values | {"created_at": datetime.now(UTC)})

        def add(found: TokenBook | None) -> TokenBook | None:
            book = found or TokenBook()
            if book.find(token.id):
                return None
            kept = _check_room(book)
            return TokenBook(subject=caller.subject, title=caller.name, items=(*kept, token))

        await self._documents.update(_key(caller.person), TokenBook, add)
        return token, secret, outcome

    async def _made_before(self, person: str, outcome: Outcome) -> Token:
        token = (await self.book(person)).find(UUID(outcome.reply.extra["token"]))
        if token is None:
            raise Problem(409, "The token that was asked for under this Idempotency-Key is gone; use a new key.")
        return token

    async def revoke(self, person: str, token_id: UUID, intent: Intent) -> Outcome:
        """Revoke a token; on return every replica refuses it. 404 where there is none of that id."""
        token = (await self.book(person)).find(token_id)
        outcome = await self._log.execute(person, _revoked(token, token_id), intent)
        await self._drop(person, lambda kept: kept.id != token_id)
        return outcome

    async def erase(self, person: str, epoch: int) -> None:
        """Forget the tokens that a person made up to an epoch of their log."""
        await self._drop(person, lambda kept: kept.epoch > epoch)

    async def _drop(self, person: str, keeps: Callable[[Token], bool]) -> None:
        def decide(found: TokenBook | None) -> TokenBook | None:
            kept = tuple(filter(keeps, found.items)) if found else ()
            if found is None or len(kept) == len(found.items):
                return None
            return found.holding(kept) if kept else TokenBook()

        await self._documents.update(_key(person), TokenBook, decide)

    async def _note_use(self, person: str, token_id: UUID, now: datetime) -> None:
        """Note the hour in which a token was used; a call does not fail for it."""
        hour = now.replace(minute=0, second=0, microsecond=0)

        def decide(found: TokenBook | None) -> TokenBook | None:
            token = found.find(token_id) if found else None
            if found is None or token is None or token.last_used_at == hour:
                return None
            used = token.model_copy(update={"last_used_at": hour})
            return found.holding(tuple(used if kept.id == token_id else kept for kept in found.items))

        try:
            await self._documents.update(_key(person), TokenBook, decide)
        except SidecarError as error:
            log.warning("the use of a token was not noted: %s", error)


def checked_expiry(caller: Caller, wanted: datetime | None) -> datetime:
    """Return when a new token expires; the 422 for a time that has gone, lies too far, or outlasts the caller's."""
    now = datetime.now(UTC)
    longest = now + LONGEST
    if caller.token is not None and caller.expires is not None:
        longest = min(longest, datetime.fromtimestamp(caller.expires, UTC))
    if wanted is None:
        return min(now + USUAL, longest)
    if wanted <= now:
        raise invalid("expires_at", "must lie ahead")
    if wanted > longest:
        raise invalid("expires_at", f"may be {longest.isoformat(timespec='seconds')} at the latest")
    return wanted.astimezone(UTC)


def _check_room(book: TokenBook) -> tuple[Token, ...]:
    """Return the tokens that have not expired; the 409 where one more is too many."""
    kept = tuple(token for token in book.items if token.expires_at > datetime.now(UTC))
    if len(kept) >= MOST:
        raise Problem(409, f"There are {MOST} tokens already; revoke one that is not used any more.")
    return kept


def _made(token: TokenInfo, book: TokenBook) -> Command:
    def command(work: Workspace) -> Reply:
        _check_room(book)
        work.emit_token(EventType.TOKEN_CREATED, token)
        return Reply(status=201, extra={"token": str(token.id)})

    return command


def _revoked(token: Token | None, token_id: UUID) -> Command:
    def command(work: Workspace) -> Reply:
        if token is None:
            raise Problem(404, f"There is no token {token_id}.")
        told = token.model_dump(include=set(TokenInfo.model_fields))
        work.emit_token(EventType.TOKEN_REVOKED, TokenInfo.model_validate(told))
        return Reply(status=204)

    return command


def _key(person: str) -> str:
    return f"tokens/{person}"
