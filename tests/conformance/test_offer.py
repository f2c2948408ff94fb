"""The offer as a whole: the official SDK works against it, and what is missing is missing by name."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
from dapr.clients import DaprClient
from dapr.clients.exceptions import DaprGrpcError
from dapr.clients.grpc._jobs import Job
from dapr.clients.grpc._state import Concurrency, StateOptions
from dapr.conf import settings
from dapr.proto.runtime.v1 import dapr_pb2

from infra.local.runtime.grpc_api import METHODS
from tests.conformance.harness import API_TOKEN, PUBSUB, STORE, Client, eventually, unique
from tests.conformance.platform import Platform

# Beside these: gRPC applications and proxying, HTTP endpoints, routing rules, dead-letter topics, raw payloads.
NOT_OFFERED: Final = {
    "actors": {
        "RegisterActorTimer",
        "UnregisterActorTimer",
        "RegisterActorReminder",
        "UnregisterActorReminder",
        "UnregisterActorRemindersByType",
        "ListActorReminders",
        "GetActorState",
        "GetActorReminder",
        "ExecuteActorStateTransaction",
        "InvokeActor",
    },
    "configuration": {
        "GetConfigurationAlpha1",
        "GetConfiguration",
        "SubscribeConfigurationAlpha1",
        "SubscribeConfiguration",
        "UnsubscribeConfigurationAlpha1",
        "UnsubscribeConfiguration",
    },
    "conversation without tools": {"ConverseAlpha1"},
    "cryptography": {
        "EncryptAlpha1",
        "DecryptAlpha1",
        "SubtleGetKeyAlpha1",
        "SubtleEncryptAlpha1",
        "SubtleDecryptAlpha1",
        "SubtleWrapKeyAlpha1",
        "SubtleUnwrapKeyAlpha1",
        "SubtleSignAlpha1",
        "SubtleVerifyAlpha1",
    },
    "distributed lock": {"TryLockAlpha1", "UnlockAlpha1"},
    "state queries": {"QueryStateAlpha1"},
    "streamed subscriptions": {"SubscribeTopicEventsAlpha1"},
    "shutdown": {"Shutdown"},
    "workflow": {
        f"{verb}Workflow{version}"
        for verb in ("Start", "Get", "Purge", "Terminate", "Pause", "Resume", "RaiseEvent")
        for version in ("Alpha1", "Beta1")
    },
}


def test_every_method_is_offered_or_named_as_not_offered() -> None:
    service = dapr_pb2.DESCRIPTOR.services_by_name["Dapr"]
    missing = set().union(*NOT_OFFERED.values())
    assert {method.name for method in service.methods} - METHODS.keys() == missing
    assert not missing & METHODS.keys()


@pytest.fixture
def sdk(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Run a function with the SDK's blocking client for one application, off the event loop."""

    def run(app_id: str, use: Callable[[DaprClient], Any]) -> Any:
        ports = platform.runtime.ports[app_id, 0]
        monkeypatch.setattr(settings, "DAPR_HTTP_PORT", ports.http)
        monkeypatch.setattr(settings, "DAPR_API_TOKEN", API_TOKEN)

        def within() -> Any:
            try:
                with DaprClient(f"127.0.0.1:{ports.grpc}") as client:
                    return use(client)
            finally:
                with suppress(RuntimeError):  # there is none: the client only sometimes leaves one behind
                    asyncio.get_event_loop().close()

        return asyncio.to_thread(within)

    return run  # type: ignore[return-value]


async def test_the_sdk_keeps_state(sdk: Callable[..., Any]) -> None:
    key = unique()

    def use(client: DaprClient) -> tuple[bytes, str]:
        client.save_state(STORE, key, "one", options=StateOptions(concurrency=Concurrency.first_write))
        found = client.get_state(STORE, key)
        with pytest.raises(DaprGrpcError) as caught:
            client.save_state(STORE, key, "two", etag="stale")
        return found.data, caught.value.code().name

    assert await sdk("backend", use) == (b"one", "ABORTED")


@pytest.mark.filterwarnings("ignore:The Jobs API is an Alpha version")
@pytest.mark.filterwarnings("ignore:invoke_method with protocol gRPC is deprecated")
async def test_the_sdk_publishes_schedules_and_invokes(
    platform: Platform, backend: Client, sdk: Callable[..., Any]
) -> None:
    name = unique("job")
    app = await platform.app("backend")
    audit = await platform.app("audit", topics={"task-events": PUBSUB})

    def use(client: DaprClient) -> None:
        client.publish_event(PUBSUB, "task-events", json.dumps({"n": name}), data_content_type="application/json")
        client.schedule_job_alpha1(Job(name=name, due_time="100ms"))

    await sdk("backend", use)
    await eventually(lambda: name in audit.events("/events/task-events"))
    await eventually(lambda: app.at(f"/job/{name}"))
    app.answer = lambda _request: {"answer": 1}
    response = await sdk("frontend", lambda client: client.invoke_method("backend", "api/tasks", "", http_verb="GET"))
    assert json.loads(response.data) == {"answer": 1}


async def test_the_sdk_reads_secrets_and_metadata(sdk: Callable[..., Any]) -> None:
    def use(client: DaprClient) -> tuple[Any, str]:
        return client.get_secret("kubernetes-secrets", "webhook-signing").secret, client.get_metadata().application_id

    assert await sdk("notification", use) == ({"key": "s3cret"}, "notification")
