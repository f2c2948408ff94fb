"""A process that dies loses nothing: what was written goes on with what is open, and nothing counts twice."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness.runtime import Runtime, start
from harness.waiting import eventually, never

from components.catalogue import NOTIFICATION
from notification.stage import Receiver, Stage, reminder
from services.kit.sidecar import Sidecar
from services.notification.jobs import Round
from services.notification.models import Channel, ChannelStatus, Delivery, Ref
from services.notification.store import Store


@asynccontextmanager
async def store_of(runtime: Runtime) -> AsyncIterator[Store]:
    async with Sidecar(runtime.config(NOTIFICATION)) as sidecar:
        yield Store(sidecar)


async def spawn(runtime: Runtime) -> asyncio.subprocess.Process:
    """Start the service as a process of its own."""
    config = runtime.config(NOTIFICATION)
    environment = {
        **os.environ,
        "APP_PORT": str(config.port),
        "DAPR_HTTP_PORT": str(config.dapr_http_port),
        "DAPR_GRPC_PORT": str(config.dapr_grpc_port),
        "DAPR_API_TOKEN": config.dapr_api_token or "",
        "APP_API_TOKEN": config.app_api_token or "",
        "WEBHOOK_ALLOW_PRIVATE": "true",
        "RETRY_SECONDS": "0.1 0.1 0.1",
        "HOLD_SECONDS": "1.5",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notification", env=environment, stdout=asyncio.subprocess.DEVNULL
    )


async def test_killed_between_the_record_and_the_result(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.listen()
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.end()
    receiver.pause = 60
    process = await spawn(stage.runtime)
    await stage.publish(reminder(person))
    async with store_of(stage.runtime) as store:
        ref = Ref(person, 1, 1)

        async def under_way() -> bool:
            found = await store.deliveries([ref])
            return bool(receiver.requests) and bool(found) and found[0].reported

        await eventually(under_way)
        process.kill()
        await process.wait()
        receiver.pause = 0
        await stage.begin()
        (item,) = await stage.settled(person)
    assert item["channels"]["in_app"]["attempts"] == 1
    assert item["channels"]["webhook"]["attempts"] == 2
    assert [headers["Webhook-Id"] for headers, _ in receiver.requests] == [f"{person}:1:1"] * 2
    assert len(await stage.told(person)) == 1
    assert len(stage.relay.heard(person)) == 1


async def test_died_after_the_ledger(stage: Stage, person: str) -> None:
    async with store_of(stage.runtime) as store:
        await store.change_ledger(person, lambda found: found.adding((1, 1)))
        assert await stage.listed(person) == []
        await stage.publish(reminder(person))
        (item,) = await stage.settled(person)
        assert item["outcome"] == "delivered"
        assert (await store.ledger(person)).places == ((1, 1),)


async def test_died_before_the_promise(stage: Stage, person: str) -> None:
    async with store_of(stage.runtime) as store:
        event = reminder(person)
        await store.change_ledger(person, lambda found: found.adding((1, 1)))
        await store.create(Delivery.of(event, [Channel.IN_APP], datetime.now(UTC)))
        await stage.publish(event)
        (item,) = await stage.settled(person)
        assert item["channels"]["in_app"]["attempts"] == 1


async def test_died_before_the_backend_was_told(stage: Stage, person: str) -> None:
    now = datetime.now(UTC)
    async with store_of(stage.runtime) as store:
        event = reminder(person)
        delivery = Delivery.of(event, [Channel.IN_APP], now)
        record = delivery.channels[Channel.IN_APP].model_copy(update={"status": ChannelStatus.DELIVERED})
        await store.change_ledger(person, lambda found: found.adding((1, 1)))
        await store.create(delivery.model_copy(update={"channels": {Channel.IN_APP: record}}))
        await stage.publish(event)
        assert len(await stage.told(person)) == 1
        await stage.publish(event)
        await never(lambda: len(stage.backend.told(person)) > 1)


async def test_what_another_process_holds_is_left_to_it(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": True, "url": receiver.url})
    now = datetime.now(UTC)
    current = Round(Ref(person, 1, 1), 0)
    async with store_of(stage.runtime) as store:
        delivery = Delivery.of(reminder(person), [Channel.WEBHOOK], now)
        await store.change_ledger(person, lambda found: found.adding((1, 1)))
        await store.create(delivery.begun(now, now + timedelta(seconds=1)))
        status, _ = await stage.call("POST", f"/job/{current.name}", body={})
        assert status == 503
        assert receiver.requests == []

        async def done() -> bool:
            status, _ = await stage.call("POST", f"/job/{current.name}", body={})
            return status == 200

        await eventually(done, every=0.2)
        assert len(receiver.requests) == 1
        (found,) = await store.deliveries([current.ref])
        assert found.done


async def test_the_job_of_an_earlier_round_does_nothing(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": True, "url": receiver.url})
    async with store_of(stage.runtime) as store:
        delivery = Delivery.of(reminder(person), [Channel.WEBHOOK], datetime.now(UTC))
        await store.change_ledger(person, lambda found: found.adding((1, 1)))
        await store.create(delivery.model_copy(update={"round": 2}))
        for number in (0, 1):
            status, _ = await stage.call("POST", f"/job/{Round(delivery.ref, number).name}", body={})
            assert status == 200
        assert receiver.requests == []


async def test_a_stopping_service_leaves_its_jobs(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.pause = 60
    await stage.set_up(person, in_app={"enabled": False}, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    await eventually(lambda: receiver.requests)
    await stage.end()
    receiver.pause = 0
    await stage.begin()
    (item,) = await stage.settled(person)
    assert item["channels"]["webhook"]["status"] == "delivered"


@pytest.mark.slow
async def test_without_the_store_nothing_is_half_done(tmp_path: Path, person: str) -> None:
    runtime = start(tmp_path)
    try:
        async with Stage(runtime) as stage:
            await stage.set_up(person, email={"enabled": False, "address": "name@example.com"})
            runtime.stop()
            for method, path, body in (
                ("GET", "/api/notifications", None),
                ("GET", "/api/notifications/settings", None),
                ("PUT", "/api/notifications/settings", {}),
                ("POST", "/api/notifications/test", {}),
                ("POST", "/api/notifications/1-1/read", None),
            ):
                status, problem = await stage.call(method, path, person, body)
                assert (status, problem["status"]) == (503, 503), path
    finally:
        runtime.stop()
