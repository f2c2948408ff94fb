"""`python -m infra.local`, the whole of it: five services over the embedded runtime, as `make up` starts them."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest
from harness.person import Person
from harness.platform import Platform, is_alive
from harness.ports import free_ports
from harness.waiting import eventually

from components.catalogue import CATALOGUE
from infra.local.preload import LIBRARIES

NAMES = {"runtime", *(service.app_id for service in CATALOGUE.services)}
LARGEST_PSS = 700 * 1024 * 1024


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Platform]]:
    """Start platforms over the case's folder, and end them after it."""
    started: list[Platform] = []

    def start(**settings: str) -> Platform:
        started.append(Platform(tmp_path, settings))
        started[-1].start()
        return started[-1]

    yield start
    for platform in started:
        if platform.process and platform.process.poll() is None:
            platform.stop()


def refused(**settings: str) -> str:
    """Run `python -m infra.local` where it must not start; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.local"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    return done.stderr


def gone(processes: dict[str, psutil.Process]) -> bool:
    return not any(map(is_alive, processes.values()))


@pytest.mark.slow
async def test_it_comes_up_says_so_and_the_data_is_there_again(up: Callable[..., Platform]) -> None:
    first = up()
    assert set(first.children()) == NAMES
    await eventually(lambda: "The task platform is up: http://127.0.0.1:" in first.log.read_text())
    for name in NAMES:
        assert re.search(rf"{name} is ready after \d", first.log.read_text())
    assert first.process
    processes = [psutil.Process(first.process.pid), *first.children().values()]
    assert sum(process.memory_full_info().pss for process in processes) < LARGEST_PSS
    async with aiohttp.ClientSession() as http:
        task = await Person(http, first.url).call("POST", "/api/tasks", json={"title": "Pay rent"}, expect=201)
        first.stop()
        assert "did not end in time" not in first.log.read_text()
        again = up()
        assert (await Person(http, again.url).call("GET", f"/api/tasks/{task['id']}"))["title"] == "Pay rent"
        again.stop()
        fresh = up(RESET="1")
        assert (await Person(http, fresh.url).call("GET", "/api/tasks"))["total"] == 0
        fresh.stop()


@pytest.mark.slow
async def test_a_killed_process_of_each_kind_starts_again(up: Callable[..., Platform]) -> None:
    platform = up()
    before = {name: child.pid for name, child in platform.children().items()}
    for name in ("runtime", "backend"):
        assert platform.kill(name)
    await eventually(lambda: platform.children().keys() == NAMES and platform.is_ready())
    after = {name: child.pid for name, child in platform.children().items()}
    assert {name for name in NAMES if before[name] != after[name]} == {"runtime", "backend"}
    assert "backend ended with signal SIGKILL; it starts again in 0.5 s" in platform.log.read_text()
    async with aiohttp.ClientSession() as http:
        person = Person(http, platform.url)
        await person.insist("POST", "/api/tasks", json={"title": "Still here"})


@pytest.mark.slow
async def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts(up: Callable[..., Platform]) -> None:
    first = up()
    children = first.children()
    assert first.process
    first.process.kill()
    first.process.wait()
    second = up()
    assert gone(children)
    second.stop()


def test_a_second_one_over_the_same_folder(up: Callable[..., Platform], tmp_path: Path) -> None:
    first = up()
    assert first.process
    said = refused(DATA=str(tmp_path / "data"), PORT=str(free_ports(1)[0]), RESET="1")
    assert f"is in use by process {first.process.pid}." in said
    assert first.is_ready()


def test_what_it_keeps_is_private(up: Callable[..., Platform], tmp_path: Path) -> None:
    platform = up(SMTP_HOST="127.0.0.1", SMTP_USER="me", SMTP_PASSWORD="not told", EMAIL_FROM="me@example.org")
    settings = tmp_path / "data" / "runtime.json"
    for file in (settings, tmp_path / "data" / "secrets.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(settings.read_text())["secrets"]["smtp"]["password"] == "not told"
    for child in platform.children().values():
        addresses = {c.laddr.ip for c in child.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        assert addresses <= {"127.0.0.1", "::ffff:127.0.0.1"}
    platform.stop()
    assert not settings.exists()
    assert "not told" not in platform.log.read_text()


def test_a_taken_port(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        said = refused(DATA=str(tmp_path / "data"), PORT=str(port))
    assert said == f"error: port {port} is taken. Stop what listens there, or choose another: PORT=…\n"


def test_a_corrupt_database_is_left_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "task-platform.lock").touch()
    (data / "runtime.db").write_bytes(b"no database" * 1000)
    said = refused(DATA=str(data), PORT=str(free_ports(1)[0]))
    assert f"{data}/runtime.db cannot be used: file is not a database. Nothing was changed;" in said
    assert (data / "runtime.db").read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_written() -> None:
    assert "the data folder /proc/tasks cannot be written" in refused(DATA="/proc/tasks")


def test_wrong_options_change_nothing(tmp_path: Path) -> None:
    said = refused(DATA=str(tmp_path / "data"), PORT="no", RUNTIME="kubernetes")
    assert "PORT: no is not a port" in said
    assert "RUNTIME: there is no kubernetes; there is: embedded" in said
    assert not (tmp_path / "data").exists()


def test_an_option_that_only_a_service_knows_ends_the_start(tmp_path: Path) -> None:
    said = refused(DATA=str(tmp_path / "data"), PORT=str(free_ports(1)[0]), PUBLIC_ORIGINS="nowhere")
    assert "frontend cannot start: PUBLIC_ORIGINS: nowhere is not of the form" in said


def test_whoever_reads_its_output_may_go(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"],
        env=os.environ | {"DATA": str(tmp_path / "data"), "PORT": str(free_ports(1)[0])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.readline()
    process.stdout.close()
    try:
        assert process.wait(300) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.stderr.close()


def test_libraries_are_imported_before_the_fork_without_a_thread() -> None:
    code = "from infra.local.preload import preload; import os; preload(); print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n", LIBRARIES


def test_a_signal_before_it_is_up_ends_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"],
        env=os.environ | {"DATA": str(tmp_path / "data"), "PORT": str(free_ports(1)[0])},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert b"stopped" in process.stdout.read()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
