"""The Pulumi program of a stack, run under mocks: every resource that it registers, as the engine would be told."""

import asyncio
import contextvars
import json
import runpy
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_pulumi_func

ROOT = Path(__file__).parents[2]
PROJECT = "task-platform"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"

Config = Mapping[str, Any]

SIGNED_IN = {
    "auth": "oidc",
    "oidcIssuer": "https://id.example.com",
    "oidcAudience": "tasks",
    "oidcJwksUrl": "https://id.example.com/keys",
}

# A cluster that is there already, with everything from outside: Kafka, PostgreSQL, mail, a gateway of its own.
EXISTING = {
    **SIGNED_IN,
    "platform": "existing",
    "kubeContext": "aks-production",
    "imageTag": "0.1.0",
    "replicas": 3,
    "expose": "gateway",
    "gatewayClass": "envoy",
    "host": "tasks.example.com",
    "tlsSecret": "tasks-tls",
    "kafka": "external",
    "kafkaBrokers": ["b1.example.com:9092", "b2.example.com:9192"],
    "kafkaSasl": "SCRAM-SHA-512",
    "kafkaUser": "tasks",
    "kafkaPassword": "kafka-word",
    "kafkaCa": "PEM",
    "postgres": "external",
    "databaseUrl": "postgres://tasks:database-word@db.example.com:6543/tasks?sslmode=require",
    "smtpHost": "mail.example.com",
    "smtpUser": "tasks",
    "smtpPassword": "smtp-word",
    "smtpFrom": "tasks@example.com",
    "monitoring": "stack",
    "otlpEndpoint": "traces.example.com:4317",
}
SECRET = ("kafkaPassword", "databaseUrl", "smtpPassword")


@dataclass(frozen=True)
class Secret:
    """A value that Pulumi is told to keep encrypted."""

    value: Any


@dataclass(frozen=True)
class Resource:
    """What was registered."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    parent: str
    provider: str
    dependencies: frozenset[str]
    options: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]

    def __getitem__(self, path: str) -> Any:
        """Return the input at a path as `spec.template.0`; secrets on the way are opened."""
        found: Any = self.inputs
        for step in path.split("."):
            found = opened(found)
            found = found[int(step)] if isinstance(found, list) else found[step]
        return found


def opened(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def bare(value: Any) -> Any:
    """Return a value without the marks of its secrets, whole numbers as such."""
    value = opened(value)
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass
class Graph:
    """Every resource of a run, in the order of registration, and the stack's outputs."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, kind: str, where: Callable[[Resource], bool] = lambda _: True) -> list[Resource]:
        return [r for r in self.resources if r.kind == kind and where(r)]

    def one(self, kind: str, name: str) -> Resource:
        (found,) = self.all(kind, lambda r: r.name == name)
        return found

    def object(self, kind: str, name: str) -> Resource:
        """Return the Kubernetes object of that name in the cluster."""
        (found,) = self.all(kind, lambda r: opened(r["metadata"]).get("name") == name)
        return found

    def within(self, component: Resource) -> list[Resource]:
        """Return the resources below a component."""
        return [r for r in self.resources if component.urn in self._ancestors(r)]

    def before(self, resource: Resource) -> set[str]:
        """Return the URNs of everything that is there before the resource is begun.

        A resource is not begun before its parent is registered, which waits for what the parent depends on.
        """
        by_urn = {r.urn: r for r in self.resources}
        seen: set[str] = set()
        waiting = [*self._needs(resource)]
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in by_urn:
                seen.add(urn)
                waiting += self._needs(by_urn[urn])
        return seen

    def _needs(self, resource: Resource) -> Iterator[str]:
        yield from resource.dependencies
        yield from self._ancestors(resource)
        yield resource.provider.rpartition("::")[0]

    def waits_for(self, later: Resource, earlier: Resource) -> bool:
        return earlier.urn in self.before(later)

    def _ancestors(self, resource: Resource) -> Iterator[str]:
        by_urn = {r.urn: r for r in self.resources}
        while resource.parent in by_urn:
            resource = by_urn[resource.parent]
            yield resource.urn


