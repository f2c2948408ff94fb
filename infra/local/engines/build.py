"""Building the engines that no package holds: Dapr's binaries from their Go module, Kafka from its jars.

What is built is pinned by the files in `tools/`, and kept in a cache folder that is named after their hash.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.options import StartError

TOOLS: Final = Path(__file__).parents[3] / "tools"
PINS: Final = ("go.mod", "go.sum", "daprd/main.go", "kafka/pom.xml")
DAPR: Final = "github.com/dapr/dapr"

_SHOWN_LINES: Final = 15


class EngineError(StartError):
    """A part that cannot be had; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder that holds what was built from one set of pins."""

    home: Path

    @property
    def dapr(self) -> Path:
        """The folder of `daprd` and `scheduler`."""
        return self.home / "dapr"

    @property
    def kafka(self) -> Path:
        """The folder of Kafka's jars."""
        return self.home / "kafka"

    @property
    def classes(self) -> Path:
        """The file that holds Kafka's classes as Java has loaded them once."""
        return self.home / "kafka.jsa"

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder, so that two builds do not do the same work."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def cache(tools: Path = TOOLS, environment: Mapping[str, str] = os.environ) -> Cache:
    """Return the cache folder of the pins in `tools`."""
    pins = hashlib.sha256()
    for name in PINS:
        pins.update(f"{name}\n".encode() + (tools / name).read_bytes())
    root = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Cache(root / "task-platform" / "engines" / pins.hexdigest()[:16])


def build_dapr(found: Cache, tools: Path = TOOLS) -> None:
    """Build `daprd` and `scheduler`, if they are not there."""
    if found.dapr.is_dir():
        return
    module = json.loads(_run("dapr", ["go", "mod", "download", "-json", DAPR], tools))
    source, unfinished = found.home / "source", _fresh(found.home / ".dapr")
    unpack(Path(module["Zip"]), source, f"{DAPR}@{module['Version']}/")
    modfile = found.home / "go.mod"
    shutil.copy(tools / "go.mod", modfile)
    shutil.copy(tools / "go.sum", found.home / "go.sum")
    _run("dapr", ["go", "mod", "edit", f"-replace={DAPR}={source}", str(modfile)], tools)
    version = f"-X {DAPR}/pkg/buildinfo.version={module['Version'].removeprefix('v')}"
    command = ["go", "build", f"-modfile={modfile}", "-trimpath", f"-ldflags=-s -w {version}", "-o", f"{unfinished}/"]
    _run("dapr", [*command, "./daprd", f"{DAPR}/cmd/scheduler"], tools)
    unfinished.rename(found.dapr)


def unpack(archive: Path, target: Path, prefix: str) -> None:
    """Unpack Dapr's module without its register of components.

    Compiled as it is, that package either brings every component or ends the program with a request for a build tag.
    """
    components = "cmd/daprd/components/"
    _fresh(target)
    with zipfile.ZipFile(archive) as module:
        for member in module.infolist():
            name = member.filename.removeprefix(prefix)
            if not (name.startswith((components, "tests/")) or name.endswith("_test.go")):
                file = target / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(module.read(member))
    (target / components).mkdir(parents=True)
    (target / components / "none.go").write_text("package components\n")


def build_kafka(found: Cache, tools: Path = TOOLS) -> None:
    """Fetch Kafka's jars, if they are not there."""
    if found.kafka.is_dir():
        return
    unfinished = _fresh(found.home / ".kafka")
    command = ["mvn", "-B", "-q", "-f", str(tools / "kafka" / "pom.xml"), "dependency:copy-dependencies"]
    _run("kafka", [*command, "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"], tools)
    unfinished.rename(found.kafka)


def java() -> str:
    """Return the program that runs Kafka."""
    return _program("kafka", "java")


def _run(part: str, command: Sequence[str], folder: Path) -> str:
    """Run a tool behind everybody else's work; return what it printed."""
    _program(part, command[0])
    done = subprocess.run(  # noqa: S603 - the commands are those above
        ["nice", "-n", "10", *command],  # noqa: S607 - as above
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-_SHOWN_LINES:])
        raise EngineError(
            f"{part} cannot be built: `{' '.join(command[:3])}` failed with exit code {done.returncode}. It needs its "
            f"package registry the first time, directly or through a mirror that is set up for it; it said:\n{said}"
        )
    return done.stdout


def _program(part: str, name: str) -> str:
    if found := shutil.which(name):
        return found
    hints = {"go": "Go 1.24 or newer", "mvn": "Maven", "java": "a Java runtime, 17 or newer"}
    raise EngineError(f"{part} needs {hints[name]}: there is no `{name}` on PATH. Install it, or use RUNTIME=embedded")


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
