"""A sign-in service for tests: signs tokens, and serves the keys that they are checked with."""

import time
from collections.abc import Mapping
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "tasks"


class Issuer:
    """An OpenID Connect issuer with an ES256 and an RS256 key; `async with` serves its JWKS on `port`."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.jwks_url = f"{self.url}/jwks.json"
        self._port = port
        self._keys: dict[str, Any] = {
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        }
        self._runner: web.AppRunner | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What a service's Config is given to trust this issuer."""
        return {
            "auth": "oidc",
            "oidc_issuer": self.url,
            "oidc_audience": AUDIENCE,
            "oidc_jwks_url": self.jwks_url,
        }

    def token(self, subject: str, *, algorithm: str = "ES256", lasts: float = 600, **claims: object) -> str:
        """Return a token for `subject`; `claims` add to or replace the usual ones, None leaves one out."""
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "exp": time.time() + lasts, **claims}
        given = {name: value for name, value in usual.items() if value is not None}
        return jwt.encode(given, self._keys[algorithm], algorithm=algorithm, headers={"kid": algorithm})

    def headers(self, subject: str) -> Mapping[str, str]:
        """Return the header that a call for `subject` carries."""
        return {"Authorization": f"Bearer {self.token(subject)}"}

    def jwks(self) -> dict[str, Any]:
        """Return the public keys."""
        es256 = ECAlgorithm.to_jwk(self._keys["ES256"].public_key(), as_dict=True)
        rs256 = RSAAlgorithm.to_jwk(self._keys["RS256"].public_key(), as_dict=True)
        return {"keys": [es256 | {"kid": "ES256", "use": "sig"}, rs256 | {"kid": "RS256", "use": "sig"}]}

    def sign(self, claims: Mapping[str, object], algorithm: str = "RS256") -> str:
        """Return a token with these claims and no others."""
        return jwt.encode(dict(claims), self._keys[algorithm], algorithm=algorithm, headers={"kid": algorithm})

    def read(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token of ours, expired or not; jwt.PyJWTError for another's."""
        algorithm = jwt.get_unverified_header(token)["alg"]
        key, options = self._keys[algorithm].public_key(), {"verify_exp": False}
        claims: dict[str, Any] = jwt.decode(token, key, [algorithm], options, audience=audience, issuer=self.url)
        return claims

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add what is served."""

        async def serve(_: web.Request) -> web.Response:
            return web.json_response(self.jwks())

        router.add_get("/jwks.json", serve)

    async def __aenter__(self) -> Self:
        app = web.Application()
        self.add_routes(app.router)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()
