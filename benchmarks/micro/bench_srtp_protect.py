"""crypto/srtp: protect one payload for many receivers with keys of their own, against libsrtp.

The time of a round divided by PACKETS is the cost of a packet; LIMITS: 88 ns for AES-128-GCM with
IPsec-MB and 1200 bytes."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro.libsrtp import Libsrtp
from tests.native.crypto.support import MAKERS, PROFILES
from tests.native.faces.srtp_loop import Fan, libsrtp_protect

PACKETS = 9600
SIZES = [100, 1200]


@pytest.mark.parametrize("receivers", [1, 16, 100])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("maker", MAKERS)
def test_9600_packets(
    benchmark: BenchmarkFixture, maker: str, profile: str, size: int, receivers: int
) -> None:
    fan = Fan(MAKERS[maker], PROFILES[profile][0], receivers, size)
    benchmark(fan.protect, PACKETS // receivers, receivers)


@pytest.mark.parametrize("receivers", [1, 16, 100])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
def test_9600_packets_libsrtp(
    benchmark: BenchmarkFixture, profile: str, size: int, receivers: int
) -> None:
    """Rounds continue each session's numbering: libsrtp keeps a replay list for senders too."""
    libsrtp = Libsrtp(profile, receivers)

    turns = PACKETS // receivers

    def protect() -> None:
        first = libsrtp.take(turns)
        assert libsrtp_protect(libsrtp.sessions, libsrtp.protect, first, turns, size) == 0

    benchmark(protect)
