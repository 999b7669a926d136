"""Simulcast: encodings of one publication, who wants which, and what their sender is told."""

import asyncio

from fastsfu.config import Config
from fastsfu.engine.media import MediaEngine
from fastsfu.events import EncodingsWanted
from fastsfu.heights import LEAST_HEIGHT, LESS_AFTER
from fastsfu.sfu import SFU
from fastsfu.tracks import Wish
from tests.support.offers import OfferText, Section, receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually

LADDER = OfferText((Section("v", "video", rids=("q", "h", "f")),))


async def published(join: Join, native: RecordingEngine) -> tuple[Client, list[int]]:
    ada = await join("Ada")
    await ada.offer(LADDER)
    return ada, list(native.inbounds)


async def test_each_encoding_is_a_stream_of_one_ladder(join: Join, native: RecordingEngine) -> None:
    ada, handles = await published(join, native)
    streams = list(native.inbounds.values())
    assert [(each.mid, each.rid) for each in streams] == [("v", "q"), ("v", "h"), ("v", "f")]
    assert [each.lower for each in streams] == [0, *handles[:2]]
    assert ada.session.participant.sources == {"video"}
    bob = await join("Bob")
    await bob.receive_all(OfferText())
    assert [each.inbound for each in native.outbounds.values()] == handles[:1]


async def test_they_go_on_with_the_same_offer_and_begin_anew_with_another(
    join: Join, native: RecordingEngine
) -> None:
    ada, handles = await published(join, native)
    await ada.offer(LADDER)
    assert list(native.inbounds) == handles
    await ada.offer(OfferText((Section("v", "video", rids=("q", "h")),)))
    assert [each.rid for each in native.inbounds.values()] == ["q", "h"]
    assert not set(native.inbounds) & set(handles)


