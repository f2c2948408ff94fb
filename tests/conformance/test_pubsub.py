"""Publish and subscribe: envelopes, scopes, order, retries, consumer groups."""

import asyncio
import base64
import json
import time
from collections import Counter
from typing import Any

import grpc
import pytest
from harness.waiting import never

from tests.conformance.differences import differs
from tests.conformance.harness import APP_TOKEN, PUBSUB, RELAY, Client, FakeApp, Received, again, eventually, unique
from tests.conformance.platform import Platform
from tests.conformance.test_state import refused

EVENTS = "task-events"
ROUTE = f"/events/{EVENTS}"
BULK = {"bulkSubscribe": {"enabled": True, "maxMessagesCount": 10}}


async def consumer(platform: Platform, app_id: str = "audit", replica: int = 0, **more: Any) -> FakeApp:
    return await platform.app(app_id, replica, topics={EVENTS: PUBSUB}, **more)


def mine(app: FakeApp, mark: str, path: str = ROUTE) -> list[Any]:
    """Return `n` of the events that carry the mark, in the order in which they came."""
    data = [request.json().get("data") for request in app.at(path)]
    return [item["n"] for item in data if isinstance(item, dict) and item.get("mark") == mark]


def marked(mark: str, n: int) -> dict[str, Any]:
    return {"mark": mark, "n": n}


async def only(app: FakeApp, identity: str, path: str = ROUTE) -> Received:
    """Return the one delivery of the event with that id."""

    def found() -> list[Received]:
        return [request for request in app.at(path) if request.json().get("id") == identity]

    return (await eventually(found))[0]


async def test_json_is_wrapped_into_a_cloud_event(platform: Platform, backend: Client) -> None:
    app, identity = await consumer(platform), unique()
    await backend.publish(EVENTS, {"a": [1, None]}, metadata={"cloudevent.id": identity})
    delivery = await only(app, identity)
    event = delivery.json()
    assert event["data"] == {"a": [1, None]}
    assert (event["source"], event["type"], event["specversion"]) == ("backend", "com.dapr.event.sent", "1.0")
    assert (event["topic"], event["pubsubname"]) == (EVENTS, PUBSUB)
    assert event["datacontenttype"] == "application/json"
    assert event["traceparent"] == event["traceid"]
    assert delivery.method == "POST"
    assert delivery.headers["Content-Type"] == "application/cloudevents+json"
    assert delivery.headers["dapr-api-token"] == APP_TOKEN
    assert delivery.headers["pubsubName"] == PUBSUB


async def test_text_and_bytes_are_wrapped(platform: Platform, backend: Client) -> None:
    app, text, binary = await consumer(platform), unique(), unique()
    await backend.publish(EVENTS, b"hello", content_type="text/plain", metadata={"cloudevent.id": text})
    await backend.publish(
        EVENTS, b"\x00\xff", content_type="application/octet-stream", metadata={"cloudevent.id": binary}
    )
    assert (await only(app, text)).json()["data"] == "hello"
    assert base64.b64decode((await only(app, binary)).json()["data_base64"]) == b"\x00\xff"


async def test_a_cloud_event_is_passed_on_with_what_it_lacks(platform: Platform, backend: Client) -> None:
    app, identity = await consumer(platform), unique()
    event = {"specversion": "1.0", "id": identity, "source": "me", "type": "task.created", "data": {"n": 1}, "x": "y"}
    await backend.publish(EVENTS, event, content_type="application/cloudevents+json")
    found = (await only(app, identity)).json()
    assert found | event == found
    assert (found["topic"], found["pubsubname"]) == (EVENTS, PUBSUB)
    assert found["time"]
    assert found["traceid"]


async def test_a_cloud_event_keeps_its_trace(platform: Platform, backend: Client) -> None:
    app, identity = await consumer(platform), unique()
    event = {"id": identity, "traceid": "00-aa-bb-01", "data": {}}
    await backend.publish(EVENTS, event, content_type="application/cloudevents+json; charset=utf-8")
    assert (await only(app, identity)).json()["traceid"] == "00-aa-bb-01"


@pytest.mark.parametrize("data", [b"{", b"[1]", b""])
async def test_what_is_no_cloud_event_is_refused(backend: Client, data: bytes) -> None:
    call = backend.publish(EVENTS, data, content_type="application/cloudevents+json")
    assert await refused(grpc.StatusCode.INVALID_ARGUMENT, call) == "cannot create cloudevent"


async def test_topics_outside_the_scope_are_forbidden(platform: Platform) -> None:
    notification = platform.client("notification")
    message = await refused(grpc.StatusCode.PERMISSION_DENIED, notification.publish(EVENTS, {}))
    assert message == f"topic {EVENTS} is not allowed for app id notification"
    status, body, _ = await notification.http("POST", f"/v1.0/publish/{PUBSUB}/{EVENTS}", json={})
    assert (status, json.loads(body)["errorCode"]) == (403, "ERR_PUBSUB_FORBIDDEN")


