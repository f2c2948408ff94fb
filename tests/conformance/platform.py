"""A runtime with its applications and clients, for one case."""

from typing import Any, Generic, TypeVar

from tests.conformance.harness import API_TOKEN, AppKey, Client, FakeApp, Handler, Runtime

R = TypeVar("R", bound=Runtime)


class Platform(Generic[R]):
    """What a case asks for applications and clients; all end with it."""

    def __init__(self, runtime: R) -> None:
        self.runtime = runtime
        self._apps: dict[AppKey, FakeApp] = {}
        self._clients: dict[tuple[str, int, str | None], Client] = {}

    def client(self, app_id: str, replica: int = 0, token: str | None = API_TOKEN) -> Client:
        """Return the API as that application sees it."""
        key = (app_id, replica, token)
        if key not in self._clients:
            ports = self.runtime.ports[app_id, replica]
            self._clients[key] = Client(ports.grpc, ports.http, token)
        return self._clients[key]

    async def app(
        self,
        app_id: str,
        replica: int = 0,
        *,
        topics: dict[str, str] | None = None,
        answer: Handler | None = None,
        **subscription: Any,
    ) -> FakeApp:
        """Start an application subscribed to `topics` (topic to pub/sub component) and wait until it takes part."""
        subscriptions = [
            {"pubsubname": pubsub, "topic": topic, "route": f"/events/{topic}", **subscription}
            for topic, pubsub in (topics or {}).items()
        ]
        app = await self.runtime.join((app_id, replica), subscriptions, answer)
        self._apps[app.key] = app
        return app

    async def away(self, app_id: str, replica: int = 0) -> None:
        """End the application alone."""
        await self.runtime.away(self._apps[app_id, replica])

    async def back(self, app_id: str, replica: int = 0) -> None:
        """Start the application again."""
        await self.runtime.back(self._apps[app_id, replica])

    async def lost(self, app_id: str, replica: int = 0) -> None:
        """End the application and its sidecar."""
        await self.runtime.lost(self._apps[app_id, replica])

    async def found(self, app_id: str, replica: int = 0) -> None:
        """Start both again, and wait until they take part."""
        await self.runtime.found(self._apps[app_id, replica])

    async def disconnect(self) -> None:
        """End every client; the next is made anew."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def close(self, *, wait: bool = True) -> None:
        """End applications and clients, and unless told otherwise wait until the sidecars have seen it."""
        for app in self._apps.values():
            await (self.runtime.release(app) if wait else app.stop())
        await self.disconnect()
