"""A session's offers take no more of the event loop than their share, whatever is in them."""

import asyncio
from itertools import count

import pytest

from fastsfu.config import Config
from fastsfu.session import turns
from fastsfu.sfu import SFU
from tests.support.offers import receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)
OFFER = sending().with_(*receiving(audio=2, video=2))


async def offer_for_ever(client: Client) -> None:
    for answered in count(1):
        await client.session.offer(str(OFFER))
        client.events.append(answered)  # type: ignore[arg-type]


@virtually
async def test_a_session_has_its_share_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clocks: of each offer that takes 40 ms of CPU one is answered every 0.8 s."""
    spent = count(0.0, 0.02)  # looked at twice in each part of a turn, of which there are two
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(RecordingEngine())]) as sfu:
        join = Join(sfu)
        eve, ada = await join("Eve"), await join("Ada")
        monkeypatch.setattr(turns, "thread_time", lambda: next(spent))
        flood = [asyncio.create_task(offer_for_ever(eve)) for _ in range(3)]
        loop = asyncio.get_running_loop()
        for _ in range(10):
            before = loop.time()
            await ada.session.offer(str(OFFER))
            assert loop.time() == before, "Ada is not kept waiting by Eve"
            await asyncio.sleep(2)
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        answered = len([each for each in eve.events if isinstance(each, int)])
        most = (turns.CPU_AT_ONCE + 20 * turns.CPU_PER_SECOND) / 0.04
        assert most - 2 <= answered <= most + 2


async def test_others_get_a_turn_between_reading_and_following(join: Join) -> None:
    ada, order = await join(), list[str]()
    asyncio.get_running_loop().call_soon(order.append, "another")
    await ada.session.offer(str(OFFER))
    assert order == ["another"]


async def test_an_offer_that_is_given_up_gives_its_turn_back(join: Join) -> None:
    ada = await join()
    given_up = asyncio.create_task(ada.session.offer(str(OFFER)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    await ada.session.offer(str(OFFER))
