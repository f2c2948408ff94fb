"""The page: its addresses, its files, and the policy that lets its own inline scripts run and no others."""

import base64
import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI
from harness.ports import free_ports
from harness.serving import serving
from multidict import CIMultiDictProxy
from yarl import URL

from components.catalogue import FRONTEND
from services.frontend.pages import Pages, script_hashes
from services.frontend.security import SecurityHeaders
from services.kit.config import Config

INLINE = "push('a & b</b>')"
PAGE = f'<!doctype html><script src="/a.js"></script><script>{INLINE}</script><p>x</p><script id="i">2</script>'


@pytest.fixture
def out(tmp_path: Path) -> Path:
    static = tmp_path / "_next" / "static"
    static.mkdir(parents=True)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "views.json").write_text(json.dumps(["today", "tags"]))
    (tmp_path / "sw.js").write_text("1")
    (static / "a.js").write_text("alert(1)")
    (static / "a.js.gz").write_bytes(gzip.compress(b"alert(1)"))
    return tmp_path


class Browser:
    """Asks for addresses, and reads what comes as it came."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def get(self, address: str, **headers: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """Return status, headers and body."""
        url = URL(self._url + address, encoded=True)
        async with self._http.get(url, headers={"Accept-Encoding": "identity"} | headers) as answer:
            return answer.status, answer.headers, await answer.read()


@asynccontextmanager
async def browser(out: Path) -> AsyncIterator[Browser]:
    """Return a browser of a server that has a build."""
    page = Pages(out)
    app = FastAPI(routes=page.routes())
    page.lead_back(app)
    app.add_middleware(SecurityHeaders)
    port = free_ports(1)[0]
    config = Config.from_environment(FRONTEND, port, {})
    async with serving(app, config), aiohttp.ClientSession(auto_decompress=False) as http:
        yield Browser(http, f"http://127.0.0.1:{port}")


def source(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_inline_scripts_are_known_by_their_hashes() -> None:
    assert script_hashes(PAGE) == [source(INLINE), source("2")]
    assert script_hashes("<p>nothing</p>") == []


async def test_every_address_of_the_page_is_the_page(out: Path) -> None:
    async with browser(out) as person:
        for address in ("/", "/today", "/tags", "/tags/home/sweet", "/tags/50%25"):
            status, headers, body = await person.get(address)
            assert (status, body.decode()) == (200, PAGE), address
            assert f"script-src 'self' {source(INLINE)} {source('2')};" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


async def test_an_address_of_no_view_is_not_the_page(out: Path) -> None:
    async with browser(out) as person:
        for address in ("/nothing", "/index.html", "/views.json", "/today.txt", "/_next/static/", "/_next/../sw.js"):
            assert (await person.get(address))[0] == 404, address


async def test_a_person_who_opens_such_an_address_is_told_by_the_page(out: Path) -> None:
    opening = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with browser(out) as person:
        status, headers, body = await person.get("/nothing", **opening)
        assert (status, body.decode()) == (404, PAGE)
        assert headers["Content-Security-Policy"] == (await person.get("/today"))[1]["Content-Security-Policy"]
        assert headers["Vary"] == "Accept, Accept-Encoding"
        assert (await person.get("/nothing", **opening, **{"If-None-Match": headers["ETag"]}))[0] == 304
        assert b"<script" not in (await person.get("/nothing", Accept="*/*"))[2]


async def test_the_page_is_asked_for_again_and_its_files_are_kept(out: Path) -> None:
    async with browser(out) as person:
        _, page, _ = await person.get("/today")
        assert page["Cache-Control"] == "no-cache"
        assert (await person.get("/today", **{"If-None-Match": page["ETag"]}))[0] == 304
        assert "immutable" in (await person.get("/_next/static/a.js"))[1]["Cache-Control"]
        _, worker, _ = await person.get("/sw.js")
        assert worker["Cache-Control"] == "no-cache"
        assert "sha256" not in worker["Content-Security-Policy"]


async def test_files_come_compressed_to_who_can_read_them(out: Path) -> None:
    (out / "_next" / "static" / "a.js.br").write_bytes(b"smaller still")
    async with browser(out) as person:
        _, plain, text = await person.get("/_next/static/a.js")
        _, packed, bits = await person.get("/_next/static/a.js", **{"Accept-Encoding": "gzip"})
        _, smallest, _ = await person.get("/_next/static/a.js", **{"Accept-Encoding": "gzip, deflate, br"})
        _, again, _ = await person.get("/_next/static/a.js", **{"Accept-Encoding": "gzip, brr"})
        _, refused, _ = await person.get("/_next/static/a.js", **{"Accept-Encoding": "br;q=0, gzip; q=0.000"})
        _, weighed, _ = await person.get("/_next/static/a.js", **{"Accept-Encoding": "br;q=0,GZIP;q=0.5"})
    assert "Content-Encoding" not in plain
    assert [kind["Content-Encoding"] for kind in (packed, smallest, again, weighed)] == ["gzip", "br", "gzip", "gzip"]
    assert "Content-Encoding" not in refused
    assert text == gzip.decompress(bits) == b"alert(1)"
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
    assert packed["Content-Type"].startswith("text/javascript")


async def test_the_page_comes_compressed_too_each_form_under_its_own_etag(out: Path) -> None:
    (out / "index.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    async with browser(out) as person:
        _, plain, _ = await person.get("/today")
        _, packed, bits = await person.get("/today", **{"Accept-Encoding": "br, gzip"})
        assert (packed["Content-Encoding"], gzip.decompress(bits).decode()) == ("gzip", PAGE)
        assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
        assert plain["ETag"] != packed["ETag"]
        assert packed["Content-Security-Policy"] == plain["Content-Security-Policy"]
        for kind, encoding in ((plain, "identity"), (packed, "gzip")):
            tags = {"If-None-Match": f'"other", W/{kind["ETag"]}', "Accept-Encoding": encoding}
            status, headers, body = await person.get("/today", **tags)
            assert (status, body, headers["ETag"], headers["Cache-Control"]) == (304, b"", kind["ETag"], "no-cache")
            assert headers["Content-Security-Policy"] == plain["Content-Security-Policy"]  # a 304 renews it
        assert (await person.get("/today", **{"If-None-Match": plain["ETag"], "Accept-Encoding": "gzip"}))[0] == 200
        assert (await person.get("/index.html.gz"))[0] == 404


async def test_a_file_that_is_asked_for_again_costs_a_304_until_it_changes(out: Path) -> None:
    async with browser(out) as person:
        _, first, _ = await person.get("/sw.js")
        status, headers, body = await person.get("/sw.js", **{"If-None-Match": first["ETag"]})
        assert (status, body, headers["Vary"]) == (304, b"", "Accept-Encoding")
    (out / "sw.js").write_text("22")
    async with browser(out) as person:
        assert (await person.get("/sw.js", **{"If-None-Match": first["ETag"]}))[2] == b"22"


async def test_without_a_build_it_says_how_to_get_one(tmp_path: Path) -> None:
    async with browser(tmp_path) as person:
        _, _, body = await person.get("/")
        assert b"make page" in body
        assert b'<a href="/docs">' in body
        assert (await person.get("/today"))[0] == 404


async def test_who_has_the_page_gets_the_files_of_its_build_though_a_newer_one_is_there(out: Path) -> None:
    async with browser(out) as person:
        (out / "_next" / "static" / "a.js").unlink()
        (out / "_next" / "static" / "a.js.gz").unlink()
        (out / "index.html").write_text("newer")
        assert (await person.get("/today"))[2].decode() == PAGE
        assert (await person.get("/_next/static/a.js"))[2] == b"alert(1)"


async def test_a_file_of_another_build_is_missing_and_not_kept_so(out: Path) -> None:
    async with browser(out) as person:
        for encoding in ("identity", "gzip"):
            status, headers, _ = await person.get("/_next/static/b.js", **{"Accept-Encoding": encoding})
            assert (status, "Cache-Control" in headers) == (404, False)
