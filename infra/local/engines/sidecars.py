"""Dapr's processes: its scheduler, which keeps the jobs, and a sidecar beside every process of a service."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.catalogue import CATALOGUE
from components.embedded import Ports
from components.selfhosted import Place
from infra.local.child import Executable
from infra.local.options import HOST
from infra.local.plan import Part, Process, name_of
from infra.local.readiness import Probe

_MEMBER: Final = "scheduler"
_QUIET: Final = ("--log-as-json", "--log-level", "warn")
_HEADERS: Final = "64Ki"  # a token and a few cookies are more than the 4 kB that daprd takes by itself


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The scheduler over `folder`; `peer` and `client` are the ports of the etcd that it holds."""

    binary: Path
    folder: Path
    port: int
    health: int
    metrics: int
    peer: int
    client: int

    def part(self) -> Part:
        """Return its process."""
        arguments = {
            "--id": _MEMBER,
            "--listen-address": HOST,
            "--port": self.port,
            "--override-broadcast-host-port": f"{HOST}:{self.port}",
            "--healthz-listen-address": HOST,
            "--healthz-port": self.health,
            "--metrics-listen-address": HOST,
            "--metrics-port": self.metrics,
            "--etcd-data-dir": self.folder,
            "--etcd-client-port": self.client,
            "--etcd-initial-cluster": f"{_MEMBER}=http://{HOST}:{self.peer}",
            "--identity-directory-write": self.folder / "identity",
        }
        program = Executable("scheduler", str(self.binary), _environment({}), _flags(arguments))
        ports = (self.port, self.health, self.metrics, self.peer, self.client)
        return Part(program, Probe(self.health, "/healthz"), ports)


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What all sidecars have in common: their program, their settings, the scheduler's port and the tokens."""

    binary: Path
    place: Place
    scheduler: int
    api_token: str
    app_token: str
    after: tuple[str, ...]

    def part(self, process: Process, ports: Ports, internal: int, metrics: int) -> Part:
        """Return the sidecar of a process; the others call it on `internal`."""
        app_id = process[0]
        arguments = {
            "--app-id": app_id,
            "--app-port": ports.app,
            "--app-protocol": "http",
            "--app-channel-address": HOST,
            "--dapr-listen-addresses": HOST,
            "--dapr-http-port": ports.http,
            "--dapr-grpc-port": ports.grpc,
            "--dapr-internal-grpc-listen-address": HOST,
            "--dapr-internal-grpc-port": internal,
            "--metrics-listen-address": HOST,
            "--metrics-port": metrics,
            "--scheduler-host-address": f"{HOST}:{self.scheduler}",
            "--resources-path": self.place.resources,
            "--config": self.place.configuration(app_id),
            "--max-body-size": CATALOGUE[app_id].max_body_bytes,
            "--read-buffer-size": _HEADERS,
            "--dapr-graceful-shutdown-seconds": 2,
        }
        environment = _environment({"DAPR_API_TOKEN": self.api_token, "APP_API_TOKEN": self.app_token})
        program = Executable(sidecar_of(name_of(process)), str(self.binary), environment, _flags(arguments))
        probe = Probe(ports.http, "/v1.0/healthz/outbound", {"dapr-api-token": self.api_token})
        return Part(program, probe, (ports.http, ports.grpc, internal, metrics), self.after)


def sidecar_of(name: str) -> str:
    """Return how the sidecar of a process is called."""
    return f"daprd-{name}"


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.defpath, "DAPR_HOST_IP": HOST, **more}


def _flags(arguments: Mapping[str, object]) -> tuple[str, ...]:
    return (*(str(text) for pair in arguments.items() for text in pair), *_QUIET)
