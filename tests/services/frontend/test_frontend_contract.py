"""The documentation, with nothing from elsewhere."""

import re
from pathlib import Path

from frontend_stage import Stage
from yarl import URL

from services.frontend.contract import load_contract


def test_the_contract_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/x: {}}\n")
    assert load_contract(file)["paths"] == {"/x": {}}


def test_without_a_file_it_describes_nothing(tmp_path: Path) -> None:
    assert load_contract(tmp_path / "none.yaml")["paths"] == {}


async def test_the_way_to_the_documentation(open_stage: Stage) -> None:
    assert (await open_stage.call("GET", "/openapi.json"))[2]["openapi"].startswith("3.")


async def test_everything_that_the_page_asks_for_is_here_and_allowed(open_stage: Stage) -> None:
    async with open_stage.http.get(f"{open_stage.url}/docs") as answer:
        page = await answer.text()
        assert answer.content_type == "text/html"
        policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert not re.search(r"<script(?![^>]* src=)|\son\w+=|https?://", page)
    addresses = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert len(addresses) == 3
    for address in addresses:
        async with open_stage.http.get(f"{open_stage.url}{address}") as answer:
            assert answer.status == 200, address
            assert answer.content_type in {"text/javascript", "application/javascript", "text/css"}


async def test_nothing_else_of_the_package_is_served(open_stage: Stage) -> None:
    for path in ("/docs/assets/../contract.py", "/docs/assets/%2e%2e/__init__.py", "/docs/assets/"):
        async with open_stage.http.get(URL(f"{open_stage.url}{path}", encoded=True)) as answer:
            assert answer.status == 404, path
