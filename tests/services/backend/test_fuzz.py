"""The API fuzzed from its own contract: no 5xx, every answer as documented, and what is wrong refused."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from harness.issuer import Issuer
from harness.ports import free_ports
from harness.runtime import APP_TOKEN, Runtime
from harness.serving import serving
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as openapi_checks

from components.catalogue import BACKEND
from services.backend.app import build
from services.kit.config import Config
from services.kit.ids import uuid7

HEADERS = {"dapr-api-token": APP_TOKEN}
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
QUICK: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
}

schema = schemathesis.openapi.from_dict(
    build(Config(app_id=BACKEND, port=8001)).openapi(),
    config=SchemathesisConfig.from_dict({"generation": {"codec": "utf-8"}}),
)


@schema.hook
def filter_query(_context: Any, query: dict[str, Any] | None) -> bool:
    """Leave out what is wrong in the eyes of the contract alone: on the wire, `?tag=7` is a list of one tag."""
    return not query or query.get("tag") is None or isinstance(query["tag"], list)


@dataclass(frozen=True)
class Target:
    """A backend, and who signs the tokens that it accepts."""

    base_url: str
    issuer: Issuer

    def as_person(self, subject: str) -> dict[str, Any]:
        """Return what a call for a person is made with."""
        return {"base_url": self.base_url, "headers": HEADERS | dict(self.issuer.headers(subject))}


@pytest.fixture(scope="module")
def target(runtime: Runtime) -> Iterator[Target]:
    """Return a backend that is served in a thread of its own."""
    port, issuer_port = free_ports(2)
    issuer = Issuer(issuer_port)
    config = runtime.config(BACKEND, port=port, **issuer.settings)
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with issuer, serving(build(config), config):
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(120)
    yield Target(f"http://127.0.0.1:{port}", issuer)
    stop.set()
    thread.join(120)


@schema.parametrize()
@settings(max_examples=25, **QUICK)
def test_every_call_answers_as_documented(case: schemathesis.Case, target: Target) -> None:
    response = case.call(**target.as_person("somebody"))
    case.validate_response(response, checks=CHECKS)


@pytest.mark.slow
def test_sequences_of_calls_answer_as_documented(target: Target) -> None:
    """Each sequence is another person's, so that it meets the same state whenever it is tried again."""

    class Workflow(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.subject = str(uuid7())

        def get_call_kwargs(self, _case: schemathesis.Case) -> dict[str, Any]:
            return target.as_person(self.subject)

        def validate_response(self, response: Any, case: schemathesis.Case, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Workflow.run(settings=settings(max_examples=25, stateful_step_count=8, **QUICK))