async def test_a_group_of_ssrcs_is_a_ladder_too(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    text = str(sending(audio=False)).replace("a=ssrc-group:FID 2001", "a=ssrc-group:SIM 2001")
    await ada.session.offer(text)
    assert [each.ssrc for each in native.inbounds.values()] == [2001, 2002]


async def test_a_receiver_says_how_much_it_wants(join: Join, native: RecordingEngine) -> None:
    ada, _ = await published(join, native)
    bob = await join("Bob")
    bob.session.update_receive_settings({"*": {"video": Wish(max_height=200)}})
    await bob.receive_all(OfferText())
    outbound = next(iter(native.outbounds.values()))
    anything = {"priority": 0, "most_layer": 255, "most_height": 0}
    assert outbound.preference == anything | {"most_height": 200}
    wish = Wish(layer=1, priority=7)
    bob.session.update_receive_settings({ada.session.id: {"video": wish}})
    assert outbound.preference == anything | {"most_layer": 1, "priority": 7}
    bob.session.update_receive_settings({ada.session.id: {"video": False}})
    assert outbound.paused
    bob.session.update_receive_settings({ada.session.id: {"video": True}})
    assert outbound.preference == anything
    assert not outbound.paused


async def test_the_sender_is_told_which_of_them_may_rest(
    join: Join, native: RecordingEngine
) -> None:
    ada, handles = await published(join, native)
    native.fire("on_wanted", handles[2], False)
    await turn()
    rests = EncodingsWanted("video", (("q", True), ("h", True), ("f", False)))
    assert ada.of(EncodingsWanted) == [rests]
    again = Client()
    ada.session.attach(again)
    assert again.of(EncodingsWanted) == [rests]
    native.fire("on_wanted", handles[2], True)
    await turn()
    assert again.of(EncodingsWanted)[1:] == [
        EncodingsWanted("video", (("q", True), ("h", True), ("f", True)))
    ]


async def test_a_source_that_is_published_anew_is_wanted_again(
    join: Join, native: RecordingEngine
) -> None:
    """The client keeps what it was told of the source, as a screen that nobody looked at."""
    ada, handles = await published(join, native)
    for handle in handles:
        native.fire("on_wanted", handle, False)
    await turn()
    rests = EncodingsWanted("video", (("q", False), ("h", False), ("f", False)))
    assert ada.of(EncodingsWanted)[-1] == rests
    await ada.offer(OfferText((Section("v", "video", direction="inactive"),)))
    await ada.offer(OfferText((Section("w", "video", rids=("q", "h")),)))
    told = ada.of(EncodingsWanted)
    assert told[-1] == EncodingsWanted("video", (("q", True), ("h", True)))
    await ada.offer(OfferText((Section("v", "video", direction="inactive"),)))
    await ada.offer(LADDER)
    assert ada.of(EncodingsWanted) == told


@virtually
async def test_of_layers_the_sender_is_told_how_large_ones_are_wanted() -> None:
    """Which are in one encoding, of VP9 or AV1. One that comes back is told again."""
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, bob, eve = await join("Ada"), await join("Bob"), await join("Eve")
        for each in (bob, eve):
            each.session.update_receive_settings({"*": {"video": Wish(max_height=180)}})
        await ada.session.offer(str(sending(audio=False)).replace("VP8/", "VP9/"))
        for each in (bob, eve):
            text = OfferText(receiving(video=1))
            await each.session.offer(str(text).replace("VP8/", "VP9/"))
        assert len(native.outbounds) == 2
        await asyncio.sleep(LESS_AFTER + 1)
        told = [EncodingsWanted("video", (("", True),), 180)]
        assert ada.of(EncodingsWanted) == told
        eve.session.update_receive_settings({ada.session.id: {"video": Wish(max_height=400)}})
        told.append(EncodingsWanted("video", (("", True),), 400))
        assert ada.of(EncodingsWanted) == told
        again = Client()
        ada.session.attach(again)
        assert again.of(EncodingsWanted) == told[-1:]
        eve.session.update_receive_settings({"*": {"video": False}})
        eve.session.update_receive_settings({ada.session.id: {"video": False}})
        await asyncio.sleep(LESS_AFTER + 1)
        assert [each.max_height for each in again.of(EncodingsWanted)] == [400, 180]
        bob.session.update_receive_settings({"*": {"video": True}})
        assert [each.max_height for each in again.of(EncodingsWanted)] == [400, 180, None]
        bob.session.leave()
        await asyncio.sleep(LESS_AFTER + 1)
        assert again.of(EncodingsWanted)[-1].max_height == LEAST_HEIGHT
        ada.session.leave()
        await asyncio.sleep(LESS_AFTER + 1)
    assert native.is_empty


@virtually
async def test_of_a_single_encoding_without_layers_nothing_is_told() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, bob = await join("Ada"), await join("Bob")
        bob.session.update_receive_settings({"*": {"video": Wish(max_height=180)}})
        await ada.offer(sending())
        await bob.offer(OfferText(receiving(audio=1, video=1)))
        await asyncio.sleep(LESS_AFTER + 1)
        assert [each.max_height for each in ada.of(EncodingsWanted)] == []


async def test_whoever_wants_it_may_be_at_another_worker() -> None:
    natives = [RecordingEngine(), RecordingEngine(1 << 40)]
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, workers=2, spread_at=0)

    def engines(_: object) -> list[MediaEngine]:
        return [media_engine(native) for native in natives]

    async with SFU(config, open_engines=engines) as sfu:  # type: ignore[arg-type]
        join = Join(sfu)
        ada, bob = await join("Ada"), await join("Bob")
        await ada.offer(LADDER)
        await bob.offer(OfferText(receiving(video=1)))
        home, away = natives if natives[0].inbounds else natives[::-1]
        streams, replicas = list(home.inbounds), list(away.replicas)
        assert [each.inbound for each in away.replicas.values()] == streams
        assert [each.lower for each in away.replicas.values()] == [0, *replicas[:2]]
        away.fire("on_wanted", replicas[2], True)
        home.fire("on_wanted", streams[2], False)
        await turn()
        assert not ada.of(EncodingsWanted)
        away.fire("on_wanted", replicas[2], False)
        await turn()
        assert ada.of(EncodingsWanted)[-1].encodings[2] == ("f", False)
        away.fire("on_wanted", replicas[2], True)
        await turn()
        bob.session.leave()
        await turn()
        assert not away.replicas
        assert [each.encodings[2] for each in ada.of(EncodingsWanted)] == [
            ("f", False),
            ("f", True),
            ("f", False),
        ]
    assert all(native.is_empty for native in natives)
