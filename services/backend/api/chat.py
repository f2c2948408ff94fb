"""The chat: a message gets the finished turn; conversations are listed, read and deleted."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.backend.api.acting import ActingInChat
from services.backend.chat.assistant import Assistant, Message
from services.backend.chat.threads import Listed, Turn
from services.backend.schemas import storable
from services.kit.identity import Chatting
from services.kit.problems import documented
from services.kit.queries import StrictRoute
from services.kit.task import Frozen

router = APIRouter(prefix="/api/chat", route_class=StrictRoute, tags=["chat"])


async def _assistant(request: Request) -> Assistant:
    assistant: Assistant = request.app.state.assistant
    return assistant


Talking = Annotated[Assistant, Depends(_assistant)]


class ChatBody(Frozen):
    """A message, and the conversation that it goes on with; without one it begins one."""

    conversation: UUID | None = None
    message: Annotated[str, AfterValidator(storable), Field(min_length=1, max_length=2000, pattern=r"\S")] = Field(
        examples=["what is due this week?"]
    )


class TurnAnswer(BaseModel):
    """A turn. `asks` says that its changes wait for the next message to be a yes or, with `choices`, a number.

    `failed` says that there was no answer: the reply says why, nothing was changed, and the message can be sent again.
    """

    id: UUID
    at: datetime
    message: str
    reply: str
    changes: list[UUID] = Field(description="what was changed, each to be undone by `POST /api/undo`")
    asks: bool
    choices: int = Field(description="of how many one is asked for by its number; 0 where a yes is, or nothing")
    failed: bool


class ChatAnswer(TurnAnswer):
    """The finished turn, and its conversation."""

    conversation: UUID


class ConversationAnswer(BaseModel):
    """A conversation with its turns, the first one first."""

    conversation: UUID
    items: list[TurnAnswer]


class ConversationsAnswer(BaseModel):
    """The caller's conversations, the latest first."""

    items: list[Listed]


def _shown(turn: Turn) -> TurnAnswer:
    pending = turn.pending
    choices = len(pending.operations) if pending and pending.choose else 0
    kept = turn.model_dump(exclude={"pending", "key", "request"})
    return TurnAnswer(**kept, asks=pending is not None, choices=choices)


@router.post("", responses=documented(400, 403, 404, 409))
async def chat(request: Request, acting: ActingInChat, talking: Talking, body: ChatBody) -> ChatAnswer:
    """Answer a message. Its changes are one undo; deletions and changes of several tasks are asked about first."""
    intent = acting.intent
    authorization = request.headers.get("authorization")
    message = Message(acting.caller, body.message, body.conversation, intent.key, intent.request, authorization)
    conversation, turn = await talking.turn(message)
    return ChatAnswer(**_shown(turn).model_dump(), conversation=conversation)


@router.get("", responses=documented(403))
async def list_conversations(caller: Chatting, talking: Talking) -> ConversationsAnswer:
    """List the conversations."""
    return ConversationsAnswer(items=await talking.threads.listed(caller.person))


@router.get("/{conversation}", responses=documented(403, 404))
async def get_conversation(caller: Chatting, talking: Talking, conversation: UUID) -> ConversationAnswer:
    """Read a conversation."""
    turns = await talking.threads.turns(caller.person, conversation)
    return ConversationAnswer(conversation=conversation, items=[_shown(turn) for turn in turns])


@router.delete("/{conversation}", status_code=204, response_class=Response, responses=documented(403, 404))
async def delete_conversation(caller: Chatting, talking: Talking, conversation: UUID) -> Response:
    """Delete a conversation; what it changed stays."""
    await talking.threads.delete(caller.person, conversation)
    return Response(status_code=204)
