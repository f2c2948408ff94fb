"""A talk with a language model, as the Dapr Conversation API (alpha2) has it: messages, functions, and an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dapr.proto.runtime.v1 import ai_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

Request = ai_pb2.ConversationRequestAlpha2
_Message = ai_pb2.ConversationMessage


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the model may want called; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call that the model wants made; `arguments` are JSON, or should be."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message: of the platform (`system`), the person (`user`), the model (`assistant`), or a function's result.

    `calls` are what an assistant's message wants called; `answers` is the call that a function's result belongs to.
    """

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[FunctionCall, ...] = ()
    answers: FunctionCall | None = None


def request(name: str, utterances: Sequence[Utterance], functions: Sequence[Function]) -> Request:
    """Return the request to the component `name`."""
    made = Request(name=name, tools=[_tool(function) for function in functions])
    made.inputs.add(messages=[_message(utterance) for utterance in utterances])
    return made


def answer(response: ai_pb2.ConversationResponseAlpha2) -> Utterance:
    """Return what the model said; no text and no calls where it said nothing."""
    # Providers differ in whether text and calls share a choice.
    messages = [choice.message for output in response.outputs for choice in output.choices]
    text = "\n".join(message.content for message in messages if message.content)
    calls = tuple(
        FunctionCall(call.id, call.function.name, call.function.arguments)
        for message in messages
        for call in message.tool_calls
    )
    return Utterance("assistant", text, calls)


def _tool(function: Function) -> ai_pb2.ConversationTools:
    parameters = ParseDict(dict(function.parameters), Struct())
    described = ai_pb2.ConversationToolsFunction(
        name=function.name, description=function.description, parameters=parameters
    )
    return ai_pb2.ConversationTools(function=described)


def _message(said: Utterance) -> _Message:
    content = [ai_pb2.ConversationMessageContent(text=said.text)] if said.text else []
    if said.role == "system":
        return _Message(of_system=ai_pb2.ConversationMessageOfSystem(content=content))
    if said.role == "user":
        return _Message(of_user=ai_pb2.ConversationMessageOfUser(content=content))
    if said.answers is not None:
        call = said.answers
        return _Message(of_tool=ai_pb2.ConversationMessageOfTool(tool_id=call.id, name=call.name, content=content))
    calls = [
        ai_pb2.ConversationToolCalls(
            id=call.id, function=ai_pb2.ConversationToolCallsOfFunction(name=call.name, arguments=call.arguments)
        )
        for call in said.calls
    ]
    return _Message(of_assistant=ai_pb2.ConversationMessageOfAssistant(content=content, tool_calls=calls))
