"""What FastAPI resolves before a handler runs: a plain function would go through a thread, with each request."""

import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from components.catalogue import CATALOGUE
from services.kit.config import Config


def endpoints(routes: Iterable[object]) -> Iterator[APIRoute]:
    """Every route of a list, also of the routers that it includes."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (included := getattr(route, "original_router", None)) is not None:
            yield from endpoints(included.routes)


def nested(dependant: Dependant) -> Iterator[Dependant]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from nested(dependency)


@pytest.mark.parametrize("service", CATALOGUE.services, ids=lambda service: service.app_id)
def test_no_dependency_takes_a_thread(service: object) -> None:
    app_id, package = service.app_id, service.package  # type: ignore[attr-defined]
    config = Config(app_id=app_id, port=8001, public_origins=("http://127.0.0.1:8001",))
    app = import_module(f"{package}.app").build(config)
    routes = list(endpoints(app.routes))
    plain = {
        f"{route.path}: {dependency.call!r}"
        for route in routes
        for dependency in nested(route.dependant)
        if not inspect.iscoroutinefunction(dependency.call)
    }
    assert routes or app_id == "frontend"
    assert not plain
