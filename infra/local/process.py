"""One running process: what it writes, and how it ended."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from infra.local.child import Executable, Program, fork

_CHUNK: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 16


class Process:
    """A program that was started; `show` is called with every line that it writes.

    `ended` is the exit code once it is gone, negative for the number of the signal that ended it.
    """

    def __init__(self, program: Program | Executable, show: Callable[[bytes], None]) -> None:
        self.program = program
        self.last_line = b""
        self._show = show
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._output, output = os.pipe()
        self.pid = fork(program, output)
        os.close(output)
        os.set_blocking(self._output, False)
        self._loop.add_reader(self._output, self._read)
        self._handle = os.pidfd_open(self.pid)
        self._loop.add_reader(self._handle, self._reap)

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it is still there."""
        if not self.ended.done():
            signal.pidfd_send_signal(self._handle, number)

    def _reap(self) -> None:
        self._loop.remove_reader(self._handle)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._handle)
        with suppress(BlockingIOError):
            while self._read():
                pass
        self._loop.remove_reader(self._output)
        os.close(self._output)
        self._say(self._rest)
        self.ended.set_result(os.waitstatus_to_exitcode(status))

    def _read(self) -> bool:
        """Show the lines that are there; tell whether there may be more."""
        chunk = os.read(self._output, _CHUNK)
        if not chunk:
            self._loop.remove_reader(self._output)
            return False
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._say(line)
        return True

    def _say(self, line: bytes) -> None:
        if line.strip():
            self.last_line = line
            self._show(line)


def how_it_ended(code: int) -> str:
    """Return an exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
