"""Personal access tokens: make one, list them, revoke one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.backend.api.acting import ActingOnSelf
from services.backend.api.answers import JSON
from services.backend.schemas import storable
from services.backend.tokens import Token, TokenDesk, checked_expiry
from services.kit.events import TokenInfo
from services.kit.identity import Administering
from services.kit.ids import uuid7
from services.kit.problems import documented
from services.kit.queries import StrictRoute
from services.kit.task import Frozen, Instant
from services.kit.tokens import Scope, each_once

router = APIRouter(prefix="/api/tokens", route_class=StrictRoute, tags=["tokens"])


async def _desk(request: Request) -> TokenDesk:
    desk: TokenDesk = request.app.state.tokens
    return desk


Desk = Annotated[TokenDesk, Depends(_desk)]


def _trimmed(value: str) -> str:
    value = value.strip()
    if not 1 <= len(value) <= 100:
        raise ValueError(f"must have 1 to 100 characters after trimming, has {len(value)}")
    return value


class TokenCreate(Frozen):
    """A token to be made: what it is for, what it may be used for, and until when (left out: for 90 days)."""

    name: Annotated[str, AfterValidator(storable), AfterValidator(_trimmed)]
    scopes: Annotated[tuple[Scope, ...], AfterValidator(each_once)] = Field(min_length=1, max_length=20)
    expires_at: Instant | None = Field(default=None, description="at most 366 days ahead")


class TokenShown(BaseModel):
    """A token as it is listed. `last_used_at` is the hour of its last use, null where it was never used."""

    id: UUID
    name: str
    scopes: list[Scope]
    created_at: AwareDatetime
    expires_at: AwareDatetime
    last_used_at: AwareDatetime | None


class TokenAnswer(TokenShown):
    """A token that was just made. `secret` is shown this once; a repeat under the same Idempotency-Key has null."""

    secret: str | None
    change: UUID


class TokensAnswer(BaseModel):
    """The caller's tokens, newest first, with those that have expired."""

    items: list[TokenShown]


def _shown(token: Token) -> dict[str, object]:
    return token.model_dump(mode="json", include=set(TokenShown.model_fields))


@router.post("", status_code=201, responses={201: {"model": TokenAnswer}, **documented(400, 409)})
async def create_token(acting: ActingOnSelf, desk: Desk, body: TokenCreate) -> Response:
    """Make a token. One that is made with a token has no scope, and no later end, than that one."""
    expires_at: datetime = checked_expiry(acting.caller, body.expires_at)
    wanted = TokenInfo(id=uuid7(), name=body.name, scopes=body.scopes, expires_at=expires_at)
    token, secret, outcome = await desk.make(acting.caller, wanted, acting.intent)
    members = {"secret": secret, "change": str(outcome.change)}
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(_shown(token) | members), 201, headers, media_type=JSON)


@router.get("", responses=documented())
async def list_tokens(caller: Administering, desk: Desk) -> TokensAnswer:
    """List the caller's tokens; their secrets are kept nowhere."""
    book = await desk.book(caller.person)
    return TokensAnswer.model_validate({"items": [_shown(token) for token in reversed(book.items)]})


@router.delete("/{token_id}", status_code=204, response_class=Response, responses=documented(404))
async def revoke_token(acting: ActingOnSelf, desk: Desk, token_id: UUID) -> Response:
    """Revoke a token: from now on it is refused everywhere, and WebSockets that were opened with it end."""
    outcome = await desk.revoke(acting.person, token_id, acting.intent)
    return Response(status_code=204, headers={"X-Change-Id": str(outcome.change)})
