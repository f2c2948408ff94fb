"""Who is calling: a person, by OIDC bearer token or as the one person of a loopback platform; or a service.

Every service verifies a person's token itself, wherever in the chain of calls it stands. A call between services
carries the caller's app id in `dapr-caller-app-id`, which only a sidecar can set (calls without the app token are
refused before), and is held against the edges of the catalogue.
"""

import asyncio
import logging
import time
from typing import Annotated, Any, Final, Protocol

import aiohttp
from fastapi import Depends, Header
from starlette.requests import HTTPConnection, Request

from components.catalogue import CATALOGUE
from services.kit import trace
from services.kit.config import Config
from services.kit.ids import person_id
from services.kit.problems import Problem, unavailable
from services.kit.task import Frozen

log = logging.getLogger(__name__)

LOCAL_PERSON: Final = person_id("local", "me")
_ALGORITHMS: Final = ["RS256", "ES256"]
_JWKS_SECONDS: Final = 600
_REFRESH_SECONDS: Final = 10


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
    """`AUTH=oidc`: a JWT signed with RS256 or ES256 by a key of the issuer's JWKS, which is kept for ten minutes."""

    def __init__(self, config: Config, http: aiohttp.ClientSession) -> None:
        self._issuer = config.oidc_issuer or ""
        self._audience = config.oidc_audience or ""
        self._url = config.oidc_jwks_url or ""
        self._http = http
        self._keys: dict[str, Any] = {}
        self._fetched = 0.0
        self._lock = asyncio.Lock()

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return who the bearer token names; the 401 says what is wrong with it."""
        import jwt  # noqa: PLC0415 - its cryptography is heavy, and AUTH=none does without it

        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Send a bearer token: Authorization: Bearer <JWT>.")
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
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

    async def _key(self, kid: str | None) -> Any:  # noqa: ANN401 - jwt.PyJWK, imported late
        async with self._lock:
            age = time.monotonic() - self._fetched
            if not self._keys or age > _JWKS_SECONDS or (kid not in self._keys and age > _REFRESH_SECONDS):
                await self._fetch()
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise unauthorized("The token is signed with a key that the issuer does not list.")
        return self._keys[kid]

    async def _fetch(self) -> None:
        import jwt  # noqa: PLC0415

        try:
            async with self._http.get(self._url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                answer.raise_for_status()
                found = jwt.PyJWKSet.from_dict(await answer.json(content_type=None)).keys
        except (aiohttp.ClientError, TimeoutError, ValueError, jwt.PyJWTError) as error:
            log.warning("the issuer's keys cannot be read from %s: %s", self._url, error)
            if not self._keys:
                raise unavailable("The sign-in service cannot be reached just now; try again.", 5) from None
            return
        self._keys = {key.key_id or "": key for key in found}
        self._fetched = time.monotonic()


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
