"""media/loss: one received packet, without loss and with one in ten lost and recovered."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.loss import Loss

PACKETS = 100_000


@pytest.mark.parametrize("lose_every", [10, 1_000_000], ids=["loss 10 %", "no loss"])
def test_100_000_received_packets(benchmark: BenchmarkFixture, lose_every: int) -> None:
    def receive() -> Loss:
        loss = Loss()
        loss.packets(1, PACKETS, lose_every)
        return loss

    assert benchmark(receive).given_up == 0
