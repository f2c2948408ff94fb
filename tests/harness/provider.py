"""An OpenID provider for tests and for trying sign-in: anybody gets in under any name, by the book otherwise.

`PYTHONPATH=tests python -m harness.provider` runs one and says how to start the platform with it. What a provider must
check is checked: redirect URIs, PKCE (S256 alone), codes that are good for once, refresh tokens that are rotated and
that end the whole sign-in when an old one comes again.
"""

import asyncio
import base64
import hashlib
import html
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import jwt
from aiohttp import web

from harness.issuer import AUDIENCE, Issuer

CLIENT: Final = "task-platform-page"
_COOKIE: Final = "provider-session"
_NEEDED: Final = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge")
_PAGE: Final = """<!doctype html><html lang="en"><title>Provider</title><h1>Who are you?</h1>
<form method="post"><input name="person" aria-label="Name" autofocus required><button>Enter</button>
<button name="denied" value="1" formnovalidate>Cancel</button></form>"""


@dataclass(frozen=True, slots=True)
class Grant:
    """A sign-in of one window: `family` is shared by all refresh tokens that follow from it."""

    person: str
    nonce: str
    scope: str
    redirect: str = ""
    challenge: str = ""
    family: str = field(default_factory=lambda: secrets.token_urlsafe(8))


