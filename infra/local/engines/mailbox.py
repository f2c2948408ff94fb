"""Where mail goes when nobody named a server: daprd's e-mail binding sends over SMTP and in no other way."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.child import Program
from infra.local.options import HOST
from infra.local.plan import Part


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail server on `port` that writes to `folder`, run in `environment`."""

    port: int
    folder: Path
    environment: Mapping[str, str]

    @property
    def secret(self) -> dict[str, str]:
        """What the e-mail binding is told."""
        return {"host": HOST, "port": str(self.port), "emailFrom": "task-platform@localhost"}

    def part(self) -> Part:
        """Return its process."""
        arguments = (str(self.port), str(self.folder))
        program = Program("mailbox", "infra.local.engines.mailserver", self.environment, arguments)
        return Part(program, self, (self.port,))

    async def succeeds(self) -> bool:
        """Tell whether it greets."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            return (await reader.readline()).startswith(b"220 ")
        finally:
            writer.close()
