"""Keeps the processes of a plan running until it is told to stop, and then ends every one of them."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from infra.local.display import Display
from infra.local.options import StartError
from infra.local.plan import Part, Plan
from infra.local.ports import is_free
from infra.local.process import Process, how_it_ended
from infra.local.readiness import until_ready

FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 10.0
STEADY_SECONDS: Final = 30.0
END_SECONDS: Final = (3.0, 1.0, 5.0)  # for each layer, from the services down, on top of what those above left over
WRONG_SETTINGS: Final = 2  # the exit code of a process that another start cannot help


class PortsTaken(Exception):
    """A process could not start, because others listen on its `ports`."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(f"taken: {ports}")
        self.ports = ports


class Supervisor:
    """Runs a plan; `when_up` is called once, when everything is ready for the first time."""

    def __init__(self, plan: Plan, display: Display, when_up: Callable[[], None]) -> None:
        self._plan = plan
        self._display = display
        self._when_up = when_up
        self._is_up = False
        self._stop = asyncio.Event()
        self._running: dict[str, Process] = {}
        self._ready = {part.program.name: asyncio.Event() for part in plan.parts}

    async def run(self) -> None:
        """Return after a signal to stop; StartError or PortsTaken when a start is hopeless. Nothing is left running."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop)
        stopped = asyncio.create_task(self._stop.wait())
        keepers = [asyncio.create_task(self._keep(part)) for part in self._plan.parts]
        done, _ = await asyncio.wait({stopped, *keepers}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopped, *keepers):
            task.cancel()
        await asyncio.gather(stopped, *keepers, return_exceptions=True)
        await self._end_all()
        for task in done - {stopped}:
            task.result()

    def _told_to_stop(self) -> None:
        """Stop; told a second time, at once."""
        if self._stop.is_set():
            for process in self._running.values():
                process.send(signal.SIGKILL)
        else:
            self._stop.set()
            self._display.say("stopping")

    async def _keep(self, part: Part) -> None:
        """Run a part for ever."""
        now, delay = asyncio.get_running_loop().time, FIRST_DELAY_SECONDS
        while True:
            await self._all_ready(part.after)
            began = now()
            code = await self._run(part)
            if not self._is_up:
                _check_start(
                    part, code, self._running[part.program.name].last_line, hopeless=part in self._plan.layers[0]
                )
            if now() - began >= STEADY_SECONDS:
                delay = FIRST_DELAY_SECONDS
            ending = f"{part.program.name} ended with {how_it_ended(code)}"
            self._display.say(f"{ending}; it starts again in {delay:g} s", "WARNING")
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    async def _all_ready(self, names: Iterable[str]) -> None:
        for name in names:
            await self._ready[name].wait()

    async def _run(self, part: Part) -> int:
        name = part.program.name
        process = Process(part.program, partial(self._display.line, name))
        self._running[name] = process
        announcing = asyncio.create_task(self._announce(part))
        try:
            return await asyncio.shield(process.ended)
        finally:
            announcing.cancel()
            self._ready[name].clear()

    async def _announce(self, part: Part) -> None:
        """Say when a part is ready, and when everything is."""
        now = asyncio.get_running_loop().time
        began = now()
        await self._all_ready(part.beside)
        await until_ready(part.check)
        name = part.program.name
        self._display.say(f"{name} is ready after {now() - began:.1f} s (process {self._running[name].pid})")
        self._ready[name].set()
        if not self._is_up and all(event.is_set() for event in self._ready.values()):
            self._is_up = True
            self._when_up()

    async def _end_all(self) -> None:
        """End the services, and then what they stand on, layer by layer."""
        now = asyncio.get_running_loop().time
        end = now()
        for layer, seconds in zip(reversed(self._plan.layers), END_SECONDS, strict=False):
            end += seconds
            names = [part.program.name for part in layer]
            await self._end([self._running[name] for name in names if name in self._running], end - now())

    async def _end(self, processes: Iterable[Process], within: float) -> None:
        alive = {process.ended: process for process in processes if not process.ended.done()}
        if not alive:
            return
        for process in alive.values():
            process.send(signal.SIGTERM)
        _, late = await asyncio.wait(alive, timeout=within)
        for ended in late:
            self._display.say(f"{alive[ended].program.name} did not end in time and is killed", "WARNING")
            alive[ended].send(signal.SIGKILL)
        await asyncio.gather(*alive)


def _check_start(part: Part, code: int, last_line: bytes, *, hopeless: bool) -> None:
    """Raise when a part that ended before everything was up would do so again; `hopeless`: after any error."""
    if code <= 0:
        return
    if taken := [port for port in part.ports if not is_free(port)]:
        raise PortsTaken(taken)
    if hopeless or code == WRONG_SETTINGS:
        raise StartError(last_line.decode(errors="replace").removeprefix("error: ") or how_it_ended(code))
