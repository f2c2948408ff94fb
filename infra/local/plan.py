"""Which processes make the platform, and what each is told: the catalogue, for this machine."""

import secrets
from dataclasses import dataclass

from components.catalogue import CATALOGUE
from components.dapr import SMTP_SECRET
from components.embedded import EmbeddedApp, Ports, RuntimeSettings, render
from infra.local.child import Program
from infra.local.folder import SETTINGS, kept_secrets, write_private
from infra.local.options import HOST, Options
from infra.local.ports import free_ports
from infra.local.readiness import Probe


@dataclass(frozen=True, slots=True)
class Part:
    """One process to keep running: its program, how to tell that it is ready, and the ports it listens on."""

    program: Program
    probe: Probe
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The runtime, and the services that stand on it."""

    runtime: Part
    services: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything, in the order of its start."""
        return (self.runtime, *self.services)


def make_plan(options: Options) -> Plan:
    """Choose ports and tokens, and write the runtime's settings into the data folder."""
    settings = _settings(options)
    write_private(options.data / SETTINGS, settings.model_dump_json())
    return Plan(_runtime(options, settings), tuple(_service(options, settings, app) for app in settings.apps))


def _settings(options: Options) -> RuntimeSettings:
    free = iter(free_ports(3 * len(CATALOGUE.services)))
    ports = {
        (service.app_id, 0): Ports(app=options.port if service.public else next(free), http=next(free), grpc=next(free))
        for service in CATALOGUE.services
    }
    return render(
        options.data,
        ports,
        secrets={**kept_secrets(options.data), SMTP_SECRET: dict(options.smtp)},
        api_token=secrets.token_urlsafe(),
        app_token=secrets.token_urlsafe(),
    )


def _runtime(options: Options, settings: RuntimeSettings) -> Part:
    program = Program(
        name="runtime",
        module="infra.local.runtime",
        arguments=(str(options.data / SETTINGS),),
        environment=options.environment,
    )
    # Ports are opened in the order of the apps: where the last one answers, all do.
    probe = Probe(settings.apps[-1].http_port, "/v1.0/healthz/outbound", {"dapr-api-token": settings.api_token or ""})
    return Part(program, probe, tuple(port for app in settings.apps for port in (app.http_port, app.grpc_port)))


def _service(options: Options, settings: RuntimeSettings, app: EmbeddedApp) -> Part:
    environment = {
        **options.environment,
        "APP_HOST": HOST,
        "APP_PORT": str(app.app_port),
        "DAPR_HTTP_PORT": str(app.http_port),
        "DAPR_GRPC_PORT": str(app.grpc_port),
        "DAPR_API_TOKEN": settings.api_token or "",
        "APP_API_TOKEN": settings.app_token or "",
    }
    program = Program(name=app.app_id, module=CATALOGUE[app.app_id].package, environment=environment)
    return Part(program, Probe(app.app_port, "/readyz"), (app.app_port,))
