"""Who is calling: a person, by OIDC bearer token or as the one person of a loopback platform; or a service.

Every service verifies a person's token itself, wherever in the chain of calls it stands. A call between services
carries the caller's app id in `dapr-caller-app-id`, which only a sidecar can set (calls without the app token are
refused before), and is held against the edges of the catalogue.
"""

from typing import Annotated, Final, Protocol

import aiohttp
from fastapi import Depends, Header
from starlette.requests import HTTPConnection, Request

from components.catalogue import CATALOGUE
from services.kit import trace
from services.kit.config import Config
from services.kit.ids import person_id
from services.kit.jwks import KeySet
from services.kit.problems import Problem
from services.kit.task import Frozen

LOCAL_PERSON: Final = person_id("local", "me")
_ALGORITHMS: Final = ["RS256", "ES256"]


class Caller(Frozen):
    """The person that a call is made for. `subject` is the issuer's name of them, `name` one to show.

    `expires` is when their token does, in seconds since 1970; None when it never does.
    """

    person: str
    subject: str
    name: str
    expires: float | None = None


class Authenticator(Protocol):
    """Tells who is calling from the value of `Authorization`; raises the 401 problem."""

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return who is calling."""


def unauthorized(detail: str) -> Problem:
    """Return the 401, with the challenge that RFC 6750 asks for."""
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="tasks"'})


class Nobody:
    """`AUTH=none`: on a loopback address everyone is the person `me`."""

    async def authenticate(self, authorization: str | None) -> Caller:  # noqa: ARG002 - whatever it is
        """Return `me`."""
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
            raise unauthorized("Send a bearer token: Authorization: Bearer <JWT>.")
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


def authenticator(config: Config, http: aiohttp.ClientSession) -> Authenticator:
    """Return the authenticator that the settings ask for."""
    return Oidc(config, http) if config.auth == "oidc" else Nobody()


async def authenticate(connection: HTTPConnection, authorization: str | None) -> Caller:
    """Return who is calling on this connection, and put their (hashed) id on its log lines."""
    found: Authenticator = connection.app.state.authenticator
    caller = await found.authenticate(authorization)
    trace.person.set(caller.person)
    return caller


async def _caller(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Caller:
    return await authenticate(request, authorization)


CurrentCaller = Annotated[Caller, Depends(_caller)]


async def _service(
    request: Request, dapr_caller_app_id: Annotated[str | None, Header(include_in_schema=False)] = None
) -> str:
    callee: str = request.app.state.config.app_id
    edges = CATALOGUE.callers(callee).get(dapr_caller_app_id or "", ())
    if any(request.method in edge.methods and covers(edge.path, request.url.path) for edge in edges):
        return dapr_caller_app_id or ""
    raise Problem(
        403,
        f"{dapr_caller_app_id or 'A caller without an app id'} may not {request.method} this of {callee}.",
    )


CallingService = Annotated[str, Depends(_service)]
"""The app id of the service that calls; 403 unless the catalogue has the edge."""


def covers(pattern: str, path: str) -> bool:
    """Tell whether an edge's pattern covers a path: `/*` is one segment, `/**` any depth and the bare prefix too."""
    if pattern.endswith("/**"):
        prefix = pattern.removesuffix("/**")
        return path == prefix or path.startswith(prefix + "/")
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(g if w == "*" else g == w for w, g in zip(wanted, given, strict=True))
