"""What the person's devices see of a turn while it is made: steps on `task-updates`, best effort."""

import asyncio
import logging
from typing import Any, Final

from components.catalogue import BACKEND, PUBSUB
from components.model import Topic
from services.kit.consumer import cloud_event
from services.kit.events import CHAT_TYPE, ChatUpdate
from services.kit.ids import uuid7
from services.kit.sidecar import Sidecar, SidecarError

log = logging.getLogger(__name__)

_MOST: Final = 1000


class Progress:
    """Publishes the steps of turns without keeping anybody waiting."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    def step(self, person: str, chat: dict[str, Any]) -> None:
        """Tell of a step; it follows the step before it, and is left out where too many wait already."""
        if len(self._tasks) >= _MOST:
            return
        task = asyncio.create_task(self._publish(person, chat, self._last.get(person)))
        self._tasks.add(task)
        self._last[person] = task
        task.add_done_callback(lambda done: self._forget(person, done))

    def _forget(self, person: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._last.get(person) is task:
            del self._last[person]

    async def _publish(self, person: str, chat: dict[str, Any], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        data = ChatUpdate(person=person, chat=chat).model_dump(mode="json")
        try:
            event = cloud_event(f"{uuid7()}:chat", CHAT_TYPE, BACKEND, person, data)
            await self._sidecar.publish(PUBSUB, Topic.TASK_UPDATES.value, [event])
        except SidecarError as error:
            log.info("a step of a chat is not shown live: %s", error)

    async def settle(self, seconds: float) -> None:
        """Wait until what was told is published, at most so long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
