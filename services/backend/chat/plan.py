"""What a provider makes of a message: words to answer, and changes that it wants made."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from services.backend.chat.threads import Turn
from services.backend.tasklist import TaskList
from services.backend.tools.tool import Call

BULK: Final = 2  # so many tasks at once, and more, are asked about first


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer, with the operations of a batch that it is about. `done` is what to answer once they are made.

    `ask` wants a yes first, `choose` a number: which of the operations is meant; `told` is what to answer of each of
    them. `unfound` where no task was there to change. `undo` takes back the latest change,
    `undoes` the change of that id once the person said yes.
    """

    reply: str
    operations: list[dict[str, Any]] = field(default_factory=list)
    done: str = ""
    ask: bool = False
    choose: bool = False
    told: list[str] = field(default_factory=list)
    unfound: bool = False
    undo: bool = False
    undoes: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A message, with the list and the moment that it is answered on, the turns before it, and who calls tools."""

    message: str
    tasks: TaskList
    now: datetime
    turns: list[Turn]
    call: Call


class Provider(Protocol):
    """Turns messages into plans."""

    async def plan(self, asked: Asked) -> Plan:
        """Return the plan for a message; ProviderFailed where none can be had."""


class ProviderFailed(Exception):
    """A provider is down, slow, or talks nonsense; nothing was done. The message says which, for the person."""


def needs_yes(operations: list[dict[str, Any]]) -> bool:
    """Tell whether operations are to be asked about first: any deletion, and changes of several tasks."""
    changed = {operation.get("id") for operation in operations if operation["op"] != "create"}
    created = sum(operation["op"] == "create" for operation in operations)
    return len(changed) >= BULK or created > 5 or any(operation["op"] == "delete" for operation in operations)
