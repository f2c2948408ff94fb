"""Personal access tokens: what one looks like, what it may be used for, and who knows whether it is in force.

A token is `taskpat_` and 71 letters and digits: whose it is (the person's hashed id, so that one read of the store
finds it), 256 random bits, and a CRC-32 of all before it. By the prefix and the checksum secret scanners recognise one
without asking, and what was mistyped or made up is refused before the store is asked. Of a token only its SHA-256 is
kept: 256 random bits cannot be guessed, so a slow hash would protect nothing.
"""

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from pydantic import AwareDatetime

from components.catalogue import BACKEND
from services.kit.sidecar import Sidecar, SidecarError
from services.kit.task import Frozen

PREFIX: Final = "taskpat_"
CHECK_PATH: Final = "/internal/tokens"
_DIGITS: Final = string.digits + string.ascii_letters
_PERSON, _SECRET, _CHECKSUM = 22, 43, 6  # digits in base 62 of 16, 32 and 4 bytes
_SHAPE: Final = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_PERSON}}})[0-9A-Za-z]{{{_SECRET}}}([0-9A-Za-z]{{{_CHECKSUM}}})")


class Scope(StrEnum):
    """What a token may be used for. None contains another: who writes and reads needs both."""

    TASKS_READ = "tasks:read"
    TASKS_WRITE = "tasks:write"
    CHAT = "chat"
    ADMIN_SELF = "admin:self"


EVERYTHING: Final = frozenset(Scope)


def each_once(scopes: Collection[Scope]) -> tuple[Scope, ...]:
    """Return the scopes without repetitions, always in the same order."""
    return tuple(scope for scope in Scope if scope in scopes)


class Presented(NamedTuple):
    """A token that came with a call and is well formed: whose it says it is, and its hash."""

    person: str
    digest: str


class TokenCaller(Frozen):
    """Whom a token in force speaks for: its maker, as their sign-in named them, and what it may be used for."""

    id: UUID
    title: str
    subject: str
    name: str
    scopes: tuple[Scope, ...]
    expires_at: AwareDatetime


class Tokens(Protocol):
    """Knows which tokens are in force now."""

    async def check(self, presented: Presented) -> TokenCaller | None:
        """Return whom a token speaks for; None where it is not in force. SidecarError: it cannot be told now."""


class TokensOfBackend:
    """The tokens as the services beside the backend know them: by asking it, at every call."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def check(self, presented: Presented) -> TokenCaller | None:
        """Return whom a token speaks for; None where it is not in force."""
        answer = await self._sidecar.invoke(BACKEND, "POST", CHECK_PATH, body=presented._asdict())
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise SidecarError(f"the backend answered {answer.status} to the check of a token")
        return TokenCaller.model_validate_json(answer.body)


def new_token(person: str) -> str:
    """Return a token that nobody has, of the person with that id (32 hexadecimal digits)."""
    secret = _base62(int.from_bytes(secrets.token_bytes(32)), _SECRET)
    body = PREFIX + _base62(int(person, 16), _PERSON) + secret
    return body + _checksum(body)


def presented(authorization: str | None) -> Presented | None:
    """Return the token that an `Authorization` header brings; None where it brings something else.

    ValueError where it begins like one and cannot be one.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip(" ")
    if scheme.lower() != "bearer" or not token.startswith(PREFIX):
        return None
    match = _SHAPE.fullmatch(token)
    person = _number(match[1]) if match else 0
    if match is None or match[2] != _checksum(token[:-_CHECKSUM]) or person >= 2**128:
        raise ValueError("it is not whole; copy all of it")
    return Presented(f"{person:032x}", digest(token))


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM)


def _base62(number: int, width: int) -> str:
    found = ""
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found


def _number(text: str) -> int:
    number = 0
    for character in text:
        number = number * len(_DIGITS) + _DIGITS.index(character)
    return number
