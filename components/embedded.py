"""The catalogue rendered for the embedded Dapr runtime: one document that it reads at its start."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from components.catalogue import CATALOGUE
from components.conversation import Conversation
from components.dapr import components
from components.model import Catalogue, Component, Edge, Frozen, Topic


class EmbeddedApp(Frozen):
    """An application and its sidecar: where the app listens, and where its Dapr API is served (127.0.0.1).

    `replica` tells apart several processes of one app id. `publishes` are the topics it may publish to,
    `consumes` those it may subscribe to, `invokes` the operations it may call, `secrets` the names of the secrets
    that it may read.
    """

    app_id: str
    replica: int = 0
    app_port: int
    http_port: int
    grpc_port: int
    publishes: tuple[Topic, ...] = ()
    consumes: tuple[Topic, ...] = ()
    invokes: tuple[Edge, ...] = ()
    secrets: tuple[str, ...] = ()
    max_body_bytes: int = 4 * 1024 * 1024


class RuntimeSettings(Frozen):
    """Everything that the embedded runtime is told.

    `data` is the folder it may write to (`runtime.db`, `mail/`). `api_token` guards its API, `app_token` is what
    it shows to the apps. `secrets` is what the secret store holds: name to keys and values. A message that an app
    wants again waits `retry_seconds`, doubled each time up to `retry_cap_seconds`.
    """

    data: Path
    apps: tuple[EmbeddedApp, ...]
    components: tuple[Component, ...]
    secrets: dict[str, dict[str, str]] = Field(default_factory=dict)
    api_token: str | None = None
    app_token: str | None = None
    partitions: int = Field(default=12, ge=1, le=1024)
    retry_seconds: float = Field(default=0.1, gt=0)
    retry_cap_seconds: float = Field(default=3, gt=0)
    retention_hours: float = Field(default=168, gt=0)

    @model_validator(mode="after")
    def _known_scopes(self) -> Self:
        known = {app.app_id for app in self.apps}
        unknown = sorted({s for c in self.components for s in c.scopes} - known)
        if unknown:
            raise ValueError(f"components are scoped to apps that do not run: {', '.join(unknown)}")
        return self


class Ports(Frozen):
    """The three ports of one application."""

    app: int
    http: int
    grpc: int


def render(
    data: Path,
    ports: dict[tuple[str, int], Ports],
    *,
    secrets: dict[str, dict[str, str]],
    api_token: str | None,
    app_token: str | None,
    conversation: Conversation | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> RuntimeSettings:
    """Return the runtime's settings for the applications of `ports`, keyed by app id and replica."""
    apps = []
    for (app_id, replica), port in ports.items():
        service = catalogue[app_id]
        apps.append(
            EmbeddedApp(
                app_id=app_id,
                replica=replica,
                app_port=port.app,
                http_port=port.http,
                grpc_port=port.grpc,
                publishes=service.publishes,
                consumes=tuple(sub.topic for sub in service.subscribes),
                invokes=service.invokes,
                secrets=tuple(sorted({secret.name for secret in service.secrets})),
                max_body_bytes=service.max_body_bytes,
            )
        )
    return RuntimeSettings(
        data=data,
        apps=tuple(apps),
        components=components(catalogue, conversation),
        secrets=secrets,
        api_token=api_token,
        app_token=app_token,
    )
