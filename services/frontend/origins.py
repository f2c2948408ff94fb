"""Which addresses the platform answers at, so that no foreign page can drive it.

A page of another origin makes a browser send requests here: the browser then names that origin. A page whose own
name was made to resolve to this address (DNS rebinding) sends no foreign origin, but the foreign name as Host.
Both are refused before anything else is looked at, also on a loopback address.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kit.config import Config, ConfigError
from services.kit.middleware import OPEN_PATHS
from services.kit.problems import Problem, render

_AUTHORITY: Final = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_LINK_METHODS: Final = frozenset({"GET", "HEAD"})
_FOREIGN_SITES: Final = frozenset({"cross-site", "same-site"})


def public_origins(config: Config) -> tuple[str, ...]:
    """Return the origins that people reach the platform at; ConfigError when one cannot be read or none is known."""
    if config.public_origins:
        return tuple(normal(origin, "PUBLIC_ORIGINS") for origin in config.public_origins)
    if config.host not in {"127.0.0.1", "localhost", "::1"}:
        raise ConfigError(
            "frontend cannot start: PUBLIC_ORIGINS: name the addresses that people reach it at, as https://name"
        )
    return tuple(normal(f"http://{name}:{config.port}", "PUBLIC_ORIGINS") for name in ("127.0.0.1", "localhost"))


def normal(origin: str, variable: str) -> str:
    """Return `scheme://host[:port]` in lower case, without the port where it is the scheme's own.

    ConfigError, which names the variable that it comes from, for what is no origin.
    """
    parts = urlsplit(origin.rstrip("/").lower())
    if parts.scheme not in _DEFAULT_PORTS or not _AUTHORITY.fullmatch(parts.netloc) or parts[2:] != ("", "", ""):
        raise ConfigError(f"frontend cannot start: {variable}: {origin} is not of the form https://name[:port]")
    return f"{parts.scheme}://{parts.netloc.removesuffix(':' + _DEFAULT_PORTS[parts.scheme])}"


def _hosts(origins: Iterable[str]) -> frozenset[str]:
    """Return every way to write the hosts of `origins` in a Host header: with and without the scheme's own port."""
    found = set()
    for origin in origins:
        scheme, _, authority = origin.partition("://")
        found.add(authority)
        if urlsplit(origin).port is None:
            found.add(f"{authority}:{_DEFAULT_PORTS[scheme]}")
    return frozenset(found)


class RequirePublicAddress:
    """Refuse requests and upgrades that name a foreign Host (421) or Origin (403).

    `private` are the path prefixes that the sidecar calls. Those, health and metrics are reached under whatever
    name the surroundings know the process by; but nothing of them sends an Origin, so that one is held to there too.
    """

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...], private: tuple[str, ...]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = _hosts(origins)
        self._private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or upgrade, or refuse it."""
        if scope["type"] in {"http", "websocket"} and (refusal := self._refusal(scope)):
            await render(refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if self._is_foreign(headers, scope.get("method", "GET")):
            return Problem(403, "Pages of another origin may not call this address.")
        path = scope["path"]
        if scope["type"] == "http" and (path in OPEN_PATHS or path.startswith(self._private)):
            return None
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Problem(421, "The platform does not answer under this Host.")
        return None

    def _is_foreign(self, headers: Headers, method: str) -> bool:
        """Tell whether a page of another origin asks; a link of one may lead here, a form of one may not."""
        if any(origin.lower() not in self._origins for origin in headers.getlist("origin")):
            return True
        followed = method in _LINK_METHODS and headers.get("sec-fetch-mode", "navigate") == "navigate"
        return not followed and headers.get("sec-fetch-site") in _FOREIGN_SITES
