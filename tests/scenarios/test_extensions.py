"""Header extensions travel on to whoever negotiated them, by their own ids; others end here."""

import struct
from dataclasses import dataclass

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import Call, call
from tests.scenarios.flows import CONTENT_TYPE_ID, PLAYOUT_DELAY_ID, Camera, Viewer, element
from tests.scenarios.participant import Participant

# packet.rtp.ExtensionKind
MID, TRANSPORT_SEQ, CONTENT_TYPE, PLAYOUT_DELAY, CAPTURE_TIME = 0, 3, 6, 7, 8
SCREEN, DELAY, UNKNOWN = b"\x01", b"\x00\x10\x20", b"\x77"
CAPTURE_ID, CAPTURED = 9, bytes(range(1, 17))  # with the estimated offset of the clock


@dataclass
class Talkative(Camera):
    """Says all that there is, and what nobody knows."""

    def _names(self, *, repair: bool = False) -> bytes:
        said = [(CONTENT_TYPE_ID, SCREEN), (PLAYOUT_DELAY_ID, DELAY), (11, UNKNOWN)]
        return super()._names(repair=repair) + b"".join(
            struct.pack("!B", number << 4 | len(value) - 1) + value for number, value in said
        )


@dataclass
class Uneven(Camera):
    """Says one thing more in each second packet, and says it in what others are padded by."""

    def _names(self, *, repair: bool = False) -> bytes:
        names = super()._names(repair=repair)
        names += struct.pack("!B", PLAYOUT_DELAY_ID << 4 | len(DELAY) - 1) + DELAY
        return names + bytes([CONTENT_TYPE_ID << 4]) + SCREEN if self.seq % 2 else names


@dataclass
class Brief(Camera):
    """Says with its keyframes how long to hold what follows."""

    def _packet(self, index: int, count: int, key: bool, size: int) -> bytes:
        self.says_now = key
        return super()._packet(index, count, key, size)

    def _names(self, *, repair: bool = False) -> bytes:
        names = super()._names(repair=repair)
        if repair or not self.says_now:
            return names
        return names + struct.pack("!B", PLAYOUT_DELAY_ID << 4 | len(DELAY) - 1) + DELAY


@dataclass
class Stamped(Camera):
    """Says each second when a frame was captured, in its first packet, as libwebrtc does."""

    def _packet(self, index: int, count: int, key: bool, size: int) -> bytes:
        self.stamps_now = index == 0 and self.frame % 30 == 5
        return super()._packet(index, count, key, size)

    def _names(self, *, repair: bool = False) -> bytes:
        names = super()._names(repair=repair)
        if repair or not self.stamps_now:
            return names
        return names + bytes([CAPTURE_ID << 4 | len(CAPTURED) - 1]) + CAPTURED


