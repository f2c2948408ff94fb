"""A WebSocket client that follows a person's list by the cursor protocol, across whatever happens to the connection."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from harness.person import Person
from harness.waiting import PATIENCE_SECONDS, eventually


class Follower:
    """Keeps what it was told: `seqs` in the order they came, `tasks` by id; `events`, `notifications`, `chats` whole.

    A client that begins with nothing is sent a snapshot; `begun` is the seq of that. `stretches` begin with a
    snapshot's seq, and go on with those of the events after it: one for each snapshot.
    """

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._url = url
        self._headers = headers or {}
        self.epoch: int | None = None
        self.seq: int | None = None
        self.begun = 0
        self.snapshots = 0
        self.seqs: list[int] = []
        self.stretches: list[list[int]] = [[0]]
        self.tasks: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.notifications: list[dict[str, Any]] = []
        self.chats: list[dict[str, Any]] = []
        self.connections = 0
        self.greeted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.greeted.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def until(self, told: Callable[["Follower"], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until what it was told satisfies a condition."""
        await eventually(lambda: told(self), within=seconds, every=0.01)

    async def live(self, person: Person) -> None:
        """Return once it is told of changes as they come: the first of a new person may all be in one snapshot.

        The person moves to another time zone, which is a change, until it was told of that.
        """
        zones = itertools.cycle(("Europe/Rome", "Europe/Paris"))

        async def is_told() -> bool:
            await person.insist("PATCH", "/api/me", json={"time_zone": next(zones)})
            return bool(self.seqs)

        await eventually(is_told, every=0.5)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, EOFError, TimeoutError):
                async with connect(self._url, additional_headers=self._headers, max_size=None, proxy=None) as socket:
                    self.connections += 1
                    await self._listen(socket)
            await asyncio.sleep(0.05)

    async def _listen(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "hello", "epoch": self.epoch, "since": self.seq}))
        self.greeted.set()
        async for text in socket:
            self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "snapshot":
            self._take_snapshot(message)
        elif kind == "events":
            for event in message["events"]:
                self._take_event(event)
        elif kind == "notification":
            self.notifications.append(message)
        elif kind == "chat":
            self.chats.append(message)

    def _take_snapshot(self, message: dict[str, Any]) -> None:
        if message["part"] == 1:
            self.tasks = {}
        self.tasks |= {task["id"]: task for task in message["tasks"]}
        if message["last"]:
            self.snapshots += 1
            self.epoch, self.seq = message["epoch"], message["seq"]
            self.begun = message["seq"]
            self.seqs.clear()
            self.stretches.append([message["seq"]])

    def _take_event(self, event: dict[str, Any]) -> None:
        self.seq = event["seq"]
        self.epoch = event.get("epoch", self.epoch)
        self.seqs.append(event["seq"])
        self.stretches[-1].append(event["seq"])
        self.events.append(event)
        task = event.get("task")
        if task is not None and event["type"] == "task.deleted":
            self.tasks.pop(task["id"], None)
        elif task is not None:
            self.tasks[task["id"]] = task
