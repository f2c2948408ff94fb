"""`python -m infra.local.engines.mailserver PORT FOLDER`: a mail server that writes each message to a file."""

import asyncio
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from infra.local.options import HOST

_LARGEST_LINE: Final = 1 << 20
_ANSWERS: Final = {
    "EHLO": "250 mailbox",
    "HELO": "250 mailbox",
    "MAIL": "250 sender taken",
    "RCPT": "250 recipient taken",
    "RSET": "250 forgotten",
    "NOOP": "250 nothing done",
}


class MailServer:
    """Takes mail for everybody into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def serve(self, port: int) -> None:
        """Serve on that port for ever."""
        self._folder.mkdir(parents=True, exist_ok=True)
        server = await asyncio.start_server(self._converse, HOST, port, limit=_LARGEST_LINE)
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
        unfinished = self._folder / f".{name}"
        unfinished.write_bytes(message)
        unfinished.rename(self._folder / name)


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
    asyncio.run(MailServer(Path(sys.argv[2])).serve(int(sys.argv[1])))
