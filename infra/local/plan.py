"""Which processes make the platform, and what each service is told: the catalogue, for this machine."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from components.catalogue import CATALOGUE
from components.embedded import Ports
from infra.local.child import Executable, Program
from infra.local.options import HOST, Options
from infra.local.readiness import Check, Probe

PORTS: Final = 120  # more than any plan needs

Process = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One process to keep running: its program, how to tell that it is ready, and the ports it listens on.

    It is started when the parts named in `after` are ready, and asked whether it is when those in `beside` are.
    """

    program: Program | Executable
    check: Check
    ports: tuple[int, ...]
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts in layers: each stands on the one before, and the services on all. The first cannot be done without.

    `public` are the ports that people reach it at.
    """

    layers: tuple[tuple[Part, ...], ...]
    public: tuple[int, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything, in the order of its start."""
        return tuple(part for layer in self.layers for part in layer)


def _token() -> str:
    return secrets.token_urlsafe()


@dataclass(frozen=True, slots=True)
class Services:
    """The processes of the services, by app id and replica: their ports, and the tokens that guard them."""

    ports: Mapping[Process, Ports]
    api_token: str = field(default_factory=_token)
    app_token: str = field(default_factory=_token)

    @classmethod
    def choose(cls, options: Options, free: Iterator[int]) -> Self:
        """Give ports to as many as there shall be; the first public one is on the port that was asked for."""
        processes = [(s.app_id, n) for s in CATALOGUE.services for n in range(options.replicas.get(s.app_id, 1))]
        first = next((s.app_id, 0) for s in CATALOGUE.services if s.public)
        ports = {
            process: Ports(app=options.port if process == first else next(free), http=next(free), grpc=next(free))
            for process in processes
        }
        return cls(ports)

    @property
    def public(self) -> tuple[int, ...]:
        """The ports of the public processes."""
        return tuple(ports.app for (app_id, _), ports in self.ports.items() if CATALOGUE[app_id].public)

    def parts(self, options: Options, beside: Callable[[str], str]) -> tuple[Part, ...]:
        """Return the services; `beside` gives, for the name of one, the part that it talks to."""
        others = [f"http://{name}:{port}" for port in self.public[1:] for name in (HOST, "localhost")]
        origins = " ".join([options.environment["PUBLIC_ORIGINS"], *others])
        return tuple(self._part(options, process, origins, beside) for process in self.ports)

    def _part(self, options: Options, process: Process, origins: str, beside: Callable[[str], str]) -> Part:
        ports, app_id = self.ports[process], process[0]
        environment = {
            **options.environment,
            "APP_HOST": HOST,
            "APP_PORT": str(ports.app),
            "DAPR_HTTP_PORT": str(ports.http),
            "DAPR_GRPC_PORT": str(ports.grpc),
            "DAPR_API_TOKEN": self.api_token,
            "APP_API_TOKEN": self.app_token,
            "PUBLIC_ORIGINS": origins,
        }
        program = Program(name=name_of(process), module=CATALOGUE[app_id].package, environment=environment)
        return Part(program, Probe(ports.app, "/readyz"), (ports.app,), beside=(beside(program.name),))


def name_of(process: Process) -> str:
    """Return how a process is called: the app id, with a number from the second replica on."""
    app_id, replica = process
    return f"{app_id}-{replica + 1}" if replica else app_id
