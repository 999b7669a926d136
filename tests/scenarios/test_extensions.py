"""Header extensions travel on to whoever negotiated them, by their own ids; others end here."""

import struct
from dataclasses import dataclass

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.flows import CONTENT_TYPE_ID, PLAYOUT_DELAY_ID, Camera, Viewer, element
from tests.scenarios.participant import Participant

TRANSPORT_SEQ, CONTENT_TYPE, PLAYOUT_DELAY = 3, 6, 7  # packet.rtp.ExtensionKind
SCREEN, DELAY, UNKNOWN = b"\x01", b"\x00\x10\x20", b"\x77"


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


def filmed(run: Call, kind: type[Camera] = Talkative) -> int:
    publisher = run.join("publisher")
    camera = kind(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
    publisher.cameras.append(camera)
    return run.publish(publisher, camera)


def watching(
    run: Call, inbound: int, ids: dict[int, int], *, numbered: bool = False, **path: float
) -> tuple[Participant, Viewer]:
    receiver = run.join("receiver", **path)
    run.world.set_extensions(receiver.transport, ids)
    _, viewer = run.watch(receiver, inbound, numbered=numbered)
    return receiver, viewer


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
