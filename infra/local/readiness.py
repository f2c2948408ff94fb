"""Whether a process is ready: what it is asked, over HTTP or another protocol of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from infra.local.options import HOST

_POLL_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 3.0


class Check(Protocol):
    """A question to a process."""

    async def succeeds(self) -> bool:
        """Tell whether the process is ready; OSError or IncompleteReadError say that it is not."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that is answered 2xx by what is ready."""

    port: int
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    async def succeeds(self) -> bool:
        """Tell whether the answer is 2xx."""
        return (await _status(self)).startswith(b"2")


async def until_ready(check: Check) -> None:
    """Return once the check succeeds, however long that takes."""
    while True:
        if await _succeeds(check):
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _succeeds(check: Check) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await check.succeeds()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _status(probe: Probe) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, probe.port)
    try:
        headers = {"Host": f"{HOST}:{probe.port}", "Connection": "close", **probe.headers}
        lines = [f"GET {probe.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        await reader.readuntil(b" ")
        return await reader.readexactly(3)
    finally:
        writer.close()
