"""packet/stun: what a connectivity check costs, and what a stranger's forgery does."""

from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.stun import check_many, parse_many
from tests.support.stun import request

PASSWORD = b"0123456789abcdefghijklmn"
CHECKS = 10_000
REQUEST = request(
    (0x0006, b"ours:theirs"),
    (0xC057, b"\0\1\0\2"),
    (0x802A, bytes(8)),
    (0x0025, b""),
    (0x0024, b"\x6e\x7f\x1e\xff"),
    password=PASSWORD,
)


def test_10_000_parsed_requests(benchmark: BenchmarkFixture) -> None:
    assert benchmark(parse_many, REQUEST, CHECKS) == CHECKS


def test_10_000_verified_requests(benchmark: BenchmarkFixture) -> None:
    assert benchmark(check_many, REQUEST, PASSWORD, CHECKS) == CHECKS


def test_10_000_forged_requests(benchmark: BenchmarkFixture) -> None:
    """With the right fingerprint, so that they are read to the end."""
    assert benchmark(check_many, REQUEST, b"not the password", CHECKS) == 0
