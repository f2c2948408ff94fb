"""WebSocket clients: greeting them, and waiting for what they are told."""

import asyncio
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

PATIENCE_SECONDS = 120


async def greeted(socket: ClientConnection) -> None:
    """Say hello, and return once the snapshot has come."""
    await socket.send(orjson.dumps({"type": "hello", "epoch": None, "since": None}).decode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            message = orjson.loads(await socket.recv())
            if message["type"] == "snapshot" and message["last"]:
                return


async def events(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the events of the next message that brings any."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            message = orjson.loads(await socket.recv())
            if message["type"] == "events":
                return list(message["events"])
