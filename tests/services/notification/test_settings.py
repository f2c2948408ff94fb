"""The settings are checked on both sides of every limit, and come back as they were written."""

import asyncio
import os
import sys

import pytest
from harness.runtime import Runtime

from notification.stage import QUICK, Receiver, Stage
from services.kit.config import ConfigError
from services.kit.ids import person_id, uuid7
from services.notification.options import Options
from services.notification.schemas import checked_address

PATH = "/api/notifications/settings"
GOOD_ADDRESSES = [
    "a@b.co",
    "name@example.com",
    "first.last+tag@sub.example.co.uk",
    "o'brien@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "name@xn--exmple-cua.com",
    f"{'a' * 64}@example.com",
    f"a@{'b' * 63}.com",
    f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.com",
]
BAD_ADDRESSES = [
    "",
    "name",
    "@example.com",
    "name@",
    "name@localhost",
    "name@example",
    "name@example.com.",
    "name@.com",
    "name@exa..mple.com",
    "name@-example.com",
    "name@example-.com",
    "name@127.0.0.1",
    "name@[127.0.0.1]",
    "name@@example.com",
    ".name@example.com",
    "name.@example.com",
    "na..me@example.com",
    "na me@example.com",
    " name@example.com",
    "name@example.com ",
    "name@example.com\n",
    "name@example.com\r\nBcc: x@example.com",
    "name@example.com%0d%0aBcc:x@example.com",
    "name@example.com,x@example.com",
    "name@example.com;x@example.com",
    "name@example.com, x@example.com",
    "Name <name@example.com>",
    "<name@example.com>",
    '"name"@example.com',
    "name(comment)@example.com",
    "na:me@example.com",
    "na\\me@example.com",
    "näme@example.com",
    "name@exämple.com",
    "name\x00@example.com",
    f"{'a' * 65}@example.com",
    f"a@{'b' * 64}.com",
    f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.com",
]


@pytest.mark.parametrize("address", GOOD_ADDRESSES)
def test_addresses(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match="must be an e-mail address"):
        checked_address(address)


async def test_defaults(stage: Stage, person: str) -> None:
    status, body = await stage.call("GET", PATH, person)
    assert status == 200
    key = body["webhook"].pop("signing_key")
    assert key.startswith("whsec_")
    assert body == {
        "in_app": {"enabled": True},
        "email": {"enabled": False, "address": None},
        "webhook": {"enabled": False, "url": None},
    }


async def test_what_is_written_is_read(stage: Stage, receiver: Receiver, person: str) -> None:
    wanted = {
        "in_app": {"enabled": False},
        "email": {"enabled": True, "address": "name@example.com"},
        "webhook": {"enabled": True, "url": receiver.url},
    }
    written = await stage.set_up(person, **wanted)
    status, read = await stage.call("GET", PATH, person)
    assert (status, read) == (200, written)
    status, again = await stage.call("PUT", PATH, person, read, Idempotency_Key="k")
    assert (status, again) == (200, written)
    assert await stage.set_up(person) == {
        "in_app": {"enabled": True},
        "email": {"enabled": False, "address": None},
        "webhook": {"enabled": False, "url": None, "signing_key": written["webhook"]["signing_key"]},
    }


async def test_a_repeated_write_leaves_what_was_written_since(stage: Stage, person: str) -> None:
    first = {"in_app": {"enabled": False}}
    status, written = await stage.call("PUT", PATH, person, first, Idempotency_Key="first")
    assert status == 200
    _, since = await stage.call("PUT", PATH, person, {"in_app": {"enabled": True}}, Idempotency_Key="second")
    assert await stage.call("PUT", PATH, person, first, Idempotency_Key="first") == (200, written)
    assert await stage.call("GET", PATH, person) == (200, since)


