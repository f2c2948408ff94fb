"""The chat's language model on real Dapr: a server of our own that speaks OpenAI's protocol plays a dialogue."""

import json
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from harness.engines import need_engines, reachable_folder
from harness.language_model import KEY, Server, calls, says, serving
from harness.platform import Platform

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture(params=["openai", "ollama"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def platform(server: Server, provider: str) -> Iterator[Platform]:
    need_engines()
    with reachable_folder() as folder:
        found = Platform(folder, server.settings(provider))
        yield found
        found.stop()


def call(platform: Platform, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(platform.url + path, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def titles(platform: Platform) -> list[str]:
    return [task["title"] for task in call(platform, "/api/tasks")["items"]]


def test_a_dialogue_with_tool_calls_and_a_server_that_fails(server: Server, provider: str, platform: Platform) -> None:
    platform.start()
    said = says("It is on your list.")
    server.script = [calls("quick_add", text="buy milk tomorrow #shop"), said]
    turn = call(platform, "/api/chat", {"message": "we are out of milk"})
    assert turn["reply"].startswith("It is on your list.\n\nDone:\n- add “buy milk”")
    assert (len(turn["changes"]), titles(platform)) == (1, ["buy milk"])
    assert server.keys == {f"Bearer {KEY if provider == 'openai' else 'ollama'}"}
    assert {heard["path"] for heard in server.heard} == {"/v1/chat/completions"}
    assert [message["role"] for message in server.heard[1]["messages"]] == ["system", "user", "assistant", "tool"]
    assert "quick_add" in {tool["function"]["name"] for tool in server.heard[0]["tools"]}

    task = call(platform, "/api/tasks")["items"][0]["id"]
    server.script = [calls("delete_task", id=task), said]
    conversation = turn["conversation"]
    asked = call(platform, "/api/chat", {"message": "forget it", "conversation": conversation})
    assert (asked["asks"], titles(platform)) == (True, ["buy milk"])

    server.script = []
    failed = call(platform, "/api/chat", {"message": "what now?", "conversation": conversation})
    assert "cannot be reached just now. Nothing was changed" in failed["reply"]
    assert titles(platform) == ["buy milk"]
    assert KEY not in platform.log.read_text()


@pytest.mark.parametrize(("provider", "kind"), [("anthropic", "anthropic"), ("google", "googleai")])
def test_the_backends_sidecar_alone_loads_a_provider_that_is_elsewhere(provider: str, kind: str) -> None:
    need_engines()
    with reachable_folder() as folder:
        found = Platform(folder, {"RUNTIME": "dapr", "CONVERSATION": provider, "CONVERSATION_KEY": KEY})
        try:
            found.start()
            loaded = {app_id: components(found, app_id) for app_id in ("backend", "frontend", "audit")}
        finally:
            found.stop()
    assert {app_id: of.get("conversation") for app_id, of in loaded.items()} == {
        "backend": f"conversation.{kind}",
        "frontend": None,
        "audit": None,
    }


def components(platform: Platform, app_id: str) -> dict[str, str]:
    """Return the types of the components that a sidecar says it has, by name."""
    process = platform.children()[f"daprd-{app_id}"]
    flags = dict(pairwise(process.cmdline()))
    url = f"http://127.0.0.1:{flags['--dapr-http-port']}/v1.0/metadata"
    request = urllib.request.Request(url, headers={"dapr-api-token": process.environ()["DAPR_API_TOKEN"]})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return {component["name"]: component["type"] for component in json.load(answer)["components"]}
