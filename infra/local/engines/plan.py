"""The plan whose services stand on the real engines, each process beside a sidecar of its own."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from components.conversation import CONVERSATION_KEY
from components.dapr import DATABASE_SECRET, SMTP_SECRET
from components.model import Topic
from components.selfhosted import Place, render
from infra.local.engines.build import Cache, EngineError, cache, java
from infra.local.engines.kafka import Broker
from infra.local.engines.mailbox import Mailbox
from infra.local.engines.postgresql import Cluster, programs
from infra.local.engines.sidecars import Scheduler, Sidecars, sidecar_of
from infra.local.folder import ENGINES, kept_secrets
from infra.local.options import HOST, Options
from infra.local.plan import PORTS, Part, Plan, Services
from infra.local.ports import free_ports

PARTITIONS: Final = 12


def plan(options: Options) -> Plan:
    """Choose ports and tokens, make what is missing in the data folder, and render what the sidecars read."""
    built, free = cache(), iter(free_ports(PORTS))
    if not (built.dapr.is_dir() and built.kafka.is_dir()):
        raise EngineError("the engines are not built, or were built from other pins. Build them first: make engines")
    services = Services.choose(options, free)
    folder = options.data / ENGINES
    cluster = Cluster(programs(), folder / "postgresql", next(free))
    broker = Broker(java(), built.kafka, built.classes, folder / "kafka", next(free), next(free))
    scheduler = Scheduler(built.dapr / "scheduler", folder / "scheduler", *_some(free, 5))
    _together(cluster.make, broker.make)
    mailbox = Mailbox(next(free), options.data / "mail", options.environment)
    post = () if options.smtp else (mailbox.part(),)
    engines = (cluster.part(), broker.part(tuple(Topic), PARTITIONS), scheduler.part(), *post)
    secrets = kept_secrets(options.data) | _secrets(cluster.connection_string, options.smtp or mailbox.secret)
    if options.conversation_key:
        secrets |= {CONVERSATION_KEY.name: {CONVERSATION_KEY.key: options.conversation_key}}
    brokers = f"{HOST}:{broker.port}"
    place = Place(folder=folder / "dapr", brokers=brokers, secrets=secrets, conversation=options.conversation)
    render(place)
    sidecars = _sidecars(built, place, scheduler.port, services, engines)
    layer = tuple(sidecars.part(process, ports, *_some(free, 2)) for process, ports in services.ports.items())
    return Plan((engines, layer, services.parts(options, sidecar_of)), services.public)


def _sidecars(built: Cache, place: Place, scheduler: int, services: Services, engines: tuple[Part, ...]) -> Sidecars:
    after = tuple(part.program.name for part in engines)
    return Sidecars(built.dapr / "daprd", place, scheduler, services.api_token, services.app_token, after)


def _secrets(connection_string: str, smtp: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {DATABASE_SECRET.name: {DATABASE_SECRET.key: connection_string}, SMTP_SECRET: {"port": "25", **smtp}}


def _together(*steps: Callable[[], None]) -> None:
    """Do what takes seconds side by side."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(step) for step in steps]:
            done.result()


def _some(free: Iterator[int], count: int) -> list[int]:
    return [next(free) for _ in range(count)]
