"""What one client of a person reads, the person's other clients share, at once and without another question."""

from frontend_stage import Client, Stage
from harness.issuer import Issuer
from harness.runtime import Runtime
from harness.waiting import eventually

from services.frontend.feed import Cursor
from services.frontend.relay import Timing

NO_HEARTBEAT = Timing(heartbeat=3600)


def _seqs(client: Client) -> list[int]:
    return [event["seq"] for event in client.events()]


async def test_what_one_client_catches_up_with_the_others_get_too(
    runtime: Runtime, issuer: Issuer, me: str, token: str
) -> None:
    async with Stage(runtime, NO_HEARTBEAT, **issuer.settings) as stage:
        log = stage.backend.log(me)
        log.commit()
        here = await (await stage.client(token)).hello()
        await here.at(1)
        committed = log.commit()
        there = await (await stage.client(token)).hello(1, 1)
        await there.at(2)
        await stage.publish(*committed)
        await here.at(2)
        assert _seqs(here) == _seqs(there) == [2]


async def test_a_heartbeat_that_an_event_has_overtaken_makes_nobody_read(
    runtime: Runtime, issuer: Issuer, me: str, token: str
) -> None:
    async with Stage(runtime, NO_HEARTBEAT, **issuer.settings) as stage:
        log = stage.backend.log(me)
        log.commit()
        client = await (await stage.client(token)).hello()
        await client.at(1)
        hub = stage.app.state.relay._hubs[me]
        taken = hub.feed.taken
        await stage.publish(*log.commit())
        await client.at(2)
        asked = stage.backend.asked["log"]
        hub.beat(Cursor(1, 1), taken)
        await eventually(lambda: len(client.told("heartbeat")) == 2)
        assert client.told("heartbeat")[-1] == {"type": "heartbeat", "epoch": 1, "seq": 2}
        await stage.publish(*log.commit())
        await client.at(3)
        assert stage.backend.asked["log"] == asked
