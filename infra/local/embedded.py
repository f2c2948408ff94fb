"""The plan whose services stand on the embedded runtime: one process in the place of every engine."""

from typing import Final

from components.dapr import SMTP_SECRET
from components.embedded import RuntimeSettings, render
from infra.local.child import Program
from infra.local.folder import SETTINGS, kept_secrets, write_private
from infra.local.options import Options
from infra.local.plan import PORTS, Part, Plan, Services
from infra.local.ports import free_ports
from infra.local.readiness import Probe

RUNTIME: Final = "runtime"


def plan(options: Options) -> Plan:
    """Choose ports and tokens, and write the runtime's settings into the data folder."""
    services = Services.choose(options, iter(free_ports(PORTS)))
    settings = render(
        options.data,
        dict(services.ports),
        secrets={**kept_secrets(options.data), SMTP_SECRET: dict(options.smtp)},
        api_token=services.api_token,
        app_token=services.app_token,
        conversation=options.conversation,
    )
    write_private(options.data / SETTINGS, settings.model_dump_json())
    return Plan(((_runtime(options, settings),), services.parts(options, lambda _: RUNTIME)), services.public)


def _runtime(options: Options, settings: RuntimeSettings) -> Part:
    program = Program(
        name=RUNTIME,
        module="infra.local.runtime",
        arguments=(str(options.data / SETTINGS),),
        environment=options.environment,
    )
    # Ports are opened in the order of the apps: where the last one answers, all do.
    probe = Probe(settings.apps[-1].http_port, "/v1.0/healthz/outbound", {"dapr-api-token": settings.api_token or ""})
    return Part(program, probe, tuple(port for app in settings.apps for port in (app.http_port, app.grpc_port)))
