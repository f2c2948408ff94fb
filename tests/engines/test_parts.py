"""The engines one by one: what each is told, how it is seen to be ready, and the mail server beside them."""

import asyncio
import os
import pwd
import smtplib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from harness.apart import apart
from harness.ports import free_ports
from harness.waiting import eventually

from components.catalogue import BACKEND
from components.embedded import Ports
from components.selfhosted import Place
from infra.local.child import Executable
from infra.local.engines import plan as engines
from infra.local.engines.build import EngineError
from infra.local.engines.kafka import Broker
from infra.local.engines.mailbox import Mailbox
from infra.local.engines.mailserver import MailServer
from infra.local.engines.postgresql import Cluster, PostgresProbe, owner_of_clusters
from infra.local.engines.sidecars import Scheduler, Sidecars
from infra.local.engines.topics import TopicsProbe, decode, encode
from infra.local.options import Options
from infra.local.process import Process

Answer = Callable[[asyncio.StreamReader], Awaitable[bytes]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """Serve whoever connects the answer to what was asked."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await answer(reader))
        await writer.drain()
        writer.close()

    serving = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with serving:
        yield serving.sockets[0].getsockname()[1]


def topics_answer(codes: dict[str, int]) -> bytes:
    entries = b"".join(
        struct.pack("!h", len(name)) + name.encode() + struct.pack("!h", code) + struct.pack("!h2s", 2, b"no")
        for name, code in codes.items()
    )
    body = struct.pack("!iii", 1, 0, len(codes)) + entries
    return struct.pack("!i", len(body)) + body


async def no_question(_: asyncio.StreamReader) -> bytes:
    return b""


def test_a_request_for_topics_names_each_with_its_partitions() -> None:
    request = encode(("task-events", "reminders"), 12)
    assert request.startswith(struct.pack("!hhi", 19, 2, 1) + struct.pack("!h", 13) + b"task-platform")
    for topic in (b"task-events", b"reminders"):
        assert struct.pack("!h", len(topic)) + topic + struct.pack("!ih", 12, 1) in request
    assert request.endswith(struct.pack("!i?", 2000, False))


def test_an_answer_about_topics_may_carry_words_or_none() -> None:
    entries = struct.pack("!h1shh", 1, b"a", 36, -1) + struct.pack("!h1shh3s", 1, b"b", 0, 3, b"yes")
    assert decode(struct.pack("!iii", 1, 0, 2) + entries) == {"a": 36, "b": 0}


@pytest.mark.parametrize(("codes", "ready"), [({"a": 0}, True), ({"a": 0, "b": 36}, True), ({"a": 0, "b": 7}, False)])
async def test_kafka_is_ready_when_it_has_every_topic(codes: dict[str, int], ready: bool) -> None:
    async def answer(reader: asyncio.StreamReader) -> bytes:
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        assert await reader.readexactly(length) == encode(tuple(codes), 3)
        return topics_answer(codes)

    async with server(answer) as port:
        assert await TopicsProbe(port, tuple(codes), 3).succeeds() is ready


@pytest.mark.parametrize(("said", "ready"), [(b"R\0\0\0", True), (b"E\0\0\0", False)])
async def test_postgresql_is_ready_when_it_asks_for_the_password(said: bytes, ready: bool) -> None:
    async def answer(reader: asyncio.StreamReader) -> bytes:
        length, protocol = struct.unpack("!ii", await reader.readexactly(8))
        assert protocol == 196_608
        assert (await reader.readexactly(length - 8)).startswith(b"user\0tasks\0database\0postgres\0")
        return said

    async with server(answer) as port:
        assert await PostgresProbe(port).succeeds() is ready


@pytest.mark.parametrize("probe", [PostgresProbe, lambda port: TopicsProbe(port, ("a",), 1)])
async def test_what_hangs_up_is_not_ready(probe: Callable[[int], PostgresProbe]) -> None:
    async with server(no_question) as port:
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await probe(port).succeeds()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "initdb").write_text("#!/bin/sh\necho 'could not access directory' >&2; exit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    with pytest.raises(EngineError, match="postgresql cannot make its cluster in") as error:
        Cluster(tmp_path, tmp_path / "cluster", 1).make()
    if not os.geteuid():
        assert f"runs as {owner_of_clusters()}" in str(error.value)


def test_a_cluster_is_made_once(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "none", tmp_path, 5432)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").touch()
    (tmp_path / "password").write_text("secret")
    cluster.make()
    assert cluster.connection_string.startswith("host=127.0.0.1 port=5432 user=tasks password=secret ")
    arguments = cluster.part().program.arguments
    assert {"--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--port=5432"} <= set(arguments)


def test_an_id_of_kafkas_that_begins_with_a_dash_is_not_taken_for_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.engines.kafka.uuid.uuid4", lambda: UUID(int=0xFB << 120))
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\nfor given; do case $given in --cluster-id=-*) exit 0 ;; esac; done\nexit 1\n")
    java.chmod(0o755)
    Broker(str(java), tmp_path / "jars", tmp_path / "none", tmp_path / "kafka", 1111, 2222).make()


def test_kafka_listens_on_loopback_and_makes_no_topic_by_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").touch()
    broker = Broker("java", tmp_path / "jars", tmp_path / "none", tmp_path, 1111, 2222)
    broker.make()
    settings = dict(line.split("=", 1) for line in (tmp_path / "server.properties").read_text().splitlines())
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:1111,CONTROLLER://127.0.0.1:2222"
    assert settings["auto.create.topics.enable"] == "false"
    assert not any(argument.startswith("-XX:SharedArchiveFile") for argument in broker.arguments)
    broker = Broker("java", tmp_path / "jars", tmp_path / "server.properties", tmp_path, 1111, 2222)
    assert f"-XX:SharedArchiveFile={tmp_path}/server.properties" in broker.arguments


def flags(program: object) -> dict[str, str]:
    assert isinstance(program, Executable)
    given = [argument for argument in program.arguments if argument != "--log-as-json"]
    return dict(zip(given[::2], given[1::2], strict=True))


def test_a_sidecar_is_told_its_app_and_keeps_tokens_out_of_the_process_list(tmp_path: Path) -> None:
    place = Place(folder=tmp_path, brokers="b:1", secrets={})
    sidecars = Sidecars(tmp_path / "daprd", place, 7000, "api-secret", "app-secret", ("kafka",))
    part = sidecars.part((BACKEND, 1), Ports(app=1, http=2, grpc=3), 4, 5)
    found = flags(part.program)
    assert part.program.name == "daprd-backend-2"
    assert part.after == ("kafka",)
    assert part.ports == (2, 3, 4, 5)
    assert (found["--app-id"], found["--app-port"]) == ("backend", "1")
    assert (found["--dapr-http-port"], found["--dapr-grpc-port"], found["--dapr-internal-grpc-port"]) == ("2", "3", "4")
    assert found["--scheduler-host-address"] == "127.0.0.1:7000"
    assert int(found["--max-body-size"]) == 33 * 1024 * 1024
    listening = [name for name in found if name.endswith(("listen-address", "listen-addresses"))]
    assert {found[name] for name in listening} == {"127.0.0.1"}
    assert not any("secret" in argument for argument in part.program.arguments)
    assert part.program.environment["DAPR_API_TOKEN"] == "api-secret"
    assert part.program.environment["APP_API_TOKEN"] == "app-secret"


def test_the_scheduler_keeps_its_etcd_to_itself(tmp_path: Path) -> None:
    part = Scheduler(tmp_path / "scheduler", tmp_path, 1, 2, 3, 4, 5).part()
    found = flags(part.program)
    assert found["--etcd-initial-cluster"] == f"{found['--id']}=http://127.0.0.1:4"
    assert found["--etcd-client-port"] == "5"
    assert part.ports == (1, 2, 3, 4, 5)


def test_engines_that_are_not_built_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="Build them first: make engines"):
        engines.plan(Options.read({"RUNTIME": "dapr", "DATA": str(tmp_path / "data")}))


async def test_mail_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    mailbox = Mailbox(free_ports(1)[0], tmp_path / "mail", {})
    serving = asyncio.create_task(MailServer(mailbox.folder).serve(mailbox.port))

    async def greets() -> bool:
        try:
            return await mailbox.succeeds()
        except OSError:
            return False

    await eventually(greets)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mailbox.secret["emailFrom"], "a@example.com", "Pay rent"
    message.set_content(".a line that begins with a dot\n.\nthe end\n")

    def send() -> None:
        with smtplib.SMTP(mailbox.secret["host"], int(mailbox.secret["port"])) as client:
            client.send_message(message)
            client.send_message(message)

    await asyncio.to_thread(send)
    files = list(mailbox.folder.glob("*.eml"))
    assert len(files) == 2
    assert b".a line that begins with a dot\r\n.\r\nthe end\r\n" in files[0].read_bytes()
    assert not list(mailbox.folder.glob(".*"))
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


def written(program: Executable) -> tuple[int, list[str]]:
    """Run a program as the supervisor does; return how it ended, and what it wrote."""
    return apart(_run, program)


def _run(program: Executable) -> tuple[int, list[str]]:
    async def run() -> tuple[int, list[str]]:
        lines: list[str] = []
        process = Process(program, lambda line: lines.append(line.decode()))
        return await process.ended, lines

    return asyncio.run(run())


def test_an_executable_has_its_own_environment_and_arguments() -> None:
    script = 'echo "$0 $1 $COLOUR $HOME"; exit 3'
    program = Executable("one", "/bin/sh", {"COLOUR": "blue"}, ("-c", script, "a", "b"))
    assert written(program) == (3, ["a b blue "])


def test_an_executable_that_is_missing_is_no_copy_of_the_supervisor() -> None:
    assert (written(Executable("one", "/does/not/exist", {})))[0] == 70


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can become another user")
def test_an_executable_gives_up_root_for_its_user() -> None:
    program = Executable("one", "/usr/bin/id", {}, ("-u",), user="nobody")
    assert written(program) == (0, [str(pwd.getpwnam("nobody").pw_uid)])


def test_a_cluster_is_not_roots() -> None:
    assert owner_of_clusters() in ({"postgres", "nobody"} if not os.geteuid() else {None})
