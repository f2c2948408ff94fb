"""An erased person leaves a tombstone and nothing else, and what comes late is dropped."""

from harness.runtime import Runtime
from harness.waiting import eventually, never

from components.catalogue import BACKEND, NOTIFICATION
from notification.stage import Receiver, Stage, reminder
from services.kit.sidecar import Sidecar
from services.notification.erase import Eraser
from services.notification.models import Ledger, Ref, Settings
from services.notification.store import Store, delivery_key, ledger_key, trials_key


async def erase(stage: Stage, person: str, epoch: int = 1) -> int:
    """Erase a person as the backend does: through its sidecar."""
    answer = await stage.sidecar.invoke(
        NOTIFICATION, "DELETE", f"/internal/people/{person}", query={"epoch": str(epoch)}
    )
    return answer.status


async def held(runtime: Runtime, person: str, *refs: Ref) -> dict[str, bytes]:
    """Return what the store holds of a person."""
    keys = [ledger_key(person), trials_key(person), *map(delivery_key, refs)]
    async with Sidecar(runtime.config(NOTIFICATION)) as sidecar:
        return {key: item.data for key, item in (await sidecar.get_many("statestore", keys)).items()}


async def test_everything_goes(stage: Stage, receiver: Receiver, person: str) -> None:
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person), reminder(person, 2))
    await stage.settled(person, 2)
    await stage.call("POST", "/api/notifications/test", person)
    refs = [Ref(person, 1, 1), Ref(person, 1, 2)]
    assert len(await held(stage.runtime, person, *refs)) == 4
    assert await erase(stage, person) == 204
    left = await held(stage.runtime, person, *refs)
    assert left.keys() == {ledger_key(person)}
    assert Ledger.model_validate_json(left[ledger_key(person)]) == Ledger(erased=1)
    assert await stage.listed(person) == []
    _, settings = await stage.call("GET", "/api/notifications/settings", person)
    assert settings["webhook"]["url"] is None


async def test_what_comes_late_is_dropped(stage: Stage, receiver: Receiver, person: str) -> None:
    assert await erase(stage, person, 3) == 204
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person, 9, epoch=3), reminder(person, 1, epoch=2), reminder(person, 1, epoch=4))
    (item,) = await stage.settled(person)
    assert item["id"] == "4-1"
    await never(lambda: len(receiver.requests) > 1)
    assert len(await held(stage.runtime, person, Ref(person, 3, 9), Ref(person, 2, 1))) == 1


async def test_erasing_again_changes_nothing(stage: Stage, person: str) -> None:
    assert await erase(stage, person, 2) == 204
    await stage.set_up(person, email={"enabled": False, "address": "new@example.com"})
    await stage.publish(reminder(person, epoch=3))
    await stage.settled(person)
    for epoch in (1, 2):
        assert await erase(stage, person, epoch) == 204
    assert len(await stage.listed(person)) == 1
    _, settings = await stage.call("GET", "/api/notifications/settings", person)
    assert settings["email"]["address"] == "new@example.com"


async def test_a_newer_epoch_stays(stage: Stage, person: str) -> None:
    await stage.publish(reminder(person, epoch=1), reminder(person, epoch=2))
    await stage.settled(person, 2)
    assert await erase(stage, person, 1) == 204
    assert [item["id"] for item in await stage.listed(person)] == ["2-1"]


async def test_retries_end(stage: Stage, receiver: Receiver, person: str) -> None:
    receiver.statuses = [500] * 10
    stage.options = stage.options.model_copy(update={"retry_seconds": (1.0, 1.0)})
    await stage.end()
    await stage.begin()
    await stage.set_up(person, webhook={"enabled": True, "url": receiver.url})
    await stage.publish(reminder(person))
    await eventually(lambda: receiver.requests)
    assert await erase(stage, person) == 204
    await never(lambda: len(receiver.requests) > 1, during=1.5)
    assert (await held(stage.runtime, person, Ref(person, 1, 1))).keys() == {ledger_key(person)}


async def test_an_erasure_that_stopped_goes_on(stage: Stage, person: str) -> None:
    await stage.publish(*(reminder(person, seq) for seq in range(1, 4)))
    await stage.settled(person, 3)
    refs = [Ref(person, 1, seq) for seq in range(1, 4)]
    async with Sidecar(stage.runtime.config(NOTIFICATION)) as sidecar:
        store = Store(sidecar)
        tombstone = await store.change_ledger(person, lambda found: found.without(1))
        assert tombstone.settings == Settings()
        assert tombstone.leaving == ((1, 1), (1, 2), (1, 3))
        await store.discard(refs[:1])
        assert len(await held(stage.runtime, person, *refs)) == 3
        await Eraser(sidecar, store, stage.service.dispatcher._backend).erase(person, 1)
    assert len(await held(stage.runtime, person, *refs)) == 1


async def test_a_delivery_written_after_the_tombstone_goes_too(stage: Stage, person: str) -> None:
    event = reminder(person)
    await stage.publish(event)
    await stage.settled(person)
    async with Sidecar(stage.runtime.config(NOTIFICATION)) as sidecar:
        store = Store(sidecar)
        (written,) = await store.deliveries([Ref(person, 1, 1)])
        assert await erase(stage, person) == 204
        await store.create(written.model_copy(update={"reported": False}))
        await stage.publish(event)

        async def gone() -> bool:
            return not await store.deliveries([Ref(person, 1, 1)])

        await eventually(gone)


async def test_only_the_backend_may(stage: Stage, person: str) -> None:
    path = f"/internal/people/{person}?epoch=1"
    status, _ = await stage.call("DELETE", path)
    assert status == 403
    status, _ = await stage.call("DELETE", path, dapr_caller_app_id="frontend")
    assert status == 403
    status, _ = await stage.call("DELETE", path, dapr_caller_app_id=BACKEND)
    assert status == 204


async def test_what_is_asked_for_has_to_make_sense(stage: Stage, person: str) -> None:
    for path in (f"/internal/people/{person}", f"/internal/people/{person}?epoch=0", "/internal/people/x?epoch=1"):
        status, problem = await stage.call("DELETE", path, dapr_caller_app_id=BACKEND)
        assert status == 422
        assert problem["errors"]
