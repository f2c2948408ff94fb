"""A reminder reaches the person through every channel that is on, once, and the backend hears of it."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from harness.waiting import eventually, never

from components.catalogue import NOTIFICATION
from notification.stage import Receiver, Stage, reminder
from services.kit.metrics import CONSUMED
from services.kit.sidecar import Sidecar
from services.kit.task import DueAt, DueDate
from services.notification import dispatcher
from services.notification.metrics import ATTEMPTS
from services.notification.models import KEPT, Delivery, Ref
from services.notification.store import Store


async def test_in_app_is_the_default(stage: Stage, person: str) -> None:
    await stage.listen()
    event = reminder(person)
    await stage.publish(event)
    (item,) = await stage.settled(person)
    assert item["outcome"] == "delivered"
    assert item["channels"].keys() == {"in_app"}
    assert item["channels"]["in_app"]["attempts"] == 1
    assert await stage.told(person) == [
        {
            "person": person,
            "epoch": 1,
            "task": str(event.task.id),
            "reminder": "r1",
            "seq": 7,
            "status": "delivered",
        }
    ]
    await eventually(lambda: stage.relay.heard(person))
    (update,) = stage.relay.heard(person)
    assert update["type"] == "notification"
    assert update["id"] == f"{event.id}:notification"
    shown = update["data"]["notification"]
    assert shown["id"] == item["id"] == "1-1"
    assert shown["title"] == "Pay rent"
    assert shown["channels"]["in_app"]["status"] == "delivered"


async def test_every_channel(stage: Stage, receiver: Receiver, person: str) -> None:
    stage.backend.profiles[person] = {"time_zone": "Europe/Rome", "locale": "it-IT"}
    address = f"{person}@example.com"
    await stage.set_up(
        person,
        email={"enabled": True, "address": address},
        webhook={"enabled": True, "url": receiver.url},
    )
    due = DueAt(at=datetime(2026, 12, 1, 8, tzinfo=UTC), time_zone="Europe/London")
    event = reminder(person, title="Pay <b>rent</b>\r\nBcc: x@example.com", due=due, late=True)
    await stage.publish(event)
    (item,) = await stage.settled(person)
    assert {name: c["status"] for name, c in item["channels"].items()} == {
        "in_app": "delivered",
        "email": "delivered",
        "webhook": "delivered",
    }
    (mail,) = stage.mails(address)
    assert mail["Subject"] == "Promemoria: Pay <b>rent</b> Bcc: x@example.com"
    assert mail["Bcc"] is None
    said = mail.get_content()
    assert "Pay &lt;b&gt;rent&lt;/b&gt; Bcc" in said
    assert "Scadenza: martedì 1 dicembre 2026, 09:00 (CET)" in said
    assert "in ritardo" in said
    assert event.id in said
    ((headers, body),) = receiver.requests
    assert headers["Webhook-Id"] == event.id
    payload = json.loads(body)
    assert payload["type"] == "reminder.due"
    assert payload["data"]["task"]["id"] == str(event.task.id)
    assert payload["data"]["late"] is True
    assert len(await stage.told(person)) == 1


async def test_an_event_delivered_again_changes_nothing(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    event = reminder(person)
    await stage.publish(event, event, event)
    await stage.settled(person)
    await stage.publish(event)
    await stage.publish(reminder(person, 2))
    await stage.settled(person, 2)
    assert [headers["Webhook-Id"] for headers, _ in receiver.requests] == [f"{person}:1:1", f"{person}:1:2"]
    assert len(await stage.told(person, 2)) == 2


async def test_no_channel_is_missed(stage: Stage, person: str) -> None:
    await stage.set_up(person, in_app={"enabled": False})
    await stage.publish(reminder(person))
    assert (await stage.told(person))[0]["status"] == "missed"
    (item,) = await stage.listed(person)
    assert item["outcome"] == "missed"
    assert item["channels"] == {}


async def test_a_slow_channel_holds_nothing_up(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.pause = 600  # until the test is over
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(*(reminder(person, seq) for seq in range(1, 21)))
    await eventually(lambda: len(stage.backend.told(person)) >= 4)
    assert len(await eventually_listed(stage, person, 20)) == 20
    assert len(receiver.requests) <= 20


async def eventually_listed(stage: Stage, person: str, count: int) -> list[dict[str, object]]:
    async def probe() -> list[dict[str, object]]:
        items = await stage.listed(person)
        return items if len(items) >= count else []

    return await eventually(probe)


async def test_a_channel_switched_off_meanwhile_is_not_used(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [503]
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": True, "url": receiver.url})
    stage.options = stage.options.model_copy(update={"retry_seconds": (1.5,)})
    await stage.end()
    await stage.begin()
    await stage.publish(reminder(person))
    await eventually(lambda: receiver.requests)
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": False, "url": receiver.url})
    (item,) = await stage.settled(person)
    assert item["channels"]["webhook"]["error"] == "the channel was switched off"
    assert item["outcome"] == "missed"
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"data": None},
        {"data": "text"},
        {"data": {"person": "somebody"}},
        {"data": {"person": "not-an-id"}, "id": "not-an-id:1:1"},
        {"data": {"type": "task.created"}},
        {"data": {"task": {}}},
        {"data": {"epoch": 0}},
        {"id": "another"},
    ],
)
async def test_a_poisoned_event_is_put_aside(stage: Stage, person: str, broken: dict[str, Any]) -> None:
    dropped = CONSUMED.labels("reminders", "DROP")
    before = dropped._value.get()
    event = reminder(person)
    data = broken.get("data", {})
    data = {**event.model_dump(mode="json"), **data} if isinstance(data, dict) else data
    await stage.publish_raw(person, broken.get("id", event.id), data)
    await stage.publish(reminder(person, 2))
    (item,) = await stage.settled(person)
    assert item["id"] == "1-2"
    assert dropped._value.get() == before + 1


async def test_a_date_stays_a_date(stage: Stage, person: str) -> None:
    stage.backend.profiles[person] = {"time_zone": "Pacific/Auckland", "locale": "en-US"}
    address = f"{person}@example.com"
    await stage.set_up(person, email={"enabled": True, "address": address})
    await stage.publish(reminder(person, due=DueDate(date=date(2026, 12, 1))))
    await stage.settled(person)
    assert "Due: Tuesday, December 1, 2026<" in stage.mails(address)[0].get_content()


async def test_what_nobody_asked_for_is_not_sent(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, webhook={"enabled": False, "url": receiver.url})
    await stage.publish(reminder(person))
    await stage.settled(person)
    await never(lambda: receiver.requests)


@pytest.mark.parametrize("limit", ["MAX_WAITING", "MAX_OF_ONE"])
async def test_with_too_much_in_hand_the_job_carries_it(
    stage: Stage, person: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, limit, 0)
    await stage.publish(reminder(person))
    (item,) = await stage.settled(person)
    taken_up = datetime.fromisoformat(item["channels"]["in_app"]["attempted_at"])
    waited = taken_up - datetime.fromisoformat(item["recorded_at"])
    assert waited.total_seconds() >= stage.options.hold_seconds * 0.9
    assert len(await stage.told(person)) == 1


async def test_the_oldest_leave(stage: Stage, person: str) -> None:
    async with Sidecar(stage.runtime.config(NOTIFICATION)) as sidecar:
        store = Store(sidecar)
        places = tuple((1, seq) for seq in range(1, KEPT + 51))
        await store.change_ledger(person, lambda found: found.model_copy(update={"places": places}))
        oldest = [Ref(person, 1, 1), Ref(person, 1, 51)]
        for ref in oldest:
            await store.create(Delivery.of(reminder(person, ref.seq), [], datetime.now(UTC)))
        await stage.publish(reminder(person, KEPT + 51))
        await eventually(lambda: stage.backend.told(person))
        ledger = await store.ledger(person)
        assert (len(ledger.places), ledger.leaving, ledger.pruned) == (KEPT, (), (1, 51))
        assert await store.deliveries(oldest) == []
        await stage.publish(reminder(person, 51), reminder(person, KEPT + 52))
        await eventually(lambda: len(stage.backend.told(person)) == 2)
        assert await store.deliveries(oldest) == []


async def test_what_is_measured(stage: Stage, person: str) -> None:
    delivered = ATTEMPTS.labels("in_app", "delivered")
    before = delivered._value.get()
    await stage.publish(reminder(person))
    await stage.settled(person)
    assert delivered._value.get() == before + 1