class Provider(Issuer):
    """An issuer at which people sign in on `pages`, the origins of the platform.

    `lasts` is how long access tokens do, in seconds; `refuses` makes it refuse every renewal; `heard` counts what came.
    """

    def __init__(self, port: int, pages: tuple[str, ...], lasts: float = 300) -> None:
        super().__init__(port)
        self.pages = pages
        self.lasts = lasts
        self.refuses = False
        self.heard: Counter[str] = Counter()
        self._sessions: dict[str, str] = {}
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._used: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a platform whose page signs in here."""
        return {name.upper(): value for name, value in self.settings.items()} | {"OIDC_CLIENT_ID": CLIENT}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the endpoints of a provider, and two for tests: what was heard, and what to change."""
        super().add_routes(router)
        router.add_get("/.well-known/openid-configuration", self._discovery)
        router.add_route("*", "/authorize", self._authorize)
        router.add_post("/token", self._token)
        router.add_post("/revoke", self._revoke)
        router.add_get("/end-session", self._end_session)
        router.add_get("/heard", self._tell)
        router.add_post("/change", self._change)

    async def _discovery(self, request: web.Request) -> web.Response:
        at = self.url
        document = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "revocation_endpoint": f"{at}/revoke",
            "end_session_endpoint": f"{at}/end-session",
            "jwks_uri": self.jwks_url,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
        }
        return self._open(request, document)

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = request.query
        if asked.get("redirect_uri") not in {f"{page}/signed-in" for page in self.pages}:
            return web.Response(text="The redirect URI is not registered.", status=400)
        back, state = asked["redirect_uri"], asked.get("state", "")
        if problem := _problem_of(asked):
            return _redirect(back, state=state, error="invalid_request", error_description=problem)
        form = await request.post() if request.method == "POST" else {}
        if "denied" in form:
            return _redirect(back, state=state, error="access_denied")
        session = request.cookies.get(_COOKIE, "")
        if form.get("person"):
            session = secrets.token_urlsafe(16)
            self._sessions[session] = str(form["person"])
        if session not in self._sessions:
            if asked.get("prompt") == "none":
                self.heard["login_required"] += 1
                return _redirect(back, state=state, error="login_required")
            return web.Response(text=_PAGE, content_type="text/html")
        code = secrets.token_urlsafe(16)
        person, scope = self._sessions[session], asked["scope"]
        self._codes[code] = Grant(person, asked["nonce"], scope, back, asked["code_challenge"])
        answer = _redirect(back, state=state, code=code)
        answer.set_cookie(_COOKIE, session, httponly=True, samesite="Lax")
        return answer

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        kind = form.get("grant_type", "")
        self.heard[kind] += 1
        grant = self._by_code(form) if kind == "authorization_code" else self._by_refresh_token(form)
        if grant is None or form.get("client_id") != CLIENT:
            self.heard["invalid_grant"] += 1
            return self._open(request, {"error": "invalid_grant", "error_description": "It is not good."}, 400)
        return self._open(request, self._tokens(grant))

    def _by_code(self, form: dict[str, str]) -> Grant | None:
        grant = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = grant and secrets.compare_digest(challenge, grant.challenge) and grant.redirect == form["redirect_uri"]
        return grant if right else None

    def _by_refresh_token(self, form: dict[str, str]) -> Grant | None:
        token = form.get("refresh_token", "")
        if family := self._used.get(token):  # stolen, or two windows share it: whoever has it loses it
            self._end(family)
        if self.refuses:
            return None
        grant = self._refresh.pop(token, None)
        if grant:
            self._used[token] = grant.family
        return grant

    def _tokens(self, grant: Grant) -> dict[str, object]:
        refresh, now = secrets.token_urlsafe(16), time.time()
        self._refresh[refresh] = grant
        claims = {"iss": self.url, "aud": CLIENT, "sub": grant.person, "name": grant.person, "nonce": grant.nonce}
        return {
            "access_token": self.token(grant.person, lasts=self.lasts, name=grant.person, jti=secrets.token_hex(8)),
            "id_token": self.sign(claims | {"iat": int(now), "exp": int(now + self.lasts)}),
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": int(self.lasts),
            "scope": grant.scope,
        }

    def _end(self, family: str) -> None:
        self._refresh = {token: grant for token, grant in self._refresh.items() if grant.family != family}

    async def _revoke(self, request: web.Request) -> web.Response:
        grant = self._refresh.get(str((await request.post()).get("token")))
        if grant:
            self._end(grant.family)
            self.heard["revoked"] += 1
        return self._open(request, {})

    async def _end_session(self, request: web.Request) -> web.Response:
        try:
            self.read(request.query.get("id_token_hint", ""), CLIENT)
        except jwt.PyJWTError:
            return web.Response(text="Whose session?", status=400)
        self._sessions.pop(request.cookies.get(_COOKIE, ""), None)
        self.heard["ended"] += 1
        back = request.query.get("post_logout_redirect_uri", "")
        if back not in {f"{page}/" for page in self.pages}:
            return web.Response(text=f"Signed out; {html.escape(back)} is not registered.")
        answer = _redirect(back)
        answer.del_cookie(_COOKIE)
        return answer

    async def _tell(self, _: web.Request) -> web.Response:
        return web.json_response({**self.heard, "refresh_tokens": len(self._refresh)})

    async def _change(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.lasts, self.refuses = asked.get("lasts", self.lasts), asked.get("refuses", self.refuses)
        return web.json_response({})

    def _open(self, request: web.Request, document: object, status: int = 200) -> web.Response:
        """Answer a script of one of the pages."""
        origin = request.headers.get("Origin", "")
        allowed = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin in self.pages else {}
        return web.json_response(document, status=status, headers={**allowed, "Cache-Control": "no-store"})


def _problem_of(asked: Mapping[str, str]) -> str:
    missing = [name for name in _NEEDED if not asked.get(name)]
    if missing:
        return f"{', '.join(missing)}: missing"
    fixed = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256", "audience": AUDIENCE}
    wrong = [name for name, value in fixed.items() if asked.get(name) != value]
    if "openid" not in asked["scope"].split():
        wrong.append("scope")
    return f"{', '.join(wrong)}: wrong" if wrong else ""


def _redirect(back: str, **answer: str) -> web.Response:
    return web.Response(status=302, headers={"Location": f"{back}?{urlencode(answer)}" if answer else back})


async def _serve(port: int, pages: tuple[str, ...], lasts: float) -> None:
    async with Provider(port, pages, lasts) as provider:
        words = " ".join(f"{name}={value}" for name, value in provider.environment.items())
        sys.stdout.write(f"The provider is at {provider.url}. Start the platform so:\n\n    {words} make up\n\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run a provider: `PORT`, the origins of the page, and how many seconds access tokens last."""
    given = dict(enumerate(sys.argv))
    port, lasts = int(given.get(1, "9000")), float(given.get(3, "300"))
    pages = given.get(2, "http://127.0.0.1:8080,http://localhost:8080")
    try:
        asyncio.run(_serve(port, tuple(pages.split(",")), lasts))
    except KeyboardInterrupt:
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
