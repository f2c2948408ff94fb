"""Signatures are those of the Standard Webhooks definition, and keys are people's own."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from notification.stage import Receiver, Stage, reminder
from services.kit.ids import person_id
from services.notification.signing import derive, shown, signed_headers


def verify(headers: Mapping[str, str], body: bytes, secret: str, *, tolerance: int = 300) -> None:
    """Verify as a receiver does that knows nothing but the definition; AssertionError when it does not hold."""
    lower = {name.lower(): value for name, value in headers.items()}
    identifier, timestamp = lower["webhook-id"], lower["webhook-timestamp"]
    assert abs(time.time() - int(timestamp)) <= tolerance
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    assert 24 <= len(key) <= 64
    expected = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    offered = [part.split(",", 1) for part in lower["webhook-signature"].split(" ")]
    assert any(v == "v1" and hmac.compare_digest(base64.b64decode(s), expected) for v, s in offered)


def test_the_definitions_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed_headers(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "Webhook-Timestamp": "1614265330",
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("person", ["a", person_id("local", "me")])
def test_keys_are_derived_by_hkdf(person: str) -> None:
    oracle = HKDF(hashes.SHA256(), 32, salt=b"task-platform webhooks", info=person.encode())
    assert derive(b"a secret", person) == oracle.derive(b"a secret")


def test_people_have_keys_of_their_own() -> None:
    keys = {derive(secret, person) for secret in (b"one", b"two") for person in ("a", "b")}
    assert len(keys) == 4
    assert shown(bytes(32)) == "whsec_" + base64.b64encode(bytes(32)).decode()


async def test_a_receiver_verifies_with_the_key_of_the_settings(stage: Stage, receiver: Receiver, person: str) -> None:
    settings = await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person, title='Ünïcödé "quoted" ✓'))
    await stage.settled(person)
    ((headers, body),) = receiver.requests
    verify(headers, body, settings["webhook"]["signing_key"])
    assert json.loads(body)["data"]["task"]["title"] == 'Ünïcödé "quoted" ✓'
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("forge", ["body", "id", "timestamp", "key"])
async def test_nothing_can_be_changed(stage: Stage, receiver: Receiver, person: str, forge: str) -> None:
    settings = await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.call("POST", "/api/notifications/test", person, {"channels": ["webhook"]})
    ((sent, body),) = receiver.requests
    headers, secret = dict(sent), settings["webhook"]["signing_key"]
    if forge == "body":
        body = body.replace(b"test", b"tost")
    elif forge == "id":
        headers["Webhook-Id"] += "x"
    elif forge == "timestamp":
        headers["Webhook-Timestamp"] = str(int(headers["Webhook-Timestamp"]) - 1)
    else:
        secret = shown(bytes(32))
    with pytest.raises(AssertionError):
        verify(headers, body, secret)


async def test_an_attempt_made_again_has_the_same_id_and_its_own_time(
    stage: Stage, receiver: Receiver, person: str
) -> None:
    receiver.statuses = [500]
    settings = await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    await stage.settled(person)
    first, second = receiver.requests
    for headers, body in (first, second):
        verify(headers, body, settings["webhook"]["signing_key"])
    assert first[0]["Webhook-Id"] == second[0]["Webhook-Id"]