async def test_unknown_components_and_empty_topics_are_refused(backend: Client) -> None:
    message = await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.publish(EVENTS, {}, pubsub="nosuch"))
    assert message == "pubsub nosuch is not found"
    await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.publish(EVENTS, {}, pubsub=RELAY))
    await refused(grpc.StatusCode.INVALID_ARGUMENT, backend.publish("", {}))
    status, body, _ = await backend.http("POST", f"/v1.0/publish/nosuch/{EVENTS}", json={})
    assert (status, json.loads(body)["errorCode"]) == (404, "ERR_PUBSUB_NOT_FOUND")


async def test_http_publishes(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    path = f"/v1.0/publish/{PUBSUB}/{EVENTS}?metadata.partitionKey=k"
    assert (await backend.http("POST", path, json=marked(mark, 1)))[0] == 204
    await eventually(lambda: mine(app, mark) == [1])


async def test_events_of_a_key_come_in_order(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    for n in range(50):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: len(mine(app, mark)) == 50)
    assert mine(app, mark) == list(range(50))


async def test_a_partition_waits_behind_a_retry_and_keeps_its_order(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    failures = {2: 3, 5: 1}

    def answer(request: Received) -> dict[str, Any]:
        n = request.json()["data"].get("n") if request.path == ROUTE else None
        if failures.get(n, 0) > 0:
            failures[n] -= 1
            return {"status": "RETRY"}
        return {"status": "SUCCESS"}

    app.answer = answer
    for n in range(8):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: len(mine(app, mark)) == 12)
    assert mine(app, mark) == [0, 1, 2, 2, 2, 2, 3, 4, 5, 5, 6, 7]


@pytest.mark.parametrize(
    "answer", [None, 204, {}, {"status": "SUCCESS"}, {"status": ""}, {"status": "DROP"}, {"other": 1}, 404], ids=str
)
async def test_answers_that_end_an_event(platform: Platform, backend: Client, answer: Any) -> None:
    app, mark = await consumer(platform), unique()
    app.answer = lambda _request: answer
    for n in range(2):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: mine(app, mark) == [0, 1])
    await never(lambda: len(mine(app, mark)) > 2, 0.3)


@pytest.mark.parametrize("answer", [{"status": "RETRY"}, {"status": "LATER"}, 400, 401, 429, 500, 503, 302], ids=str)
async def test_answers_that_ask_for_the_event_again(platform: Platform, backend: Client, answer: Any) -> None:
    app, mark = await consumer(platform), unique()
    app.answer = lambda request: answer if mark.encode() in request.body and len(mine(app, mark)) < 2 else None
    for n in range(2):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: mine(app, mark) == [0, 0, 0, 1])


async def test_an_event_comes_with_where_it_stood(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    for n in range(2):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: mine(app, mark) == [0, 1])
    first, second = (r.headers for r in app.at(ROUTE) if mark.encode() in r.body)
    assert (first["__key"], first["__topic"]) == (mark, EVENTS)
    assert first["__partition"] == second["__partition"]
    assert int(second["__offset"]) > int(first["__offset"])
    assert abs(int(first["__timestamp"]) / 1000 - time.time()) < 300


