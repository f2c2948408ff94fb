"""Tokens at the gateway: checked early, and again by the service that is called."""

import asyncio
import base64
import json

import pytest
from frontend_stage import Stage
from harness.issuer import Issuer


def _forged(token: str, header: dict[str, str]) -> str:
    """Return the token with another header in front."""
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{token.split('.', 1)[1]}"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_token_goes_on_to_the_service(stage: Stage, issuer: Issuer, algorithm: str) -> None:
    authorization = f"Bearer {issuer.token('somebody', algorithm=algorithm)}"
    status, _, told = await stage.call("GET", "/api/tasks", headers={"Authorization": authorization})
    assert (status, told["headers"]["authorization"]) == (200, authorization)


@pytest.mark.parametrize("path", ["/api/tasks", "/api/audit", "/api/notifications"])
async def test_without_a_token_it_is_401_and_says_how(stage: Stage, path: str) -> None:
    status, headers, problem = await stage.call("GET", path)
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert "bearer" in problem["detail"]


async def test_bad_tokens_are_401(stage: Stage, issuer: Issuer) -> None:
    good = issuer.token("a")
    bad = [
        "x",
        "a.b.c",
        "ü.ü.ü",
        good[:-4],
        issuer.token("a", lasts=-60),
        issuer.token("a", aud="else"),
        issuer.token("a", iss="else"),
        issuer.token("a", sub=None),
        issuer.token("a", exp=None),
        issuer.token("a", exp="soon"),
        _forged(good, {"alg": "none", "kid": "ES256"}),
        _forged(good, {"alg": "HS256", "kid": "ES256"}),
        _forged(good, {"alg": "RS256", "kid": "ES256"}),
        _forged(good, {"alg": "ES256", "kid": "RS256"}),
        _forged(good, {"alg": "ES256", "kid": "nobody's"}),
        _forged(good, {"alg": "ES256"}),
    ]
    answers = await asyncio.gather(
        *(stage.call("GET", "/api/tasks", headers={"Authorization": f"Bearer {token}"}) for token in bad)
    )
    assert [status for status, _, _ in answers] == [401] * len(bad)


async def test_what_is_not_there_is_404_whoever_asks(stage: Stage) -> None:
    assert (await stage.call("POST", "/api/jobs/trigger"))[0] == 404
