"""What the page is told of the sign-in, and which origins its policy lets it call."""

import json
from pathlib import Path

import aiohttp
import pytest
from harness.ports import free_ports
from harness.serving import serving

from components.catalogue import FRONTEND
from services.frontend import pages
from services.frontend.app import build
from services.frontend.sign_in import SignIn
from services.kit.config import Config, ConfigError

OIDC = {
    "AUTH": "oidc",
    "OIDC_ISSUER": "https://ID.example.com/realms/people",
    "OIDC_AUDIENCE": "tasks",
    "OIDC_JWKS_URL": "https://id.example.com/keys",
}
PAGE = OIDC | {"OIDC_CLIENT_ID": "page"}


def config(environment: dict[str, str]) -> Config:
    return Config.from_environment(FRONTEND, free_ports(1)[0], environment)


async def told(environment: dict[str, str], out: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, object]:
    """Return the policy of the page, the caching and the content of /config.json as the service gives them."""
    (out / "index.html").write_text("<p>page</p>")
    (out / "views.json").write_text(json.dumps(["today"]))
    monkeypatch.setattr(pages.Pages.__init__, "__defaults__", (out, ()))
    settings = config(environment)
    async with serving(build(settings), settings), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{settings.port}"
        async with http.get(f"{url}/today") as page, http.get(f"{url}/config.json") as answer:
            return page.headers["Content-Security-Policy"], answer.headers["Cache-Control"], await answer.json()


async def test_without_sign_in_the_page_calls_its_own_origin_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, caching, document = await told({}, tmp_path, monkeypatch)
    assert (caching, document) == ("no-store", {"sign_in": None})
    assert "connect-src 'self';" in policy


async def test_the_page_may_call_the_sign_in_service_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"OIDC_ORIGINS": "https://token.example.com https://id.example.com", "OIDC_SCOPES": "openid email"}
    policy, caching, document = await told(PAGE | more, tmp_path, monkeypatch)
    assert "connect-src 'self' https://id.example.com https://token.example.com;" in policy
    assert "frame-src" not in policy
    assert "default-src 'none'" in policy
    expected = {"issuer": OIDC["OIDC_ISSUER"], "client_id": "page", "scope": "openid email", "audience": "tasks"}
    assert (caching, document) == ("no-store", {"sign_in": expected})


def test_a_platform_for_programs_alone_has_no_client_and_calls_nobody() -> None:
    found = SignIn.of(config(OIDC))
    assert found.origins == ()
    assert found.document["sign_in"] == {
        "issuer": OIDC["OIDC_ISSUER"], "client_id": None, "scope": "openid profile offline_access", "audience": "tasks",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"OIDC_SCOPES": "profile"}, "OIDC_SCOPES: profile lacks openid"),
        ({"OIDC_ISSUER": "http://id.example.com"}, "OIDC_ISSUER: http://id.example.com would get tokens in plain"),
        ({"OIDC_ISSUER": "id.example.com"}, "OIDC_ISSUER: .* is not of the form"),
        ({"OIDC_ORIGINS": "https://id.example.com/token"}, "OIDC_ORIGINS: .* is not of the form"),
        ({"OIDC_ORIGINS": "'self';script-src"}, "OIDC_ORIGINS: .* is not of the form"),
        ({"OIDC_ORIGINS": "https://*;script-src"}, "OIDC_ORIGINS: .* is not of the form"),
        ({"OIDC_ORIGINS": "https://id.example.com:http"}, "OIDC_ORIGINS: .* is not of the form"),
        ({"AUTH": "none"}, "OIDC_CLIENT_ID says nothing without AUTH=oidc"),
    ],
)
def test_wrong_settings_keep_the_service_from_starting(changed: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        build(config(PAGE | changed))


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:9000"])
def test_a_sign_in_service_on_this_machine_needs_no_certificate(issuer: str) -> None:
    assert SignIn.of(config(PAGE | {"OIDC_ISSUER": issuer})).origins == (issuer.removesuffix("/x"),)
