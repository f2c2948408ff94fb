"""Kafka: one node that is broker and controller, without ZooKeeper, over a folder of its own."""

import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.child import Executable
from infra.local.engines.build import EngineError
from infra.local.engines.topics import TopicsProbe
from infra.local.options import HOST
from infra.local.plan import Part

# Of the seconds that a start takes, most go into compiling: the quick compiler alone is enough for one machine.
_MACHINE: Final = ("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_LOGGING: Final = "-Dorg.apache.logging.log4j.level=WARN"


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker in `folder` on `port`, and on `controller` for itself; `jars` and `classes` are what it is made of."""

    java: str
    jars: Path
    classes: Path
    folder: Path
    port: int
    controller: int

    def make(self) -> None:
        """Write the settings, and format the folder if that has not been done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in self._settings().items()))
        if (self._data / "meta.properties").exists():
            return
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = ("format", f"--cluster-id={cluster}", "--config", str(self._properties))  # it may begin with a dash
        done = subprocess.run(  # noqa: S603 - the command is our own
            [self.java, *self._java("kafka.tools.StorageTool"), *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise EngineError(
                f"kafka cannot make its folder {self._data}; it said:\n{done.stdout}{done.stderr}".rstrip()
            )

    def part(self, topics: tuple[str, ...], partitions: int) -> Part:
        """Return the broker, which is ready when it has those topics."""
        program = Executable(
            name="kafka",
            path=self.java,
            arguments=self.arguments,
            environment={"PATH": os.defpath},
        )
        return Part(program, TopicsProbe(self.port, topics, partitions), (self.port, self.controller))

    @property
    def arguments(self) -> tuple[str, ...]:
        """What Java is told to run it."""
        return (*self._java("kafka.Kafka"), str(self._properties))

    def _java(self, main: str) -> tuple[str, ...]:
        loaded = (f"-XX:SharedArchiveFile={self.classes}",) if self.classes.exists() else ()
        return (*_MACHINE, *loaded, _LOGGING, "-cp", f"{self.jars}/*", main)

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _settings(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{HOST}:{self.controller}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{self.controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "log.dirs": str(self._data),
            "auto.create.topics.enable": "false",
            "broker.session.timeout.ms": "4000",  # one that was killed cannot come back sooner
            "broker.heartbeat.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "8",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "num.network.threads": "2",
            "num.io.threads": "4",
        }
