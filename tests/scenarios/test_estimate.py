"""What fits to a receiver is estimated from what it says of what has left."""

import pytest

from tests.scenarios import rtcp
from tests.scenarios.call import Call, call
from tests.scenarios.ladder import watched_ladder
from tests.scenarios.participant import Participant

KBPS = 1000


def two(opened: Call, *, rtx: bool = True, numbered: bool = True, loss: float = 0.0):
    """(publisher, receiver, handle of the stream to it, its viewer); sound goes along."""
    publisher = opened.join("publisher")
    receiver = opened.join("receiver", loss=loss)
    camera, microphone = opened.film(publisher), opened.speak(publisher)
    outbound, viewer = opened.watch(receiver, camera, rtx=rtx, numbered=numbered)
    opened.listen(receiver, microphone, numbered=numbered)
    return publisher, receiver, outbound, viewer


def estimate(opened: Call, receiver: Participant) -> int:
    return int(opened.row(receiver.transport)["estimate_bps"])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_everything_that_leaves_is_numbered_once(loss: float, seed: int) -> None:
    """Sound, video and RTX: the numbers have no gap, and none comes twice."""
    with call(seed) as opened:
        _, receiver, _, viewer = two(opened, loss=loss)
        opened.run(5)
        assert receiver.numbers == list(range(len(receiver.numbers)))
        assert len(receiver.numbers) > 500
        assert (viewer.repaired > 0) == (loss > 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_repeat_has_the_number_that_it_had(seed: int) -> None:
    """Without RTX; that the bytes are the same the participant itself asserts."""
    with call(seed) as opened:
        _, receiver, outbound, viewer = two(opened, rtx=False, loss=0.05)
        opened.run(5)
        assert opened.row(outbound)["retransmitted"] > 5
        assert viewer.shown[-1] > 140
        first_sent = list(dict.fromkeys(receiver.numbers))
        assert first_sent == list(range(len(first_sent)))
        assert len(first_sent) < len(receiver.numbers)


def test_without_numbers_nothing_changes() -> None:
    with call() as opened:
        _, receiver, _, viewer = two(opened, numbered=False)
        opened.run(3)
        assert receiver.numbers == []
        assert estimate(opened, receiver) == 0
        assert viewer.shown[-1] > 80


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_link_is_estimated_above_what_is_sent(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, outbound, _ = two(opened)
        opened.run(10)
        sent_bps = int(opened.row(outbound)["bytes"]) * 8 / 10
        assert estimate(opened, receiver) > sent_bps


@pytest.mark.parametrize("seed", range(3))
def test_a_narrow_link_is_estimated_below_its_rate(seed: int) -> None:
    with call(seed) as opened:
        _, receiver, _, _ = two(opened)
        receiver.down.rate_bps = 250 * KBPS
        opened.run(10)
        assert 100 * KBPS < estimate(opened, receiver) <= 275 * KBPS


def test_a_receiver_that_tells_nothing_has_no_estimate() -> None:
    with call() as opened:
        _, receiver, _, _ = two(opened)
        receiver.tells = False
        opened.run(5)
        assert estimate(opened, receiver) == 0


def test_a_remb_below_what_is_sent_is_the_estimate() -> None:
    with call() as opened:
        _, receiver, _, viewer = two(opened, numbered=False)
        for _ in range(5):
            opened.run(1)
            remb = rtcp.remb(receiver.receiver_ssrc, 200 * KBPS, [viewer.ssrc])
            receiver.send_rtcp(opened.world.now_us, remb)
        opened.run(0.1)
        assert estimate(opened, receiver) == pytest.approx(200 * KBPS, rel=0.01)


def test_malformed_feedback_is_counted_and_loses_nothing_else() -> None:
    with call() as opened:
        _, receiver, _, viewer = two(opened)
        opened.run(2)
        before = opened.world.counters()["drop_rtcp_malformed"]
        bad = rtcp.packet(205, 15, bytes(8) + b"\0\0\xff\xff" + bytes(8))
        receiver.send_rtcp(opened.world.now_us, bad)
        opened.run(2)
        assert opened.world.counters()["drop_rtcp_malformed"] == before + 1
        assert viewer.shown[-1] > 100


def test_a_number_is_repeated_once_for_each_round_trip() -> None:
    """However often a receiver asks: 40 ms are the way there and back."""
    with call() as opened:
        _, receiver, outbound, viewer = two(opened)
        opened.run(4)
        before = int(opened.row(outbound)["retransmitted"])
        newest = viewer.highest
        for _ in range(50):
            nack = rtcp.nack(receiver.receiver_ssrc, viewer.ssrc, [newest & 0xFFFF])
            receiver.send_rtcp(opened.world.now_us, nack)
            opened.run(0.004)
        repeated = int(opened.row(outbound)["retransmitted"]) - before
        assert 2 <= repeated <= 7


def test_repeats_stay_within_a_quarter_of_the_estimate() -> None:
    """A receiver that asks for all that it ever got of two pictures, each 50 ms, gets a quarter of
    what fits, not all of it, nor a quarter for each.
    """
    with call() as opened:
        _, receiver, first, viewer = two(opened)
        second, other = opened.watch(
            receiver, opened.film(opened.join("third")), rtx=True, numbered=True
        )
        opened.run(6)
        outbound = first, second
        before = sum(int(opened.row(each)["retransmitted"]) for each in outbound)
        bound = estimate(opened, receiver) / 4 / 8  # bytes a second
        for _ in range(80):
            for one in (viewer, other):
                seqs = [seq & 0xFFFF for seq in range(one.highest - 100, one.highest)]
                nack = rtcp.nack(receiver.receiver_ssrc, one.ssrc, seqs)
                receiver.send_rtcp(opened.world.now_us, nack)
            opened.run(0.05)
        repeated = sum(int(opened.row(each)["retransmitted"]) for each in outbound) - before
        bound = max(bound, estimate(opened, receiver) / 4 / 8)
        assert 0 < repeated * 200 <= bound * 5 * 1.1


def test_while_a_queue_overflows_what_others_refer_to_is_repeated_first() -> None:
    """What is lost before its feedback tells of it is repeated as ever."""
    repaired: list[int] = []
    for seed in range(4):
        with call(seed) as opened:
            film = watched_ladder(opened, rungs=1, numbered=True)
            (camera,) = film.encodings
            camera.share, camera.usual_packets, camera.key_packets = 1.0, (9, 10), (24, 32)
            opened.run(5)
            film.receiver.down.rate_bps = 1_000 * KBPS
            opened.run(0.5)
            film.viewer.repaired_tids.clear()
            opened.run(1.0)
            repaired += film.viewer.repaired_tids
    assert len(repaired) > 40
    assert sum(tid > 0 for tid in repaired) <= len(repaired) / 3


def test_one_receiver_costs_the_others_three_keyframes_in_ten_seconds() -> None:
    with call() as opened:
        publisher, receiver, _, viewer = two(opened)
        opened.run(2)
        before = publisher.cameras[0].key_frames
        for _ in range(200):
            receiver.send_rtcp(opened.world.now_us, rtcp.pli(receiver.receiver_ssrc, viewer.ssrc))
            opened.run(0.05)
        asked = publisher.cameras[0].key_frames - before
        assert 1 <= asked <= 3
        opened.run(1)
        receiver.send_rtcp(opened.world.now_us, rtcp.pli(receiver.receiver_ssrc, viewer.ssrc))
        opened.run(1)
        assert publisher.cameras[0].key_frames - before > asked
