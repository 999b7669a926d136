"""What does not belong: floods, forgeries, replays, and a publisher that lies in its repairs."""

import random

from tests.scenarios import rtcp
from tests.scenarios.call import call
from tests.scenarios.flows import RTX_PT, rtp

STRANGER = ("127.0.0.1", 9)


def test_random_datagrams_while_a_call_runs_cost_no_memory_and_no_answer() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(1)
        before, chance = run.world.counters(), random.Random(5)
        for _ in range(1000):
            noise = [chance.randbytes(chance.randrange(1, 200)) for _ in range(10)]
            run.world.deliver(noise, STRANGER)
            run.step()
        after = run.world.counters()
        assert after["send_errors"] == before["send_errors"] == 0
        assert after["transports"] == 2
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        dropped = sum(after[name] - before[name] for name in after if name.startswith("drop_"))
        assert dropped == 10_000


def test_replayed_and_forged_media_goes_nowhere() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(1)
        ann.cameras[0].on = False
        run.run(0.5)
        packet = ann.outward.protect(ann.cameras[0]._packet(0, 1, False, 100))
        forwarded = run.world.counters()["packets_forwarded"]
        flipped = packet[:-1] + bytes([packet[-1] ^ 1])
        run.world.deliver([flipped, packet, packet, flipped], ann.address)
        run.run(0.1)
        after = run.world.counters()
        assert after["packets_forwarded"] == forwarded + 1
        assert (after["drop_srtp_replayed"], after["drop_srtp_unauthentic"]) == (2, 1)


def test_media_from_another_address_than_the_peer_s_is_dropped() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(1)
        before = run.world.counters()
        packet = ann.outward.protect(ann.cameras[0]._packet(0, 1, False, 100))
        run.world.deliver([packet], STRANGER)
        after = run.world.counters()
        assert after["drop_unknown_source"] == before["drop_unknown_source"] + 1


def test_a_repair_that_differs_from_the_original_is_not_forwarded() -> None:
    """Else one SRTP index would protect two plaintexts for a receiver without RTX, and a publisher
    could bring a receiver's key to light. Participant compares what arrives under one index."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann), rtx=False)
        run.run(1)
        camera = ann.cameras[0]
        dropped = run.world.counters()["drop_duplicate"]
        for seq in list(camera.sent)[-20:]:
            camera.rtx_seq += 1
            lie = seq.to_bytes(2, "big") + b"\x10" + bytes(range(200))
            ann.send_media(
                run.world.now_us,
                [rtp(RTX_PT, camera.rtx_seq, 1, camera.rtx_ssrc, lie, extension=b"\x10v")],
            )
        run.run(1)
        assert run.world.counters()["drop_duplicate"] >= dropped + 15


def test_a_flood_of_goodbyes_is_told_once() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        run.watch(bob, film)
        run.run(1)
        bye = bytes([0x81, 203, 0, 1]) + ann.cameras[0].ssrc.to_bytes(4, "big")
        for _ in range(20):
            ann.send_rtcp(run.world.now_us, bye * 10)
        run.run(1)
        assert [handle for name, handle, _ in run.events if name == "stream-ended"] == [film]


def test_a_flood_of_dtls_crowds_out_no_other_event() -> None:
    """While the event loop does not get to read them: what else there is to tell is told once."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        film = run.film(ann)
        run.watch(bob, film)
        run.run(1)
        bye = bytes([0x81, 203, 0, 1]) + ann.cameras[0].ssrc.to_bytes(4, "big")
        compound = rtcp.receiver_report(ann.receiver_ssrc) + bye
        before = run.world.counters()
        for size in (1200, 1):  # until not even a short one fits
            data = bytes([23, 254, 253]) + bytes(size)
            run.world.deliver([data] * 950, ann.address)
        run.world.deliver([ann.outward.protect_rtcp(compound)], ann.address)
        after = run.world.counters()
        assert ("stream-ended", film, None) in run.world.events()
        assert after["drop_event"] == before["drop_event"]
        assert after["drop_dtls_flood"] > before["drop_dtls_flood"]
