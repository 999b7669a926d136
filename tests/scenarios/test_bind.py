"""Where an RTP packet belongs (RFC 9143 section 9.2): SSRCs that no description names."""

import pytest

from fastsfu._native.packet.codec import Codec
from tests.scenarios.call import VIDEO, Call, call
from tests.scenarios.flows import RTX_PT, VIDEO_PT, Camera, rtp
from tests.scenarios.participant import Participant
from tests.scenarios.test_feedback import told
from tests.scenarios.test_links import replica


class Nameless(Camera):
    """It says no MID."""

    def _names(self, *, repair: bool = False) -> bytes:
        return b"\xa0\x00"  # a level that nobody reads here


def nameless(run: Call, publisher: Participant) -> Camera:
    camera = Nameless(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
    publisher.cameras.append(camera)
    return camera


def test_without_a_mid_its_payload_type_says_so() -> None:
    with call(2) as run:
        ann, bob = run.join("ann", loss=0.03), run.join("bob")
        camera = nameless(run, ann)
        inbound = run.publish(ann, camera, nack=True)
        run.speak(ann)
        _, viewer = run.watch(bob, inbound)
        run.run(4)
        assert len(viewer.shown) > 90
        assert camera.answered > 0
        assert int(run.row(inbound)["retransmitted"]) > 0  # RTX too


def test_a_payload_type_of_two_sections_says_nothing() -> None:
    with call() as run:
        ann = run.join("ann")
        camera = nameless(run, ann)
        streams = [run.publish(ann, camera)]
        streams.append(
            ann.world.inbound(
                ann.transport, kind=VIDEO, mid="w",
                payload_types=[(VIDEO_PT, int(Codec.CODEC_VP8), 90_000, RTX_PT)],
            )
        )  # fmt: skip
        run.run(0.5)
        assert [int(run.row(stream)["packets"]) for stream in streams] == [0, 0]
        assert run.world.counters()["drop_rtp_unknown_ssrc"] > 0


@pytest.mark.parametrize("worker", [0, 1])
@pytest.mark.parametrize("named", [True, False])
def test_an_encoder_that_restarts_goes_on_under_a_new_ssrc(named: bool, worker: int) -> None:
    with call(workers=2) as run:
        ann, bob = run.join("ann"), run.join("bob", worker=worker)
        camera = Camera(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
        ann.cameras.append(camera)
        inbound = run.publish(ann, camera, named=named)
        _, viewer = run.watch(bob, replica(run, ann, inbound, VIDEO, worker) if worker else inbound)
        run.run(2)
        for _ in range(3):
            camera.on = False
            run.run(0.6)
            before, known = camera.frame, dict(viewer.timestamps)
            camera.ssrc, camera.rtx_ssrc = run.chance.getrandbits(32), run.chance.getrandbits(32)
            camera.seq, camera.start_ts = run.chance.getrandbits(16), run.chance.getrandbits(32)
            camera.sent, camera.wants_key = {}, True
            camera.on, camera.next_us = True, run.world.now_us
            run.run(2)
            assert int(run.row(inbound)["ssrc"]) == camera.ssrc
            assert viewer.shown[-1] >= camera.frame - 2
            assert sorted(viewer.numbers) == list(
                range(min(viewer.numbers), max(viewer.numbers) + 1)
            )
            elapsed = (viewer.timestamps[before + 1] - known[before]) & 0xFFFFFFFF
            assert abs(elapsed - 0.6 * 90_000) < 0.1 * 90_000


def test_an_ssrc_of_the_description_that_never_comes_gives_way() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        camera = Camera(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
        ann.cameras.append(camera)
        inbound = run.publish(ann, camera, named=True)
        camera.ssrc, camera.rtx_ssrc = 7, 8
        _, viewer = run.watch(bob, inbound)
        run.run(1)
        assert len(viewer.shown) > 20


def test_two_ssrcs_in_one_section_do_not_take_turns() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        inbound = run.film(ann)
        other = Camera(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance)
        ann.cameras.append(other)
        _, viewer = run.watch(bob, inbound)
        run.run(2)
        assert int(run.row(inbound)["ssrc"]) == ann.cameras[0].ssrc
        assert [name for name, *_ in run.events].count("stream-started") == 1
        assert len(viewer.shown) > 50


@pytest.mark.parametrize("said", [b"", b"\x10w"])
def test_every_authentic_packet_counts_for_the_sender_s_feedback(said: bytes) -> None:
    """Probes on SSRCs that we do not know would else be lost packets to the sender's estimate."""
    with call() as run:
        ann = run.join("ann")
        run.film(ann)
        run.run(0.5)
        probes = [rtp(117, n, 0, 99, bytes(200), extension=said or b"\xa0\0") for n in range(50)]
        ann.send_media(run.world.now_us, probes)
        sent = range(ann.transport_seq - 50, ann.transport_seq)
        run.run(0.4)
        arrivals = told(ann)
        assert all(arrivals[number] is not None for number in sent)
        assert run.world.counters()["drop_rtp_unknown_ssrc"] == 50
