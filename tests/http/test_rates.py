"""Who says or publishes too much is slowed down; whoever answers the server never is. On virtual
time, over an engine that only keeps what it is told.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from fastsfu.config import Config
from fastsfu.http import rate
from fastsfu.room.requests import SPACING
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, Section, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.signaling_client import SignalingClient
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True, topology="sfu")
_ssrcs = count(10_000)


@asynccontextmanager
async def serving() -> AsyncIterator[SFU]:
    native = RecordingEngine()
    native.connects = True
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        yield sfu


def anew() -> OfferText:
    """A camera and a microphone that nobody has seen before."""
    return OfferText(
        (
            Section("a", "audio", ssrc=next(_ssrcs)),
            Section("v", "video", ssrc=next(_ssrcs), rtx_ssrc=next(_ssrcs)),
        )
    )


@virtually
async def test_one_who_publishes_anew_all_the_time_throws_nobody_out() -> None:
    async with serving() as sfu:
        clients = [SignalingClient(sfu, sending()) for _ in range(5)]
        for each in clients:
            await each.join("standup")
        *others, eve = clients
        eve.confirms = False
        seconds = 60
        for _ in range(18 * seconds):
            await asyncio.sleep(1 / 18)
            eve.publishes = anew()
            eve.offer()
        for each in others:
            assert each.code is None
            assert not each.of("error")
            assert len(each.of("sections")) <= seconds / SPACING
            assert len(each.of("answer")) >= len(each.of("sections"))
        for each in clients:
            await each.close()


@virtually
async def test_what_many_publish_one_after_the_other_is_asked_for_at_once() -> None:
    """Each of forty who join within four seconds makes all before it offer again."""
    async with serving() as sfu:
        clients = [SignalingClient(sfu, sending()) for _ in range(40)]
        for each in clients:
            await each.join("standup")
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        assert sum(len(each.of("sections")) for each in clients) < 40 * 39 / 2 / 2
        for each in clients:
            subscribed = each.of("answer")[-1]["subscriptions"]
            assert len({each["session_id"] for each in subscribed.values()}) == 39
            await each.close()


@virtually
async def test_who_says_too_much_is_slowed_down_and_told_once() -> None:
    async with serving() as sfu:
        eve = SignalingClient(sfu, sending())
        await eve.join("standup")
        loop = asyncio.get_running_loop()
        began, many = loop.time(), int(rate.MESSAGES_AT_ONCE) + 200
        for number in range(many):
            eve.say("ping", id=number)
        while len(eve.of("pong")) < many:
            await asyncio.sleep(0.1)
        assert loop.time() - began >= 200 / rate.MESSAGES_PER_SECOND - 1
        errors = eve.of("error")
        assert [(each["error"], each["fatal"]) for each in errors] == [("rate-limit", False)]
        assert eve.code is None
        await eve.close()


@virtually
async def test_who_never_stops_is_ended() -> None:
    async with serving() as sfu:
        eve = SignalingClient(sfu, sending())
        await eve.join("standup")
        began = asyncio.get_running_loop().time()
        while eve.code is None:
            for number in range(50):
                eve.say("ping", id=number)
            await asyncio.sleep(1)
        assert asyncio.get_running_loop().time() - began >= rate.PATIENCE
        assert eve.code == 4429
        error = eve.of("error")[-1]
        assert (error["error"], error["fatal"]) == ("rate-limit", True)
        await eve.close()