def filmed(run: Call, kind: type[Camera] = Talkative) -> int:
    publisher = run.join("publisher")
    known = {MID: 1, 1: 5, 2: 6, TRANSPORT_SEQ: 3, CONTENT_TYPE: 13, PLAYOUT_DELAY: 14}
    run.world.set_extensions(publisher.transport, known | {CAPTURE_TIME: CAPTURE_ID})
    camera = kind(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
    publisher.cameras.append(camera)
    return run.publish(publisher, camera)


def watching(
    run: Call,
    inbound: int,
    ids: dict[int, int],
    *,
    numbered: bool = False,
    rtx: bool = True,
    mid: str = "",
    **path: float,
) -> tuple[Participant, Viewer]:
    receiver = run.join("receiver", **path)
    run.world.set_extensions(receiver.transport, ids)
    _, viewer = run.watch(receiver, inbound, numbered=numbered, rtx=rtx, mid=mid)
    return receiver, viewer


def report(run: Call, receiver: Participant, viewer: Viewer) -> None:
    """The receiver's first one on the stream."""
    block = rtcp.report_block(viewer.ssrc)
    receiver.send_rtcp(run.world.now_us, rtcp.receiver_report(receiver.receiver_ssrc, block))


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("delay_id", [7, 200])
def test_by_the_receivers_ids_in_either_form(delay_id: int, numbered: bool) -> None:
    with call() as run:
        ids = {TRANSPORT_SEQ: 3, CONTENT_TYPE: 9, PLAYOUT_DELAY: delay_id}
        _, viewer = watching(run, filmed(run), ids, numbered=numbered)
        run.run(1)
        assert (viewer.packet[12:14] == b"\xbe\xde") is (delay_id < 15)
        assert element(viewer.packet, 9) == SCREEN
        assert element(viewer.packet, delay_id) == DELAY
        assert (element(viewer.packet, 3) is not None) is numbered
        assert [element(viewer.packet, other) for other in (1, 11, 13, 14)] == [None] * 4
        assert len(viewer.shown) >= 25


def test_who_negotiated_none_gets_plain_packets() -> None:
    with call() as run:
        _, viewer = watching(run, filmed(run), {})
        run.run(1)
        assert viewer.packet[0] & 0x10 == 0
        assert len(viewer.shown) >= 25


def test_packets_of_a_frame_may_carry_different_ones() -> None:
    """All of one message have one size, also where what they carry differs by less than a word."""
    with call() as run:
        ids = {TRANSPORT_SEQ: 3, CONTENT_TYPE: 9, PLAYOUT_DELAY: 7}
        _, viewer = watching(run, filmed(run, Uneven), ids, numbered=True)
        run.run(1)
        assert viewer.repaired == 0
        assert len(viewer.shown) >= 25


def test_with_repeats_too() -> None:
    with call() as run:
        ids = {TRANSPORT_SEQ: 3, CONTENT_TYPE: 9}
        receiver, viewer = watching(run, filmed(run), ids, numbered=True, delay_us=10_000)
        run.run(1)
        receiver.down.loss = 0.2
        begun = viewer.repaired
        while viewer.repaired == begun:
            run.run(0.02)
        assert element(viewer.packet, 9) == SCREEN


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize(("mid_id", "mid"), [(4, "7"), (4, "a-mid-of-sixteen"), (200, "7")])
def test_the_section_until_a_report_names_the_stream(mid_id: int, mid: str, numbered: bool) -> None:
    with call() as run:
        ids = {MID: mid_id, TRANSPORT_SEQ: 3, CONTENT_TYPE: 9}
        receiver, viewer = watching(run, filmed(run), ids, numbered=numbered, mid=mid)
        run.run(1)
        assert element(viewer.packet, mid_id) == mid.encode()
        assert element(viewer.packet, 9) == SCREEN
        assert (element(viewer.packet, 3) is not None) is numbered
        report(run, receiver, viewer)
        run.run(1)
        assert element(viewer.packet, mid_id) is None
        assert element(viewer.packet, 9) == SCREEN
        assert len(viewer.shown) >= 55
        assert viewer.repaired == 0


def test_the_section_in_the_first_packets_to_who_never_reports() -> None:
    with call() as run:
        _, viewer = watching(run, filmed(run), {MID: 4}, mid="7")
        said = []
        for _ in range(5000):
            run.step()
            if viewer.packet:
                said.append(element(viewer.packet, 4))
        assert said[0] == b"7"
        assert said[-1] is None
        assert said == sorted(said, key=lambda one: one is None)  # and never again
        assert viewer.repaired == 0


def test_the_section_not_to_who_did_not_negotiate_it() -> None:
    with call() as run:
        _, viewer = watching(run, filmed(run), {}, mid="7")
        run.run(1)
        assert viewer.packet[0] & 0x10 == 0


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_repeat_without_rtx_says_the_section_if_it_did(seed: int, numbered: bool) -> None:
    """Under one nonce there are the same bytes: the participant itself asserts that."""
    with call(seed) as run:
        ids = {MID: 4, TRANSPORT_SEQ: 3}
        receiver, viewer = watching(
            run, filmed(run, Camera), ids, numbered=numbered, rtx=False, mid="7", delay_us=20_000
        )
        run.run(1)
        receiver.down.loss = 0.2
        run.run(0.2)
        report(run, receiver, viewer)
        run.run(2)
        assert int(run.world.snapshot()["retransmitted"].sum()) > 5


@pytest.mark.parametrize("numbered", [False, True])
def test_when_a_frame_was_captured(numbered: bool) -> None:
    with call() as run:
        inbound = filmed(run, Stamped)
        _, viewer = watching(run, inbound, {TRANSPORT_SEQ: 3, CAPTURE_TIME: 11}, numbered=numbered)
        _, other = watching(run, inbound, {TRANSPORT_SEQ: 3}, numbered=numbered)
        seen: list[bytes] = []
        for _ in range(2000):
            run.step()
            said = element(viewer.packet, 11) if viewer.packet else None
            seen += [said] if said else []
            assert not other.packet or element(other.packet, 11) is None
        assert set(seen) == {CAPTURED}
        assert len(viewer.shown) == len(other.shown) >= 55
        assert viewer.repaired == other.repaired == 0


@pytest.mark.parametrize("numbered", [False, True])
def test_how_long_to_hold_a_picture_whose_packets_are_repaired(numbered: bool) -> None:
    """Lost on the way from its sender, which its receiver does not know: 40 ms there and back."""
    with call() as run:
        inbound = filmed(run, Camera)
        ids = {TRANSPORT_SEQ: 3, PLAYOUT_DELAY: 7}
        _, viewer = watching(run, inbound, ids, numbered=numbered)
        _, other = watching(run, inbound, {TRANSPORT_SEQ: 3}, numbered=numbered)
        run.run(3)
        assert element(viewer.packet, 7) is None
        (publisher,) = (one for one in run.participants if one.name == "publisher")
        publisher.up.loss = 0.1
        run.run(5)
        least = int.from_bytes(element(viewer.packet, 7) or b"", "big") >> 12
        assert 5 <= least <= 12
        assert other.packet[0] & 0x10 == (0x10 if numbered else 0)
        assert element(other.packet, 7) is None
        publisher.up.loss = 0.0
        run.run(14)
        assert element(viewer.packet, 7) == b"\x00\x0f\xff"
        assert len(viewer.shown) >= 0.97 * publisher.cameras[0].frame


def test_its_sender_has_the_word() -> None:
    """Who says it once, with a keyframe, as libwebrtc does."""
    with call() as run:
        inbound = filmed(run, Brief)
        _, viewer = watching(run, inbound, {PLAYOUT_DELAY: 7})
        (publisher,) = (one for one in run.participants if one.name == "publisher")
        publisher.up.loss = 0.1
        said = set()
        for _ in range(5000):
            run.step()
            said.add(element(viewer.packet, 7) if viewer.packet else None)
        assert said == {None, DELAY}
