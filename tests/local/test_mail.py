"""The SMTP side of the output binding, against a server that speaks just enough of the protocol."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.local.runtime.mail import MailError, compose, send


class Server:
    """Accepts every mail and keeps it."""

    def __init__(self) -> None:
        self.port = 0
        self.commands: list[str] = []
        self.data = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            if command.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                self.data = await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 kept\r\n")
            elif command.upper() == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 fine\r\n")
        writer.close()


def files(folder: Path) -> dict[str, str]:
    """Return every file of the folder by its name."""
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A listening server."""
    found = Server()
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = listening.sockets[0].getsockname()[1]
    yield found
    listening.close()


async def test_a_mail_is_sent_to_the_host_of_the_component(server: Server, tmp_path: Path) -> None:
    component = {"host": "127.0.0.1", "port": str(server.port), "emailFrom": "from@example.org"}
    request = {"emailTo": "a@example.org;b@example.org", "emailBCC": "c@example.org", "subject": "S", "x": "y"}
    await send(component, request, "Grüße".encode(), tmp_path)
    recipients = [command for command in server.commands if command.startswith("rcpt")]
    assert [r.lower() for r in recipients] == [f"rcpt to:<{name}@example.org>" for name in "abc"]
    message = email.message_from_bytes(server.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert (message["From"], message["Subject"], message["Bcc"]) == ("from@example.org", "S", None)
    assert message.get_content().strip().removesuffix(".").strip() == "Grüße"
    assert not files(tmp_path)


async def test_the_request_stands_before_the_component(tmp_path: Path) -> None:
    await send({"subject": "component"}, {"subject": "request", "emailTo": "a@example.org"}, b"x", tmp_path)
    (name,) = files(tmp_path)
    assert name.endswith(".eml")
    assert not name.startswith(".")
    assert "Subject: request" in files(tmp_path)[name]


async def test_a_server_that_is_away_is_an_error(tmp_path: Path) -> None:
    component = {"host": "127.0.0.1", "port": "1", "emailFrom": "f@example.org"}
    with pytest.raises(OSError, match="refused"):
        await send(component, {"emailTo": "a@example.org", "subject": "S"}, b"x", tmp_path)


@pytest.mark.parametrize("name", ["emailFrom", "emailTo", "subject"])
def test_what_a_mail_needs(name: str) -> None:
    metadata = {"emailFrom": "f@example.org", "emailTo": "t@example.org", "subject": "S"}
    del metadata[name]
    with pytest.raises(MailError, match=name):
        compose(metadata, b"x")
