"""bwe/twcc: received packets with a feedback for every 50 of them (50 ms at 1000 a second)."""

from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.twcc import Twcc

PACKETS = 100_000


def test_100_000_packets_with_feedback(benchmark: BenchmarkFixture) -> None:
    size = benchmark(lambda: Twcc().stream(PACKETS, 50))
    assert size > PACKETS
