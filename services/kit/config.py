"""What a service is told by its surroundings: environment variables, the same under every Dapr runtime."""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from components.conversation import Provider
from services.kit.task import Frozen

_VARIABLES = {
    "host": "APP_HOST",
    "port": "APP_PORT",
    "dapr_http_port": "DAPR_HTTP_PORT",
    "dapr_grpc_port": "DAPR_GRPC_PORT",
    "dapr_api_token": "DAPR_API_TOKEN",
    "app_api_token": "APP_API_TOKEN",
    "auth": "AUTH",
    "oidc_issuer": "OIDC_ISSUER",
    "oidc_audience": "OIDC_AUDIENCE",
    "oidc_jwks_url": "OIDC_JWKS_URL",
    "oidc_client_id": "OIDC_CLIENT_ID",
    "oidc_scopes": "OIDC_SCOPES",
    "oidc_origins": "OIDC_ORIGINS",
    "public_origins": "PUBLIC_ORIGINS",
    "log_level": "LOG_LEVEL",
    "conversation": "CONVERSATION",
}
_LISTS = frozenset({"public_origins", "oidc_origins"})


class ConfigError(Exception):
    """The environment of a service is wrong; the message lists every problem and the variable that mends it."""


class Config(Frozen):
    """The settings of one service process.

    `oidc_client_id` is the client that the page signs people in as, `oidc_scopes` what it asks for, and `oidc_origins`
    are the origins that the sign-in service answers at beside its issuer's own.
    `public_origins` are the addresses, as `scheme://host[:port]`, that people reach the platform at.
    `conversation` is whose language model the chat talks to; with none it goes by rules.
    """

    app_id: str
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    dapr_http_port: int = Field(default=3500, ge=1, le=65535)
    dapr_grpc_port: int = Field(default=50001, ge=1, le=65535)
    dapr_api_token: str | None = None
    app_api_token: str | None = None
    auth: Literal["none", "oidc"] = "none"
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    oidc_client_id: str | None = None
    oidc_scopes: str = "openid profile offline_access"
    oidc_origins: tuple[str, ...] = ()
    public_origins: tuple[str, ...] = ()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    conversation: Provider | None = None

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.auth == "none" and not _is_loopback(self.host):
            raise ValueError(
                f"AUTH=none lets everybody in, so it needs a loopback APP_HOST, not {self.host}; set AUTH=oidc"
            )
        if self.auth == "none" and self.oidc_client_id:
            raise ValueError("OIDC_CLIENT_ID says nothing without AUTH=oidc; set both or neither")
        if self.auth == "oidc":
            given = {
                "OIDC_ISSUER": self.oidc_issuer,
                "OIDC_AUDIENCE": self.oidc_audience,
                "OIDC_JWKS_URL": self.oidc_jwks_url,
            }
            missing = [name for name, value in given.items() if not value]
            if missing:
                raise ValueError(f"AUTH=oidc needs {', '.join(missing)}")
            if not self.app_api_token and not _is_loopback(self.host):
                raise ValueError("without APP_API_TOKEN anybody could speak as the sidecar; set it")
        return self

    @classmethod
    def from_environment(cls, app_id: str, default_port: int, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings of `app_id`; ConfigError names every variable that is wrong."""
        values: dict[str, object] = {"app_id": app_id, "port": default_port}
        for field, variable in _VARIABLES.items():
            if text := environment.get(variable, "").strip():
                values[field] = tuple(text.split()) if field in _LISTS else text
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = [
                f"{_VARIABLES.get(str(e['loc'][0]), e['loc'][0]) if e['loc'] else 'settings'}: "
                + e["msg"].removeprefix("Value error, ")
                for e in error.errors()
            ]
            raise ConfigError(f"{app_id} cannot start: " + "; ".join(problems)) from None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
