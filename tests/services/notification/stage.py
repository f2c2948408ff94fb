"""The surroundings of the notification service in tests: a backend, a page's relay, a webhook receiver, and callers."""

import asyncio
import email
import email.policy
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

import aiohttp
from aiohttp import web
from fastapi import FastAPI
from harness.runtime import APP_TOKEN, Runtime
from harness.serving import serving, subscribed
from harness.waiting import eventually
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from components.catalogue import BACKEND, FRONTEND, NOTIFICATION, PUBSUB, RELAY_PUBSUB
from components.model import Topic
from services.kit.consumer import cloud_event
from services.kit.events import ReminderEvent
from services.kit.identity import Caller
from services.kit.sidecar import Sidecar
from services.kit.task import Due, Task
from services.notification.app import build
from services.notification.options import Options
from services.notification.service import Notifications

QUICK = Options(allow_private=True, retry_seconds=(0.1, 0.1, 0.1), hold_seconds=2)


def reminder(
    person: str, seq: int = 1, *, epoch: int = 1, title: str = "Pay rent", due: Due | None = None, late: bool = False
) -> ReminderEvent:
    """Return a reminder that has just fallen due."""
    now = datetime.now(UTC)
    return ReminderEvent(
        person=person,
        epoch=epoch,
        seq=seq,
        at=now,
        scheduled_at=now - timedelta(hours=3 if late else 0),
        late=late,
        reminder="r1",
        reminder_seq=7,
        task=Task(id=uuid4(), seq=seq, version=1, title=title, due=due, created_at=now, updated_at=now),
    )


class Backend:
    """The two endpoints of the backend: profiles, and the outcomes it is told."""

    def __init__(self) -> None:
        self.profiles: dict[str, dict[str, str]] = {}
        self.reports: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/internal/people/{person}", self._profile, methods=["GET"])
        app.add_api_route("/internal/reminders", self._reminders, methods=["POST"])
        return app

    def told(self, person: str) -> list[dict[str, Any]]:
        """Return what was taken of a person's outcomes."""
        return [report for report in self.reports if report["person"] == person]

    async def _profile(self, person: str) -> Response:
        found = self.profiles.get(person)
        return JSONResponse({**found, "name": "somebody"}) if found else JSONResponse({}, 404)

    async def _reminders(self, request: Request) -> Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 500:
            self.reports.append(await request.json())
        return JSONResponse({}, status)


class Relay:
    """The frontend's ear on `task-updates`."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/dapr/subscribe", self._subscriptions, methods=["GET"])
        app.add_api_route("/events/task-updates", self._take, methods=["POST"])
        return app

    def heard(self, person: str) -> list[dict[str, Any]]:
        """Return the events of a person."""
        return [event for event in self.events if event["data"]["person"] == person]

    async def _subscriptions(self) -> Response:
        route = "/events/task-updates"
        return JSONResponse([{"pubsubname": RELAY_PUBSUB, "topic": Topic.TASK_UPDATES.value, "route": route}])

    async def _take(self, request: Request) -> Response:
        self.events.append(await request.json())
        return JSONResponse({"status": "SUCCESS"})


@dataclass
class Receiver:
    """A webhook receiver: answers with `statuses` in turn, then 204; `pause` is waited before each answer."""

    statuses: list[int] = field(default_factory=list)
    requests: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    pause: float = 0
    location: str = "/elsewhere"
    url: str = ""

    async def __aenter__(self) -> Self:
        server = web.Application()
        server.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.read()))
        await asyncio.sleep(self.pause)
        status = self.statuses.pop(0) if self.statuses else 204
        headers = {"Location": self.location} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=headers, body=b"a secret of the inside" if status >= 400 else None)


class Anybody:
    """Takes the bearer token for the person, so that every test has people of its own."""

    async def authenticate(self, authorization: str | None) -> Caller:
        person = (authorization or "").removeprefix("Bearer ")
        return Caller(person=person, subject=person, name=person)


class Stage:
    """A running service with its surroundings, and ways to act on it."""

    def __init__(self, runtime: Runtime, options: Options = QUICK) -> None:
        self.runtime = runtime
        self.options = options
        self.backend = Backend()
        self.relay = Relay()
        self._stack = AsyncExitStack()
        self._service = AsyncExitStack()

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        self.sidecar = await enter(Sidecar(self.runtime.config(BACKEND)))
        self.http = await enter(aiohttp.ClientSession())
        await enter(serving(self.backend.app(), self.runtime.config(BACKEND)))
        await self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()
        await self._stack.aclose()

    async def begin(self) -> None:
        """Start the service."""
        self.app = build(self.runtime.config(NOTIFICATION), self.options)
        await self._service.enter_async_context(serving(self.app, self.runtime.config(NOTIFICATION)))
        self.app.state.authenticator = Anybody()

    async def end(self) -> None:
        """Stop the service."""
        await self._service.aclose()

    async def listen(self) -> None:
        """Listen to the open pages' updates."""
        await self._stack.enter_async_context(serving(self.relay.app(), self.runtime.config(FRONTEND)))
        await subscribed(self.runtime.config(FRONTEND))

    @property
    def service(self) -> Notifications:
        """The parts of the running service."""
        found: Notifications = self.app.state.notifications
        return found

    async def call(
        self, method: str, path: str, person: str = "", body: object = None, **headers: str
    ) -> tuple[int, Any]:
        """Call the service as a person; return the status and the parsed body."""
        url = f"http://127.0.0.1:{self.runtime.config(NOTIFICATION).port}{path}"
        sent = {"dapr-api-token": APP_TOKEN, "Authorization": f"Bearer {person}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, url, json=body, headers=sent) as answer:
            text = await answer.text()
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json", text
            return answer.status, await answer.json(content_type=None) if text else None

    async def set_up(self, person: str, **settings: object) -> dict[str, Any]:
        """Write a person's settings."""
        status, body = await self.call("PUT", "/api/notifications/settings", person, settings)
        assert status == 200, body
        return dict(body)

    async def publish(self, *events: ReminderEvent) -> None:
        """Publish reminders as the backend does."""
        for event in events:
            await self.publish_raw(event.person, event.id, event.model_dump(mode="json"))

    async def publish_raw(self, person: str, event_id: str, data: object) -> None:
        """Publish anything on `reminders`."""
        document = {**cloud_event(event_id, "reminder.due", BACKEND, person, {}), "data": data}
        await self.sidecar.publish(PUBSUB, Topic.REMINDERS, [document])

    async def listed(self, person: str) -> list[dict[str, Any]]:
        """Return a person's notifications, newest first."""
        status, body = await self.call("GET", "/api/notifications", person)
        assert status == 200, body
        return list(body["items"])

    async def settled(self, person: str, count: int = 1, within: float = 15) -> list[dict[str, Any]]:
        """Wait until so many notifications are there and every channel of them has ended."""

        async def probe() -> list[dict[str, Any]]:
            items = await self.listed(person)
            open_ = any(c["status"] in {"pending", "retrying"} for i in items for c in i["channels"].values())
            return items if len(items) >= count and not open_ else []

        return list(await eventually(probe, within=within))

    async def told(self, person: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the backend was told so many outcomes of a person."""
        await eventually(lambda: len(self.backend.told(person)) >= count)
        return self.backend.told(person)

    def mails(self, address: str) -> list[email.message.EmailMessage]:
        """Return the e-mails to an address."""
        found = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted((self.runtime.settings.data / "mail").glob("*.eml"))
        ]
        return [mail for mail in found if mail["To"] == address]
