"""Publishing and subscribing in bulk, and events at the bounds of size."""

import io
import json
from typing import Any

import grpc
import pytest
from dapr.proto.runtime.v1 import pubsub_pb2
from harness.waiting import never

from tests.conformance.differences import differs
from tests.conformance.harness import PUBSUB, Client, Received, eventually, unique
from tests.conformance.platform import Platform
from tests.conformance.test_pubsub import BULK, EVENTS, ROUTE, consumer, marked, mine, only
from tests.conformance.test_state import refused


def bulk_request(*entries: tuple[str, dict[str, Any], str]) -> pubsub_pb2.BulkPublishRequest:
    request = pubsub_pb2.BulkPublishRequest(pubsub_name=PUBSUB, topic=EVENTS)
    for identity, data, key in entries:
        request.entries.add(
            entry_id=identity,
            event=json.dumps(data).encode(),
            content_type="application/json",
            metadata={"partitionKey": key},
        )
    return request


async def test_bulk_publish_keeps_the_order_of_each_key(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    entries = [(str(n), marked(mark, n), f"{mark}-{n % 2}") for n in range(20)]
    answer = await backend.call("BulkPublishEventAlpha1", bulk_request(*entries))
    assert not answer.failedEntries
    last = bulk_request(("x", marked(mark, 20), f"{mark}-0"))
    if differs(platform.runtime, "bulk-publish-stable", embedded=True, daprd=False):
        await backend.call("BulkPublishEvent", last)
    else:
        await refused(grpc.StatusCode.UNKNOWN, backend.call("BulkPublishEvent", last))
        await backend.call("BulkPublishEventAlpha1", last)
    await eventually(lambda: len(mine(app, mark)) == 21)
    assert [n for n in mine(app, mark) if n % 2 == 0] == list(range(0, 21, 2))
    assert [n for n in mine(app, mark) if n % 2] == list(range(1, 20, 2))


@pytest.mark.parametrize("identities", [("a", "a"), ("a", "")])
async def test_bulk_entries_need_ids_of_their_own(backend: Client, identities: tuple[str, str]) -> None:
    request = bulk_request(*((identity, {}, "k") for identity in identities))
    await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.call("BulkPublishEventAlpha1", request))


async def test_bulk_publish_over_http(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    entries = [
        {
            "entryId": str(n),
            "event": marked(mark, n),
            "contentType": "application/json",
            "metadata": {"partitionKey": mark},
        }
        for n in range(3)
    ]
    status, _, _ = await backend.http("POST", f"/v1.0-alpha1/publish/bulk/{PUBSUB}/{EVENTS}", json=entries)
    assert status == 204
    await eventually(lambda: mine(app, mark) == [0, 1, 2])


async def test_bulk_delivery_comes_again_from_the_first_that_is_not_done(platform: Platform, backend: Client) -> None:
    mark = unique()
    await consumer(platform)
    await platform.away("audit")
    for n in range(6):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    batches: list[list[int]] = []

    def answer(request: Received) -> dict[str, Any] | None:
        if request.path != ROUTE:
            return None
        entries = request.json()["entries"]
        batch = [e["event"]["data"]["n"] for e in entries if e["event"]["data"].get("mark") == mark]
        fails = 3 in batch and not any(3 in earlier for earlier in batches)
        if batch:
            batches.append(batch)
        is_third = [mark.encode() in json.dumps(e).encode() and e["event"]["data"]["n"] == 3 for e in entries]
        return {
            "statuses": [
                {"entryId": entry["entryId"], "status": "RETRY" if fails and third else "SUCCESS"}
                for entry, third in zip(entries, is_third, strict=True)
            ]
        }

    await consumer(platform, answer=answer, **BULK)
    await eventually(lambda: sum(3 in batch for batch in batches) == 2 and batches[-1][-1] == 5)
    failed, again = (batch for batch in batches if 3 in batch)
    assert again[0] == differs(platform.runtime, "bulk-again", embedded=3, daprd=failed[0])
    assert sorted({n for batch in batches for n in batch}) == list(range(6))
    assert all(batch == sorted(batch) for batch in batches)


@pytest.mark.parametrize("answer", [None, {"statuses": []}, 500], ids=str)
async def test_a_bulk_answer_without_statuses_is_retried(platform: Platform, backend: Client, answer: Any) -> None:
    mark, tries = unique(), []

    def reply(request: Received) -> Any:
        if request.path != ROUTE:
            return None
        entries = request.json()["entries"]
        if mark.encode() not in request.body:
            return {"statuses": [{"entryId": entry["entryId"], "status": "SUCCESS"} for entry in entries]}
        tries.append(len(entries))
        done = {"statuses": [{"entryId": entry["entryId"], "status": "SUCCESS"} for entry in entries]}
        return answer if len(tries) < 3 else done

    app = await consumer(platform, **BULK)
    app.answer = reply
    await backend.publish(EVENTS, marked(mark, 0), key=mark)
    await eventually(lambda: tries == [1, 1, 1])
    await never(lambda: len(tries) > 3, 0.2)


async def test_a_bulk_answer_of_404_drops(platform: Platform, backend: Client) -> None:
    mark, tries = unique(), []

    def reply(request: Received) -> Any:
        if request.path == ROUTE and mark.encode() in request.body:
            tries.append(1)
        return 404

    app = await consumer(platform, **BULK)
    app.answer = reply
    await backend.publish(EVENTS, marked(mark, 0), key=mark)
    await eventually(lambda: tries)
    await never(lambda: len(tries) > 1, 0.3)


async def test_an_event_of_nearly_a_megabyte_arrives(platform: Platform, backend: Client) -> None:
    app, identity = await consumer(platform), unique()
    path = f"/v1.0/publish/{PUBSUB}/{EVENTS}?metadata.cloudevent.id={identity}"
    text = {"Content-Type": "text/plain"}
    assert (await backend.http("POST", path, data=io.BytesIO(b"x" * 900_000), headers=text))[0] == 204
    assert len((await only(app, identity)).body) > 900_000


async def test_an_event_over_a_megabyte(platform: Platform, backend: Client) -> None:
    status, _, _ = await backend.http("POST", f"/v1.0/publish/{PUBSUB}/{EVENTS}", data=io.BytesIO(b"x" * 3_000_000))
    assert status == differs(platform.runtime, "event-size", embedded=204, daprd=500)


async def test_metadata_that_cannot_be_a_header_blocks_nothing(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    odd = {
        "Content-Type": "text/html",
        "a b": "1",
        "x": "a\r\nHost: evil",
        "Transfer-Encoding": "chunked",
        "kept": "yes",
    }
    ends = differs(platform.runtime, "metadata-headers", embedded="600", daprd="2")  # until then it blocks daprd
    await backend.publish(EVENTS, marked(mark, 1), key=mark, metadata=odd | {"ttlInSeconds": ends})
    await backend.publish(EVENTS, marked(mark, 2), key=mark)
    expected = differs(platform.runtime, "metadata-headers", embedded=[1, 2], daprd=[2])
    await eventually(lambda: mine(app, mark) == expected)
    if 1 in expected:
        headers = app.at(ROUTE)[-2].headers
        assert headers.getall("Content-Type") == ["application/cloudevents+json"]
        assert headers["kept"] == "yes"
        assert "x" not in headers
