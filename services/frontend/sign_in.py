"""How people sign in on the page: what its OpenID Connect client has to know, and which origins it then calls.

The page asks `GET /config.json` when it starts. It holds no secret: the client is a public one, with PKCE.
"""

from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.frontend.origins import normal
from services.kit.config import Config, ConfigError
from services.kit.task import Frozen

_REQUIRED: Final = "openid"


class SignIn(Frozen):
    """The sign-in of the page: `document` is what it reads, `origins` are those of the sign-in service."""

    document: dict[str, object]
    origins: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return what the settings ask for; ConfigError names the variable that is wrong."""
        if config.auth == "none":
            return cls(document={"sign_in": None})
        found = {
            "issuer": config.oidc_issuer,
            "client_id": config.oidc_client_id,
            "scope": config.oidc_scopes,
            "audience": config.oidc_audience,
        }
        if not config.oidc_client_id:  # a platform for programs alone: the page says that it cannot sign in
            return cls(document={"sign_in": found})
        if _REQUIRED not in config.oidc_scopes.split():
            raise ConfigError(f"frontend cannot start: OIDC_SCOPES: {config.oidc_scopes} lacks {_REQUIRED}")
        origins = [_origin_of(config.oidc_issuer or ""), *(_safe(o, "OIDC_ORIGINS") for o in config.oidc_origins)]
        return cls(document={"sign_in": found}, origins=tuple(dict.fromkeys(origins)))

    def route(self) -> Route:
        """Return the route of `/config.json`; what it says is never kept, since it may change with a restart."""

        async def answer(_: Request) -> Response:
            return JSONResponse(self.document, headers={"Cache-Control": "no-store"})

        return Route("/config.json", answer)


def _origin_of(issuer: str) -> str:
    parts = urlsplit(issuer)
    return _safe(f"{parts.scheme}://{parts.netloc}", "OIDC_ISSUER")


def _safe(origin: str, variable: str) -> str:
    """Return an origin in its one form; tokens go there, so that it has to be HTTPS or this machine."""
    found = normal(origin, variable)
    host = urlsplit(found).hostname or ""
    if found.startswith("http://") and not _is_loopback(host):
        raise ConfigError(f"frontend cannot start: {variable}: {origin} would get tokens in plain text; use https://")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
