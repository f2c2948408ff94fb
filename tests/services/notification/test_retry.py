"""A channel that fails is tried again, after longer and longer waits, and is given up at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from harness.waiting import eventually, never
from hypothesis import given
from hypothesis import strategies as st

from notification.stage import Receiver, Stage, reminder
from services.kit.ids import person_id
from services.notification.jobs import Round, wait_before
from services.notification.models import Ref

REF = Ref(person_id("local", "me"), 3, 17)
ONLY_WEBHOOK = {"in_app": {"enabled": False}}


@pytest.mark.parametrize("failures", [[500], [503, 429], [408, 500, 502]])
async def test_a_channel_that_fails_a_few_times(
    stage: Stage, receiver: Receiver, person: str, failures: list[int]
) -> None:
    receiver.statuses = list(failures)
    await stage.set_up(person, **ONLY_WEBHOOK, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person, epoch=1_795_454_856_919))
    (item,) = await stage.settled(person)
    channel = item["channels"]["webhook"]
    assert channel["status"] == "delivered"
    assert channel["attempts"] == len(failures) + 1
    assert channel["error"] is None
    assert [report["status"] for report in await stage.told(person)] == ["delivered"]


async def test_a_channel_that_fails_for_ever(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [500] * 10
    await stage.set_up(person, **ONLY_WEBHOOK, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    channel = item["channels"]["webhook"]
    assert channel["status"] == "failed"
    assert channel["attempts"] == stage.options.attempts == 4
    assert channel["error"] == "the receiver answered 500"
    assert item["outcome"] == "missed"
    assert [report["status"] for report in await stage.told(person)] == ["missed"]
    await never(lambda: len(receiver.requests) > 4)


async def test_retrying_shows(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [503]
    stage.options = stage.options.model_copy(update={"retry_seconds": (1.0,)})
    await stage.end()
    await stage.begin()
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))

    async def retrying() -> bool:
        items = await stage.listed(person)
        channels = items[0]["channels"] if items else {}
        return {name: c["status"] for name, c in channels.items()} == {"in_app": "delivered", "webhook": "retrying"}

    await eventually(retrying)
    (item,) = await stage.listed(person)
    assert item["channels"]["webhook"]["error"] == "the receiver answered 503"
    assert item["outcome"] == "delivered"
    assert [report["status"] for report in await stage.told(person)] == ["delivered"]
    (item,) = await stage.settled(person)
    assert item["channels"]["webhook"]["status"] == "delivered"
    assert item["channels"]["in_app"]["attempts"] == 1
    assert len(stage.backend.told(person)) == 1


async def test_an_event_that_comes_again_does_not_hurry_a_retry(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [503]
    stage.options = stage.options.model_copy(update={"retry_seconds": (2.0,)})
    await stage.end()
    await stage.begin()
    await stage.set_up(person, **ONLY_WEBHOOK, webhook={"enabled": True, "url": receiver.url})
    event = reminder(person)
    await stage.publish(event)

    async def retrying() -> bool:
        items = await stage.listed(person)
        return bool(items) and items[0]["channels"]["webhook"]["status"] == "retrying"

    await eventually(retrying)
    await stage.publish(event)
    await never(lambda: len(receiver.requests) > 1, during=1)
    (item,) = await stage.settled(person)
    first, second = item["recorded_at"], item["channels"]["webhook"]["attempted_at"]
    assert (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds() > 1.7


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 422, 451])
async def test_what_would_not_change_is_not_tried_again(
    stage: Stage, receiver: Receiver, person: str, status: int
) -> None:
    receiver.statuses = [status]
    await stage.set_up(person, **ONLY_WEBHOOK, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    channel = item["channels"]["webhook"]
    assert (channel["status"], channel["attempts"]) == ("failed", 1)
    assert f"answered {status}" in channel["error"]
    assert "secret" not in channel["error"]


async def test_a_receiver_that_is_gone_switches_the_webhook_off(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [410]
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    assert "410 Gone" in item["channels"]["webhook"]["error"]
    _, settings = await stage.call("GET", "/api/notifications/settings", person)
    assert settings["webhook"]["enabled"] is False
    assert settings["webhook"]["url"] == receiver.url
    await stage.publish(reminder(person, 2))
    items = await stage.settled(person, 2)
    assert items[0]["channels"].keys() == {"in_app"}


async def test_a_receiver_that_is_not_there(stage: Stage, person: str) -> None:
    async with Receiver() as receiver:
        url = receiver.url
    await stage.set_up(person, **ONLY_WEBHOOK, webhook={"enabled": True, "url": url})
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    channel = item["channels"]["webhook"]
    assert (channel["status"], channel["attempts"]) == ("failed", 4)
    assert channel["error"] == "the receiver cannot be reached, or does not speak HTTP"


async def test_mail_that_cannot_be_sent_just_now(stage: Stage, person: str) -> None:
    address = f"{person}@example.com"
    await stage.set_up(person, in_app={"enabled": False}, email={"enabled": True, "address": address})
    with _no_mail(stage.runtime.settings.data / "mail"):
        await stage.publish(reminder(person))

        async def failing() -> bool:
            items = await stage.listed(person)
            return bool(items) and items[0]["channels"]["email"]["status"] == "retrying"

        await eventually(failing)
    (item,) = await stage.settled(person)
    assert item["channels"]["email"]["status"] == "delivered"
    assert item["channels"]["email"]["attempts"] >= 2
    assert len(stage.mails(address)) == 1


@contextmanager
def _no_mail(folder: Path) -> Iterator[None]:
    """Stand in the way of the mail binding, which then fails as it does without a server."""
    aside = folder.with_name("mail-aside")
    folder.mkdir(exist_ok=True)
    folder.rename(aside)
    folder.write_text("in the way")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


async def test_a_backend_that_is_away_is_told_later(stage: Stage, person: str) -> None:
    stage.backend.statuses = [503, 500]
    await stage.publish(reminder(person))
    assert len(await stage.told(person)) == 1
    (item,) = await stage.settled(person)
    assert item["channels"]["in_app"]["attempts"] == 1
    await never(lambda: len(stage.backend.told(person)) > 1)


@pytest.mark.parametrize("status", [404, 409])
async def test_a_stale_reminder_is_told_once(stage: Stage, person: str, status: int) -> None:
    stage.backend.statuses = [status]
    await stage.publish(reminder(person))
    await stage.told(person)
    await never(lambda: len(stage.backend.told(person)) > 1)


async def test_jobs_of_others_kinds_are_refused(stage: Stage) -> None:
    for name in ("retry-", "reminder-x", f"retry-{REF.person}-1-1", f"retry-{REF.person}-1-1-x"):
        status, _ = await stage.call("POST", f"/job/{name}", body={})
        assert status == 404


async def test_a_job_of_nothing_is_over(stage: Stage, person: str) -> None:
    status, _ = await stage.call("POST", f"/job/{Round(Ref(person, 1, 1), 0).name}", body={})
    assert status == 200


@given(st.integers(1, 10**15 - 1), st.integers(1, 10**15 - 1), st.integers(0, 999_999))
def test_names_say_everything(epoch: int, seq: int, number: int) -> None:
    current = Round(REF._replace(epoch=epoch, seq=seq), number)
    assert Round.parse(current.name) == current
    assert current.name == current.name.lower()
    assert len(current.name) < 100


@given(st.integers(1, 30), st.lists(st.floats(0.01, 86_400), min_size=1, max_size=20))
def test_waits(number: int, seconds: list[float]) -> None:
    following = Round(REF, number)
    wait = wait_before(following, seconds)
    listed = seconds[min(number, len(seconds)) - 1]
    assert timedelta(seconds=listed * 0.899) <= wait <= timedelta(seconds=listed * 1.101)
    assert wait == wait_before(following, seconds)


def test_what_failed_together_comes_back_apart() -> None:
    waits = {wait_before(Round(REF._replace(seq=seq), 1), [60]) for seq in range(1, 100)}
    assert len(waits) > 90
