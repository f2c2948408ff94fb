"""Personal access tokens through the whole platform: every service knows one, and none once it is revoked."""

from collections.abc import Callable

import aiohttp
import pytest
from harness.follower import Follower
from harness.person import Person
from harness.platform import Platform
from harness.waiting import eventually
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

EVERYTHING = ["tasks:read", "tasks:write", "chat", "admin:self"]
PATHS = ["/api/tasks", "/api/audit", "/api/notifications", "/api/me"]


@pytest.fixture
def bearer(http: aiohttp.ClientSession, platform: Platform) -> Callable[[str], Person]:
    """Makes callers that show a personal access token."""
    return lambda secret: Person(http, platform.url, {"Authorization": f"Bearer {secret}"})


async def test_a_token_opens_every_service_until_it_is_revoked(
    someone: Callable[[], Person], bearer: Callable[[str], Person], platform: Platform
) -> None:
    person = someone()
    made = await person.call("POST", "/api/tokens", json={"name": "script", "scopes": EVERYTHING}, expect=201)
    script = bearer(made["secret"])
    for path in PATHS:
        await script.call("GET", path, expect=200)
    async with (
        Follower(platform.websocket, script.headers) as device,
        connect(platform.websocket, additional_headers=script.headers, proxy=None) as socket,
    ):
        await socket.send('{"type": "hello"}')
        task = await script.call("POST", "/api/tasks", json={"title": "by script"}, expect=201)
        await device.until(lambda d: task["id"] in d.tasks)
        await person.call("DELETE", f"/api/tokens/{made['id']}", expect=204)
        with pytest.raises(ConnectionClosed) as end:
            async for _ in socket:
                pass
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == 4401
    for path in PATHS:
        await script.call("GET", path, expect=401)


async def test_a_token_is_held_to_its_scopes_by_every_service(
    someone: Callable[[], Person], bearer: Callable[[str], Person]
) -> None:
    made = await someone().call("POST", "/api/tokens", json={"name": "chatter", "scopes": ["chat"]}, expect=201)
    chatter = bearer(made["secret"])
    for path in PATHS[:3]:
        assert (await chatter.call("GET", path, expect=403))["scope"] == "tasks:read"
    assert (await chatter.call("GET", "/api/notifications/settings", expect=403))["scope"] == "admin:self"
    assert (await chatter.call("GET", "/api/me", expect=200))["scopes"] == ["chat"]


async def test_the_audit_trail_tells_of_tokens(someone: Callable[[], Person]) -> None:
    person = someone()
    made = await person.call("POST", "/api/tokens", json={"name": "script", "scopes": ["chat"]}, expect=201)
    await person.call("DELETE", f"/api/tokens/{made['id']}", expect=204)

    async def is_told() -> bool:
        items = (await person.call("GET", "/api/audit"))["items"]
        return [item["type"] for item in items] == ["token.revoked", "token.created"]

    await eventually(is_told)
    found = (await person.call("GET", "/api/audit?type=token.created"))["items"][0]
    assert {"field": "name", "before": None, "after": "script"} in found["changes"]
    assert (await person.call("GET", "/api/audit/verify"))["ok"]
