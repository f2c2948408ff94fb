"""The Conversation API: who may talk, what is refused, and what the echo makes of messages, tools and their results."""

import grpc
import pytest
from dapr.proto.runtime.v1 import ai_pb2 as ai
from google.protobuf.struct_pb2 import Struct

from components.conversation import CONVERSATION
from services.kit.conversation import Function, FunctionCall, Utterance, answer, request
from tests.conformance.differences import differs
from tests.conformance.harness import Client, Runtime
from tests.conformance.platform import Platform
from tests.conformance.test_state import refused

INVALID = grpc.StatusCode.INVALID_ARGUMENT
TASKS = Function("list_tasks", "Lists.", {"type": "object", "properties": {"q": {"type": "string"}, "limit": {}}})
CALL = FunctionCall("c1", "list_tasks", '{"limit": 1}')


async def test_the_echo_says_all_messages_again(backend: Client) -> None:
    said = [Utterance("system", "Be brief."), Utterance("user", "hello"), Utterance("assistant", "Yes?")]
    response = await backend.call("ConverseAlpha2", request(CONVERSATION, said, ()))
    assert answer(response) == Utterance("assistant", "Be brief.\nhello\nYes?")
    (choice,) = response.outputs[0].choices
    assert (choice.finish_reason, choice.index) == ("stop", 0)


async def test_the_echo_calls_every_tool_that_is_offered(backend: Client) -> None:
    tools = [TASKS, Function("undo", "Takes back.", {"type": "object"})]
    response = await backend.call("ConverseAlpha2", request(CONVERSATION, [Utterance("user", "x")], tools))
    expected = (FunctionCall("0", "list_tasks", "limit,q"), FunctionCall("1", "undo", ""))
    assert answer(response) == Utterance("assistant", "x", expected)
    assert response.outputs[0].choices[0].finish_reason == "tool_calls"


async def test_calls_and_their_results_come_back(backend: Client) -> None:
    said = [
        Utterance("user", "list"),
        Utterance("assistant", "", (CALL,)),
        Utterance("tool", '{"items": []}', answers=CALL),
    ]
    response = await backend.call("ConverseAlpha2", request(CONVERSATION, said, ()))
    told = "Tool Response for tool ID 'c1' with name 'list_tasks': {\"items\": []}"
    assert answer(response) == Utterance("assistant", f"list\n{told}", (CALL,))


async def test_the_context_comes_back(backend: Client) -> None:
    asked = request(CONVERSATION, [Utterance("user", "x")], ())
    asked.context_id = "talk-1"
    assert (await backend.call("ConverseAlpha2", asked)).context_id == "talk-1"


async def test_the_words_of_a_developer_count_as_the_persons(backend: Client) -> None:
    developer = ai.ConversationMessageOfDeveloper(content=[ai.ConversationMessageContent(text="from a developer")])
    asked = ai.ConversationRequestAlpha2(name=CONVERSATION)
    asked.inputs.add(messages=[ai.ConversationMessage(of_developer=developer)])
    assert answer(await backend.call("ConverseAlpha2", asked)).text == "from a developer"


async def test_only_the_apps_of_its_scope_may_talk(platform: Platform) -> None:
    asked = request(CONVERSATION, [Utterance("user", "x")], ())
    message = await refused(INVALID, platform.client("audit").call("ConverseAlpha2", asked))
    assert message == f"failed finding conversation component {CONVERSATION}"


async def test_a_component_that_is_not_there(backend: Client) -> None:
    message = await refused(INVALID, backend.call("ConverseAlpha2", request("nosuch", [Utterance("user", "x")], ())))
    assert message == "failed finding conversation component nosuch"


async def test_a_talk_without_a_word_is_refused(backend: Client) -> None:
    asked = ai.ConversationRequestAlpha2(name=CONVERSATION)
    message = await refused(INVALID, backend.call("ConverseAlpha2", asked))
    assert message == f"failed conversing with component {CONVERSATION}: missing inputs in request"


async def test_a_message_of_nobody_is_refused(backend: Client) -> None:
    asked = ai.ConversationRequestAlpha2(name=CONVERSATION)
    asked.inputs.add(messages=[ai.ConversationMessage()])
    assert "invalid params" in await refused(INVALID, backend.call("ConverseAlpha2", asked))


@pytest.mark.parametrize(("choice", "tools"), [("nosuch", [TASKS]), ("required", [])])
async def test_a_choice_of_no_tool_is_refused(backend: Client, choice: str, tools: list[Function]) -> None:
    asked = request(CONVERSATION, [Utterance("user", "x")], tools)
    asked.tool_choice = choice
    assert "invalid params" in await refused(INVALID, backend.call("ConverseAlpha2", asked))


@pytest.mark.parametrize("choice", ["auto", "none", "required", "list_tasks"])
async def test_choices_that_there_are(backend: Client, choice: str) -> None:
    asked = request(CONVERSATION, [Utterance("user", "x")], [TASKS])
    asked.tool_choice = choice
    assert [call.name for call in answer(await backend.call("ConverseAlpha2", asked)).calls] == ["list_tasks"]


async def test_a_schema_that_names_no_arguments(backend: Client) -> None:
    asked = request(CONVERSATION, [Utterance("user", "x")], [])
    asked.tools.add(function=ai.ConversationToolsFunction(name="plain", parameters=Struct()))
    assert answer(await backend.call("ConverseAlpha2", asked)).calls == (FunctionCall("0", "plain", ""),)


async def test_scrubbing(runtime: Runtime, backend: Client) -> None:
    asked = request(CONVERSATION, [Utterance("user", "write to ann@example.com")], ())
    asked.inputs[0].scrub_pii = True
    if differs(runtime, "conversation-scrub", embedded=True, daprd=False):
        assert "invalid params" in await refused(INVALID, backend.call("ConverseAlpha2", asked))
    else:
        assert "ann@example.com" not in answer(await backend.call("ConverseAlpha2", asked)).text
