"""`python -m infra.local`, also `make up`: the whole platform on this machine, until Ctrl-C."""

import asyncio
import os
import sys
import time
from contextlib import suppress
from functools import partial
from typing import Final

from infra.local import embedded
from infra.local.display import Display
from infra.local.folder import SETTINGS, claimed, reset
from infra.local.options import EMBEDDED, HOST, Options, StartError
from infra.local.plan import Plan
from infra.local.ports import is_free
from infra.local.preload import preload
from infra.local.supervisor import PortsTaken, Supervisor

_STARTS: Final = 3

_BANNER: Final = """\
  The task platform is up: {url}   (after {seconds:.1f} s)

    its API     {url}/docs
    a task      curl -X POST {url}/api/tasks -H 'Content-Type: application/json' -d '{{"title": "Pay rent"}}'
    the list    curl {url}/api/tasks
    live        {live}/ws   (a client sends {{"type": "hello"}})
{also}    its data    {data}{mail}
    the end     Ctrl-C
"""


def main() -> int:
    """Return the exit code: 0 after a signal to stop, 1 when the platform cannot start."""
    began = time.monotonic()
    display = Display(sys.stdout, coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    try:
        options = Options.read(os.environ)
        with claimed(options.data):
            _check_port(options)
            if options.reset:
                reset(options.data)
            preload()
            asyncio.run(_up(options, display, began))
    except StartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    display.say("stopped")
    return 0


def _check_port(options: Options) -> None:
    if not is_free(options.port):
        raise StartError(f"port {options.port} is taken. Stop what listens there, or choose another: PORT=…")


async def _up(options: Options, display: Display, began: float) -> None:
    """Run the platform; with other ports when one was taken between its choice and its use."""
    for attempt in range(_STARTS):
        plan = _plan(options)
        supervisor = Supervisor(plan, display, partial(_welcome, display, options, plan, began))
        try:
            return await supervisor.run()
        except PortsTaken as taken:
            _check_port(options)
            display.say(f"ports {taken.ports} were taken meanwhile; attempt {attempt + 2} with others", "WARNING")
        finally:
            with suppress(OSError):
                (options.data / SETTINGS).unlink()
    raise StartError(f"no ports could be had in {_STARTS} attempts; something else takes them as fast")


def _plan(options: Options) -> Plan:
    if options.runtime == EMBEDDED:
        return embedded.plan(options)
    from infra.local.engines import plan as engines  # noqa: PLC0415 - the embedded start does not wait for it

    return engines.plan(options)


def _welcome(display: Display, options: Options, plan: Plan, began: float) -> None:
    others = [f"http://{HOST}:{port}" for port in plan.public[1:]]
    url = options.environment["PUBLIC_ORIGINS"].split()[0]
    banner = _BANNER.format(
        url=url,
        live=url.replace("http", "ws", 1),
        data=options.data,
        also=f"    also at     {' '.join(others)}\n" if others else "",
        mail="" if "host" in options.smtp else f"   (mail: {options.data / 'mail'})",
        seconds=time.monotonic() - began,
    )
    display.banner(banner)


if __name__ == "__main__":
    sys.exit(main())
