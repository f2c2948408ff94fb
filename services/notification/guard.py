"""The only way out to addresses that people name: webhooks go through here, and nowhere inside.

A URL is judged by its text, its host name is resolved once for each request, every address that comes back is judged,
and the connection is made to those very addresses, so that a second answer of the name server changes nothing.
Redirects are not followed, proxies of the environment not used, and the body of an answer is never read.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.notification.addresses import is_public

MAX_URL: Final = 2000
MAX_BODY: Final = 64 * 1024
TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=4, sock_read=6)

_UNSAFE: Final = re.compile(r"[^\x21-\x7e\u00a1-\U0010ffff]|[\\\ufffd]")
_AUTHORITY: Final = re.compile(r"[A-Za-z]+://([^/?#]+)")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE: Final = ("local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa")
_HTTPS_PORT: Final = 443
_FIRST_FREE_PORT: Final = 1024

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name; OSError where there are none."""


class Refused(Exception):
    """The guard does not let this URL pass; the message says why."""


async def look_up(host: str) -> Sequence[str]:
    """Ask the system's resolver for every address of a host name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Pinned(AbstractResolver):
    """Gives a connection the addresses that were judged, and no other."""

    def __init__(self, guard: "Guard") -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=_family(address),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self._guard.resolve(host)
            if family in {socket.AF_UNSPEC, _family(address)}
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Guard:
    """Judges URLs and posts to those that pass.

    `allow_private` also lets plain HTTP, any port and any address pass. `context` is the TLS context, the default one
    where there is none.
    """

    def __init__(
        self, *, allow_private: bool = False, lookup: Lookup = look_up, context: ssl.SSLContext | None = None
    ) -> None:
        self._allow_private = allow_private
        self._lookup = lookup
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Pinned(self),
                use_dns_cache=False,
                force_close=True,
                limit=0,
                ssl=context or True,
                socket_factory=self._socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=TIMEOUT,
            trust_env=False,
            auto_decompress=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def check(self, text: str) -> URL:
        """Return the URL, judged by its text alone; Refused says what is wrong with it."""
        url = _parse(text)
        if url.scheme != "https" and not (self._allow_private and url.scheme == "http"):
            raise Refused("must begin with https://")
        if not self._allow_private:
            _check_port(url)
            _check_host(url.raw_host or "")
        return url

    async def check_reachable(self, text: str) -> None:
        """Refuse a URL also for the addresses of its name; a name that has none just now passes."""
        host = self.check(text).raw_host or ""
        try:
            await asyncio.wait_for(self.resolve(host), 3)
        except (OSError, TimeoutError):
            return

    async def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a host, resolved once; Refused if any of them leads inside, OSError without any."""
        addresses = [host] if _is_address(host) else await self._lookup(host)
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow_private and not all(map(is_public, addresses)):
            raise Refused("names an address that is not public")
        return addresses

    async def post(self, text: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post the body and return the status of the answer.

        Raises Refused, aiohttp.ClientError, OSError or TimeoutError. The body has at most `MAX_BODY` bytes.
        """
        if len(body) > MAX_BODY:
            raise Refused(f"the body has more than {MAX_BODY} bytes")
        url = self.check(text)
        async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status

    def _socket(self, info: tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]) -> socket.socket:
        """Open the socket of a connection: the last place where an address can be judged, and none goes round it."""
        family, kind, protocol, _, address = info
        if not self._allow_private and not is_public(address[0]):
            raise Refused("names an address that is not public")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened


def _parse(text: str) -> URL:
    if len(text) > MAX_URL:
        raise Refused(f"must have at most {MAX_URL} characters")
    if _UNSAFE.search(text):
        raise Refused("must not contain spaces, control characters or backslashes")
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise Refused("is not a URL") from None
    if not url.raw_host or port is None or not 0 < port <= 65_535:
        raise Refused("is not a URL with a host")
    authority = _AUTHORITY.match(text)
    if authority is None or ("[" in authority[1] and ":" not in url.raw_host):
        raise Refused("is not a URL with a host")
    if "@" in authority[1]:
        raise Refused("must not contain a user name or a password")
    if "#" in text:
        raise Refused("must not contain a fragment")
    return url


def _check_port(url: URL) -> None:
    if url.port != _HTTPS_PORT and (url.port or 0) < _FIRST_FREE_PORT:
        raise Refused("must use port 443, or one from 1024 on")


def _check_host(host: str) -> None:
    """Refuse host names that are written, or meant, for something inside."""
    if _is_address(host):
        if not is_public(host):
            raise Refused("names an address that is not public")
        return
    labels = host.lower().split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("has a host name that is none")
    if _NUMERIC.fullmatch(labels[-1]):
        raise Refused("has an address in an unusual notation")
    if len(labels) < 2 or labels[-1] in _INSIDE:
        raise Refused("names a host that is not public")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
