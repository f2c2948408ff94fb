"""Personal access tokens at the gateway and the WebSocket: recognised here, and ended where they are revoked."""

import pytest
from frontend_stage import Stage
from harness.issuer import Issuer
from harness.waiting import eventually
from websockets.exceptions import InvalidStatus

from services.frontend.relay import Timing
from services.kit.ids import person_id
from services.kit.tokens import new_token


async def test_a_token_goes_on_to_the_service_that_asks_the_store(stage: Stage, issuer: Issuer) -> None:
    authorization = f"Bearer {new_token(person_id(issuer.url, 'somebody'))}"
    status, _, told = await stage.call("GET", "/api/tasks", headers={"Authorization": authorization})
    assert (status, told["headers"]["authorization"]) == (200, authorization)
    assert not stage.backend.asked["tokens"]


async def test_a_mistyped_token_is_401_at_once_also_where_nobody_signs_in(open_stage: Stage) -> None:
    token = new_token("0" * 32)[:-1]
    for path in ("/api/tasks", "/mcp"):
        headers = {"Authorization": f"Bearer {token}"}
        status, headers, problem = await open_stage.call("POST", path, headers=headers, json={})
        assert (status, "not whole" in problem["detail"]) == (401, True)
        assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_with_its_scope_opens_the_websocket(stage: Stage, issuer: Issuer) -> None:
    secret, _ = stage.backend.issue(issuer.url, "somebody", "tasks:read")
    stage.backend.log(person_id(issuer.url, "somebody")).commit(2)
    client = await (await stage.client(secret)).hello()
    await client.at(2)


@pytest.mark.parametrize(("scopes", "status"), [(("tasks:write", "chat"), 403), (None, 401)])
async def test_without_its_scope_it_opens_none(
    stage: Stage, issuer: Issuer, scopes: tuple[str, ...] | None, status: int
) -> None:
    secret = new_token("0" * 32) if scopes is None else stage.backend.issue(issuer.url, "somebody", *scopes)[0]
    with pytest.raises(InvalidStatus) as refusal:
        await stage.client(secret)
    assert refusal.value.response.status_code == status


async def test_a_revocation_ends_the_websockets_of_that_token_alone(stage: Stage, issuer: Issuer) -> None:
    stage.app.state.relay.timing = Timing(token=600)  # so that the event alone can end them
    person = person_id(issuer.url, "somebody")
    log = stage.backend.log(person)
    log.commit()
    secret, token_id = stage.backend.issue(issuer.url, "somebody", "tasks:read")
    other_secret, _ = stage.backend.issue(issuer.url, "somebody", "tasks:read")
    clients = [await (await stage.client(given)).hello() for given in (secret, other_secret, issuer.token("somebody"))]
    for client in clients:
        await client.at(1)
    await stage.publish(*log.commit(type="token.revoked", task=None, token={"id": token_id}), kind="token.revoked")
    assert await clients[0].end() == (4401, "The token was revoked.")
    for client in clients[1:]:
        await client.at(2)


async def test_a_revocation_whose_event_was_missed_ends_it_too(stage: Stage, issuer: Issuer) -> None:
    secret, _ = stage.backend.issue(issuer.url, "somebody", "tasks:read")
    client = await (await stage.client(secret)).hello()
    await client.at(0, 0)
    stage.backend.away = True
    asked = stage.backend.asked["tokens"]
    await eventually(lambda: stage.backend.asked["tokens"] > asked + 1)  # not being able to tell ends nothing
    stage.backend.tokens.clear()
    stage.backend.away = False
    assert (await client.end())[0] == 4401
