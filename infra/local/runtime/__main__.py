"""`python -m infra.local.runtime SETTINGS.json`: serve until SIGTERM or SIGINT."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Final

import uvloop
from pydantic import ValidationError

from components.embedded import RuntimeSettings
from infra.local.runtime.errors import StartupError
from infra.local.runtime.runtime import run

SWITCH_INTERVAL_SECONDS: Final = 0.0005  # the writer thread shall not wait long for the interpreter


def settings_from(path: Path) -> RuntimeSettings:
    """Read the settings; StartupError names the file and every field that is wrong."""
    try:
        return RuntimeSettings.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StartupError(f"the settings {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise StartupError(f"the settings {path} are wrong: {problems}") from error


async def _main(settings: RuntimeSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


def main(arguments: list[str]) -> int:
    """Return the exit code: 0 after a signal, 1 when the runtime cannot start, 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: python -m infra.local.runtime SETTINGS.json", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    try:
        uvloop.run(_main(settings_from(Path(arguments[0]))))
    except StartupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
