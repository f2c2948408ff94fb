"""What a tool is: a name, typed arguments and a typed result, the scope that it needs, and what it does.

A tool is run for a caller, by the same commands as the calls of the REST API: it refuses with the same problems.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from services.backend.api.answers import document
from services.backend.commit import Command, Intent
from services.backend.log import TaskLog
from services.backend.tasklist import TaskList
from services.kit.identity import Caller
from services.kit.problems import FieldError, Problem, unavailable
from services.kit.sidecar import Sidecar
from services.kit.task import Frozen
from services.kit.tokens import Scope


class Arguments(Frozen):
    """The arguments of a tool."""


class Changing(Arguments):
    """The arguments of a tool that changes something."""

    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Remembered for 24 hours: a repeat of the call under the same key gets the first result",
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: by whom, with which `Authorization`, and on what.

    `change` makes the changes of several calls one, which undo takes back together. `intent` follows from the call.
    """

    log: TaskLog
    sidecar: Sidecar
    caller: Caller
    authorization: str | None = None
    change: UUID | None = None
    intent: Intent = field(default_factory=Intent)

    async def tasks(self) -> TaskList:
        """Return the caller's list as it is now."""
        return await self.log.read(self.caller.person)

    async def act(self, command: Command) -> dict[str, Any]:
        """Execute a command on the caller's list; return what it came to."""
        return document(await self.log.execute(self.caller.person, command, self.intent))

    async def ask(self, app_id: str, method: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Make a call of another service as the caller; a problem that it answers is raised here."""
        headers = {"Authorization": self.authorization} if self.authorization else {}
        if self.intent.key:
            headers["Idempotency-Key"] = self.intent.key
        answer = await self.sidecar.invoke(app_id, method, path, query=query, headers=headers)
        try:
            found = answer.json()
        except orjson.JSONDecodeError:
            found = {}
        if answer.status < 300 and isinstance(found, dict):
            return found
        if isinstance(found, dict) and "detail" in found and answer.status < 500:
            errors = [FieldError.model_validate(error) for error in found.get("errors") or ()]
            raise Problem(answer.status, str(found["detail"]), errors=errors)
        raise unavailable(f"The {app_id} service cannot be reached just now; try again.", 2)


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """One tool.

    `is_destructive`: what it changes or removes may not be had back by the same tool (undo takes all changes back).
    `is_idempotent`: to do it again with the same arguments changes nothing more.
    """

    name: str
    title: str
    description: str
    arguments: type[A]
    result: type[BaseModel]
    scope: Scope
    run: Callable[[Call, A], Awaitable[dict[str, Any]]]
    is_destructive: bool = False
    is_idempotent: bool = False

    @property
    def is_read_only(self) -> bool:
        """Tell whether it changes nothing."""
        return not issubclass(self.arguments, Changing)