async def test_a_stuck_partition_does_not_hold_up_the_others(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    app.answer = lambda request: 500 if b'"n":0' in request.body and mark.encode() in request.body else None
    await backend.publish(EVENTS, marked(mark, 0), key=mark)
    for n in range(1, 40):
        await backend.publish(EVENTS, marked(mark, n), key=f"{mark}-{n}")
    await eventually(lambda: len(set(mine(app, mark))) > 25)
    app.answer = lambda _request: None
    await eventually(lambda: set(mine(app, mark)) == set(range(40)))


async def test_a_backlog_is_kept_while_the_app_is_away(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    await backend.publish(EVENTS, marked(mark, 0), key=mark)
    await eventually(lambda: mine(app, mark) == [0])
    await platform.away("audit")
    for n in range(1, 6):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await platform.back("audit")
    await eventually(lambda: mine(app, mark) == [0, 1, 2, 3, 4, 5])


async def test_every_group_gets_every_event(platform: Platform, backend: Client) -> None:
    audit, recurring = await consumer(platform), await consumer(platform, "recurring-task")
    mark = unique()
    for n in range(5):
        await backend.publish(EVENTS, marked(mark, n), key=mark)
    await eventually(lambda: mine(audit, mark) == mine(recurring, mark) == [0, 1, 2, 3, 4])


async def shared(platform: Platform, backend: Client) -> tuple[FakeApp, FakeApp]:
    """Return two replicas once each has partitions."""
    apps, mark = (await consumer(platform), await consumer(platform, replica=1)), unique()
    await again(
        lambda n: backend.publish(EVENTS, marked(mark, n), key=f"{mark}-{n}"),
        lambda: all(mine(app, mark) for app in apps),
    )
    return apps


async def test_replicas_share_the_partitions_and_take_over(platform: Platform, backend: Client) -> None:
    first, second = await shared(platform, backend)
    mark = unique()
    for n in range(60):
        await backend.publish(EVENTS, marked(mark, n), key=f"{mark}-{n}")
    await eventually(lambda: len(mine(first, mark)) + len(mine(second, mark)) == 60)
    assert Counter(mine(first, mark) + mine(second, mark)) == Counter(range(60))
    await platform.lost("audit", 0)
    for n in range(60, 90):
        await backend.publish(EVENTS, marked(mark, n), key=f"{mark}-{n}")
    await eventually(lambda: set(range(60, 90)) <= set(mine(second, mark)))


async def test_the_partitions_of_an_app_that_alone_is_away(platform: Platform, backend: Client) -> None:
    first, second = await shared(platform, backend)
    mark = unique()
    await platform.away("audit", 0)
    for n in range(60):
        await backend.publish(EVENTS, marked(mark, n), key=f"{mark}-{n}")
    if differs(platform.runtime, "app-away-events", embedded=True, daprd=False):
        await eventually(lambda: set(mine(second, mark)) == set(range(60)))
    else:
        await eventually(lambda: mine(second, mark))
        await never(lambda: len(set(mine(second, mark))) == 60, 2)
    await platform.back("audit", 0)
    await eventually(lambda: set(mine(first, mark) + mine(second, mark)) == set(range(60)))


async def test_an_app_that_starts_again_may_subscribe_to_something_else(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    usual, app.subscriptions = app.subscriptions, []
    await platform.away("audit")
    await platform.back("audit")
    await backend.publish(EVENTS, marked(mark, 0), key=mark)
    if differs(platform.runtime, "subscriptions-read", embedded=True, daprd=False):
        await never(lambda: mine(app, mark))
    else:
        await eventually(lambda: mine(app, mark) == [0])
    app.subscriptions = usual


async def test_a_key_stays_in_order_across_a_rebalance(platform: Platform, backend: Client) -> None:
    mark = unique()
    order: list[int] = []

    def answer(request: Received) -> None:
        data = request.json().get("data")
        if isinstance(data, dict) and data.get("mark") == mark:
            order.append(data["n"])

    await consumer(platform, answer=answer)

    async def publish() -> None:
        for n in range(60):
            await backend.publish(EVENTS, marked(mark, n), key=mark)

    publishing = asyncio.create_task(publish())
    await consumer(platform, replica=1, answer=answer)
    await publishing
    await platform.lost("audit", 0)
    await eventually(lambda: set(order) == set(range(60)))
    assert list(dict.fromkeys(order)) == list(range(60))


async def test_every_relay_sees_every_event_from_its_start_on(platform: Platform, backend: Client) -> None:
    updates, route, mark = "task-updates", "/events/task-updates", unique()
    relays = [await platform.app("frontend", n, topics={updates: RELAY}) for n in range(2)]

    async def begun() -> None:
        """Return once every relay is told of what is new: each is a group that begins with what is newest."""
        probe = unique()
        await again(
            lambda n: backend.publish(updates, marked(probe, n), key=mark),
            lambda: all(mine(relay, probe, route) for relay in relays),
        )

    await begun()
    for n in range(3):
        await backend.publish(updates, marked(mark, n), key=mark)
    for relay in relays:
        await eventually(lambda relay=relay: mine(relay, mark, route) == [0, 1, 2])
    await platform.lost("frontend", 0)
    await backend.publish(updates, marked(mark, 3), key=mark)
    await eventually(lambda: mine(relays[1], mark, route) == [0, 1, 2, 3])
    await platform.found("frontend", 0)
    await begun()
    await backend.publish(updates, marked(mark, 4), key=mark)
    await eventually(lambda: mine(relays[0], mark, route) == [0, 1, 2, 4])


async def test_a_subscription_outside_the_scope_gets_nothing(platform: Platform, backend: Client) -> None:
    app = await platform.app("audit", topics={"reminders": PUBSUB, EVENTS: PUBSUB})
    mark = unique()
    await backend.publish("reminders", marked(mark, 1))
    await backend.publish(EVENTS, marked(mark, 2))
    await eventually(lambda: mine(app, mark) == [2])
    assert not app.at("/events/reminders")


async def test_an_expired_event_is_not_delivered(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform), unique()
    await platform.away("audit")
    await backend.publish(EVENTS, marked(mark, 0), key=mark, metadata={"ttlInSeconds": "0"})
    await backend.publish(EVENTS, marked(mark, 1), key=mark, metadata={"ttlInSeconds": "600"})
    await asyncio.sleep(1.1)  # expiry has whole seconds
    await platform.back("audit")
    await eventually(lambda: mine(app, mark) == [1])


async def test_routes_default_is_taken(platform: Platform, backend: Client) -> None:
    app, mark = await consumer(platform, route="", routes={"default": "/other"}), unique()
    await backend.publish(EVENTS, marked(mark, 1))
    await eventually(lambda: mine(app, mark, "/other") == [1])
