"""crypto/srtp: replay check, authenticate, decrypt, commit, against libsrtp."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.micro.libsrtp import LibsrtpReceiver
from tests.native.crypto.support import MAKERS, PROFILES, Master, rtp_header
from tests.native.faces.srtp import CryptoSuite
from tests.native.faces.srtp_loop import Fan, libsrtp_unprotect

PACKETS, ROUNDS = 960, 10
SIZES = [100, 1200]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("maker", MAKERS)
def test_9600_packets(benchmark: BenchmarkFixture, maker: str, profile: str, size: int) -> None:
    fan = Fan(MAKERS[maker], PROFILES[profile][0], PACKETS, size)
    fan.make_stream()
    assert benchmark(fan.unprotect, ROUNDS) == PACKETS * ROUNDS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("profile", PROFILES)
def test_960_packets_libsrtp(benchmark: BenchmarkFixture, profile: str, size: int) -> None:
    master = Master.random(profile)
    sender = master.context(CryptoSuite())
    packets = [sender.protect([(seq, rtp_header(seq), bytes(size))])[0] for seq in range(PACKETS)]

    def fresh() -> tuple[tuple[LibsrtpReceiver], dict[str, object]]:
        return (LibsrtpReceiver(master),), {}

    def unprotect(receiver: LibsrtpReceiver) -> None:
        good = libsrtp_unprotect(receiver.session, receiver.unprotect, packets)
        assert good == PACKETS

    benchmark.pedantic(unprotect, setup=fresh, rounds=50)  # type: ignore[no-untyped-call]
