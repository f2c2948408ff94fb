"""The platform on real engines as faults find it: parts by name, people, and the places that messages leave to."""

import asyncio
import email
import email.policy
import re
import shutil
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import aiohttp
import psutil
from aiohttp import web
from harness.engines import reachable_folder
from harness.follower import Follower
from harness.issuer import Issuer
from harness.person import Person
from harness.platform import Platform
from harness.ports import free_ports
from harness.waiting import eventually

from faults.disk import Disk, mounted, why_not
from services.kit.ids import person_id

PATIENCE_SECONDS = 300  # that a writer repeats a change for, and the platform is given to be whole again
_CALL_SECONDS = 15  # before a caller gives up on an answer
_TOKEN_SECONDS = 6 * 3600
ENGINES = ("postgresql", "kafka", "scheduler", "mailbox")
_REPLICAS = {"BACKEND_REPLICAS": "2", "FRONTEND_REPLICAS": "2"}
_RETRIES = "5 10 20 20 20 20 20 20 20 20 20 20 20 20 20"  # so that nothing is given up within a run
_REFERENCE = re.compile(r"<small>([^<]+)</small>")


@dataclass(slots=True)
class Stage:
    """A running platform.

    `urls` are the public address of each frontend, `receiver` the port that webhooks come to, and `webhooks` counts
    those, by the message's id.
    """

    platform: Platform
    issuer: Issuer
    http: aiohttp.ClientSession
    disk: Disk | None
    receiver: int
    urls: tuple[str, ...] = ()
    webhooks: Counter[str] = field(default_factory=Counter)

    def part(self, name: str) -> psutil.Process:
        """Return the process of a part; AssertionError where it does not run, or was not ready yet."""
        found = self.platform.children()
        assert name in found, f"{name} is not there; there are {sorted(found)}"
        return found[name]

    async def end(self, name: str, number: signal.Signals) -> None:
        """Send a part a signal that ends it, and wait until it has ended."""
        process = self.part(name)
        process.send_signal(number)
        await eventually(lambda: not process.is_running())

    def started(self, argument: str) -> psutil.Process | None:
        """Return the process, ready or not, that has such an argument; None where there is none."""
        for process in self.platform.processes():
            try:
                if argument in process.cmdline():
                    return process
            except psutil.Error:
                continue
        return None

    async def is_whole(self) -> bool:
        """Tell whether every engine runs, and every service says that it is ready."""
        return set(ENGINES) <= set(self.platform.children()) and await asyncio.to_thread(self.platform.is_ready)

    def someone(self, number: int) -> tuple[Person, str]:
        """Return a person nobody has heard of, and the hash that the platform knows them by."""
        subject, urls = str(uuid4()), self.urls
        headers = {"Authorization": f"Bearer {self.issuer.token(subject, lasts=_TOKEN_SECONDS)}"}
        turned = urls[number % len(urls) :] + urls[: number % len(urls)]
        person = Person(self.http, turned[0], headers, others=turned[1:], patience=PATIENCE_SECONDS)
        return person, person_id(self.issuer.url, subject)

    def follower(self, person: Person, number: int) -> Follower:
        """Return a WebSocket client of a person; even and odd ones are connected to different replicas."""
        url = self.urls[number % len(self.urls)]
        return Follower(url.replace("http", "ws", 1) + "/ws", person.headers)

    def mails(self) -> Counter[str]:
        """Return how often each message was mailed, by its id."""
        found: Counter[str] = Counter()
        for file in (self.platform.data or self.platform.folder / "data").glob("mail/[!.]*.eml"):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            found.update(_REFERENCE.findall(message.get_content()))
        return found

    async def receive(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        self.webhooks[request.headers["webhook-id"]] += 1
        return web.Response(status=204)


@contextmanager
def _disk(folder: Path) -> Iterator[Disk | None]:
    if why_not():
        yield None
        return
    with mounted(folder) as disk:
        yield disk


@asynccontextmanager
async def staged(log: Path) -> AsyncIterator[Stage]:
    """Start the platform with two replicas of backend and frontend; what it wrote is copied to `log` in the end."""
    issuer = Issuer(free_ports(1)[0])
    timeout, everyone = aiohttp.ClientTimeout(total=_CALL_SECONDS), aiohttp.TCPConnector(limit=0)
    with reachable_folder() as folder, _disk(folder) as disk:
        settings = {name.upper(): value for name, value in issuer.settings.items()} | _REPLICAS
        settings |= {"RUNTIME": "dapr", "WEBHOOK_ALLOW_PRIVATE": "true", "RETRY_SECONDS": _RETRIES}
        platform = Platform(folder, settings, data=disk.data if disk else None)
        async with issuer, aiohttp.ClientSession(timeout=timeout, connector=everyone) as http:
            stage = Stage(platform, issuer, http, disk, free_ports(1)[0])
            async with _receiving(stage):
                try:
                    await asyncio.to_thread(platform.start)
                    stage.urls = tuple(f"http{relay[2:-3]}" for relay in platform.relays)
                    yield stage
                finally:
                    await asyncio.to_thread(platform.stop)
                    shutil.copy(platform.log, log)


@asynccontextmanager
async def _receiving(stage: Stage) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/hook", stage.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", stage.receiver).start()
    try:
        yield
    finally:
        await runner.cleanup()
