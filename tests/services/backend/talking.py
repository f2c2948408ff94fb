"""Talking to the chat of a replica over a store in memory: fixtures, and the calls in short form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from fastapi import FastAPI

from backend.client import Answer
from backend.inprocess import call, replica
from backend.memory import Memory

OVERDUE = {"date": (datetime.now(UTC) - timedelta(days=3)).date().isoformat()}


@pytest_asyncio.fixture
async def memory() -> Memory:
    return Memory()


@pytest_asyncio.fixture
async def app(memory: Memory) -> AsyncIterator[FastAPI]:
    async with standing(memory) as found:
        yield found


@asynccontextmanager
async def standing(memory: Memory, **settings: Any) -> AsyncIterator[FastAPI]:
    """Enter a replica; one task enters and leaves it, as its task groups want it."""
    started: asyncio.Future[FastAPI] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()

    async def run() -> None:
        async with replica(memory, **settings) as found:
            started.set_result(found)
            await ended.wait()

    running = asyncio.create_task(run())
    yield await started
    ended.set()
    await running


async def say(app: FastAPI, message: str, conversation: str | None = None, **headers: str) -> Any:
    body = {"message": message, "conversation": conversation}
    answer = await call(app, "POST", "/api/chat", body, {name.replace("_", "-"): v for name, v in headers.items()})
    assert answer.status == 200, answer.body
    return answer.json


async def add(app: FastAPI, title: str, **fields: Any) -> str:
    answer = await call(app, "POST", "/api/tasks", {"title": title, **fields})
    assert answer.status == 201
    return answer.id


async def tasks(app: FastAPI, query: str = "status=all") -> dict[str, Any]:
    answer: Answer = await call(app, "GET", f"/api/tasks?{query}")
    return {task["title"]: task for task in answer.json["items"]}
