"""What a session says of its media, and why it is so: read from the rows of an engine."""

import time
from collections.abc import Callable

import pytest

from fastsfu.session.stats import Limit, ReceivedStats, SessionStats
from fastsfu.tracks import Wish
from tests.support.offers import OfferText, Section, receiving
from tests.support.recording_engine import RecordingEngine
from tests.support.sessions import Client, Join, turn

LADDER = OfferText((Section("v", "video", rids=("q", "h", "f")),))
HEIGHTS = (180, 360, 720)
WAITING, FLOWING = 0, 1
ANY = 255


class Call:
    """Ada sends a picture in three sizes, and Bob gets the largest, until a test says otherwise."""

    ada: Client
    bob: Client

    def __init__(self, native: RecordingEngine) -> None:
        self.native = native

    async def open(self, join: Join) -> None:
        self.native.connects = True
        self.ada, self.bob = await join("Ada"), await join("Bob")
        await self.ada.offer(LADDER)
        await self.bob.receive_all(OfferText())
        await turn()
        self.encodings = list(self.native.inbounds)
        self.outbound = next(iter(self.native.outbounds))
        for layer, (handle, height) in enumerate(zip(self.encodings, HEIGHTS, strict=True)):
            self.sends(handle, height=height, keyframes=1, layer=layer)
        self.gets(source=self.encodings[-1], state=FLOWING, fits=ANY, fits_temporal=ANY)

    def sends(self, handle: int, *, ago: float = 0.1, **columns: int) -> None:
        row = self.native.counted.setdefault(handle, {})
        row |= columns | {"last_packet_us": time.monotonic_ns() // 1000 - round(ago * 1e6)}

    def gets(self, **columns: int) -> None:
        self.native.counted.setdefault(self.outbound, {}).update(columns)

    def fits(self, estimate_bps: int) -> None:
        handle = self.bob.session.path.handle
        assert handle is not None
        self.native.counted[handle] = {"estimate_bps": estimate_bps}

    def suspends(self) -> None:
        self.bob.session.engine._owners.on_limit(self.outbound, "suspended")

    def received(self, since: SessionStats | None = None) -> ReceivedStats:
        [received] = self.bob.session.stats(since).receives
        return received


@pytest.fixture
async def call(join: Join, native: RecordingEngine) -> Call:
    made = Call(native)
    await made.open(join)
    return made


def test_all_that_its_sender_sends(call: Call) -> None:
    got = call.received()
    assert (got.session_id, got.source) == (call.ada.session.id, "video")
    assert (got.state, got.encoding, got.height) == ("flowing", 2, 720)
    assert (got.limit, got.why) == (None, "All that its sender sends, 720 lines.")
    assert call.bob.session.stats().why == []
    [sent] = call.ada.session.stats().sends
    assert [(one.rid, one.height) for one in sent.encodings] == [("q", 180), ("h", 360), ("f", 720)]
    assert [one.rid for one in got.encodings] == ["q", "h", "f"]
    assert sent.limit is None


def test_their_order_is_the_engine_s_where_one_never_comes(call: Call) -> None:
    """As of a small picture, whose third encoding a browser leaves out."""
    largest, smaller, absent = call.encodings
    call.sends(largest, height=360, layer=1)
    call.sends(smaller, height=180, layer=0)
    call.native.counted[absent] = {"layer": 2}
    call.gets(source=largest)
    got = call.received()
    assert [one.height for one in got.encodings] == [180, 360, None]
    assert (got.encoding, got.height) == (1, 360)
    assert (got.limit, got.why) == (None, "All that its sender sends, 360 lines.")
    [sent] = call.ada.session.stats().sends
    assert (sent.limit, sent.why) == (None, "All that is wanted of it comes.")
    call.fits(500_000)
    call.gets(source=smaller, fits=0)
    got = call.received()
    assert (got.encoding, got.height, got.limit) == (0, 180, "bandwidth")


def test_a_smaller_one_by_its_link(call: Call) -> None:
    call.fits(500_000)
    call.gets(source=call.encodings[0], fits=0)
    got = call.received()
    assert (got.encoding, got.height, got.limit) == (0, 180, "bandwidth")
    assert got.why == "180 lines instead of 720 lines: 500 kbit/s fit to the client."
    before = call.bob.session.stats()
    for handle in call.encodings:
        call.sends(handle, bytes=100_000)
    assert "and the larger one needs" in call.received(before).why
    assert call.bob.session.stats().path.estimate_bps == 500_000


def test_suspended_by_its_link(call: Call) -> None:
    call.fits(120_000)
    call.suspends()
    got = call.received()
    assert (got.state, got.encoding, got.height, got.limit) == (
        "suspended",
        None,
        None,
        "suspended",
    )
    assert got.why.startswith("Suspended: 120 kbit/s fit to the client")
    assert call.bob.session.stats().why == [f"Receives video of {got.session_id}: {got.why}"]


def test_fewer_pictures_by_its_link(call: Call) -> None:
    call.fits(120_000)
    for handle in call.encodings[1:]:
        call.sends(handle, ago=9)
    call.gets(source=call.encodings[0], fits=0, fits_temporal=0)
    got = call.received()
    assert (got.encoding, got.limit) == (0, "bandwidth")
    assert got.why == "Fewer pictures a second: 120 kbit/s fit to the client."


def wishes_less(call: Call) -> None:
    call.bob.session.update_receive_settings({"*": {"video": Wish(max_height=200)}})
    call.gets(source=call.encodings[0], fits=0)  # as on a link that was full once


def declines(call: Call) -> None:
    call.bob.session.update_receive_settings({"*": {"video": False}})


def is_muted(call: Call) -> None:
    call.ada.session.update_local({"video": False})


def is_silent(call: Call) -> None:
    for handle in call.encodings:
        call.sends(handle, ago=9)


def waits(call: Call) -> None:
    call.gets(state=WAITING)


def switches(call: Call) -> None:
    call.gets(source=call.encodings[1])


def sends_two(call: Call) -> None:
    call.sends(call.encodings[2], ago=9)
    call.gets(source=call.encodings[1])


def sends_little_of_the_largest(call: Call) -> None:
    call.sends(call.encodings[2], scanty=1)
    call.gets(source=call.encodings[1])


def loses_on_the_way_here(call: Call) -> None:
    call.sends(call.encodings[2], fraction_lost=26)


@pytest.mark.parametrize(
    ("happens", "state", "limit", "words"),
    [
        (wishes_less, "flowing", "wish", "the client asks for no more"),
        (declines, "paused", "declined", "declines it"),
        (is_muted, "flowing", "sender-off", "turned it off"),
        (is_silent, "flowing", "sender-silent", "Nothing of it comes"),
        (waits, "waiting", "keyframe", "next keyframe"),
        (switches, "flowing", "keyframe", "360 lines instead of 720 lines: it waits"),
        (sends_two, "flowing", "sender-link", "no larger size"),
        (sends_little_of_the_largest, "flowing", "sender-link", "no larger size"),
        (loses_on_the_way_here, "flowing", "sender-link", "10% of it is lost"),
    ],
)
async def test_each_cause_has_its_words(
    call: Call, happens: Callable[[Call], None], state: str, limit: Limit, words: str
) -> None:
    happens(call)
    got = call.received()
    assert (got.state, got.limit) == (state, limit)
    assert words in got.why


async def test_who_pauses_while_nobody_speaks_sends_all_there_is(
    join: Join, native: RecordingEngine
) -> None:
    native.connects = True
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(OfferText((Section("a", "audio"),)))
    await bob.receive_all(OfferText())
    await turn()
    paused_us = time.monotonic_ns() // 1000 - 3_000_000
    for handle in native.inbounds:
        native.counted[handle] = {"last_packet_us": paused_us}
    for handle, outbound in native.outbounds.items():
        native.counted[handle] = {"source": outbound.inbound, "state": FLOWING, "fits": ANY}
    [got] = bob.session.stats().receives
    [sent] = ada.session.stats().sends
    assert (got.state, got.limit, sent.limit) == ("flowing", None, None)


async def test_what_is_not_forwarded_says_so(join: Join, native: RecordingEngine) -> None:
    native.connects = True
    ada, bob, cy = await join("Ada"), await join("Bob"), await join("Cy")
    await ada.offer(LADDER)
    [before] = bob.session.stats().receives
    assert (before.limit, bob.session.stats().path.stage) == ("no-path", "no-offer")
    await bob.offer(OfferText(receiving(audio=1)))
    [none] = bob.session.stats().receives
    assert (none.state, none.limit) == ("absent", "no-section")
    h264 = OfferText((Section("r", "video", "recvonly", codecs=("96 H264/90000",)),))
    await cy.offer(h264)
    [undecodable] = cy.session.stats().receives
    assert undecodable.limit == "no-codec"
    bob.session.update_receive_settings({"*": {"video": False}})
    [declined] = bob.session.stats().receives
    assert (declined.state, declined.limit) == ("absent", "declined")


def test_rates_are_those_since_an_earlier_look(call: Call) -> None:
    call.gets(bytes=1000)
    before = call.bob.session.stats()
    assert before.receives[0].stream is not None
    assert before.receives[0].stream.bits_per_second is None
    call.gets(bytes=126_000)
    after = call.bob.session.stats(before.model_copy(update={"at": before.at - 1}))
    assert after.receives[0].stream is not None
    assert after.receives[0].stream.bits_per_second == pytest.approx(1e6, rel=0.2)


def test_the_path_and_its_losses(call: Call) -> None:
    call.gets(rtt_us=40_000, fraction_lost=64)
    path = call.bob.session.stats().path
    assert (path.stage, path.address) == ("media", "192.0.2.1:5000")
    assert path.srtp_profile == "AEAD_AES_128_GCM"
    assert (path.round_trip_time, path.fraction_lost_down) == (0.04, 0.25)
    assert not path.is_own_address
    assert "25% is lost between the server and the client." in call.bob.session.stats().why
    assert SessionStats.model_validate_json(call.bob.session.stats().model_dump_json())
