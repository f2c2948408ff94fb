"""Tests of channels: answered at once, once for each key, and not without end."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from harness.waiting import eventually

from notification.stage import Receiver, Stage
from services.notification.trial import HOURLY, Trial, Trials

PATH = "/api/notifications/test"


async def test_every_channel_that_is_on(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.listen()
    address = f"{person}@example.com"
    await stage.set_up(
        person, email={"enabled": True, "address": address}, webhook={"enabled": True, "url": receiver.url}
    )
    status, report = await stage.call("POST", PATH, person)
    assert status == 200
    assert report["results"] == {name: {"delivered": True, "error": None} for name in ("in_app", "email", "webhook")}
    (mail,) = stage.mails(address)
    assert report["id"] in mail.get_content()
    ((headers, body),) = receiver.requests
    assert headers["Webhook-Id"] == report["id"]
    assert json.loads(body)["type"] == "notification.test"
    await eventually(lambda: stage.relay.heard(person))
    (update,) = stage.relay.heard(person)
    assert update["data"]["notification"]["test"] is True
    assert await stage.listed(person) == []
    assert stage.backend.told(person) == []


async def test_a_channel_before_it_is_switched_on(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [404]
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": False, "url": receiver.url})
    status, report = await stage.call("POST", PATH, person, {"channels": ["webhook"]})
    assert status == 200
    assert report["results"] == {"webhook": {"delivered": False, "error": "the receiver answered 404"}}


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        ({"in_app": {"enabled": False}}, None),
        ({}, {"channels": []}),
        ({}, {"channels": ["sms"]}),
        ({}, {"channels": ["in_app", "in_app"]}),
        ({}, {"channels": ["email"]}),
        ({}, {"channels": ["webhook"]}),
        ({}, {"channel": "in_app"}),
        ({}, {"channels": "in_app"}),
        ({}, []),
    ],
)
async def test_refused(stage: Stage, person: str, settings: dict[str, Any], body: object) -> None:
    await stage.set_up(person, **settings)
    status, problem = await stage.call("POST", PATH, person, body)
    assert status == 422
    assert problem["errors"]


async def test_the_same_key_sends_once(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    body = {"channels": ["webhook"]}
    first = await stage.call("POST", PATH, person, body, Idempotency_Key="one")
    assert await stage.call("POST", PATH, person, body, Idempotency_Key="one") == first
    assert len(receiver.requests) == 1
    status, problem = await stage.call("POST", PATH, person, {"channels": ["in_app"]}, Idempotency_Key="one")
    assert (status, problem["errors"][0]["field"]) == (422, "Idempotency-Key")
    second = await stage.call("POST", PATH, person, body, Idempotency_Key="two")
    assert second[1]["id"] != first[1]["id"]
    assert len(receiver.requests) == 2


async def test_the_same_key_at_the_same_time(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.pause = 0.5
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    call = (stage.call("POST", PATH, person, {"channels": ["webhook"]}, Idempotency_Key="k") for _ in range(3))
    statuses = sorted(status for status, _ in await asyncio.gather(*call))
    assert statuses == [200, 409, 409]
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("key", "status"), [("k" * 255, 200), ("k" * 256, 422), ("", 422)])
async def test_keys_are_bounded(stage: Stage, person: str, key: str, status: int) -> None:
    found, _ = await stage.call("POST", PATH, person, Idempotency_Key=key)
    assert found == status


async def test_not_without_end(stage: Stage, person: str) -> None:
    for _ in range(HOURLY):
        status, _ = await stage.call("POST", PATH, person)
        assert status == 200
    status, problem = await stage.call("POST", PATH, person)
    assert (status, problem["title"]) == (429, "Too Many Requests")


def test_what_is_remembered_ends() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    trials = Trials(items=tuple(Trial(key=str(h), digest="", at=now - timedelta(hours=h)) for h in range(48)))
    assert [trial.key for trial in trials.since(now - timedelta(hours=24))] == [str(h) for h in range(24)]
