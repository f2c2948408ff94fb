"""Query parameters that a call does not have: refused by name, and nothing is done."""

import pytest
from fastapi.routing import APIRoute

from backend.client import Client
from services.audit.endpoints import router as audit
from services.backend.api import changes, chat, events, occurrences, quick, tasks, tokens, transfer
from services.backend.api import me as me_router
from services.kit.queries import StrictRoute
from services.notification.endpoints import public as notifications

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_import_that_was_meant_as_a_preview_imports_nothing(me: Client) -> None:
    answer = await me.post("/api/tasks/import?format=todo.txt&dryrun=true", {})
    assert (answer.status, answer.json["errors"]) == (
        422,
        [{"field": "dryrun", "message": "there is no such query parameter; dry_run was meant?"}],
    )
    assert await me.titles() == []


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("/api/tasks?prioritty=high", "prioritty: there is no such query parameter; priority was meant?"),
        ("/api/tags?q=x", "q: there is no such query parameter; there are: none"),
        ("/api/tasks?q=x&%00=1", "\0: there is no such query parameter; there are: "),
    ],
)
async def test_what_a_list_does_not_know_is_named(me: Client, query: str, detail: str) -> None:
    answer = await me.get(query)
    assert answer.status == 422
    assert answer.json["detail"].startswith(detail)


async def test_every_public_call_is_so_strict() -> None:
    backend = (tasks, changes, chat, events, me_router, occurrences, quick, tokens, transfer)
    found = [route for router in (*(f.router for f in backend), audit, notifications) for route in router.routes]
    routes = [route for route in found if isinstance(route, APIRoute)]
    assert len(routes) > 30
    assert [route.path for route in routes if not isinstance(route, StrictRoute)] == []