async def test_a_key_that_was_used_for_other_settings(stage: Stage, person: str) -> None:
    await stage.call("PUT", PATH, person, {"in_app": {"enabled": False}}, Idempotency_Key="k")
    _, before = await stage.call("GET", PATH, person)
    status, problem = await stage.call("PUT", PATH, person, {"in_app": {"enabled": True}}, Idempotency_Key="k")
    assert (status, problem["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert await stage.call("GET", PATH, person) == (200, before)


async def test_people_see_their_own(stage: Stage, person: str) -> None:
    other = person_id("tests", str(uuid7()))
    mine = await stage.set_up(person, email={"enabled": True, "address": "mine@example.com"})
    _, theirs = await stage.call("GET", PATH, other)
    assert theirs["email"]["address"] is None
    assert theirs["webhook"]["signing_key"] != mine["webhook"]["signing_key"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": {"enabled": True}}, "email.address"),
        ({"email": {"enabled": True, "address": "nobody"}}, "email.address"),
        ({"email": {"enabled": False, "address": "nobody"}}, "email.address"),
        ({"email": {"enabled": False, "address": "a@b.co\r\nBcc: c@d.co"}}, "email.address"),
        ({"email": {"enabled": False, "address": "a" * 2000}}, "email.address"),
        ({"email": {"enabled": False, "address": 7}}, "email.address"),
        ({"email": {"enabled": "perhaps"}}, "email.enabled"),
        ({"email": None}, "email"),
        ({"webhook": {"enabled": True}}, "webhook.url"),
        ({"webhook": {"enabled": True, "url": ""}}, "webhook.url"),
        ({"webhook": {"enabled": False, "url": "nonsense"}}, "webhook.url"),
        ({"webhook": {"enabled": False, "url": "ftp://127.0.0.1/"}}, "webhook.url"),
        ({"webhook": {"enabled": False, "url": "http://a:b@127.0.0.1/"}}, "webhook.url"),
        ({"webhook": {"enabled": False, "url": "http://127.0.0.1/" + "x" * 2000}}, "webhook.url"),
        ({"webhook": {"enabled": False, "signing_key": "whsec_mine"}}, "webhook.signing_key"),
        ({"in_app": {"enabled": True, "more": 1}}, "in_app.more"),
        ({"sms": {"enabled": True}}, "sms"),
        ([], "body"),
    ],
)
async def test_refused_settings(stage: Stage, person: str, body: object, field: str) -> None:
    before = await stage.call("GET", PATH, person)
    status, problem = await stage.call("PUT", PATH, person, body)
    assert status == 422
    assert field in [error["field"] for error in problem["errors"]]
    assert await stage.call("GET", PATH, person) == before


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "https://backend.tasks.svc.cluster.local/",
        "https://example.com:22/",
    ],
)
async def test_private_webhooks_are_refused_early(runtime: Runtime, person: str, url: str) -> None:
    async with Stage(runtime, QUICK.model_copy(update={"allow_private": False})) as stage:
        status, problem = await stage.call("PUT", PATH, person, {"webhook": {"enabled": True, "url": url}})
        assert status == 422
        assert [error["field"] for error in problem["errors"]] == ["webhook.url"]


async def test_a_url_that_became_private_is_refused_when_it_is_used(runtime: Runtime, person: str) -> None:
    async with Receiver() as receiver, Stage(runtime) as stage:
        await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
        stage.options = stage.options.model_copy(update={"allow_private": False})
        await stage.end()
        await stage.begin()
        _, report = await stage.call("POST", "/api/notifications/test", person, {"channels": ["webhook"]})
        assert report["results"]["webhook"]["error"].startswith("the webhook URL ")
        assert receiver.requests == []


def test_options_of_the_environment() -> None:
    options = Options.from_environment({"WEBHOOK_ALLOW_PRIVATE": "true", "RETRY_SECONDS": "0.5 2", "HOLD_SECONDS": "3"})
    assert options == Options(allow_private=True, retry_seconds=(0.5, 2), hold_seconds=3)
    assert options.attempts == 3
    assert Options.from_environment({"RETRY_SECONDS": " "}) == Options()
    assert not Options().allow_private


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEBHOOK_ALLOW_PRIVATE", "perhaps"),
        ("RETRY_SECONDS", "0"),
        ("RETRY_SECONDS", "5 x"),
        ("RETRY_SECONDS", " ".join(["1"] * 21)),
        ("HOLD_SECONDS", "-1"),
        ("HOLD_SECONDS", "86401"),
    ],
)
def test_wrong_options(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable):
        Options.from_environment({variable: value})


async def test_wrong_options_end_the_process_with_one_line() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.notification",
        env={**os.environ, "RETRY_SECONDS": "soon"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().startswith("notification cannot start: RETRY_SECONDS: ")
    assert said.count(b"\n") == 1
