"""Who is calling: a person, by OIDC or personal access token or as the one of a loopback platform; or a service.

Every service verifies a person's token itself, wherever in the chain of calls it stands, and every call of a person
names the scopes that a personal access token needs for it; a sign-in has them all. A call between services
carries the caller's app id in `dapr-caller-app-id`, which only a sidecar can set (calls without the app token are
refused before), and is held against the edges of the catalogue.
"""

from typing import Annotated, Final, Protocol
from uuid import UUID

import aiohttp
from fastapi import Depends, Header, Security
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection, Request

from components.catalogue import CATALOGUE
from services.kit import trace
from services.kit.config import Config
from services.kit.ids import person_id
from services.kit.jwks import KeySet
from services.kit.problems import Problem
from services.kit.task import Frozen
from services.kit.tokens import EVERYTHING, Presented, Scope, Tokens, presented

_LOCAL: Final = "local"
LOCAL_PERSON: Final = person_id(_LOCAL, "me")
_ALGORITHMS: Final = ["RS256", "ES256"]


class Caller(Frozen):
    """The person that a call is made for. `subject` is the issuer's name of them, `name` one to show.

    `expires` is when their token does, in seconds since 1970; None when it never does. `scopes` are what they may do
    with it; `token` is the id of a personal access token, and `title` what the person called it.
    """

    person: str
    subject: str
    name: str
    expires: float | None = None
    scopes: frozenset[Scope] = EVERYTHING
    token: UUID | None = None
    title: str = ""

    def need(self, *scopes: str) -> None:
        """Raise the 403 that names the first of these scopes which the caller does not have."""
        for scope in scopes:
            if scope not in self.scopes:
                raise Problem(
                    403,
                    f"The token {self.title!r} does not have the scope {scope}; use one that has it.",
                    headers={"WWW-Authenticate": f'Bearer realm="tasks", error="insufficient_scope", scope="{scope}"'},
                    scope=scope,
                )


class Authenticator(Protocol):
    """Tells who is calling from the value of `Authorization`; raises the 401 problem."""

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return who is calling."""


def unauthorized(detail: str) -> Problem:
    """Return the 401, with the challenge that RFC 6750 asks for."""
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tasks"'})


class PersonalTokens:
    """Takes personal access tokens, and leaves what is none to another authenticator."""

    def __init__(self, tokens: Tokens, issuer: str, others: Authenticator) -> None:
        self._tokens = tokens
        self._issuer = issuer
        self._others = others

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return whom the token speaks for; the 401 for one that is not in force. SidecarError: it cannot be told."""
        token = personal_token(authorization)
        if token is None:
            return await self._others.authenticate(authorization)
        found = await self._tokens.check(token)
        # One that was made under another sign-in service names nobody of this one.
        if found is None or person_id(self._issuer, found.subject) != token.person:
            raise unauthorized("The personal access token is not in force: it was revoked, or has expired.")
        return Caller(
            person=token.person,
            subject=found.subject,
            name=found.name,
            expires=found.expires_at.timestamp(),
            scopes=frozenset(found.scopes),
            token=found.id,
            title=found.title,
        )


def personal_token(authorization: str | None) -> Presented | None:
    """Return the personal access token that the header brings, None for another one; the 401 for a broken one."""
    try:
        return presented(authorization)
    except ValueError as error:
        raise unauthorized(f"The personal access token is not accepted: {error}.") from None


class Nobody:
    """`AUTH=none`: on a loopback address everyone is the person `me`."""

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return `me`; the 401 for a bearer token that is none of ours: it must not give more than ours would."""
        if (authorization or "").partition(" ")[0].lower() == "bearer":
            raise unauthorized("This is no personal access token: send all of one, or no Authorization at all.")
        return Caller(person=LOCAL_PERSON, subject="me", name="me")


class Oidc:
    """`AUTH=oidc`: a JWT signed with RS256 or ES256 by a key of the issuer's JWKS."""

    def __init__(self, config: Config, http: aiohttp.ClientSession) -> None:
        self._issuer = config.oidc_issuer or ""
        self._audience = config.oidc_audience or ""
        self._keys = KeySet(config.oidc_jwks_url or "", http)

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return who the bearer token names; the 401 says what is wrong with it."""
        import jwt  # noqa: PLC0415 - its cryptography is heavy, and AUTH=none does without it

        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Send a bearer token: Authorization: Bearer <JWT or personal access token>.")
        try:
            key = await self._keys.get(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise unauthorized("The token is signed with a key that the issuer does not list.")
            claims = jwt.decode(
                token,
                key,  # with its own algorithm, whatever the token's header says
                algorithms=_ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=30,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise unauthorized(f"The token is not accepted: {error}.") from None
        subject = str(claims["sub"])
        name = str(claims.get("name") or claims.get("preferred_username") or claims.get("email") or subject)
        return Caller(person=person_id(self._issuer, subject), subject=subject, name=name, expires=float(claims["exp"]))


def authenticator(config: Config, http: aiohttp.ClientSession, tokens: Tokens) -> Authenticator:
    """Return the authenticator that the settings ask for."""
    if config.auth == "oidc":
        return PersonalTokens(tokens, config.oidc_issuer or "", Oidc(config, http))
    return PersonalTokens(tokens, _LOCAL, Nobody())


async def authenticate(connection: HTTPConnection, authorization: str | None) -> Caller:
    """Return who is calling on this connection, and put their (hashed) id on its log lines."""
    found: Authenticator = connection.app.state.authenticator
    caller = await found.authenticate(authorization)
    trace.person.set(caller.person)
    return caller


Authorization = Annotated[str | None, Header(include_in_schema=False)]


async def permitted(request: Request, scopes: SecurityScopes, authorization: Authorization = None) -> Caller:
    """Return who is calling; the 403 without the scopes that the route names."""
    caller = await authenticate(request, authorization)
    caller.need(*scopes.scopes)
    return caller


CurrentCaller = Annotated[Caller, Depends(permitted)]
"""Who is calling, with whatever scopes; inside a `Security` dependency, with those that it names."""

Reading = Annotated[Caller, Security(permitted, scopes=[Scope.TASKS_READ])]
Writing = Annotated[Caller, Security(permitted, scopes=[Scope.TASKS_WRITE])]
Chatting = Annotated[Caller, Security(permitted, scopes=[Scope.CHAT])]
Administering = Annotated[Caller, Security(permitted, scopes=[Scope.ADMIN_SELF])]
"""Who is calling, with that scope; 403 for a personal access token that does not have it."""


async def _service(request: Request) -> str:
    callee: str = request.app.state.config.app_id
    given = request.headers.getlist("dapr-caller-app-id")  # a sidecar adds the true one to one that the caller set
    caller = given[0] if len(given) == 1 else ""
    edges = CATALOGUE.callers(callee).get(caller, ())
    if any(request.method in edge.methods and covers(edge.path, request.url.path) for edge in edges):
        return caller
    raise Problem(403, f"{caller or 'A caller without one app id'} may not {request.method} this of {callee}.")


CallingService = Annotated[str, Depends(_service)]
"""The app id of the service that calls; 403 unless the catalogue has the edge."""


def covers(pattern: str, path: str) -> bool:
    """Tell whether an edge's pattern covers a path: `/*` is one segment, `/**` any depth and the bare prefix too."""
    if pattern.endswith("/**"):
        prefix = pattern.removesuffix("/**")
        return path == prefix or path.startswith(prefix + "/")
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(g if w == "*" else g == w for w, g in zip(wanted, given, strict=True))
