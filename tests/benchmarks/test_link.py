"""The link between namespaces does what it is asked, seen from outside by sockets."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from benchmarks.quality import check, link
from benchmarks.quality.call import go
from benchmarks.quality.link import CLEAN, Conditions, Link, Way
from benchmarks.quality.scenarios import SCENARIOS
from benchmarks.quality.servers import FastSFU
from tests.support.network import Namespaces

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

DOWN_SLOWLY = Conditions(down=Way(rate_bps=800_000, queue_ms=100))


@pytest.fixture
def network() -> Iterator[Namespaces]:
    with Namespaces() as made:
        yield made


def test_more_than_the_rate_fills_the_queue_and_the_rest_is_dropped(network: Namespaces) -> None:
    with Link(network, 1, "house", before=DOWN_SLOWLY) as weak:
        flow = check.send(weak, "down", 1_600_000, 400)
    assert flow.rate_bps == pytest.approx(800_000, rel=0.03)
    assert flow.loss == pytest.approx(0.5, abs=0.06)
    waited = link.queue_ms(weak.trace)
    assert 100 <= waited.max() <= 100 + 2 * 10  # and its own transmission
    assert (weak.trace["outcome"] == link.DROPPED).sum() == flow.sent - len(flow.arrived)


def test_nothing_comes_early_and_nothing_waits_without_a_limit(network: Namespaces) -> None:
    conditions = Conditions(Way(delay_ms=40), Way(delay_ms=15))
    with Link(network, 1, "house", before=conditions) as weak:
        down, up = (check.send(weak, way, 4_000_000, 300) for way in ("down", "up"))
    assert down.loss == up.loss == 0
    assert 40 <= down.delays_ms.min() < 45
    assert 15 <= up.delays_ms.min() < 20
    assert link.queue_ms(weak.trace).max() == 0


def test_the_same_seed_loses_the_same_packets(network: Namespaces) -> None:
    lossy = Conditions(down=Way(loss=0.05))
    arrived = []
    for number, seed in enumerate((7, 7, 8)):
        with Link(network, number, f"house{number}", before=lossy, seed=seed) as weak:
            flow = check.send(weak, "down", 8_000_000, 2000)
        assert flow.loss == pytest.approx(0.05, abs=0.02)  # four standard deviations
        arrived.append(list(flow.arrived[:, 0]))
    assert arrived[0] == arrived[1] != arrived[2]


def test_a_schedule_begins_when_it_is_told_to(network: Namespaces) -> None:
    schedule = [(0.0, CLEAN), (0.3, CLEAN.gone()), (0.5, CLEAN)]
    with Link(network, 1, "house", schedule) as weak:
        before = check.send(weak, "down", 800_000, 60)  # longer than the schedule
        started = weak.start()
        during = check.send(weak, "down", 800_000, 80)
    assert before.loss == 0
    assert during.loss == pytest.approx(0.25, abs=0.03)
    lost = weak.trace[weak.trace["outcome"] == link.LOST]
    since = lost["arrived_us"] / 1e6 - started
    assert 0.3 <= since.min() < since.max() <= 0.5


def test_rtp_is_read_from_what_passes(network: Namespaces) -> None:
    rtp = bytes.fromhex("80e0 1234 00000001 deadbeef 0102")
    with Link(network, 1, "house") as weak, check.sockets(weak, "down") as (sender, receiver, to):
        sender.sendto(rtp, to)
        sender.sendto(bytes(30), to)
        assert receiver.recv(100) == rtp
        assert receiver.recv(100) == bytes(30)
    first, second = weak.trace
    assert (first["ssrc"], first["seq"], first["pt"]) == (0xDEADBEEF, 0x1234, 96)
    assert second["ssrc"] == 0


def test_it_ends_by_itself(network: Namespaces) -> None:
    with Link(network, 1, "house", seconds=0.2) as weak:
        assert weak.wait(5.0) == 0


def test_a_call_on_clean_links_is_whole() -> None:
    found = asyncio.run(go(SCENARIOS["clean"], FastSFU, seed=1))
    assert found["weak"]["fps"] > 5
    assert found["weak"]["height"] == 360
    assert found["link"]["dropped"] == found["link"]["lost"] == 0
    assert found["weak"]["first_frame_ms"] is not None
    assert found["server_cores"] > 0
