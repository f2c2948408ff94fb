"""The Conversation API (alpha2): a talk is checked and read as daprd does, and answered by a component that is here.

No component reaches anything outside. `conversation.echo` answers as daprd's does; `conversation.rules`
(`talk_rules`) takes a model's part by rules, so that a service's way through a model can be gone on one machine.
"""

from collections.abc import Callable
from typing import Final

from dapr.proto.runtime.v1.ai_pb2 import (
    ConversationMessage,
    ConversationRequestAlpha2,
    ConversationResponseAlpha2,
    ConversationResultAlpha2,
    ConversationResultChoices,
    ConversationResultMessage,
    ConversationToolCalls,
    ConversationToolCallsOfFunction,
)
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from infra.local.runtime import talk_rules
from infra.local.runtime.errors import conversation_empty, conversation_invalid
from infra.local.runtime.talk import Said, Talk, Wanted

Answer = Callable[[Talk], Said]

_CHOICES: Final = frozenset({"", "auto", "none"})


def respond(request: ConversationRequestAlpha2, answer: Answer) -> ConversationResponseAlpha2:
    """Return the answer to a talk; DaprError where it cannot be read."""
    _check(request)
    messages = tuple(_read(request.name, message) for given in request.inputs for message in given.messages)
    tools = {tool.function.name: _parameters(tool.function.parameters) for tool in request.tools}
    said = answer(Talk(messages, tools))
    message = ConversationResultMessage(content=said.text, tool_calls=[_wanted(call) for call in said.calls])
    choice = ConversationResultChoices(finish_reason="tool_calls" if said.calls else "stop", message=message)
    context = request.context_id if request.HasField("context_id") else None
    return ConversationResponseAlpha2(context_id=context, outputs=[ConversationResultAlpha2(choices=[choice])])


def echo(talk: Talk) -> Said:
    """Say again all that was said, and call every tool that is offered, with the names of its arguments as such."""
    calls = [Wanted(str(place), name, ",".join(sorted(talk.tools[name]))) for place, name in enumerate(talk.tools)]
    texts = []
    for said in talk.said:
        if said.role == "tool":
            told = f"Tool Response for tool ID '{said.answers}' with name '{said.name}': "
            texts += [told + text for text in said.texts]
        else:
            texts += said.texts
        calls += said.calls
    return Said("assistant", ("\n".join(texts),), tuple(calls))


COMPONENTS: Final[dict[str, Answer]] = {"conversation.echo": echo, "conversation.rules": talk_rules.answer}


def _check(request: ConversationRequestAlpha2) -> None:
    if not request.inputs:
        raise conversation_empty(request.name)
    if request.scrub_pii or any(given.scrub_pii for given in request.inputs):
        raise conversation_invalid(request.name, "personal data is not scrubbed here")
    names = {tool.function.name for tool in request.tools}
    chosen = request.tool_choice
    is_open = chosen in _CHOICES or (chosen != "required" and not names)
    if not is_open and not (names if chosen == "required" else chosen in names):
        raise conversation_invalid(request.name, "tool choice must be auto, none, required, or the name of a tool")


def _read(name: str, message: ConversationMessage) -> Said:
    """Return a message, whoever says it; a developer's counts as the user's, as in daprd."""
    kind = message.WhichOneof("message_types")
    if kind is None:
        raise conversation_invalid(name, "message type cannot be nil")
    found = getattr(message, kind)
    texts = tuple(content.text for content in found.content)
    if kind == "of_tool":
        return Said("tool", texts, answers=found.tool_id, name=found.name)
    if kind == "of_assistant":
        calls = (Wanted(call.id, call.function.name, call.function.arguments) for call in found.tool_calls)
        return Said("assistant", texts, tuple(calls))
    return Said("system" if kind == "of_system" else "user", texts)


def _parameters(schema: Struct) -> tuple[str, ...]:
    """Return the names of a tool's arguments."""
    properties = MessageToDict(schema).get("properties")
    return tuple(properties) if isinstance(properties, dict) else ()


def _wanted(call: Wanted) -> ConversationToolCalls:
    function = ConversationToolCallsOfFunction(name=call.name, arguments=call.arguments)
    return ConversationToolCalls(id=call.id or None, function=function)
