"""E-mail goes out one at a time: what Dapr's binding is told by one request would else reach another's recipient."""

import asyncio
from typing import Any

from services.notification.channels import Channels, Message
from services.notification.models import Channel, EmailSettings, Settings
from services.notification.text import Text


class Binding:
    """Stands where the sidecar stands, and sees how many sends it is asked for at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.recipients: list[str] = []

    async def bind(self, _name: str, _operation: str, _data: bytes, metadata: dict[str, str]) -> bytes:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.005)
        self.now -= 1
        self.recipients.append(metadata["emailTo"])
        return b""


async def test_two_mails_are_never_under_way_at_once() -> None:
    binding: Any = Binding()
    channels = Channels(binding, guard=None, keys=None)  # type: ignore[arg-type]
    people = [f"person{n}@example.org" for n in range(8)]
    await asyncio.gather(*(_mail(channels, address) for address in people))
    assert binding.most == 1
    assert sorted(binding.recipients) == people


async def _mail(channels: Channels, address: str) -> None:
    settings = Settings(email=EmailSettings(enabled=True, address=address))
    text = Text(subject="Reminder", lines=("Pay rent",))
    message = Message(id="m", person="a" * 32, type="reminder", data={}, text=text, notification={})
    result = await channels.send(Channel.EMAIL, message, settings)
    assert result.error is None
