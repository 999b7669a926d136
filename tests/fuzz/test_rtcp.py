"""Every RTCP reader on every packet of anything that can be walked."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces import rtcp

BLOCK = {
    "ssrc": 7, "fraction_lost": 3, "lost": -2, "highest_seq": 70_000, "jitter": 9, "lsr": 1,
    "dlsr": 2,
}  # fmt: skip
SENDER = {"ssrc": 1, "ntp": 2**63, "rtp_ts": 90_000, "packets": 10, "octets": 1000}
CORPUS = [
    rtcp.write_reports(SENDER, 1, [BLOCK, BLOCK]) + rtcp.write_cname(1, b"cname"),
    rtcp.write_reports(None, 1, [BLOCK]) + rtcp.write_nack(1, 2, [5, 6, 30, 65535]),
    rtcp.write_reports(None, 1, []) + rtcp.write_pli(1, 2) + rtcp.write_fir(1, 9, 3),
    rtcp.write_bye([1, 2, 3]),
    bytes.fromhex("a1cb00020000000100000004"),  # padded BYE
]


def test_rtcp() -> None:
    fuzz("rtcp", read, CORPUS)


def read(compound: bytes) -> Hashable:
    packets, whole = rtcp.walk(compound, fir_ssrc=9, at_a_time=5)
    for packet in packets:
        assert packet["bytes"] in compound
        assert len(packet["reports"]) <= packet["count"]
        assert len(packet["byes"]) <= packet["count"]
        assert len(packet["nacks"]) <= 17 * len(packet["bytes"]) // 4
    shapes = {
        (packet["type"], *(key for key, value in packet.items() if value)) for packet in packets
    }
    return whole, min(len(packets), 5), frozenset(shapes)