class _Mocks(mocks.Mocks):
    """What a cloud would answer: the inputs, and the outputs that the program goes on with."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program asks the cloud for {args.token}: a preview would need credentials")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        state = dict(args.inputs)
        if args.typ.startswith("kubernetes:") and isinstance(state.get("metadata"), dict):
            given = {"name": f"{args.name}-1a2b3c", **state["metadata"]}
            state["metadata"] = {**given, "resourceVersion": f"version-of-{args.name}"}
        return f"{args.name}-id", {"name": args.name, **_ANSWERS.get(args.typ, {}), **state}


_ANSWERS: dict[str, dict[str, Any]] = {
    "random:index/randomPassword:RandomPassword": {"result": "generated-password"},
    "random:index/randomBytes:RandomBytes": {"base64": "Z2VuZXJhdGVk"},
    "gcp:container/cluster:Cluster": {
        "endpoint": "192.0.2.1",
        "masterAuth": {"clusterCaCertificate": "Y2VydGlmaWNhdGU="},
    },
    "gcp:serviceaccount/account:Account": {"email": "nodes@example", "member": "serviceAccount:nodes@example"},
    "gcp:sql/databaseInstance:DatabaseInstance": {"privateIpAddress": "10.99.0.5"},
    "gcp:compute/globalAddress:GlobalAddress": {"address": "198.51.100.7"},
}


class _Monitor(mocks.MockMonitor):
    """Keeps what Pulumi's own mocks drop: dependencies, options, and which inputs are secret."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(_Mocks())
        self._graph = graph

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        answer = super().RegisterResource(request)
        if request.type == "pulumi:pulumi:Stack":
            return answer
        self._graph.resources.append(
            Resource(
                type=request.type,
                name=request.name,
                urn=answer.urn,
                inputs=_marked(MessageToDict(request.object)),
                parent=request.parent,
                provider=request.provider or request.providers.get("kubernetes", ""),
                dependencies=frozenset(request.dependencies),
                options={
                    "protect": request.protect,
                    "retain_on_delete": request.retainOnDelete,
                    "ignore_changes": list(request.ignoreChanges),
                },
            )
        )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        if "pulumi:pulumi:Stack" in request.urn:
            self._graph.outputs.update(_marked(MessageToDict(request.outputs)))
        return super().RegisterResourceOutputs(request)


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return Secret(_marked(value["value"]))
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value


def stack_file(stack: str) -> dict[str, str]:
    """Return the configuration of a stack as Pulumi hands it over: every value as text."""
    found = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return texts(found)


def texts(values: Config) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def with_settings(stack: str, **settings: Any) -> dict[str, str]:
    """Return a stack's configuration with other settings; None takes one away."""
    found = {**stack_file(stack), **texts({f"{PROJECT}:{key}": value for key, value in settings.items()})}
    return {key: value for key, value in found.items() if value != "null"}


def run(
    stack: str, config: Mapping[str, str], secret: tuple[str, ...] = (), program: Callable[[], object] | None = None
) -> Graph:
    """Run the program, or another one, fresh and by itself; what it raises is raised."""
    with warnings.catch_warnings():
        return contextvars.copy_context().run(_run, stack, config, secret, program or _main)


def _main() -> None:
    runpy.run_path(str(ROOT / "infra" / "__main__.py"), run_name="__main__")


def _run(stack: str, config: Mapping[str, str], secret: tuple[str, ...], program: Callable[[], object]) -> Graph:
    graph = Graph()
    warnings.filterwarnings("ignore", r"gcp\.", DeprecationWarning)  # Google's SDK warns of itself when it is loaded
    loops: list[asyncio.AbstractEventLoop] = []
    loop = _own_loop(loops)  # Pulumi hangs when what it was set up with belongs to another one
    threads = ThreadPoolExecutor(4, initializer=_own_loop, initargs=(loops,))
    loop.set_default_executor(threads)
    try:
        set_all_config(dict(config), [f"{PROJECT}:{key}" for key in secret])
        mocks.set_mocks(_Mocks(), PROJECT, stack, preview=False, monitor=_Monitor(graph))
        loop.run_until_complete(run_pulumi_func(lambda: _ignore(program())))
        graph.outputs = loop.run_until_complete(_resolved(pulumi.runtime.get_root_resource()))
    finally:
        threads.shutdown()
        asyncio.set_event_loop(None)
        for each in loops:
            each.close()
    return graph


def _own_loop(loops: list[asyncio.AbstractEventLoop]) -> asyncio.AbstractEventLoop:
    """Give this thread a loop that can be closed in the end; Pulumi's mocks would make one and leave it open."""
    loops.append(asyncio.new_event_loop())
    asyncio.set_event_loop(loops[-1])
    return loops[-1]


def _ignore(_: object) -> None:
    return None


async def _resolved(root: Any) -> dict[str, Any]:
    outputs = {name: pulumi.Output.from_input(value) for name, value in root.outputs.items()}
    return {
        name: Secret(await output.future()) if await output.is_secret() else await output.future()
        for name, output in outputs.items()
    }
