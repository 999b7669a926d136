"""The servers that ours is compared with do forward the load."""

from benchmarks.compare.__main__ import Plain
from benchmarks.forward import Scenario, connect, disconnect, measure


def test_the_plain_forwarder_brings_every_packet_to_every_receiver() -> None:
    scenario = Scenario(receivers=3, senders=2, rooms=2, audio=True, seconds=0.5)
    with Plain() as server:
        load = connect(scenario, server)
        run = measure(scenario, load)
        disconnect(load)
    assert run["packets_checked"] == 3 * run["sender"]["packets"] > 0
    assert not any(run["errors"].values())
