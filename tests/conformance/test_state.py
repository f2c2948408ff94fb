"""State: ETags, first-write, TTL, transactions and scopes, over gRPC and HTTP."""

import asyncio
import io
import json
import time

import grpc
import pytest
from dapr.proto.common.v1 import common_pb2 as common
from dapr.proto.runtime.v1 import state_pb2

from tests.conformance.differences import differs
from tests.conformance.harness import FIRST_WRITE, PATIENCE_SECONDS, STORE, Client, eventually, unique
from tests.conformance.platform import Platform

STATE = f"/v1.0/state/{STORE}"


async def refused(code: grpc.StatusCode, awaitable: object) -> str:
    """Return the message of the refusal that has to come."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable  # type: ignore[misc]
    assert caught.value.code() == code, caught.value.details()
    return str(caught.value.details())


async def transact(client: Client, *operations: tuple[str, common.StateItem]) -> None:
    request = state_pb2.ExecuteStateTransactionRequest(storeName=STORE)
    for kind, item in operations:
        request.operations.add(operationType=kind, request=item)
    await client.call("ExecuteStateTransaction", request)


async def test_a_missing_key_is_empty_without_etag(backend: Client) -> None:
    found = await backend.get(unique())
    assert (found.data, found.etag) == (b"", "")


@pytest.mark.parametrize("value", [b"{}", bytes(range(256)), b"x" * 100_000], ids=["json", "all", "large"])
async def test_a_value_comes_back_as_it_was_saved(backend: Client, value: bytes) -> None:
    key = unique()
    await backend.save(key, value)
    found = await backend.get(key)
    assert found.data == value
    assert found.etag


async def test_a_value_that_is_empty_is_refused(backend: Client) -> None:
    key = unique()
    message = await refused(grpc.StatusCode.INTERNAL, backend.save(key, b""))
    assert "violates not-null constraint" in message
    assert (await backend.get(key)).etag == ""


async def test_every_write_makes_another_etag(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"1")
    first = (await backend.get(key)).etag
    await backend.save(key, b"1")
    assert (await backend.get(key)).etag != first


async def test_a_write_with_the_current_etag_replaces_the_value(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"1")
    await backend.save(key, b"2", etag=(await backend.get(key)).etag, options=FIRST_WRITE)
    assert (await backend.get(key)).data == b"2"


@pytest.mark.parametrize("etag", ["stale", "6f1c8a4e-5a0b-4e7c-9d3c-0a1b2c3d4e5f"], ids=["malformed", "another"])
async def test_a_write_with_another_etag_is_aborted_and_changes_nothing(backend: Client, etag: str) -> None:
    key = unique()
    await backend.save(key, b"1")
    message = await refused(grpc.StatusCode.ABORTED, backend.save(key, b"2", etag=etag))
    assert message.startswith("failed saving state in state store statestore: possible etag mismatch")
    assert (await backend.get(key)).data == b"1"


async def test_a_write_with_an_etag_does_not_insert(backend: Client) -> None:
    key = unique()
    etag = "6f1c8a4e-5a0b-4e7c-9d3c-0a1b2c3d4e5f"
    await refused(grpc.StatusCode.ABORTED, backend.save(key, b"1", etag=etag))
    assert (await backend.get(key)).etag == ""


async def test_a_first_write_without_etag_inserts_only(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"1", options=FIRST_WRITE)
    message = await refused(grpc.StatusCode.INTERNAL, backend.save(key, b"2", options=FIRST_WRITE))
    assert message == "failed saving state in state store statestore: no item was updated"
    assert (await backend.get(key)).data == b"1"


async def test_of_many_writers_with_one_etag_exactly_one_wins(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"start")
    etag = (await backend.get(key)).etag
    writes = [backend.save(key, str(n).encode(), etag=etag) for n in range(25)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    winners = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert len(winners) == 1
    assert (await backend.get(key)).data == str(winners[0]).encode()
    losers = [outcome for outcome in outcomes if outcome is not None]
    assert {loser.code() for loser in losers} == {grpc.StatusCode.ABORTED}  # type: ignore[union-attr]


async def test_of_many_first_writes_exactly_one_wins(backend: Client) -> None:
    key = unique()
    writes = [backend.save(key, str(n).encode(), options=FIRST_WRITE) for n in range(25)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    winners = [n for n, outcome in enumerate(outcomes) if outcome is None]
    assert len(winners) == 1
    assert (await backend.get(key)).data == str(winners[0]).encode()


async def test_counting_with_etags_loses_no_increment(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"0")

    async def increment() -> None:
        while True:
            found = await backend.get(key)
            try:
                await backend.save(key, str(int(found.data) + 1).encode(), etag=found.etag)
            except grpc.aio.AioRpcError:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(10)))
    assert (await backend.get(key)).data == b"10"


async def test_deletes_honour_the_etag(backend: Client) -> None:
    key = unique()
    await backend.save(key, b"1")
    message = await refused(grpc.StatusCode.ABORTED, backend.delete(key, etag="stale"))
    assert message.startswith(f"failed deleting state with key {key}: possible etag mismatch")
    await backend.delete(key, etag=(await backend.get(key)).etag)
    assert (await backend.get(key)).etag == ""


async def test_deleting_what_is_not_there_succeeds_without_etag_only(backend: Client) -> None:
    await backend.delete(unique())
    await refused(grpc.StatusCode.ABORTED, backend.delete(unique(), etag="6f1c8a4e-5a0b-4e7c-9d3c-0a1b2c3d4e5f"))


async def test_bulk_deletes_delete_every_key(backend: Client) -> None:
    keys = [unique() for _ in range(3)]
    for key in keys:
        await backend.save(key, b"1")
    items = [common.StateItem(key=key) for key in keys]
    await backend.call("DeleteBulkState", state_pb2.DeleteBulkStateRequest(store_name=STORE, states=items))
    assert [(await backend.get(key)).etag for key in keys] == ["", "", ""]


async def test_of_several_states_the_good_ones_are_saved(backend: Client) -> None:
    taken, fresh = unique(), unique()
    await backend.save(taken, b"1")
    items = [
        common.StateItem(key=taken, value=b"2", options=FIRST_WRITE),
        common.StateItem(key=fresh, value=b"3"),
    ]
    await refused(grpc.StatusCode.INTERNAL, backend.save_all(items))
    assert (await backend.get(taken)).data == b"1"
    assert (await backend.get(fresh)).data == b"3"


async def test_a_transaction_applies_all(backend: Client) -> None:
    old, new = unique(), unique()
    await backend.save(old, b"1")
    await transact(backend, ("upsert", common.StateItem(key=new, value=b"2")), ("delete", common.StateItem(key=old)))
    assert (await backend.get(old)).etag == ""
    assert (await backend.get(new)).data == b"2"


async def test_a_transaction_with_a_conflict_applies_nothing(backend: Client) -> None:
    first, second = unique(), unique()
    await backend.save(second, b"1")
    conflicting = common.StateItem(key=second, value=b"2", etag=common.Etag(value="stale"))
    message = await refused(
        grpc.StatusCode.INTERNAL,
        transact(backend, ("upsert", common.StateItem(key=first, value=b"1")), ("upsert", conflicting)),
    )
    assert message.startswith("error while executing state transaction: possible etag mismatch")
    assert (await backend.get(first)).etag == ""
    assert (await backend.get(second)).data == b"1"


async def test_a_transaction_knows_upsert_and_delete_only(backend: Client) -> None:
    call = transact(backend, ("increment", common.StateItem(key=unique())))
    assert await refused(grpc.StatusCode.UNIMPLEMENTED, call) == "operation type increment not supported"


async def test_bulk_get_answers_for_every_key(backend: Client) -> None:
    there, missing = unique(), unique()
    await backend.save(there, b"1")
    request = state_pb2.GetBulkStateRequest(store_name=STORE, keys=[missing, there])
    items = {item.key: item for item in (await backend.call("GetBulkState", request)).items}
    assert items[there].data == b"1"
    assert items[there].etag
    assert (items[missing].data, items[missing].etag, items[missing].error) == (b"", "", "")


async def test_an_expired_key_is_gone_at_once_and_may_be_inserted_anew(backend: Client) -> None:
    key = unique()
    saved = time.time()
    await backend.save(key, b"1", metadata={"ttlInSeconds": "3"})
    found = await backend.get(key)
    assert "ttlExpireTime" in found.metadata
    etag = found.etag
    while (await backend.get(key)).etag:
        assert time.time() < saved + PATIENCE_SECONDS
        await asyncio.sleep(0.02)
    assert time.time() >= saved + 2.9
    await refused(grpc.StatusCode.ABORTED, backend.save(key, b"2", etag=etag))
    await backend.save(key, b"3", options=FIRST_WRITE)
    assert (await backend.get(key)).data == b"3"


@pytest.mark.parametrize("ttl", ["-1", "0"])
async def test_a_ttl_that_is_not_positive_never_ends(backend: Client, ttl: str) -> None:
    key = unique()
    await backend.save(key, b"1", metadata={"ttlInSeconds": "1"})
    await backend.save(key, b"1", metadata={"ttlInSeconds": ttl})
    assert "ttlExpireTime" not in (await backend.get(key)).metadata


@pytest.mark.parametrize("ttl", ["soon", "-2", "99999999999"])
async def test_a_ttl_that_cannot_be_read_is_refused(backend: Client, ttl: str) -> None:
    message = await refused(grpc.StatusCode.INTERNAL, backend.save(unique(), b"1", metadata={"ttlInSeconds": ttl}))
    assert "ttlInSeconds" in message


async def test_apps_do_not_see_one_anothers_keys(platform: Platform, backend: Client) -> None:
    key = unique()
    await platform.app("audit", 1)
    await backend.save(key, b"1")
    assert (await platform.client("audit").get(key)).etag == ""
    assert (await platform.client("audit", 1).get(key)).etag == ""


async def test_replicas_of_an_app_share_its_keys(platform: Platform) -> None:
    key = unique()
    await platform.app("audit", 1)
    await platform.client("audit", 0).save(key, b"1")
    assert (await platform.client("audit", 1).get(key)).data == b"1"


async def test_a_key_with_the_separator_is_refused(backend: Client) -> None:
    key = "one||two"
    message = f"input key/keyPrefix '{key}' can't contain '||'"
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.get(key)) == message
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.save(key, b"1")) == message
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.delete(key)) == message
    status, body, _ = await backend.http("GET", f"{STATE}/one%7C%7Ctwo")
    assert (status, json.loads(body)["errorCode"]) == (400, "ERR_MALFORMED_REQUEST")


async def test_an_empty_key_is_refused(backend: Client) -> None:
    await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.save("", b"1"))


async def test_an_unknown_store_is_named(backend: Client) -> None:
    message = await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.get("k", store="nosuch"))
    assert message == "state store nosuch is not found"
    status, body, _ = await backend.http("GET", "/v1.0/state/nosuch/k")
    assert (status, json.loads(body)["errorCode"]) == (400, "ERR_STATE_STORE_NOT_FOUND")


async def test_an_app_outside_the_scopes_has_no_store(frontend: Client) -> None:
    message = await refused(grpc.StatusCode.FAILED_PRECONDITION, frontend.get("k"))
    assert message == "state store statestore is not configured"
    status, body, _ = await frontend.http("POST", STATE, json=[{"key": "k", "value": 1}])
    assert (status, json.loads(body)["errorCode"]) == (500, "ERR_STATE_STORE_NOT_CONFIGURED")


async def test_a_message_over_the_limit_is_refused(platform: Platform) -> None:
    notification = platform.client("notification")
    await notification.save(unique(), b"x" * (3 * 1024 * 1024))
    await refused(grpc.StatusCode.RESOURCE_EXHAUSTED, notification.save(unique(), b"x" * (5 * 1024 * 1024)))
    status, _, _ = await notification.http("POST", STATE, data=io.BytesIO(b" " * (5 * 1024 * 1024)))
    assert status == differs(platform.runtime, "body-limit-state", embedded=413, daprd=400)


async def test_reads_see_the_write_before_them_at_every_client(platform: Platform, backend: Client) -> None:
    other = Platform(platform.runtime)
    reader = other.client("backend")
    key = unique()
    for n in range(20):
        await backend.save(key, str(n).encode())
        assert (await reader.get(key)).data == str(n).encode()
    await other.close()
    await eventually(lambda: True)
