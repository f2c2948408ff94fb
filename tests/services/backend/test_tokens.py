"""Personal access tokens: shown once, scoped on every call, refused everywhere as soon as they are revoked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from harness.waiting import eventually

from backend.client import Answer, Client, People, some_id
from backend.inprocess import call, replica
from backend.memory import Fault, Memory, Proxy, nth
from services.backend import tokens
from services.kit.ids import person_id
from services.kit.tokens import digest, new_token

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ["tasks:read", "tasks:write", "chat", "admin:self"]


async def made(client: Client, *scopes: str, **fields: Any) -> Answer:
    body = {"name": "laptop", "scopes": list(scopes) or ALL} | fields
    return await client.post("/api/tokens", body)


async def holder(client: Client, *scopes: str, **fields: Any) -> Client:
    """Return the same person, calling with a new token of theirs."""
    answer = await made(client, *scopes, **fields)
    assert answer.status == 201, answer.body
    return bearing(client, answer.json["secret"])


def bearing(client: Client, secret: str) -> Client:
    return Client(client._http, client.base, client.subject, {"Authorization": f"Bearer {secret}"})


CALLS = [
    ("GET", "/api/tasks", None, "tasks:read"),
    ("GET", "/api/tags", None, "tasks:read"),
    ("GET", "/api/tasks/export", None, "tasks:read"),
    ("POST", "/api/tasks", {"title": "x"}, "tasks:write"),
    ("POST", "/api/undo", None, "tasks:write"),
    ("POST", "/api/tasks/batch", {"operations": [{"op": "create", "task": {"title": "x"}}]}, "tasks:write"),
    ("PATCH", "/api/me", {"locale": "de"}, "admin:self"),
    ("GET", "/api/tokens", None, "admin:self"),
    ("POST", "/api/tokens", {"name": "x", "scopes": ["chat"]}, "admin:self"),
    ("DELETE", "/api/me", None, "admin:self"),
]


async def test_a_call_without_its_scope_is_refused_and_names_it(me: Client) -> None:
    await me.create()
    for method, path, body, scope in CALLS:
        others = [other for other in ALL if other != scope]
        answer = await (await holder(me, *others)).call(method, path, body)
        assert (answer.status, answer.json["scope"]) == (403, scope), (method, path)
        assert scope in answer.json["detail"]
        assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"]
    assert await me.titles() == ["A task"]


async def test_a_call_with_its_scope_alone_succeeds(me: Client) -> None:
    for method, path, body, scope in CALLS[:-1]:
        own = {"name": "x", "scopes": [scope]} if path == "/api/tokens" else body
        answer = await (await holder(me, scope)).call(method, path, own)
        assert answer.status in {200, 201}, (method, path, answer.body)


async def test_a_token_speaks_for_its_maker(me: Client, served: People) -> None:
    token = await holder(me, "tasks:read", "tasks:write")
    await token.create("by token")
    assert await me.titles() == ["by token"]
    mine, its = (await me.get("/api/me")).json, (await token.get("/api/me")).json
    assert its == mine | {"scopes": ["tasks:read", "tasks:write"]}
    assert await served.new().titles() == []


async def test_the_secret_is_shown_once_and_kept_nowhere() -> None:
    memory = Memory()
    async with replica(memory) as app:
        answer = await call(app, "POST", "/api/tokens", {"name": " laptop ", "scopes": ["chat", "tasks:read", "chat"]})
        secret = answer.json["secret"]
        listed = (await call(app, "GET", "/api/tokens")).json["items"]
        await eventually(lambda: memory.published)
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    assert listed == [{k: v for k, v in answer.json.items() if k not in {"secret", "change"}}]
    assert (listed[0]["name"], listed[0]["scopes"]) == ("laptop", ["tasks:read", "chat"])
    everything = b"".join(item.data for item in memory.state.values()) + orjson.dumps([e for _, e in memory.published])
    assert secret.encode() not in everything
    assert secret[30:73].encode() not in everything
    assert digest(secret).encode() not in orjson.dumps([event for _, event in memory.published])


async def test_a_revoked_token_is_refused_by_every_replica_from_the_next_call_on() -> None:
    memory = Memory()
    async with replica(memory) as one, replica(memory) as other:
        token = (await call(one, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json
        headers = {"Authorization": f"Bearer {token['secret']}"}
        for app in (one, other):
            assert (await call(app, "GET", "/api/tasks", headers=headers)).status == 200
        assert (await call(other, "DELETE", f"/api/tokens/{token['id']}")).status == 204
        for app in (one, other):
            answer = await call(app, "GET", "/api/tasks", headers=headers)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await call(one, "DELETE", f"/api/tokens/{token['id']}")).status == 404


async def test_a_token_costs_one_read_of_the_store_and_a_write_an_hour() -> None:
    memory = Memory()
    proxy: Any = Proxy(memory)
    async with replica(proxy) as app:
        secret = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json["secret"]
        headers = {"Authorization": f"Bearer {secret}"}
        await call(app, "GET", "/api/tasks", headers=headers)
        await app.state.relay.settle(1)
        proxy.calls.clear()
        await call(app, "GET", "/api/tasks")
        plain = proxy.calls.copy()
        proxy.calls.clear()
        await call(app, "GET", "/api/tasks", headers=headers)
        assert proxy.calls - plain == {"get": 1}
        used = (await call(app, "GET", "/api/tokens")).json["items"][0]["last_used_at"]
        assert datetime.fromisoformat(used).minute == 0


async def test_a_use_in_a_later_hour_is_noted_again() -> None:
    memory = Memory()
    async with replica(memory) as app:
        secret = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json["secret"]
        await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {secret}"})
        (now,) = [one["last_used_at"] for one in (await call(app, "GET", "/api/tokens")).json["items"]]
        key = next(key for key in memory.state if key.startswith("tokens/"))
        document = orjson.loads(memory.state[key].data)
        document["items"][0]["last_used_at"] = "2026-01-01T00:00:00Z"
        await memory.save("", key, orjson.dumps(document), etag=memory.state[key].etag)
        await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {secret}"})
        assert [one["last_used_at"] for one in (await call(app, "GET", "/api/tokens")).json["items"]] == [now]


async def test_a_use_that_cannot_be_noted_does_not_fail_the_call() -> None:
    memory = Memory()
    proxy: Any = Proxy(memory)
    async with replica(proxy) as app:
        secret = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json["secret"]
        proxy.fault = lambda name, args: Fault.REFUSED if name == "save" and "tokens/" in str(args) else None
        answer = await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status == 200


async def test_with_the_store_away_a_token_is_503_and_not_401() -> None:
    proxy: Any = Proxy(Memory())
    async with replica(proxy) as app:
        secret = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json["secret"]
        proxy.fault = lambda name, _: Fault.REFUSED if name == "get" else None
        answer = await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status == 503
        proxy.fault = None


async def test_wrong_tokens_are_401_also_where_nobody_signs_in() -> None:
    memory = Memory()
    proxy: Any = Proxy(memory)
    person = person_id("local", "me")
    async with replica(proxy) as app:
        for wrong in (new_token(person), new_token("0" * 32)):
            assert (await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {wrong}"})).status == 401
        proxy.calls.clear()
        broken = new_token(person)[:-1] + "-"
        answer = await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {broken}"})
        assert (answer.status, proxy.calls["get"]) == (401, 0)


async def test_what_is_no_whole_token_gives_no_more_than_a_token_would() -> None:
    async with replica(Memory()) as app:
        token = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ["tasks:read"]})).json["secret"]

        async def status(authorization: str | None) -> int:
            headers = {"Authorization": authorization} if authorization is not None else {}
            return (await call(app, "GET", "/api/tokens", headers=headers)).status

        assert await status(f"Bearer {token}") == 403
        for sent in (f"Bearer  {token} ", f"bearer {token}"):
            assert await status(sent) == 403
        for sent in ("Bearer", "Bearer ", "Bearer x", f"Bearer {token.upper()}", f"Bearer Bearer {token}"):
            assert await status(sent) == 401
        assert [await status(sent) for sent in (None, "Basic eDp5")] == [200, 200]


async def test_a_token_of_another_sign_in_service_names_nobody() -> None:
    memory = Memory()
    async with replica(memory) as app:
        token = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json
        key = f"tokens/{person_id('local', 'me')}"
        memory.state[key] = memory.state[key].__class__(
            memory.state[key].data.replace(b'"subject":"me"', b'"subject":"else"'), "9"
        )
        answer = await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {token['secret']}"})
        assert answer.status == 401


async def test_an_expired_token_is_refused(me: Client) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    token = await holder(me, expires_at=soon.isoformat())

    async def is_over() -> bool:
        return (await token.get("/api/tasks")).status == 401

    await eventually(is_over)
    assert datetime.now(UTC) >= soon
    assert len((await me.get("/api/tokens")).json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ALL}, "name"),
        ({"name": " ", "scopes": ALL}, "name"),
        ({"name": "x" * 101, "scopes": ALL}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes.0"),
        ({"name": "x", "scopes": ALL, "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "scopes": ALL, "expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "scopes": ALL, "secret": "mine"}, "secret"),
    ],
)
async def test_a_token_that_cannot_be_is_422(me: Client, body: dict[str, Any], field: str) -> None:
    answer = await me.post("/api/tokens", body)
    assert answer.status == 422
    assert field in answer.fields
    assert (await me.get("/api/tokens")).json["items"] == []


async def test_a_token_makes_none_that_may_more_or_lasts_longer(me: Client) -> None:
    end = datetime.now(UTC) + timedelta(days=2)
    token = await holder(me, "admin:self", "tasks:read", expires_at=end.isoformat())
    refused = await made(token, "tasks:write")
    assert (refused.status, refused.json["scope"]) == (403, "tasks:write")
    later = (end + timedelta(days=1)).isoformat()
    assert (await made(token, "tasks:read", expires_at=later)).fields == {"expires_at"}
    child = (await made(token, "tasks:read")).json
    assert datetime.fromisoformat(child["expires_at"]) == end
    assert (await bearing(me, child["secret"]).get("/api/tasks")).status == 200


async def test_there_is_a_bound_on_how_many(me: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 3)
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    await made(me, expires_at=soon)
    answers = await asyncio.gather(*(made(me) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409]

    async def has_room() -> bool:
        return (await made(me)).status == 201

    await eventually(has_room)  # once the first has expired
    assert len((await me.get("/api/tokens")).json["items"]) == 3


async def test_a_repeat_under_the_same_key_makes_no_second_token(me: Client) -> None:
    body = {"name": "x", "scopes": ALL}
    first = await me.post("/api/tokens", body, Idempotency_Key="k")
    again = await me.post("/api/tokens", body, Idempotency_Key="k")
    assert (again.status, again.json) == (201, first.json | {"secret": None})
    assert (await me.post("/api/tokens", body | {"name": "y"}, Idempotency_Key="k")).status == 422
    for _ in range(2):
        gone = await me.call("DELETE", f"/api/tokens/{first.id}", Idempotency_Key="d")
        assert (gone.status, gone.headers["X-Change-Id"] != first.json["change"]) == (204, True)
    assert (await me.post("/api/tokens", body, Idempotency_Key="k")).status == 409


async def test_a_revocation_that_was_cut_off_is_done_by_the_repeat() -> None:
    memory = Memory()
    proxy: Any = Proxy(memory)
    async with replica(proxy) as app:
        token = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})).json
        proxy.fault = lambda name, args: Fault.REFUSED if name == "save" and "tokens/" in str(args) else None
        path, key = f"/api/tokens/{token['id']}", {"Idempotency-Key": "d"}
        assert (await call(app, "DELETE", path, headers=key)).status == 503
        proxy.fault = None
        assert (await call(app, "DELETE", path, headers=key)).status == 204
        assert (await call(app, "GET", "/api/tokens")).json["items"] == []


async def test_a_lost_reply_makes_no_second_token() -> None:
    proxy: Any = Proxy(Memory())
    async with replica(proxy) as app:
        proxy.fault = nth("save", 1, Fault.LOST, key="tokens/")
        answer = await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ALL})
        assert answer.status == 201
        assert len((await call(app, "GET", "/api/tokens")).json["items"]) == 1


async def test_making_and_revoking_are_events_that_undo_leaves_alone() -> None:
    memory = Memory()
    async with replica(memory) as app:
        await call(app, "POST", "/api/tasks", {"title": "first"})
        token = (await call(app, "POST", "/api/tokens", {"name": "x", "scopes": ["chat"]})).json
        refused = await call(app, "POST", "/api/undo", {"change": token["change"]})
        assert refused.status == 409
        await call(app, "DELETE", f"/api/tokens/{token['id']}")
        assert (await call(app, "POST", "/api/undo")).status == 200
        assert (await call(app, "GET", "/api/tasks")).json["total"] == 0
        await eventually(lambda: len(memory.published) >= 8)
    told = {event["type"]: event["data"]["token"] for _, event in memory.published if event["data"].get("token")}
    assert set(told) == {"token.created", "token.revoked"}
    assert set(told["token.created"]) == {"id", "name", "scopes", "expires_at"}
    assert told["token.created"] == told["token.revoked"]


async def test_an_erased_person_has_no_tokens(me: Client) -> None:
    token = await holder(me)
    assert (await token.call("DELETE", "/api/me")).status in {202, 204}
    assert (await token.get("/api/tasks")).status == 401
    assert (await me.get("/api/tokens")).json["items"] == []


async def test_a_later_erasure_of_what_was_leaves_what_is_new() -> None:
    memory = Memory()
    async with replica(memory) as app:
        await call(app, "POST", "/api/tokens", {"name": "old", "scopes": ALL})
        await call(app, "DELETE", "/api/me")
        assert b"old" not in b"".join(item.data for item in memory.state.values())
        secret = (await call(app, "POST", "/api/tokens", {"name": "new", "scopes": ALL})).json["secret"]
        job = next(job for name, job in memory.jobs.items() if name.startswith("erase-"))
        await call(app, "POST", f"/job/{job.name}", job.data)
        answer = await call(app, "GET", "/api/tasks", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status == 200


async def test_another_service_may_ask_and_nobody_else(me: Client, served: People) -> None:
    secret = (await made(me, "chat")).json["secret"]
    body = {"person": served.person(me), "digest": digest(secret)}
    found = await me.internal("POST", "/internal/tokens", body, caller="audit")
    assert (found.status, found.json["scopes"]) == (200, ["chat"])
    assert (await me.internal("POST", "/internal/tokens", body, caller="recurring-task")).status == 403
    unknown = body | {"digest": "0" * 64}
    assert (await me.internal("POST", "/internal/tokens", unknown, caller="audit")).status == 404


async def test_of_another_person_there_is_no_token(me: Client, served: People) -> None:
    token = (await made(me)).json
    assert (await served.new().call("DELETE", f"/api/tokens/{token['id']}")).status == 404
    assert (await me.call("DELETE", f"/api/tokens/{some_id()}")).status == 404
    assert len((await me.get("/api/tokens")).json["items"]) == 1
