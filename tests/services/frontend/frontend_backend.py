"""What stands behind the frontend in tests: a backend with logs, and services that tell what they were asked."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.kit.ids import person_id
from services.kit.tokens import digest, new_token

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Log:
    """One person's log, as the backend keeps it."""

    def __init__(self, person: str, epoch: int = 1) -> None:
        self.person = person
        self.epoch = epoch
        self.events: list[dict[str, Any]] = []

    def commit(self, count: int = 1, **fields: object) -> list[dict[str, Any]]:
        """Append events that each create a task; return their TaskEvents."""
        first = len(self.events) + 1
        new = [
            {
                "person": self.person,
                "epoch": self.epoch,
                "seq": seq,
                "type": "task.created",
                "at": "2026-01-01T00:00:00Z",
                "change": str(uuid4()),
                "key": f"key {seq}",
                "task": {"id": str(uuid4()), "title": f"task {seq}"},
                **fields,
            }
            for seq in range(first, first + count)
        ]
        self.events += new
        return new


class Backend:
    """The backend's internal endpoints; with `away` it answers 500 to them."""

    def __init__(self) -> None:
        self.logs: dict[str, Log] = {}
        self.away = False
        self.page = 100
        self.tokens: dict[str, dict[str, Any]] = {}
        self.asked: dict[str, int] = defaultdict(int)

    def log(self, person: str) -> Log:
        """Return the person's log, a new one where there is none."""
        return self.logs.setdefault(person, Log(person))

    def install(self, app: FastAPI) -> None:
        """Add the endpoints."""
        app.add_api_route("/internal/log/{person}", self._log)
        app.add_api_route("/internal/snapshot/{person}", self._snapshot)
        app.add_api_route("/internal/heads", self._heads, methods=["POST"])
        app.add_api_route("/internal/tokens", self._check, methods=["POST"])

    def issue(self, issuer: str, subject: str, *scopes: str) -> tuple[str, str]:
        """Return the secret and the id of a new personal access token."""
        token = new_token(person_id(issuer, subject))
        found = {"id": str(uuid4()), "title": "laptop", "subject": subject, "name": subject, "scopes": scopes}
        self.tokens[digest(token)] = found | {"expires_at": "2999-01-01T00:00:00Z"}
        return token, str(found["id"])

    async def _check(self, request: Request) -> Response:
        self.asked["tokens"] += 1
        found = self.tokens.get((await request.json())["digest"])
        return JSONResponse(found or {}, 500 if self.away else 200 if found else 404)

    def _known(self, person: str) -> Log | None:
        """Return a log that has been written to."""
        log = self.logs.get(person)
        return log if log and log.events else None

    async def _log(self, person: str, epoch: int, since: int, limit: int) -> Response:
        self.asked["log"] += 1
        log = self._known(person)
        if self.away or log is None:
            return JSONResponse({}, 500 if self.away else 404)
        events = log.events[since if epoch == log.epoch else 0 :][:limit]
        return JSONResponse({"epoch": log.epoch, "seq": len(log.events), "events": events})

    async def _snapshot(self, person: str, cursor: str | None = None) -> Response:
        self.asked["snapshot"] += 1
        log = self._known(person)
        if self.away or log is None:
            return JSONResponse({}, 500 if self.away else 404)
        start = int(cursor or 0)
        tasks = [event["task"] for event in log.events]
        following = start + self.page if start + self.page < len(tasks) else None
        return JSONResponse(
            {
                "epoch": log.epoch,
                "seq": len(log.events),
                "tasks": tasks[start : start + self.page],
                "next_cursor": following and str(following),
            }
        )

    async def _heads(self, request: Request) -> Response:
        self.asked["heads"] += 1
        people = (await request.json())["people"]
        known = [log for p in people if (log := self._known(p))]
        heads = {log.person: {"epoch": log.epoch, "seq": len(log.events)} for log in known}
        return JSONResponse({"heads": heads}, 500 if self.away else 200)


class Echo:
    """A service that tells what it was asked, and streams when it is told to."""

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.received = 0
        self.streams = 0
        self.go_on = asyncio.Event()

    def app(self) -> FastAPI:
        """Return the application."""
        app = FastAPI()
        app.add_api_route("/api/tasks/import", self._import, methods=["POST"])
        app.add_api_route("/api/tasks/stream", self._stream, methods=["GET"])
        app.add_api_route("/api/tasks/stalled", self._stalled, methods=["POST"])
        app.add_api_route("/api/tasks/broken", self._broken, methods=["GET"])
        app.add_api_route("/api/answer/{status}", self._answer, methods=METHODS)
        app.add_api_route("/{path:path}", self._echo, methods=METHODS)
        return app

    async def _echo(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        told = {
            "app": self.app_id,
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "headers": dict(request.headers),
            "body": body,
        }
        return JSONResponse(told, headers={"ETag": '"7"', "X-Change-Id": "c", "Dapr-Inside": "x"})

    async def _answer(self, status: int, request: Request) -> Response:
        headers = {"Content-Type": request.query_params.get("kind", "application/problem+json"), "Location": "/x"}
        return Response(b"" if status in {204, 304} else b'{"status": 1}', status, headers)

    async def _import(self, request: Request) -> Response:
        self.received = 0
        async for chunk in request.stream():
            self.received += len(chunk)
        return JSONResponse({"bytes": self.received})

    async def _stream(self) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            self.streams += 1
            try:
                yield b"data: first\n\n"
                await self.go_on.wait()
                yield b"data: last\n\n"
            finally:
                self.streams -= 1

        return StreamingResponse(parts(), media_type="text/event-stream")

    async def _stalled(self, request: Request) -> Response:
        self.received = len(await request.body())
        await self.go_on.wait()
        return Response()

    async def _broken(self) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise ConnectionResetError

        return StreamingResponse(parts(), headers={"Content-Length": "8"})
