"""The issuer's public keys: kept, refreshed beside the calls that use them, and asked for only now and then."""

import asyncio
import logging
import time
from typing import Any, Final

import aiohttp

from services.kit.problems import Problem, unavailable

log = logging.getLogger(__name__)

_STALE_SECONDS: Final = 600
_PAUSE_SECONDS: Final = 10
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)


class KeySet:
    """The JWKS at `url`. An issuer that is away does not lock out those whose tokens are signed with known keys."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http
        self._keys: dict[str, Any] = {}
        self._tried: float | None = None
        self._refresh: asyncio.Task[None] | None = None

    async def get(self, kid: str | None) -> Any | None:  # noqa: ANN401 - jwt.PyJWK, imported late
        """Return the key of that id (without one: the only key); None where the issuer lists none. 503: no keys yet."""
        found = self._find(kid)
        age = None if self._tried is None else time.monotonic() - self._tried
        if age is None or age > (_STALE_SECONDS if found else _PAUSE_SECONDS):
            self._refreshing()
        if found is None and self._refresh is not None:
            await asyncio.shield(self._refresh)
        if not self._keys:
            raise self._away()
        return self._find(kid)

    def _find(self, kid: str | None) -> Any | None:  # noqa: ANN401
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid or "")

    def _refreshing(self) -> "asyncio.Task[None]":
        if self._refresh is None or self._refresh.done():
            self._tried = time.monotonic()
            self._refresh = asyncio.create_task(self._fetch(), name="jwks")
        return self._refresh

    async def _fetch(self) -> None:
        import jwt  # noqa: PLC0415 - its cryptography is heavy, and AUTH=none does without it

        try:
            async with self._http.get(self._url, timeout=_TIMEOUT) as answer:
                answer.raise_for_status()
                found = jwt.PyJWKSet.from_dict(dict(await answer.json(content_type=None))).keys
        except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as error:
            log.warning("the issuer's keys cannot be read from %s: %s", self._url, error)
            return
        self._keys = {key.key_id or "": key for key in found}

    @staticmethod
    def _away() -> Problem:
        return unavailable("The sign-in service cannot be reached just now; try again.", 5)
