"""Transport-wide feedback tells the sender of every packet, within what came and when."""

from tests.native.bwe.test_twcc import TICK_US, decode
from tests.scenarios.call import Call, call
from tests.scenarios.participant import Participant


def told(participant: Participant) -> dict[int, int | None]:
    """Arrival in ticks of each transport-wide number, by all feedback; None: reported lost."""
    found: dict[int, int | None] = {}
    near = 65_400
    for packet in participant.feedback:
        base, arrivals, _, _ = decode(packet, ssrcs=None)
        first = near + (base - near + 0x8000) % 0x10000 - 0x8000
        for number, ticks in enumerate(arrivals, first):
            if ticks is not None or number not in found:
                found[number] = ticks
        near = first
    return found


def published(run: Call, **path: float) -> Participant:
    ann, bob = run.join("ann", **path), run.join("bob")
    run.watch(bob, run.film(ann))
    run.run(10)
    ann.cameras[0].on = False
    run.run(1)
    return ann


def test_every_packet_is_told_with_its_arrival() -> None:
    with call() as run:
        ann = published(run)
        found = told(ann)
        assert list(found) == list(ann.sent_seqs)
        for number, sent_us in ann.sent_seqs.items():
            ticks = found[number]
            assert ticks is not None
            assert 0 <= ticks * TICK_US - sent_us - 20_000 <= 2_000


def test_losses_are_told_as_such() -> None:
    with call(2) as run:
        ann = published(run, loss=0.1)
        lost = [number for number, ticks in told(ann).items() if ticks is None]
        assert 0.05 * len(ann.sent_seqs) < len(lost) < 0.2 * len(ann.sent_seqs)


def test_feedback_comes_often_enough_for_the_estimator() -> None:
    with call() as run:
        ann = published(run)
        assert len(ann.feedback) >= 10 * 10
