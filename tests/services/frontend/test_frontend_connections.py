"""Who may connect to `/ws`, how many, and what ends a connection."""

import logging

import pytest
from frontend_stage import QUICK, Stage
from harness.issuer import Issuer
from harness.runtime import Runtime
from harness.waiting import eventually
from prometheus_client import REGISTRY
from websockets.exceptions import InvalidStatus

from services.frontend import client as client_module
from services.frontend.relay import Timing

# Bounds


async def test_a_client_that_reads_nothing_is_cut_off_and_holds_nobody_up(
    runtime: Runtime, issuer: Issuer, me: str, token: str
) -> None:
    async with Stage(runtime, Timing(heartbeat=0.3, hello=5, send=3), **issuer.settings) as stage:
        stage.backend.page = 20  # a client that is far behind gets a snapshot, in messages that it takes
        log = stage.backend.log(me)
        log.commit()
        slow = await (await stage.client(token)).hello()
        quick = await (await stage.client(token)).hello()
        await slow.at(1)
        slow.reading.cancel()
        slow.socket.transport.pause_reading()
        text = {"task": {"title": "x" * 20_000}}
        for _ in range(15):
            await stage.publish(*log.commit(40, **text))
        await quick.at(601)
        hub = next(iter(stage.app.state.relay._hubs.values()))
        await eventually(lambda: len(hub.clients) == 1)
        assert quick.closed is None
        back = await (await stage.client(token)).hello(1, 590)
        await back.at(601)


async def test_too_many_notes_for_a_client_that_does_not_keep_up(
    stage: Stage, me: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_ASIDES", 3)
    client = await (await stage.client(token)).hello()
    await client.at(0, 0)
    hub = stage.app.state.relay._hubs[me]
    for _ in range(5):
        hub.aside('{"type":"notification"}')
    assert (await client.end())[0] == 1013


@pytest.mark.parametrize(
    ("message", "code", "names"),
    [
        ("{", 4400, "JSON"),
        (b"\x00", 4400, "binary"),
        ('{"type": "ping"}', 4400, "hello"),
        ('{"type": "bye"}', 4400, "bye"),
        ('{"type": "hello", "epoch": "one", "since": 0}', 4400, "epoch"),
        ('{"type": "hello", "x": "' + "x" * 70_000 + '"}', 1009, ""),
    ],
)
async def test_a_bad_first_message(stage: Stage, token: str, message: str | bytes, code: int, names: str) -> None:
    client = await stage.client(token)
    await client.socket.send(message)
    found, reason = await client.end()
    assert found == code
    assert names in reason


async def test_a_second_hello_is_refused(stage: Stage, token: str) -> None:
    client = await (await stage.client(token)).hello()
    await client.hello()
    assert (await client.end())[0] == 4400


async def test_without_a_hello_it_ends(stage: Stage, token: str) -> None:
    code, reason = await (await stage.client(token)).end()
    assert code == 4408
    assert f"{QUICK.hello:g}" in reason


async def test_a_person_has_so_many_connections_and_no_more(stage: Stage, token: str) -> None:
    stage.app.state.relay._max_clients = 2
    first = await (await stage.client(token)).hello()
    await (await stage.client(token)).hello()
    await first.at(0, 0)
    assert (await (await stage.client(token)).end())[0] == 4429
    await first.socket.close()
    await eventually(lambda: next(iter(stage.app.state.relay._hubs.values())).members == 1)
    again = await (await stage.client(token)).hello()
    await again.at(0, 0)


async def test_nothing_is_left_of_clients_that_went(stage: Stage, token: str) -> None:
    before = REGISTRY.get_sample_value("websocket_clients")
    clients = [await (await stage.client(token)).hello() for _ in range(5)]
    for client in clients:
        await client.at(0, 0)
    assert REGISTRY.get_sample_value("websocket_clients") == (before or 0) + 5
    for client in clients:
        await client.socket.close()
    await eventually(lambda: not stage.app.state.relay._hubs)
    await eventually(lambda: REGISTRY.get_sample_value("websocket_clients") == before)


# Who may connect


async def _refused(stage: Stage, *, token: str | None = None, origin: str | None = None) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        await stage.client(token, origin=origin)
    assert b"application/problem+json" in refusal.value.response.headers["Content-Type"].encode()
    return refusal.value.response.status_code


async def test_foreign_origins_are_refused_before_the_upgrade(
    stage: Stage, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await _refused(stage, token=token, origin="http://evil.example") == 403
    assert await _refused(stage, token=token, origin="null") == 403
    client = await stage.client(token, origin=stage.url)
    await client.hello()
    await client.at(0, 0)
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_token_is_needed_before_the_upgrade(stage: Stage, issuer: Issuer) -> None:
    for bad in (None, "x", issuer.token("a", lasts=-60), issuer.token("a", aud="else"), issuer.token("a", iss="else")):
        assert await _refused(stage, token=bad) == 401


async def test_with_no_sign_in_everybody_is_one_person(open_stage: Stage) -> None:
    clients = [await (await open_stage.client()).hello() for _ in range(3)]
    for client in clients:
        await client.settled()
    assert len(open_stage.app.state.relay._hubs) == 1


async def test_an_expired_token_ends_the_connection(stage: Stage, issuer: Issuer, name: str) -> None:
    client = await (await stage.client(issuer.token(name, lasts=2))).hello()
    await client.at(0, 0)
    assert (await client.end())[0] == 4401
