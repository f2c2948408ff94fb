"""What the service asks the backend, and how it does without an answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Response
from harness.runtime import Runtime
from harness.serving import serving

from components.catalogue import BACKEND, NOTIFICATION
from notification import stage
from services.kit.sidecar import Sidecar
from services.kit.task import Profile
from services.notification.backend import AT_ONCE, Backend
from services.notification.models import Delivery


@pytest.fixture
async def sidecar(runtime: Runtime) -> AsyncIterator[Sidecar]:
    async with Sidecar(runtime.config(NOTIFICATION)) as opened:
        yield opened


async def test_a_profile_is_asked_for_once_a_minute(runtime: Runtime, sidecar: Sidecar, person: str) -> None:
    there, backend = stage.Backend(), Backend(sidecar)
    rome, tokyo = Profile(time_zone="Europe/Rome", locale="it"), Profile(time_zone="Asia/Tokyo", locale="ja")
    async with serving(there.app(), runtime.config(BACKEND)):
        there.profiles[person] = rome.model_dump()
        assert await backend.profile(person) == rome
        there.profiles[person] = tokyo.model_dump()
        assert await backend.profile(person) == rome
        backend.forget(person)
        assert await backend.profile(person) == tokyo


@pytest.mark.parametrize("answer", [{}, {"time_zone": "UTC"}, {"time_zone": 1, "locale": "en"}])
async def test_an_answer_that_makes_no_sense(
    runtime: Runtime, sidecar: Sidecar, person: str, answer: dict[str, str]
) -> None:
    there, backend = stage.Backend(), Backend(sidecar)
    async with serving(there.app(), runtime.config(BACKEND)):
        there.profiles[person] = answer
        assert await backend.profile(person) == Profile()
        there.profiles[person] = {"time_zone": "Asia/Tokyo", "locale": "ja"}
        assert (await backend.profile(person)).time_zone == "Asia/Tokyo"


async def test_nobody_is_there(sidecar: Sidecar, person: str) -> None:
    backend = Backend(sidecar)
    assert await backend.profile(person) == Profile()
    assert not await backend.report(Delivery.of(stage.reminder(person), [], stage.reminder(person).at))


@pytest.mark.parametrize(
    ("status", "told"),
    [(200, True), (204, True), (404, True), (409, True), (403, False), (422, False), (429, False), (503, False)],
)
async def test_what_an_answer_means(runtime: Runtime, sidecar: Sidecar, person: str, status: int, told: bool) -> None:
    there, backend = stage.Backend(), Backend(sidecar)
    there.statuses = [status]
    async with serving(there.app(), runtime.config(BACKEND)):
        assert await backend.report(Delivery.of(stage.reminder(person), [], stage.reminder(person).at)) is told


async def test_few_outcomes_are_told_at_once(runtime: Runtime, sidecar: Sidecar, person: str) -> None:
    there, backend = FastAPI(), Backend(sidecar)
    under_way, most = 0, 0

    @there.post("/internal/reminders")
    async def take() -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        return Response(status_code=204)

    deliveries = [Delivery.of(stage.reminder(person, n), [], stage.reminder(person).at) for n in range(1, 5 * AT_ONCE)]
    async with serving(there, runtime.config(BACKEND)):
        assert all(await asyncio.gather(*map(backend.report, deliveries)))
    assert 1 < most <= AT_ONCE
