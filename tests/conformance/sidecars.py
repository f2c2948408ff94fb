"""The real thing under the cases: a daprd for every application, over one set of engines for the session."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from harness.engines import Engines, Running
from harness.ports import free_ports

from components.embedded import Ports
from components.selfhosted import Place, render
from infra.local.engines.build import cache
from infra.local.engines.sidecars import Sidecars
from tests.conformance.harness import (
    API_TOKEN,
    APP_TOKEN,
    APPS,
    ECHO,
    HOST,
    PATIENCE_SECONDS,
    PUBSUB,
    RELAY,
    SECRETS,
    AppKey,
    FakeApp,
    Handler,
)

Subscriptions = list[dict[str, Any]]

GUEST: AppKey = ("audit", 1)  # shares the partitions of another, so it is there only where a case wants it


def _subscribed(topic: str, pubsub: str) -> Subscriptions:
    return [{"pubsubname": pubsub, "topic": topic, "route": f"/events/{topic}"}]


def _consumes(subscriptions: Subscriptions) -> bool:
    return any(subscription["pubsubname"] == PUBSUB for subscription in subscriptions)


USUAL: dict[str, Subscriptions] = {
    "audit": _subscribed("task-events", PUBSUB),
    "recurring-task": _subscribed("task-events", PUBSUB),
    "notification": _subscribed("reminders", PUBSUB),
    "frontend": _subscribed("task-updates", RELAY),
}


class Daprds:
    """Sidecars with their applications, which all stay for the session, so that no event waits for one that is away.

    A sidecar asks for subscriptions once in its life: a case with unusual ones restarts it, and so does its end.
    """

    name = "daprd"

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._folder = engines.folder
        place = Place(
            folder=self._folder / "dapr",
            brokers=f"{HOST}:{engines.broker.port}",
            secrets=SECRETS | engines.secrets,
            conversation=ECHO,
        )
        render(place)
        shared = Sidecars(cache().dapr / "daprd", place, engines.scheduler.port, API_TOKEN, APP_TOKEN, ())
        free = iter(free_ports(5 * len(APPS)))
        self.ports = {key: Ports(app=next(free), http=next(free), grpc=next(free)) for key in APPS}
        self._sidecars = {
            key: Running(shared.part(key, ports, next(free), next(free)), self._folder / f"{key[0]}-{key[1]}.log")
            for key, ports in self.ports.items()
        }
        self._apps = {key: FakeApp(key, ports.app) for key, ports in self.ports.items()}
        self._announced: dict[AppKey, Subscriptions] = {}
        self._kafka = AIOKafkaAdminClient(bootstrap_servers=place.brokers)

    @property
    def mail(self) -> Path:
        return self._engines.mail

    def logs(self) -> str:
        return "\n".join(sidecar.log.read_text() for sidecar in self._sidecars.values() if sidecar.log.exists())

    async def start(self) -> None:
        """Start every application and its sidecar."""
        await self._kafka.start()
        await asyncio.gather(*(self._start(key, USUAL.get(key[0], [])) for key in APPS if key != GUEST))

    async def stop(self) -> None:
        """End all of them."""
        await asyncio.gather(*(self._end(key) for key in APPS))
        await self._kafka.close()

    async def join(self, key: AppKey, subscriptions: Subscriptions, answer: Handler | None) -> FakeApp:
        app = self._apps[key]
        app.forget()
        app.answer = answer or app.answer
        if key not in self._announced:
            await self._start(key, subscriptions)
        elif not all(wanted in self._announced[key] for wanted in subscriptions):
            await self._restart(key, subscriptions)
        return app

    async def release(self, app: FakeApp) -> None:
        app.forget()
        usual = USUAL.get(app.key[0], [])
        if app.key == GUEST:
            await self.lost(app)
        elif self._announced.get(app.key) != usual:
            await self._restart(app.key, usual)
        else:
            await app.start()

    async def away(self, app: FakeApp) -> None:
        await app.stop()

    async def back(self, app: FakeApp) -> None:
        await app.start()

    async def lost(self, app: FakeApp) -> None:
        await self._end(app.key)
        self._announced.pop(app.key, None)
        await self._settled(app.key[0])

    async def found(self, app: FakeApp) -> None:
        await self._start(app.key, app.subscriptions)

    async def _restart(self, key: AppKey, subscriptions: Subscriptions) -> None:
        """The application stays, as its sidecar's leaving takes as long as what it has under way."""
        await asyncio.to_thread(self._sidecars[key].stop)
        await self._start(key, subscriptions)

    async def _end(self, key: AppKey) -> None:
        await self._apps[key].stop()
        await asyncio.to_thread(self._sidecars[key].stop)

    async def _start(self, key: AppKey, subscriptions: Subscriptions) -> None:
        app = self._apps[key]
        app.subscriptions = subscriptions
        await app.start()
        await asyncio.to_thread(self._sidecars[key].start)
        self._announced[key] = subscriptions
        await self._seen(key)
        await self._settled(key[0])

    async def _seen(self, key: AppKey) -> None:
        """Return when the sidecar has found its application."""
        until = time.monotonic() + PATIENCE_SECONDS
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"http://{HOST}:{self.ports[key].http}/v1.0/healthz") as answer:
                    if answer.status == 204:
                        return
                assert time.monotonic() < until, f"{key} is not seen: {self.logs()}"
                await asyncio.sleep(0.02)

    async def _settled(self, app_id: str) -> None:
        """Return when the app's consumer group has shared out its partitions among those that are there.

        What is under way while it does so is delivered again, and a case that counts would count that.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        wanted = sum(key[0] == app_id and _consumes(asked) for key, asked in self._announced.items())
        while wanted != await self._members(app_id):
            assert time.monotonic() < until, f"the group {app_id} is never one of {wanted}"
            await asyncio.sleep(0.05)

    async def _members(self, app_id: str) -> int | None:
        """Return how many share the partitions of a consumer group; None while that is not settled."""
        try:
            (answer,) = await self._kafka.describe_consumer_groups([app_id])
        except KafkaError:  # the first group of all makes the broker's own topic
            return None
        _error, _name, state, _type, _protocol, members, *_ = answer.groups[0]
        return len(members) if state in {"Stable", "Empty", "Dead"} else None
