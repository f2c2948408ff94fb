"""The settings of a service: what is unsafe does not start, and every problem is named with its variable."""

import pytest

from services.kit.config import Config, ConfigError

OIDC = {
    "AUTH": "oidc",
    "OIDC_ISSUER": "https://issuer.example",
    "OIDC_AUDIENCE": "tasks",
    "OIDC_JWKS_URL": "https://issuer.example/keys",
}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_sign_in_a_loopback_address_starts(host: str) -> None:
    assert Config.from_environment("backend", 8001, {"APP_HOST": host}).host == host


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"APP_HOST": "0.0.0.0"}, "AUTH=none lets everybody in"),
        ({"APP_HOST": "::"}, "AUTH=none lets everybody in"),
        ({"APP_HOST": "localhost.evil.example"}, "AUTH=none lets everybody in"),
        ({"OIDC_CLIENT_ID": "page"}, "OIDC_CLIENT_ID says nothing without AUTH=oidc"),
        ({"AUTH": "oidc"}, "AUTH=oidc needs OIDC_ISSUER, OIDC_AUDIENCE, OIDC_JWKS_URL"),
        (OIDC | {"OIDC_AUDIENCE": " "}, "AUTH=oidc needs OIDC_AUDIENCE"),
        (OIDC | {"APP_HOST": "0.0.0.0"}, "without APP_API_TOKEN anybody could speak as the sidecar"),
    ],
)
def test_what_is_unsafe_does_not_start(environment: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environment("backend", 8001, environment)
    assert str(refusal.value).startswith(f"backend cannot start: settings: {says}")


def test_with_sign_in_and_the_app_token_any_address_starts() -> None:
    environment = OIDC | {"APP_HOST": "0.0.0.0", "APP_API_TOKEN": "secret"}
    assert Config.from_environment("backend", 8001, environment).auth == "oidc"


def test_every_problem_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigError) as refusal:
        Config.from_environment("backend", 8001, {"APP_PORT": "0", "AUTH": "maybe", "LOG_LEVEL": "LOUD"})
    assert all(f"{variable}: " in str(refusal.value) for variable in ("APP_PORT", "AUTH", "LOG_LEVEL"))
