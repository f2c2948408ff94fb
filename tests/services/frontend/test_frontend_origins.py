"""Which addresses the platform answers at."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.frontend.origins import RequirePublicAddress, public_origins
from services.kit.config import Config, ConfigError

PRIVATE = ("/events/", "/dapr/")


def _config(*origins: str, host: str = "127.0.0.1") -> Config:
    oidc = {"app_api_token": "t", "auth": "oidc", "oidc_issuer": "i", "oidc_audience": "a", "oidc_jwks_url": "u"}
    return Config.model_validate({"app_id": "frontend", "port": 8080, "public_origins": origins, "host": host} | oidc)


async def _status(
    origins: tuple[str, ...], path: str, *headers: tuple[str, str], kind: str = "http", method: str = "GET"
) -> int:
    """Return the status of the refusal, or 200 where the request is let through."""
    statuses: list[int] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        statuses.append(200)

    async def send(message: Message) -> None:
        if message["type"].endswith("response.start"):
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request"}

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": kind, "path": path, "headers": raw} | ({"method": method} if kind == "http" else {})
    await RequirePublicAddress(inner, origins=origins, private=PRIVATE)(scope, receive, send)
    return statuses[0]


def test_a_loopback_platform_is_reached_under_its_two_names() -> None:
    assert public_origins(_config()) == ("http://127.0.0.1:8080", "http://localhost:8080")


def test_origins_are_compared_in_one_form() -> None:
    given = _config("https://Tasks.Example.com:443/", "http://other:80", "http://other:8080")
    assert public_origins(given) == ("https://tasks.example.com", "http://other", "http://other:8080")


@pytest.mark.parametrize("origin", ["tasks.example.com", "ftp://x", "https://", "https://x/path", "https://a@b"])
def test_what_is_no_origin_is_refused_at_the_start(origin: str) -> None:
    with pytest.raises(ConfigError, match="PUBLIC_ORIGINS"):
        public_origins(_config(origin))


def test_an_open_address_needs_to_be_told_its_name() -> None:
    with pytest.raises(ConfigError, match="PUBLIC_ORIGINS"):
        public_origins(_config(host="0.0.0.0"))


ORIGINS = ("http://localhost:8080", "https://tasks.example.com")
HOME = ("Host", "localhost:8080")


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([HOME], 200),
        ([("Host", "LOCALHOST:8080")], 200),
        ([("Host", "tasks.example.com")], 200),
        ([("Host", "tasks.example.com:443")], 200),
        ([HOME, ("Origin", "http://localhost:8080")], 200),
        ([], 421),
        ([("Host", "evil.example")], 421),
        ([("Host", "localhost")], 421),
        ([("Host", "localhost:8080.evil.example")], 421),
        ([("Host", "tasks.example.com:80")], 421),
        ([HOME, HOME], 421),
        ([HOME, ("Origin", "http://evil.example")], 403),
        ([HOME, ("Origin", "null")], 403),
        ([HOME, ("Origin", "")], 403),
        ([HOME, ("Origin", "http://localhost:3000")], 403),
        ([HOME, ("Origin", "https://localhost:8080")], 403),
        ([HOME, ("Origin", "http://localhost:8080"), ("Origin", "http://evil.example")], 403),
        ([HOME, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], 403),
        ([HOME, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")], 403),
        ([HOME, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], 200),
        ([HOME, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")], 200),
    ],
)
async def test_host_and_origin(kind: str, headers: list[tuple[str, str]], status: int) -> None:
    assert await _status(ORIGINS, "/api/tasks", *headers, kind=kind) == status


@pytest.mark.parametrize("mode", [[("Sec-Fetch-Mode", "navigate")], []])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 403), ("PUT", 403), ("DELETE", 403), ("PATCH", 403)]
)
async def test_a_foreign_page_may_lead_here_but_not_post_a_form(
    method: str, status: int, site: str, mode: list[tuple[str, str]]
) -> None:
    found = await _status(ORIGINS, "/api/tasks", HOME, ("Sec-Fetch-Site", site), *mode, method=method)
    assert found == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/events/task-updates", "/dapr/subscribe"])
async def test_the_surroundings_call_under_any_host_but_no_page_does(path: str) -> None:
    assert await _status(ORIGINS, path, ("Host", "10.0.0.7:8080")) == 200
    assert await _status(ORIGINS, path, ("Host", "10.0.0.7:8080"), ("Origin", "http://evil.example")) == 403


async def test_only_requests_are_looked_at() -> None:
    assert await _status(ORIGINS, "", kind="lifespan") == 200
