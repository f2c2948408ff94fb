"""The API's contract and its documentation page, served with no host but ours.

Swagger UI's files come from the package `fastapi-offline`; the page around them is our own, because the generated ones
hold inline scripts, which the content security policy refuses.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import orjson
import yaml
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

CONTRACT: Final = Path(__file__).parents[2] / "contracts" / "backend-api.yaml"

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Task platform: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<script src="/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/docs/page.js" defer></script>
</head>
<body><div id="page"></div></body>
</html>
"""
_SCRIPT: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
});
"""


def load_contract(path: Path = CONTRACT) -> dict[str, Any]:
    """Return the OpenAPI document; one that describes no call where the file is not there."""
    if not path.is_file():
        return {"openapi": "3.1.0", "info": {"title": "Task platform", "version": "1"}, "paths": {}}
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return document


def pages(contract: Path = CONTRACT) -> APIRouter:
    """Return the routes `/docs` and `/openapi.json`; the contract is read when this is called."""
    document = orjson.dumps(load_contract(contract), default=str)
    router = APIRouter(include_in_schema=False)

    async def page(_: Request) -> Response:
        return Response(_PAGE, media_type="text/html")

    async def script(_: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    async def openapi(_: Request) -> Response:
        return Response(document, media_type="application/json", headers={"Cache-Control": "no-cache"})

    router.add_route("/docs", page, methods=["GET"])
    router.add_route("/docs/page.js", script, methods=["GET"])
    router.add_route("/openapi.json", openapi, methods=["GET"])
    return router


def mount_assets(app: FastAPI) -> None:
    """Serve Swagger UI's files below `/docs/assets`."""
    app.mount("/docs/assets", StaticFiles(directory=str(files("fastapi_offline") / "static")))
