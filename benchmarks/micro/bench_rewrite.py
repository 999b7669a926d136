"""media/rewrite: numbers and timestamps of one receiver's packet."""

from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.rewrite import Rewrite

PACKETS = 100_000


def test_rewrite_of_100_000_packets(benchmark: BenchmarkFixture) -> None:
    rewrite = Rewrite(0, 0)
    rewrite.start(0, 0)
    last = benchmark(rewrite.map_many, 0, PACKETS)
    assert last == PACKETS - 1
