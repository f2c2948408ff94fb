"""Who acts, on whose list, under which key: what every changing call is made of."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Security
from fastapi.security import SecurityScopes
from starlette.requests import Request
from starlette.responses import Response

from services.backend.api.answers import answer
from services.backend.commit import Command, Intent
from services.backend.log import TaskLog
from services.kit.identity import Authorization, Caller, permitted
from services.kit.problems import invalid
from services.kit.tokens import Scope

_ETAG = re.compile(r'^(?:W/)?"(\d{1,15})"$')


async def _log(request: Request) -> TaskLog:
    log: TaskLog = request.app.state.tasks
    return log


Log = Annotated[TaskLog, Depends(_log)]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person about to change their list."""

    log: TaskLog
    caller: Caller
    intent: Intent

    @property
    def person(self) -> str:
        """The id of the person."""
        return self.caller.person

    async def act(self, command: Command) -> Response:
        """Execute a command and answer what it came to."""
        return answer(await self.log.execute(self.person, command, self.intent))


async def _actor(
    request: Request,
    scopes: SecurityScopes,
    authorization: Authorization = None,
    *,
    idempotency_key: Annotated[
        str | None,
        Header(description="Remembered for 24 hours: a repeat gets the first result", min_length=1, max_length=255),
    ] = None,
) -> Actor:
    """Return who acts. It asks for the parts itself: each dependency of its own costs a write as much as a look-up."""
    log, caller = await _log(request), await permitted(request, scopes, authorization)
    if idempotency_key is None:
        return Actor(log, caller, Intent())
    content = b"\n".join((f"{request.method} {request.url.path}?{request.url.query}".encode(), await request.body()))
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Actor(log, caller, Intent(key=idempotency_key, request=digest))


Acting = Annotated[Actor, Security(_actor, scopes=[Scope.TASKS_WRITE])]
ActingInChat = Annotated[Actor, Security(_actor, scopes=[Scope.CHAT])]
ActingOnSelf = Annotated[Actor, Security(_actor, scopes=[Scope.ADMIN_SELF])]


async def _expected(
    if_match: Annotated[str | None, Header(description="Versions that the change is meant for, as ETags")] = None,
) -> frozenset[int] | None:
    """Return the versions that `If-Match` names; None where any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    matches = [_ETAG.match(part.strip()) for part in if_match.split(",")]
    if not all(matches):
        raise invalid("If-Match", 'must be an ETag that a task was answered with, like "3"')
    return frozenset(int(match.group(1)) for match in matches if match)


Expected = Annotated[frozenset[int] | None, Depends(_expected)]
