"""`GET /ws`: the upgrade, the hello, and the two sides of a connection."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from services.frontend.client import Client
from services.frontend.feed import Cursor
from services.frontend.hub import Hub
from services.frontend.messages import Closing, Hello, Ping, parse, revoked, too_slow
from services.frontend.relay import Relay
from services.kit.identity import Caller, authenticate
from services.kit.metrics import WEBSOCKET_CLOSES, WEBSOCKETS
from services.kit.problems import Problem
from services.kit.sidecar import SidecarError
from services.kit.tokens import Scope

log = logging.getLogger(__name__)

SUBPROTOCOL: Final = "tasks.v1"
_BEARER: Final = "bearer."
_CLOSE_SECONDS: Final = 1


async def connect(websocket: WebSocket) -> None:
    """Serve one client. Who is not let in gets a problem document (401, 403, 421) in place of the upgrade."""
    caller = await authenticate(websocket, _authorization(websocket))
    caller.need(Scope.TASKS_READ)
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    code = 1006
    with WEBSOCKETS.track_inprogress():
        try:
            await _serve(websocket, caller)
        except WebSocketDisconnect as gone:
            code = gone.code
        except Closing as end:
            code = end.code
            await _close(websocket, end)
        finally:
            WEBSOCKET_CLOSES.labels(str(code)).inc()


def _authorization(websocket: WebSocket) -> str | None:
    """Return the bearer token of the header or, as a browser can set none, that of the subprotocols."""
    if given := websocket.headers.get("authorization"):
        return given
    tokens = [p.removeprefix(_BEARER) for p in websocket.scope["subprotocols"] if p.startswith(_BEARER)]
    return f"Bearer {tokens[0]}" if tokens else None


async def _close(websocket: WebSocket, end: Closing) -> None:
    """Say why and close; a client that reads nothing is not waited for."""
    with suppress(TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await websocket.close(end.code, end.reason)


async def _serve(websocket: WebSocket, caller: Caller) -> None:
    relay: Relay = websocket.app.state.relay
    with relay.joined(caller.person) as hub:
        cursor = await _hello(websocket, relay.timing.hello)
        await _converse(websocket, hub, cursor, caller, relay.timing.send)


async def _hello(websocket: WebSocket, seconds: float) -> Cursor | None:
    try:
        async with asyncio.timeout(seconds):
            message = await _receive(websocket)
    except TimeoutError:
        raise Closing(4408, f"No hello came within {seconds:g} seconds.") from None
    if not isinstance(message, Hello):
        raise Closing(4400, "type: The first message must be a hello.")
    return message.cursor


async def _receive(websocket: WebSocket) -> Hello | Ping:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return parse(message.get("text"))


async def _converse(websocket: WebSocket, hub: Hub, cursor: Cursor | None, caller: Caller, seconds: float) -> None:
    """Listen and send until either side ends it."""

    async def send(text: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                await websocket.send({"type": "websocket.send", "text": text})
        except TimeoutError:
            raise too_slow() from None

    client = Client(hub, cursor, send, str(caller.token) if caller.token else None)
    hub.clients.add(client)
    sides = [asyncio.create_task(_listen(websocket, client)), asyncio.create_task(client.run())]
    if caller.token is not None:
        sides.append(asyncio.create_task(_watch(websocket, client)))
    left = None if caller.expires is None else max(0.0, caller.expires - time.time())
    try:
        done, _ = await asyncio.wait(sides, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise Closing(4401, "The token has expired.")
        done.pop().result()
    finally:
        hub.clients.discard(client)
        for side in sides:
            side.cancel()
        await asyncio.gather(*sides, return_exceptions=True)


async def _watch(websocket: WebSocket, client: Client) -> None:
    """Ask now and then whether the client's token is in force: the event that says it is not may have been missed."""
    relay: Relay = websocket.app.state.relay
    while True:
        await asyncio.sleep(relay.timing.token)
        try:
            await authenticate(websocket, _authorization(websocket))
        except SidecarError as error:
            log.warning("whether a token is in force is asked again: %s", error)
        except Problem:
            client.close(revoked())


async def _listen(websocket: WebSocket, client: Client) -> None:
    while True:
        if isinstance(await _receive(websocket), Hello):
            raise Closing(4400, "type: The connection has had its hello.")
        client.pong()
