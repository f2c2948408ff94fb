"""`python -m services.contracts`: write `contracts/` from the code; with `--check`, fail where the two differ."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from components.catalogue import AUDIT, BACKEND, CATALOGUE, NOTIFICATION
from components.model import Topic
from services.kit.config import Config
from services.kit.events import ChatUpdate, NotificationUpdate, ReminderEvent, TaskEvent

FOLDER: Final = Path(__file__).parents[1] / "contracts"
PUBLIC: Final = (BACKEND, AUDIT, NOTIFICATION)

_DATA: Final[dict[Topic, Any]] = {
    Topic.TASK_EVENTS: TaskEvent,
    Topic.REMINDERS: ReminderEvent,
    Topic.TASK_UPDATES: TaskEvent | NotificationUpdate | ChatUpdate,
}
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A JWT of the sign-in service, or a personal access token that has the scopes of the call",
}
_DESCRIPTION: Final = """What a caller reaches through the frontend service.

Every changing call takes an `Idempotency-Key`, remembered for 24 hours, and names its change in the body or as
`X-Change-Id`. Errors are RFC 9457 problem details."""


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of everything below `/api`, whichever service answers it."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Task platform", "version": "1", "description": _DESCRIPTION},
        "security": [{"bearer": []}, {}],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {"bearer": _BEARER}},
    }
    for app_id in PUBLIC:
        part = _service_document(app_id)
        document["paths"] |= {p: item for p, item in part["paths"].items() if p.startswith("/api/")}
        for name, schema in part.get("components", {}).get("schemas", {}).items():
            if document["components"]["schemas"].setdefault(name, schema) != schema:
                raise ValueError(f"two services give the name {name} to different models; rename the one of {app_id}")
    return document


def _service_document(app_id: str) -> dict[str, Any]:
    module = importlib.import_module(f"{CATALOGUE[app_id].package}.app")
    app: FastAPI = module.build(Config(app_id=app_id, port=CATALOGUE[app_id].port))
    document: dict[str, Any] = app.openapi()
    for (method, path), scopes in scopes_asked_for(app).items():
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            operation["security"] = [{"bearer": sorted(scopes)}, {}]
    return document


def scopes_asked_for(app: FastAPI) -> dict[tuple[str, str], set[str]]:
    """Return the scopes that a personal access token needs for each call, by method and path."""
    routers = [getattr(route, "original_router", None) for route in app.routes]
    routes = [route for router in routers if router for route in router.routes if isinstance(route, APIRoute)]
    return {(method, route.path): _scopes(route.dependant) for route in routes for method in route.methods or ()}


def _scopes(dependant: Dependant) -> set[str]:
    own = {str(scope) for scope in dependant.own_oauth_scopes or ()}
    return own.union(*(_scopes(below) for below in dependant.dependencies))


def event_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON Schema of a topic's CloudEvents."""
    data = TypeAdapter[BaseModel](_DATA[topic]).json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = data.pop("$defs", {})
    text = {"type": "string", "minLength": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"CloudEvents on the topic {topic.value}",
        "type": "object",
        "required": ["specversion", "id", "type", "source", "time", "datacontenttype", "partitionkey", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text | {"description": "the same however often the event is delivered"},
            "type": text | {"description": "that of the event"},
            "source": text | {"description": "the app id of the service that published it"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "partitionkey": text | {"description": "the person: a person's events keep their order"},
            "traceparent": text,
            "data": data,
        },
        "$defs": definitions,
    }


def documents() -> dict[str, str]:
    """Return every file of `contracts/` and its text."""
    found = {f"{topic.value}.json": json.dumps(event_schema(topic), indent=2) + "\n" for topic in Topic}
    found["backend-api.yaml"] = yaml.safe_dump(openapi(), sort_keys=False, allow_unicode=True, width=120)
    return found


def main(arguments: list[str]) -> int:
    """Return the exit code: 0, or 1 where `--check` found a file that is not what the code says."""
    stale = []
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        sys.stderr.write(f"contracts/ is not what the code says: {', '.join(stale)}. Run `make contracts`.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
