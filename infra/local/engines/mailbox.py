"""`python -m infra.local.engines.mailbox PORT FOLDER`: a mail server that writes each message to a file to look at.

Daprd's e-mail binding sends over SMTP and in no other way; this is where it sends to when nobody named a server.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.child import Program
from infra.local.options import HOST
from infra.local.plan import Part

_LARGEST_LINE: Final = 1 << 20
_ANSWERS: Final = {
    "EHLO": "250 mailbox",
    "HELO": "250 mailbox",
    "MAIL": "250 sender taken",
    "RCPT": "250 recipient taken",
    "RSET": "250 forgotten",
    "NOOP": "250 nothing done",
}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The server on `port` over `folder`, run in `environment`."""

    port: int
    folder: Path
    environment: Mapping[str, str]

    @property
    def secret(self) -> dict[str, str]:
        """What the e-mail binding is told."""
        return {"host": HOST, "port": str(self.port), "emailFrom": "task-platform@localhost"}

    def part(self) -> Part:
        """Return its process."""
        program = Program(
            "mailbox", "infra.local.engines.mailbox", self.environment, (str(self.port), str(self.folder))
        )
        return Part(program, self, (self.port,))

    async def succeeds(self) -> bool:
        """Tell whether it greets."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            return (await reader.readline()).startswith(b"220 ")
        finally:
            writer.close()

    async def serve(self) -> None:
        """Serve for ever."""
        self.folder.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_server(self._converse, HOST, self.port, limit=_LARGEST_LINE)
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mailbox\r\n")
        with suppress(ConnectionError, ValueError), _closing(writer):
            while line := await reader.readline():
                verb = line[:4].decode(errors="replace").upper()
                if verb == "DATA":
                    writer.write(b"354 go on, end with a dot\r\n")
                    self._keep(await _message(reader))
                    writer.write(b"250 kept\r\n")
                elif verb == "QUIT":
                    writer.write(b"221 goodbye\r\n")
                    return
                else:
                    writer.write(f"{_ANSWERS.get(verb, '502 not known')}\r\n".encode())
                await writer.drain()

    def _keep(self, message: bytes) -> None:
        """Write the whole file, then give it its name, so that nobody reads half a message."""
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}.eml"
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(message)
        unfinished.rename(self.folder / name)


async def _message(reader: asyncio.StreamReader) -> bytes:
    lines = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionResetError
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(Mailbox(int(sys.argv[1]), Path(sys.argv[2]), {}).serve())
