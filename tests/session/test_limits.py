"""What is told of pictures that come less than whole, and of what their senders say."""

import asyncio

from fastsfu.config import Config
from fastsfu.events import LimitsChanged, ParticipantUpdated, VideoSuspended
from fastsfu.sfu import SFU
from fastsfu.terms import SendingLimit, Unfit
from tests.support.offers import OfferText, receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually


def limit(receiver: Client, limit: Unfit | None) -> None:
    """As the engine says it of the one video."""
    [video] = [each for each in receiver.session.subscriber.subscriptions.values() if each.rtx_ssrc]
    assert video.outbound is not None
    receiver.session.engine._owners.on_limit(video.outbound, limit)


@virtually
async def test_what_does_not_fit_is_told_as_one_to_who_takes_it() -> None:
    native, config = RecordingEngine(), Config(media_ips=["192.0.2.10"], open_rooms=True)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, bob, eve = await join("Ada"), await join("Bob", limits=True), await join("Eve")
        await ada.offer(sending())
        for each in (bob, eve):
            await each.offer(OfferText(receiving(audio=1, video=1)))
        reduced = LimitsChanged(((ada.session.id, "video", "bandwidth"),))

        async def happens(*limits: Unfit | None) -> None:
            for each in limits:
                limit(bob, each)
                limit(eve, each)
            await asyncio.sleep(1)

        await happens("suspended", "bandwidth")
        assert bob.of(LimitsChanged) == [reduced]
        await happens(None, "bandwidth")
        assert bob.of(LimitsChanged) == [reduced]
        bob.session.attach(bob)
        assert bob.of(LimitsChanged) == [reduced, reduced]
        ada.session.leave()
        await asyncio.sleep(1)
        assert bob.of(LimitsChanged)[2:] == [LimitsChanged(())]
        assert eve.of(LimitsChanged) == []
        assert [each.suspended for each in eve.of(VideoSuspended)] == [True, False]


async def test_others_see_what_limits_a_sender(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    said: list[list[SendingLimit]] = [["cpu"], ["cpu"], []]
    for limits in said:
        ada.session.limit_sending(limits)
        await turn()
    seen = [each.participant.limited_by for each in bob.of(ParticipantUpdated)]
    assert seen == [{"cpu"}, frozenset()]
