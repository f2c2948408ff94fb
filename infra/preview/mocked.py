"""A stack's program, run under the mocks of Pulumi's SDK: what a cloud would answer is made up.

Imports within this folder are relative, because it also runs the programs of other versions, whose `infra` is theirs.
"""

import asyncio
import contextvars
import runpy
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pulumi
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.stack import run_pulumi_func

from .graph import STACK, Graph, Resource, Secret

PROJECT: Final = "task-platform"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's mark for a secret value
_SUFFIX: Final = "1a2b3c"  # Pulumi's own is random

GENERATED: Final = frozenset({"generated-password"})
_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "random:index/randomPassword:RandomPassword": {"result": "generated-password"},
    "gcp:container/cluster:Cluster": {
        "endpoint": "192.0.2.1",
        "masterAuth": {"clusterCaCertificate": "Y2VydGlmaWNhdGU="},
    },
    "gcp:serviceaccount/account:Account": {"email": "nodes@example", "member": "serviceAccount:nodes@example"},
    "gcp:sql/databaseInstance:DatabaseInstance": {"privateIpAddress": "10.99.0.5"},
    "gcp:compute/globalAddress:GlobalAddress": {"address": "198.51.100.7"},
}


class _Mocks(mocks.Mocks):
    """What a cloud would answer: the inputs, and the outputs that the program goes on with."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program asks the cloud for {args.token}: a preview would need credentials")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        state = dict(args.inputs)
        if args.typ.startswith("kubernetes:") and isinstance(state.get("metadata"), dict):
            given = {"name": named(args.name), **state["metadata"]}
            state["metadata"] = {**given, "resourceVersion": f"version-of-{args.name}"}
        return f"{args.name}-id", {"name": args.name, **_ANSWERS.get(args.typ, {}), **state}


def named(name: str) -> str:
    """Return how an object without a name of its own is called, after its resource."""
    return f"{name}-{_SUFFIX}"


class _Monitor(mocks.MockMonitor):
    """Keeps what Pulumi's own mocks drop: dependencies, options, and which inputs are secret."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(_Mocks())
        self._graph = graph

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 - the engine's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type == STACK:
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
                    "update_timeout": request.customTimeouts.update,
                },
            )
        )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 - the engine's name
        if STACK in request.urn:
            self._graph.outputs.update(_marked(MessageToDict(request.outputs)))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


def _marked(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return Secret(_marked(value["value"]))
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list) else value


def run_program(root: Path, stack: str, config: Mapping[str, str], secret: tuple[str, ...] = ()) -> Graph:
    """Run the program of the repository at `root`; what it raises is raised. `secret` are the keys kept encrypted."""
    path = str(root / "infra" / "__main__.py")
    return run(stack, config, secret, lambda: runpy.run_path(path, run_name="__main__"))


def run(stack: str, config: Mapping[str, str], secret: tuple[str, ...], program: Callable[[], object]) -> Graph:
    """Run a program fresh and by itself; what it raises is raised."""
    with warnings.catch_warnings():
        return contextvars.copy_context().run(_run, stack, config, secret, program)


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


async def _resolved(root: Any) -> dict[str, Any]:  # noqa: ANN401 - Pulumi does not name its type
    outputs = {name: pulumi.Output.from_input(value) for name, value in root.outputs.items()}
    return {
        name: Secret(await output.future()) if await output.is_secret() else await output.future()
        for name, output in outputs.items()
    }
