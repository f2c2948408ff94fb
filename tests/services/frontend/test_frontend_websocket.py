"""The WebSocket relay, between a topic, a backend's logs, and clients that come and go."""

import asyncio
from collections.abc import Sequence

import pytest
from frontend_stage import Client, Stage
from harness.issuer import Issuer
from harness.runtime import Runtime
from harness.waiting import eventually
from prometheus_client import REGISTRY

from components.catalogue import FRONTEND
from services.frontend.backend import Backend
from services.frontend.feed import Cursor
from services.kit.consumer import CloudEvent, Poisoned


def _seqs(client: Client) -> list[int]:
    return [event["seq"] for event in client.events()]


# Hello


async def test_who_has_nothing_gets_everything(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit(3)
    client = await (await stage.client(token)).hello()
    await client.at(3)
    assert client.told("snapshot") == [
        {"type": "snapshot", "epoch": 1, "seq": 3, "tasks": client.tasks, "part": 1, "last": True}
    ]
    assert [task["title"] for task in client.tasks] == ["task 1", "task 2", "task 3"]
    assert client.socket.subprotocol == "tasks.v1"
    await eventually(lambda: client.told("heartbeat"))
    assert client.told("heartbeat")[0] == {"type": "heartbeat", "seq": 3, "epoch": 1}


async def test_who_has_no_log_gets_an_empty_snapshot_and_then_the_first_event(
    stage: Stage, me: str, token: str
) -> None:
    client = await (await stage.client(token)).hello()
    await client.at(0, 0)
    assert client.tasks == []
    await stage.publish(*stage.backend.log(me).commit())
    await client.at(1)
    assert len(client.tasks) == 1


async def test_a_large_list_comes_in_parts(stage: Stage, me: str, token: str) -> None:
    stage.backend.log(me).commit(250)
    client = await (await stage.client(token)).hello()
    await client.at(250)
    parts = client.told("snapshot")
    assert [(part["part"], part["last"], part["seq"]) for part in parts] == [
        (1, False, 250),
        (2, False, 250),
        (3, True, 250),
    ]
    assert len({task["id"] for task in client.tasks}) == 250


async def test_a_change_between_two_parts_is_replayed_on_top(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit(250)
    client = await stage.client(token)
    await client.hello()
    log.commit(2)
    await client.at(252)
    assert client.told("snapshot")[-1]["last"]
    assert _seqs(client) in ([], [251, 252], [252])


async def test_who_comes_back_gets_what_was_missed_and_no_more(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit(7)
    client = await (await stage.client(token)).hello(1, 4)
    await client.at(7)
    assert _seqs(client) == [5, 6, 7]
    assert client.told("snapshot") == []
    event = client.events()[0]
    assert {name: event[name] for name in ("seq", "type", "task", "key", "change")} == {
        name: log.events[4][name] for name in ("seq", "type", "task", "key", "change")
    }


async def test_who_missed_nothing_is_told_so(stage: Stage, me: str, token: str) -> None:
    stage.backend.log(me).commit(7)
    client = await (await stage.client(token)).hello(1, 7)
    await eventually(lambda: client.told("heartbeat"))
    assert client.messages[0] == {"type": "heartbeat", "seq": 7, "epoch": 1}


@pytest.mark.parametrize(("epoch", "since", "committed"), [(1, 0, 501), (7, 3, 5), (1, 9, 5), (2, 5, 5), (0, 0, 2)])
async def test_too_much_missed_or_a_strange_cursor_means_a_snapshot(
    stage: Stage, me: str, token: str, epoch: int, since: int, committed: int
) -> None:
    stage.backend.page = 1000
    stage.backend.log(me).commit(committed)
    client = await (await stage.client(token)).hello(epoch, since)
    await client.at(committed)
    assert len(client.told("snapshot")) == 1
    assert len(client.tasks) == committed


# The stream


async def test_events_reach_every_client_of_the_person_and_nobody_else(
    stage: Stage, issuer: Issuer, me: str, token: str, name: str
) -> None:
    log = stage.backend.log(me)
    clients = [await (await stage.client(token)).hello() for _ in range(3)]
    stranger = await (await stage.client(issuer.token(name + "'s brother"))).hello()
    for client in clients:
        await client.at(0, 0)
    for _ in range(5):
        await stage.publish(*log.commit())
    for client in clients:
        await client.at(5)
    assert stranger.events() == []
    assert stranger.tasks == []


async def test_doubled_late_and_lost_deliveries_do_not_show(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit()
    client = await (await stage.client(token)).hello(1, 0)
    await client.at(1)
    new = log.commit(9)
    await stage.publish(new[0], new[0])
    await stage.publish(new[4], new[2], log.events[0], new[1])
    await stage.publish(new[8])
    await client.at(10)
    assert _seqs(client) == list(range(1, 11))
    assert client.told("snapshot") == []


async def test_a_last_event_that_never_came_shows_with_the_heartbeat(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit()
    client = await (await stage.client(token)).hello(1, 1)
    await eventually(lambda: client.told("heartbeat"))
    log.commit(2)
    await client.at(3)
    assert _seqs(client) == [2, 3]


async def test_heads_that_cannot_be_read_do_not_stop_the_heart(
    stage: Stage, me: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, failures = Backend.heads, []

    async def fail_twice(self: Backend, people: Sequence[str]) -> dict[str, Cursor]:
        if len(failures) < 2:
            failures.append(people)
            raise KeyError("seq")
        return await heads(self, people)

    monkeypatch.setattr(Backend, "heads", fail_twice)
    log = stage.backend.log(me)
    log.commit()
    client = await (await stage.client(token)).hello(1, 1)
    await eventually(lambda: len(failures) == 2)
    log.commit()
    await client.at(2)


async def test_clients_share_what_is_read_for_one(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit()
    clients = [await (await stage.client(token)).hello(1, 1) for _ in range(8)]
    for client in clients:
        await eventually(lambda client=client: client.told("heartbeat"))
    before = stage.backend.asked["log"]
    await stage.publish(log.commit(5)[-1])
    for client in clients:
        await client.at(6)
    assert stage.backend.asked["log"] - before <= 3


async def test_a_new_epoch_begins_with_a_snapshot(stage: Stage, me: str, token: str) -> None:
    stage.backend.log(me).commit(3)
    client = await (await stage.client(token)).hello()
    await client.at(3)
    log = stage.backend.logs[me] = type(stage.backend.logs[me])(me, epoch=2)
    await stage.publish(*log.commit(2))
    await client.at(2, epoch=2)
    assert len(client.tasks) == 2


async def test_an_erased_person_is_shown_empty_and_late_events_change_nothing(
    stage: Stage, me: str, token: str
) -> None:
    late = stage.backend.log(me).commit(3)
    client = await (await stage.client(token)).hello()
    await client.at(3)
    del stage.backend.logs[me]
    await client.at(0, 0)
    assert client.tasks == []
    seen = len(client.told("snapshot"))
    await stage.publish(*late)
    beats = len(client.told("heartbeat"))
    await eventually(lambda: len(client.told("heartbeat")) >= beats + 2)
    assert len(client.told("snapshot")) == seen
    assert client.events() == []


async def test_a_burst_larger_than_the_window_arrives_whole(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit()
    client = await (await stage.client(token)).hello()
    await client.at(1)
    log.commit(1200)
    for event in log.events[-100:]:
        await stage.publish(event)
    await client.at(1201)


async def test_what_has_no_place_in_the_log_is_passed_on(stage: Stage, me: str, token: str) -> None:
    client = await (await stage.client(token)).hello()
    await client.at(0, 0)
    await stage.publish({"person": me, "notification": {"id": "n", "result": "sent"}}, kind="notification")
    await stage.publish({"person": me, "chat": {"conversation": "c", "step": 1}}, kind="chat")
    await stage.publish({"person": me, "weather": {"rain": True}}, kind="weather")
    await eventually(lambda: client.told("chat"))
    assert client.told("notification") == [{"type": "notification", "id": "n", "result": "sent"}]
    assert client.told("chat") == [{"type": "chat", "conversation": "c", "step": 1}]
    assert client.told("weather") == []


async def test_an_event_that_cannot_be_read_blocks_nothing(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    client = await (await stage.client(token)).hello()
    await client.at(0, 0)
    for odd in ({"epoch": "x", "seq": 1}, {"epoch": 1, "seq": "x"}, {"epoch": True, "seq": None}):
        await stage.publish({"person": me, **odd})
    await stage.publish({"person": me}, kind="notification")
    await stage.publish(*log.commit())
    await client.at(1)


async def test_an_update_of_nobody_is_poisoned(stage: Stage) -> None:
    for person in (None, 5, ["me"], {}):
        with pytest.raises(Poisoned):
            await stage.app.state.relay.take(CloudEvent(id="e", type="task.created", data={"person": person}))


async def test_events_of_people_who_are_not_here_are_done_at_once(stage: Stage, person: str) -> None:
    asked = dict(stage.backend.asked)
    await stage.publish(*stage.backend.log(person).commit(5))
    taken = "events_consumed_total"
    labels = {"topic": "task-updates", "outcome": "SUCCESS"}
    before = REGISTRY.get_sample_value(taken, labels) or 0
    await stage.publish(*stage.backend.log(person).commit(5))
    await eventually(lambda: (REGISTRY.get_sample_value(taken, labels) or 0) >= before + 5)
    assert stage.backend.asked["log"] == asked.get("log", 0)


async def test_a_ping_is_answered(stage: Stage, token: str) -> None:
    client = await (await stage.client(token)).hello()
    await client.say({"type": "ping"})
    await eventually(lambda: client.told("pong"))


# Replicas and restarts


async def test_a_client_goes_on_at_another_replica(
    stage: Stage, runtime: Runtime, issuer: Issuer, me: str, token: str
) -> None:
    other = runtime.config(FRONTEND, 1, **issuer.settings)
    await stage.replica(other)
    log = stage.backend.log(me)
    here = await (await stage.client(token)).hello()
    there = await (await stage.client(token, port=other.port)).hello()
    await here.at(0, 0)
    await there.at(0, 0)
    await stage.publish(*log.commit(3))
    await here.at(3)
    await there.at(3)
    await here.socket.close()
    await stage.publish(*log.commit(2))
    back = await (await stage.client(token, port=other.port)).hello(1, 3)
    await back.at(5)
    assert _seqs(back) == [4, 5]


async def test_a_stop_tells_clients_to_come_back_and_nothing_is_missed(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit(2)
    client = await (await stage.client(token)).hello()
    await client.at(2)
    await stage.close()
    assert (await client.end())[0] in {1001, 1012}
    log.commit(3)
    await stage.open()
    again = await (await stage.client(token)).hello(client.epoch, client.seq)
    await again.at(5)
    assert _seqs(again) == [3, 4, 5]


async def test_while_the_backend_is_away_the_heart_beats_on_and_then_everything_follows(
    stage: Stage, me: str, token: str
) -> None:
    log = stage.backend.log(me)
    log.commit(3)
    stage.backend.away = True
    client = await (await stage.client(token)).hello(1, 1)
    await eventually(lambda: client.told("heartbeat"))
    assert client.told("heartbeat")[0] == {"type": "heartbeat", "seq": None, "epoch": None}
    assert client.seq == 1
    stage.backend.away = False
    await client.at(3)
    assert client.closed is None


async def test_many_clients_come_and_go_among_changes(stage: Stage, me: str, token: str) -> None:
    log = stage.backend.log(me)
    log.commit()

    async def visit(times: int) -> None:
        cursor: tuple[int, int] | None = None
        for _ in range(times):
            client = await stage.client(token)
            await client.hello(*(cursor or (None, None)))
            await client.settled()
            await client.socket.close()
            await client.reading
            cursor = (client.epoch or 0, client.seq or 0)
        last = await (await stage.client(token)).hello(*(cursor or (None, None)))
        await last.at(61)

    async def change() -> None:
        for _ in range(20):
            new = log.commit(3)
            await stage.publish(new[2], new[0])
            await asyncio.sleep(0.02)

    await asyncio.gather(change(), *(visit(4) for _ in range(4)))
