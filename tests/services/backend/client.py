"""A caller of the backend over HTTP; every error that it gets has to be a problem document."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiohttp
import orjson
from harness.runtime import APP_TOKEN

from services.kit.config import Config
from services.kit.ids import person_id, uuid7


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        return str(self.json["id"])

    @property
    def fields(self) -> set[str]:
        """The fields that a 422 names."""
        return {error["field"] for error in self.json["errors"]}


class Client:
    """Calls for one person."""

    def __init__(self, http: aiohttp.ClientSession, base: str, subject: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self.base = base
        self.subject = subject
        self.headers = {"dapr-api-token": APP_TOKEN, **headers}

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call; a body that is no bytes goes as JSON. Header names may be written with underscores."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        payload: Any = None if data is None else io.BytesIO(data)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            sent["Content-Type"] = "application/json"
        if sent.pop("Transfer-Encoding", ""):
            payload = _in_chunks(data or b"")
        async with self._http.request(method, self.base + path, data=payload, headers=self.headers | sent) as answer:
            found = Answer(answer.status, answer.headers, await answer.read())
        if found.status >= 400:
            check_problem(found)
        return found

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.call("POST", path, body, **headers)

    async def create(self, title: str = "A task", **fields: Any) -> str:
        """Create a task; return its id."""
        answer = await self.post("/api/tasks", {"title": title, **fields})
        assert answer.status == 201, answer.body
        return answer.id

    async def patch(self, task_id: str, body: Any, **headers: str) -> Answer:
        return await self.call("PATCH", f"/api/tasks/{task_id}", body, **headers)

    async def titles(self, query: str = "") -> list[str]:
        answer = await self.get(f"/api/tasks?{query}")
        assert answer.status == 200, answer.body
        return [task["title"] for task in answer.json["items"]]

    async def internal(self, method: str, path: str, body: Any = None, caller: str = "recurring-task") -> Answer:
        """Call as another service does."""
        return await self.call(method, path, body, **{"dapr-caller-app-id": caller})


async def _in_chunks(data: bytes) -> AsyncIterator[bytes]:
    """Yield the data without telling how much there is."""
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]


def check_problem(answer: Answer) -> None:
    """Hold an error against RFC 9457 and the contract."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    document = answer.json
    assert {"type", "title", "status", "detail"} <= set(document)
    assert document["status"] == answer.status
    assert document["detail"]
    assert "Traceback" not in document["detail"]
    if answer.status == 422 and "errors" in document:
        assert all({"field", "message"} == set(error) for error in document["errors"])
    assert answer.status != 503 or int(answer.headers["Retry-After"]) >= 1


class People:
    """Callers of one served backend: each a person of their own."""

    def __init__(self, http: aiohttp.ClientSession, config: Config, issuer: Any = None) -> None:
        self._http = http
        self._issuer = issuer
        self.config = config
        self.base = f"http://{config.host}:{config.port}"

    def new(self) -> Client:
        """Return a caller that nobody knows yet."""
        return self.known(str(uuid7()))

    def known(self, subject: str) -> Client:
        headers = self._issuer.headers(subject) if self._issuer else {}
        return Client(self._http, self.base, subject, headers)

    def person(self, client: Client) -> str:
        """Return the id that the platform knows a caller by."""
        return person_id(self._issuer.url, client.subject)


@asynccontextmanager
async def people(config: Config, issuer: Any = None) -> AsyncIterator[People]:
    """Return callers of the backend that is served with `config`."""
    async with aiohttp.ClientSession() as http:
        yield People(http, config, issuer)


def some_id() -> str:
    """Return an id that nothing has."""
    return str(UUID(int=uuid7().int ^ 1))
