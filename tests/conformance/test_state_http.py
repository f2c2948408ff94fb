"""State by HTTP, as callers without an SDK use it."""

import json

import pytest

from tests.conformance.harness import Client, unique
from tests.conformance.test_state import STATE


async def test_json_content_is_kept_as_json(backend: Client) -> None:
    key = unique()
    await backend.save(key, b'{ "b": 1, "a": [1, 2] }', metadata={"contentType": "application/json"})
    assert (await backend.get(key)).data == b'{"a":[1,2],"b":1}'


async def test_http_saves_gets_and_deletes(backend: Client) -> None:
    key = unique("log/a b")
    path = f"{STATE}/{key.replace('/', '%2F').replace(' ', '%20')}"
    assert (await backend.http("GET", path))[0] == 204
    assert (await backend.http("POST", STATE, json=[{"key": key, "value": {"n": 1}}]))[0] == 204
    status, body, headers = await backend.http("GET", path)
    assert (status, json.loads(body)) == (200, {"n": 1})
    assert headers["ETag"] == (await backend.get(key)).etag
    assert (await backend.http("DELETE", path, headers={"If-Match": "stale"}))[0] == 409
    assert (await backend.http("DELETE", path, headers={"If-Match": headers["ETag"]}))[0] == 204
    assert (await backend.http("GET", path))[0] == 204


async def test_http_answers_a_conflict_with_409(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"1")
    item = {"key": key, "value": 2, "etag": "stale", "options": {"concurrency": "first-write"}}
    status, body, _ = await backend.http("POST", STATE, json=[item])
    assert (status, json.loads(body)["errorCode"]) == (409, "ERR_STATE_SAVE")


async def test_http_first_write_without_etag_inserts_only(backend: Client) -> None:
    item = {"key": unique(), "value": 1, "options": {"concurrency": "first-write"}}
    assert (await backend.http("POST", STATE, json=[item]))[0] == 204
    assert (await backend.http("POST", STATE, json=[item]))[0] == 500


async def test_http_bulk_get_and_transaction(backend: Client) -> None:
    key, gone = unique(), unique()
    await backend.save(gone, b"1")
    operations = [
        {"operation": "upsert", "request": {"key": key, "value": "text"}},
        {"operation": "delete", "request": {"key": gone}},
    ]
    assert (await backend.http("POST", f"{STATE}/transaction", json={"operations": operations}))[0] == 204
    status, body, _ = await backend.http("POST", f"{STATE}/bulk", json={"keys": [key, gone]})
    items = {item["key"]: item for item in json.loads(body)}
    assert (status, items[key]["data"]) == (200, "text")
    assert "data" not in items[gone]


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'[{"value": 1}]', b"[1]"])
async def test_http_refuses_what_it_cannot_read(backend: Client, body: bytes) -> None:
    status, answer, _ = await backend.http("POST", STATE, data=body)
    assert (status, json.loads(answer)["errorCode"]) == (400, "ERR_MALFORMED_REQUEST")


async def test_http_takes_ttl_from_the_query(backend: Client) -> None:
    key = unique()
    await backend.http("POST", f"{STATE}?metadata.ttlInSeconds=60", json=[{"key": key, "value": 1}])
    _, _, headers = await backend.http("GET", f"{STATE}/{key}")
    assert "metadata.ttlExpireTime" in headers
