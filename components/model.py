"""The vocabulary of the catalogue: what can be said of a service and of a Dapr component.

Everything here is frozen and validated when it is built, so a contradiction in the catalogue is an import
error that names it, never a surprise on a cluster.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

AppId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class Topic(StrEnum):
    """The topics of the platform; there are three and no more."""

    TASK_EVENTS = "task-events"
    REMINDERS = "reminders"
    TASK_UPDATES = "task-updates"


class Frozen(BaseModel):
    """A record that refuses unknown fields and is never changed after it is built."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SecretRef(Frozen):
    """Where a component finds a value that must not be written down: a key of a secret."""

    name: str
    key: str


class Component(Frozen):
    """A Dapr component: `spec.type`, `spec.version`, metadata and the apps that may use it."""

    name: str
    type: str
    version: str = "v1"
    metadata: dict[str, str | SecretRef] = Field(default_factory=dict)
    scopes: tuple[AppId, ...] = ()
    secret_store: str | None = None


class Bulk(Frozen):
    """How many events one delivery may bring, and how long, in milliseconds, a sidecar may wait for more of them."""

    max_events: int = Field(default=100, ge=1)
    max_wait_ms: int = Field(ge=1)


class Subscription(Frozen):
    """A topic consumed: through which pub/sub component, delivered to which route of the app, singly or in bulk."""

    topic: Topic
    component: str
    bulk: Bulk | None = None

    @property
    def route(self) -> str:
        """The path that the sidecar posts events to."""
        return f"/events/{self.topic.value}"


class Edge(Frozen):
    """One operation of another service that a service may invoke.

    `path` is a pattern of Dapr's access-control lists: `/*` at its end stands for one segment, `/**` for any depth.
    """

    callee: AppId
    methods: tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], ...]
    path: Annotated[str, Field(pattern=r"^/")]


class JobPolicy(Frozen):
    """Jobs that a service schedules for itself: what for, and what happens when a trigger fails.

    `max_retries` None means: never give up. `interval_seconds` is the time between two tries.
    """

    purpose: str
    prefix: str
    interval_seconds: float = Field(gt=0)
    max_retries: int | None = None


class Service(Frozen):
    """One microservice, and everything that its surroundings have to know about it.

    `converses` is whether it talks to a language model where there is one.
    `outside` is whether it, or its sidecar for it, calls addresses beyond the platform, by HTTPS or to send mail.
    """

    app_id: AppId
    package: str
    port: int = Field(ge=1024, le=65535)
    summary: str
    publishes: tuple[Topic, ...] = ()
    subscribes: tuple[Subscription, ...] = ()
    state: bool = False
    bindings: tuple[str, ...] = ()
    converses: bool = False
    jobs: tuple[JobPolicy, ...] = ()
    invokes: tuple[Edge, ...] = ()
    secrets: tuple[SecretRef, ...] = ()
    public: bool = False
    outside: bool = False
    max_body_bytes: int = 4 * 1024 * 1024


class Catalogue(Frozen):
    """All services, checked against one another."""

    services: tuple[Service, ...]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        ids = [s.app_id for s in self.services]
        ports = [s.port for s in self.services]
        problems = [f"app id {i} is given twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
        problems += [f"port {p} is given twice" for p in sorted({p for p in ports if ports.count(p) > 1})]
        problems += [
            f"{s.app_id} invokes {e.callee}, which is not in the catalogue"
            for s in self.services
            for e in s.invokes
            if e.callee not in ids
        ]
        published = {t for s in self.services for t in s.publishes}
        problems += [
            f"{s.app_id} consumes {sub.topic.value}, which nobody publishes"
            for s in self.services
            for sub in s.subscribes
            if sub.topic not in published
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def __getitem__(self, app_id: str) -> Service:
        """Return the service of that app id; KeyError names the known ones."""
        for service in self.services:
            if service.app_id == app_id:
                return service
        known = ", ".join(s.app_id for s in self.services)
        raise KeyError(f"no service {app_id!r} in the catalogue; there are: {known}")

    def callers(self, callee: str) -> dict[str, tuple[Edge, ...]]:
        """Return who may invoke `callee`, each with its edges."""
        found = {s.app_id: tuple(e for e in s.invokes if e.callee == callee) for s in self.services}
        return {caller: edges for caller, edges in found.items() if edges}
