"""`python -m local.small NAME=BEHAVIOUR:PORT…`: the supervisor over small processes; the first is its runtime."""

import asyncio
import os
import sys

from infra.local.child import Program
from infra.local.display import Display
from infra.local.options import StartError
from infra.local.plan import Part, Plan
from infra.local.readiness import Probe
from infra.local.supervisor import PortsTaken, Supervisor


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def part(text: str) -> Part:
    name, _, rest = text.partition("=")
    behaviour, _, port = rest.partition(":")
    environment = {**os.environ, "COLOUR": "blue"}
    program = Program(name=name, module="local.part", environment=environment, arguments=(behaviour, port))
    return Part(program, Probe(int(port), "/"), (int(port),))


def main(parts: list[Part]) -> int:
    supervisor = Supervisor(
        Plan(((parts[0],), tuple(parts[1:]))),
        Display(sys.stdout, coloured=False),
        lambda: say("everything is up"),
    )
    try:
        asyncio.run(supervisor.run())
    except StartError as error:
        say(f"error: {error}")
        return 1
    except PortsTaken as taken:
        say(f"taken: {taken.ports}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main([part(text) for text in sys.argv[1:]]))
