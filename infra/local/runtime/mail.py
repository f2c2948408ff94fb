"""The SMTP output binding: sends over SMTP where a host is known, and writes files to look at where none is.

It offers what Dapr's binding does: an HTML body, From, To, Cc, Bcc, Subject and X-Priority. Other metadata, a
Message-ID among them, is ignored there and here.
"""

import asyncio
import os
import smtplib
import ssl
import time
import uuid
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import localtime
from pathlib import Path
from typing import Final

import orjson

OPERATION: Final = "create"
PRIORITIES: Final = range(1, 6)
DEFAULT_FROM: Final = "task-platform@localhost"
TIMEOUT_SECONDS: Final = 30
PORT_SSL: Final = 465


class MailError(Exception):
    """A message that cannot be sent as it is asked for."""


async def send(component: Mapping[str, str], request: Mapping[str, str], data: bytes, folder: Path) -> None:
    """Send one message; `request` metadata stands before the component's.

    Without a host it lands in `folder` as an RFC 5322 file. Raises MailError, OSError or smtplib.SMTPException.
    """
    given = {**component, **{name: value for name, value in request.items() if value}}
    to_file = not component.get("host")
    if to_file:
        given.setdefault("emailFrom", DEFAULT_FROM)
    message = compose(given, data)
    await asyncio.to_thread(*((_write, folder, message) if to_file else (_deliver, component, message)))


def compose(metadata: Mapping[str, str], data: bytes) -> EmailMessage:
    """Return the message; a body that is a JSON string stands for what it says."""
    for name in ("emailFrom", "emailTo", "subject"):
        if not metadata.get(name):
            raise MailError(f"smtp binding error: {name} property not supplied in configuration- or request-metadata")
    message = EmailMessage()
    try:
        for header, name in (("From", "emailFrom"), ("To", "emailTo"), ("Cc", "emailCC"), ("Bcc", "emailBCC")):
            if metadata.get(name):
                message[header] = metadata[name].replace(";", ", ")
        message["Subject"] = metadata["subject"]
    except ValueError as error:
        raise MailError(f"smtp binding error: {error}") from error
    message["X-Priority"] = str(_priority(metadata.get("priority", "")))
    message["Date"] = localtime()
    message.set_content(_text(data), subtype="html")
    return message


def _priority(text: str) -> int:
    priority = int(text) if text.isdigit() else 3 if not text else 0
    if priority not in PRIORITIES:
        raise MailError("smtp binding error: priority value must be between 1 (highest) and 5 (lowest)")
    return priority


def _text(data: bytes) -> str:
    try:
        decoded = orjson.loads(data)
    except orjson.JSONDecodeError:
        decoded = None
    return decoded if isinstance(decoded, str) else data.decode(errors="replace")


def _write(folder: Path, message: EmailMessage) -> None:
    """Write the whole file, then give it its name, so that nobody reads half a message."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}.eml"
    unfinished = folder / f".{name}"
    with unfinished.open("wb") as file:
        file.write(bytes(message))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / name)


def _deliver(component: Mapping[str, str], message: EmailMessage) -> None:
    host, port = component["host"], int(component.get("port", "25"))
    context = ssl.create_default_context()
    if component.get("skipTLSVerify") == "true":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with _connect(host, port, context) as server:
        if component.get("user"):
            server.login(component["user"], component.get("password", ""))
        server.send_message(message)


def _connect(host: str, port: int, context: ssl.SSLContext) -> smtplib.SMTP:
    """Connect under TLS: from the start on its port, elsewhere as soon as the server offers it."""
    if port == PORT_SSL:
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=context)
    return server
