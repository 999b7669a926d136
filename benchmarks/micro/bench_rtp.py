"""packet/rtp: header and extensions of a packet such as Chromium sends."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.native.faces.rtp import parse_many

PACKETS = 100_000
FIXED = bytes.fromhex("0001a1b2c3d401020304")
KIND_OF_ID = {1: 4, 3: 3, 4: 0, 13: 5}
EXTENSIONS = {
    "none": ("80", ""),
    "audio": ("90", "bede0003 1085 310102 4030 00000000 00"),
    "video": ("90", "bede0004 22abcdef 310102 4031 d000 5300112233"),
    "two-byte": ("90", "10000003 03020102 040131 0d0100 0000"),
}


@pytest.mark.parametrize("kind", EXTENSIONS)
def test_100_000_parsed_packets(benchmark: BenchmarkFixture, kind: str) -> None:
    first, extension = EXTENSIONS[kind]
    packet = bytes.fromhex(first) + b"\x60" + FIXED + bytes.fromhex(extension) + bytes(1100)
    assert benchmark(parse_many, packet, KIND_OF_ID, PACKETS) == PACKETS
