"""The supervisor over small processes: start, crash, stop."""

import asyncio
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from harness.apart import apart
from harness.platform import is_alive
from harness.ports import free_ports
from harness.waiting import eventually

from infra.local.child import Executable, fork
from infra.local.supervisor import END_SECONDS

TESTS = Path(__file__).parents[1]


class Small:
    """A running `local.small`."""

    def __init__(self, folder: Path, parts: dict[str, str]) -> None:
        ports = free_ports(len(parts))
        arguments = [
            f"{name}={behaviour}" if ":" in behaviour else f"{name}={behaviour}:{port}"
            for (name, behaviour), port in zip(parts.items(), ports, strict=True)
        ]
        self._log = folder / "small.log"
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.small", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def says(self, pattern: str, times: int = 1) -> list[str]:
        """Wait until a pattern was written that often; return what it found."""

        def found() -> list[str] | None:
            matches = re.findall(pattern, self.log)
            return matches if len(matches) >= times else None

        return await eventually(found)

    async def is_up(self) -> None:
        await self.says("everything is up")

    def children(self) -> dict[str, psutil.Process]:
        return {child.name(): child for child in psutil.Process(self.process.pid).children()}

    async def ends(self) -> int:
        return await eventually(lambda: self.process.poll() is not None) and self.process.returncode


Starter = Callable[..., Small]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Starter]:
    started: list[Small] = []

    def starter(**parts: str) -> Small:
        started.append(Small(tmp_path, parts))
        return started[-1]

    yield starter
    for one in started:
        one.process.kill()
        one.process.wait()


def gone(processes: dict[str, psutil.Process]) -> bool:
    return not any(map(is_alive, processes.values()))


async def test_everything_is_up_and_ends_with_one_signal(small: Starter) -> None:
    one = small(runtime="serve", a="serve", b="serve")
    await one.is_up()
    children = one.children()
    assert set(children) == {"runtime", "a", "b"}
    assert len(re.findall(r"(runtime|a|b) is ready after", one.log)) == 3
    one.process.send_signal(signal.SIGTERM)
    assert await one.ends() == 0
    assert gone(children)


async def test_services_end_before_what_they_stand_on(small: Starter) -> None:
    one = small(runtime="serve", a="stubborn")
    await one.is_up()
    children = one.children()
    began = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    await eventually(lambda: gone({"a": children["a"]}))
    assert time.monotonic() - began > 2
    assert await one.ends() == 0
    assert "a did not end in time and is killed" in one.log
    assert gone(children)


async def test_everything_stubborn_is_killed_once_its_time_is_over(small: Starter) -> None:
    one = small(runtime="stubborn", a="stubborn")
    await one.is_up()
    children = one.children()
    children["a"].suspend()
    one.process.send_signal(signal.SIGINT)
    assert await one.ends() == 0
    assert re.findall(r"(\w+) did not end in time and is killed", one.log) == ["a", "runtime"]
    assert gone(children)
    assert sum(END_SECONDS[:2]) < 5


async def test_a_second_signal_ends_at_once(small: Starter) -> None:
    one = small(runtime="stubborn", a="stubborn")
    await one.is_up()
    children = one.children()
    one.process.send_signal(signal.SIGINT)
    await one.says("stopping")
    one.process.send_signal(signal.SIGINT)
    assert await one.ends() == 0
    assert "did not end in time" not in one.log
    assert gone(children)


async def test_a_killed_supervisor_leaves_nothing_behind(small: Starter) -> None:
    one = small(runtime="serve", a="stubborn", b="serve")
    await one.is_up()
    children = one.children()
    children["b"].suspend()
    one.process.kill()
    await eventually(lambda: gone(children))


async def test_a_killed_process_starts_again_and_says_so(small: Starter) -> None:
    one = small(runtime="serve", a="serve")
    await one.is_up()
    first = one.children()["a"]
    first.kill()
    await one.says("a is ready after", 2)
    assert "a ended with signal SIGKILL; it starts again in 0.5 s" in one.log
    assert one.children()["a"].pid != first.pid
    assert one.log.count("everything is up") == 1


def reset_amid_the_answer(port: int) -> None:
    """Ask for an answer without an end, take some of it, and reset the connection."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\n\r\n")
        client.recv(1000)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_a_client_that_goes_away_amid_an_answer_ends_no_process(small: Starter) -> None:
    port = free_ports(1)[0]
    one = small(runtime="serve", a=f"serve:{port}")
    await one.is_up()
    first = one.children()["a"]
    for _ in range(20):
        await asyncio.to_thread(reset_amid_the_answer, port)
    await asyncio.sleep(0.5)
    assert one.children()["a"].pid == first.pid
    assert "a ended" not in one.log


def _write_status(said: Path) -> None:
    with said.open("wb") as output:
        os.waitpid(fork(Executable("cat", "/bin/cat", {}, ("/proc/self/status",)), output.fileno()), 0)


def test_a_foreign_program_has_sigpipe_as_the_system_has_it(tmp_path: Path) -> None:
    said = tmp_path / "said"
    apart(_write_status, said)
    masks = re.findall(r"SigIgn:\s+([0-9a-f]+)", said.read_text())
    assert not int(masks[0], 16) >> (signal.SIGPIPE - 1) & 1


async def test_a_process_that_crashes_again_and_again_is_started_ever_more_rarely(small: Starter) -> None:
    one = small(runtime="serve", a="crash")
    waits = await one.says(r"a ended with exit code 7; it starts again in ([\d.]+) s", 3)
    assert waits[:3] == ["0.5", "1", "2"]


async def test_wrong_settings_end_the_start(small: Starter) -> None:
    one = small(runtime="serve", a="wrong")
    assert await one.ends() == 1
    assert one.log.splitlines()[-1] == "error: part cannot start: COLOUR: there is no such one"


async def test_a_runtime_that_cannot_start_ends_the_start(small: Starter) -> None:
    one = small(runtime="crash", a="serve")
    assert await one.ends() == 1
    assert one.log.splitlines()[-1] == "error: exit code 7"


async def test_a_port_taken_between_choice_and_use_is_told(small: Starter) -> None:
    port = free_ports(1)[0]
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        one = small(runtime="serve", a="serve", b=f"serve:{port}", c="serve")
        assert await one.ends() == 3
    assert f"taken: [{port}]" in one.log


async def test_what_a_process_writes_is_shown_under_its_name(small: Starter) -> None:
    one = small(runtime="serve", a="talk")
    await one.is_up()
    assert re.search(r"^10:11:12 a +WARNING late\\x1b\[2J  person=p1$", one.log, re.MULTILINE)
    assert re.search(r"^\d\d:\d\d:\d\d a +a plain line$", one.log, re.MULTILINE)
    assert one.log.count("=") >= 200_000


async def test_a_process_has_its_own_environment_and_no_file_of_the_supervisor(small: Starter) -> None:
    one = small(runtime="serve", a="talk")
    await one.is_up()
    one.process.send_signal(signal.SIGINT)
    await one.ends()
    assert "files [0, 1, 2, 3], colour blue, SIGPIPE ignored" in one.log
