"""A sender without transport-wide feedback is told by REMB how much of it is wanted at most."""

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.flows import Camera
from tests.scenarios.participant import Participant

KBPS = 1000
MOST = 20_000 * KBPS  # of one source that nothing bounds


def filmed(run: Call, **feedback: bool) -> tuple[Participant, int]:
    publisher = run.join("publisher")
    return publisher, run.film(publisher, remb=True, **feedback)


def watching(run: Call, camera: int, rate_bps: int | None = None) -> tuple[Participant, int]:
    receiver = run.join("receiver")
    receiver.down.rate_bps = rate_bps
    outbound, _ = run.watch(receiver, camera, numbered=True)
    return receiver, outbound


def told(publisher: Participant) -> int:
    return publisher.demands[-1][1]


def test_each_second_while_nothing_bounds_it() -> None:
    with call() as run:
        publisher, camera = filmed(run)
        watching(run, camera)
        run.run(5)
        assert 4 <= len(publisher.demands) <= 6
        assert told(publisher) == pytest.approx(MOST, rel=1e-4)
        assert publisher.demands[-1][2] == [publisher.cameras[0].ssrc]


def test_of_all_that_it_sends() -> None:
    with call() as run:
        publisher, _ = filmed(run)
        screen = Camera(run.chance.getrandbits(32), run.chance.getrandbits(32), run.chance, mid="s")
        publisher.cameras.append(screen)
        run.publish(publisher, screen, remb=True)
        run.run(1.5)
        assert told(publisher) == pytest.approx(2 * MOST, rel=1e-4)
        assert publisher.demands[-1][2] == [one.ssrc for one in publisher.cameras]


def test_not_where_it_was_not_negotiated() -> None:
    with call() as run:
        publisher = run.join("publisher")
        watching(run, run.film(publisher), 250 * KBPS)
        run.run(4)
        assert publisher.demands == []


@pytest.mark.parametrize("seed", range(3))
def test_what_the_receiver_with_the_most_room_can_have(seed: int) -> None:
    with call(seed) as run:
        publisher, camera = filmed(run)
        watching(run, camera, 100 * KBPS)
        watching(run, camera, 250 * KBPS)
        run.run(10)
        assert 100 * KBPS < told(publisher) <= 275 * KBPS
        gaps = [b[0] - a[0] for a, b in zip(publisher.demands, publisher.demands[1:], strict=False)]
        assert max(gaps) <= 1_250_000
        assert min(gaps) >= 100_000


def test_one_narrow_receiver_bounds_nobody() -> None:
    with call() as run:
        publisher, camera = filmed(run)
        watching(run, camera, 250 * KBPS)
        watching(run, camera)
        run.run(8)
        assert {bps for _, bps, _ in publisher.demands} == {told(publisher)}
        assert told(publisher) == pytest.approx(MOST, rel=1e-4)


def test_at_once_when_the_only_receiver_leaves() -> None:
    """The next one is to have a good picture, and who was told little takes long to grow."""
    with call() as run:
        publisher, camera = filmed(run)
        _, outbound = watching(run, camera, 250 * KBPS)
        run.run(8)
        assert told(publisher) < 300 * KBPS
        run.world.close("outbound", outbound)
        run.run(0.4)
        assert told(publisher) == pytest.approx(MOST, rel=1e-4)


def test_for_receivers_of_another_worker() -> None:
    with call(workers=2) as run:
        publisher, camera = filmed(run)
        there = run.worlds[1]
        replica = there.replica(run.world, camera, kind=1, clock_rate=90_000)
        receiver = run.join("receiver", worker=1)
        receiver.down.rate_bps = 250 * KBPS
        outbound, _ = run.watch(receiver, replica, numbered=True)
        run.run(10)
        assert 100 * KBPS < told(publisher) <= 275 * KBPS
        there.close("outbound", outbound)
        run.run(0.5)
        assert told(publisher) == pytest.approx(MOST, rel=1e-4)
