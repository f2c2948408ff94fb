"""The page that people see: the files of `web/out`, which `make page` builds, each with what browsers are told of it.

There is one page for all its addresses; `views.json`, part of the build, names their first parts. The page holds inline
scripts, which the content security policy lets run by their hashes alone: those are taken here from the very file that
is served, so that the two cannot differ.
"""

import base64
import hashlib
import json
import mimetypes
from collections.abc import Awaitable, Callable, Iterable
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from services.frontend.security import policy

OUT: Final = Path(__file__).parent / "web" / "out"

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}  # the smallest first
_OF_THE_BODY: Final = frozenset({"content-length", "content-type", "content-encoding"})
_MISSING: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Task platform</title><link rel="icon" href="data:,"></head>
<body>
<h1>The platform runs, but its page has not been built</h1>
<p>Install Node 20.9 or newer with npm, then start again with <code>make up</code>, or run <code>make page</code>.</p>
<p>The <a href="/docs">API</a> is all there.</p>
</body>
</html>
"""

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("font/woff2", ".woff2")


class _InlineScripts(HTMLParser):
    """Collects the text of the scripts that stand in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a script that has no file."""
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        """Take its text, which may come in pieces."""
        if self._inside:
            self.found[-1] += data


def script_hashes(page: str) -> list[str]:
    """Return the sources, as a content security policy writes them, that let the inline scripts of a page run."""
    parser = _InlineScripts()
    parser.feed(page)
    parser.close()
    digests = (hashlib.sha256(script.encode()).digest() for script in parser.found)
    return list(dict.fromkeys(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


class Pages:
    """What is served of a build; `called` are the origins beside this one that the page may call."""

    def __init__(self, out: Path = OUT, called: Iterable[str] = ()) -> None:
        self._out = out
        self._page = _page(out / "index.html", called) if (out / "index.html").is_file() else None

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the build; where there is none, one at `/` that says how to get it."""
        out, page = self._out, self._page
        if page is None:
            return [Route("/", _missing)]
        views = json.loads((out / "views.json").read_text())
        beneath = [Route(f"/{view}{rest}", page) for view in views for rest in ("", "/{rest:path}")]
        files = [_file(out, path) for path in sorted(out.rglob("*")) if _is_asset(out, path)]
        return [Route("/", page), *beneath, *files]

    def lead_back(self, app: FastAPI) -> None:
        """Answer a browser that opens an address where nothing is with the page, which says so; others as before."""
        page, otherwise = self._page, app.router.default
        if page is None:
            return

        async def lost(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not _opens(Request(scope)):
                await otherwise(scope, receive, send)
                return
            response = await page(Request(scope))
            response.headers["Vary"] = "Accept, Accept-Encoding"
            if response.status_code == HTTPStatus.OK:  # else the browser has it already, as a 404
                response.status_code = HTTPStatus.NOT_FOUND
            await response(scope, receive, send)

        app.router.default = lost


def _opens(request: Request) -> bool:
    """Tell whether a person is to see the answer: scripts and styles, and programs, do not ask for a document."""
    return request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")


def _page(path: Path, called: Iterable[str]) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of the page itself, which names the inline scripts that may run."""
    scripts = script_hashes(path.read_text(encoding="utf-8"))
    headers = {"Cache-Control": _ASK_AGAIN, "Content-Security-Policy": policy(scripts, called)}
    return _kept(path, "text/html", headers)


def _file(out: Path, path: Path) -> Route:
    """Return the route of one file: the list is made once, so that no address leads anywhere else."""
    address = path.relative_to(out).as_posix()
    headers = {"Cache-Control": _FOR_EVER if address.startswith("_next/static/") else _ASK_AGAIN}
    return Route(f"/{address}", _kept(path, mimetypes.guess_type(path.name)[0], headers))


def _kept(path: Path, media_type: str | None, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler of a file, which is kept in memory with its packed forms, each under its own ETag.

    Reading it for each visitor would take three times as long, and give those of an old build parts of a new one.
    """
    plain = path.read_bytes()
    packed = {name: path.with_name(path.name + suffix) for name, suffix in _ENCODINGS.items()}
    forms = {"": plain} | {name: file.read_bytes() for name, file in packed.items() if file.is_file()}
    digest = hashlib.sha256(plain).hexdigest()[:32]

    async def answer(request: Request) -> Response:
        encoding = next((name for name in _accepted(request) if name in forms), "")
        own = headers | {"ETag": f'"{digest}{encoding}"', "Vary": "Accept-Encoding"}
        own |= {"Content-Encoding": encoding} if encoding else {}
        return _unless_known(request, Response(forms[encoding], media_type=media_type, headers=own))

    return answer


def _accepted(request: Request) -> list[str]:
    """Return the encodings that a browser can read, the smallest first; `q=0` says that it cannot."""
    parts = (
        part.replace(" ", "").lower().partition(";q=") for part in request.headers.get("accept-encoding", "").split(",")
    )
    named = {name for name, _, weight in parts if not weight or weight.strip("0.")}
    return [name for name in _ENCODINGS if name in named]


def _unless_known(request: Request, response: Response) -> Response:
    """Return the response, or a 304 where the browser has it already: with its policy, which the browser renews."""
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if response.headers["etag"] not in known:
        return response
    return Response(status_code=304, headers={k: v for k, v in response.headers.items() if k not in _OF_THE_BODY})


def _is_asset(out: Path, path: Path) -> bool:
    named = path.relative_to(out).as_posix()
    return path.is_file() and path.suffix not in _ENCODINGS.values() and named not in {"index.html", "views.json"}


async def _missing(_: Request) -> Response:
    return Response(_MISSING, media_type="text/html")
