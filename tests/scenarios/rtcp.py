"""RTCP for the emulated clients, by hand from the RFCs: what the worker's own code is not."""

import struct
from collections.abc import Iterator


def walk(compound: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(packet type, count or format, body behind the header) of each packet."""
    while compound:
        first, kind, length = struct.unpack_from("!BBH", compound)
        assert first >> 6 == 2
        assert 4 * (length + 1) <= len(compound)
        yield kind, first & 31, compound[4 : 4 * (length + 1)]
        compound = compound[4 * (length + 1) :]


def packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def nack(sender: int, media: int, seqs: list[int]) -> bytes:
    """RFC 4585 section 6.2.1, one entry for each number."""
    entries = b"".join(struct.pack("!HH", seq, 0) for seq in seqs)
    return packet(205, 1, struct.pack("!II", sender, media) + entries)


def read_nack(body: bytes) -> list[int]:
    seqs = []
    for first, mask in struct.iter_unpack("!HH", body[8:]):
        seqs += [first, *(first + 1 + bit & 0xFFFF for bit in range(16) if mask >> bit & 1)]
    return seqs


def pli(sender: int, media: int) -> bytes:
    return packet(206, 1, struct.pack("!II", sender, media))


def remb(sender: int, bps: int, ssrcs: list[int]) -> bytes:
    """draft-alvestrand-rmcat-remb-03 section 2.2."""
    exponent = max(0, bps.bit_length() - 18)
    head = struct.pack(
        "!II4sI", sender, 0, b"REMB", len(ssrcs) << 24 | exponent << 18 | bps >> exponent
    )
    return packet(206, 15, head + b"".join(struct.pack("!I", ssrc) for ssrc in ssrcs))


def read_remb(body: bytes) -> tuple[int, list[int]]:
    """(bits a second, the SSRCs that they are of)."""
    assert body[4:12] == bytes(4) + b"REMB"
    (word,) = struct.unpack_from("!I", body, 12)
    ssrcs = [ssrc for (ssrc,) in struct.iter_unpack("!I", body[16:])]
    assert len(ssrcs) == word >> 24
    return (word & 0x3FFFF) << (word >> 18 & 63), ssrcs


def read_fir(body: bytes) -> dict[int, int]:
    """Command number by SSRC (RFC 5104 section 4.3.1.1)."""
    return {ssrc: rest >> 24 for ssrc, rest in struct.iter_unpack("!II", body[8:])}


def receiver_report(sender: int, *blocks: bytes) -> bytes:
    return packet(201, len(blocks), struct.pack("!I", sender) + b"".join(blocks))


def report_block(
    ssrc: int,
    *,
    fraction_lost: int = 0,
    lost: int = 0,
    highest: int = 0,
    lsr: int = 0,
    dlsr: int = 0,
) -> bytes:
    """RFC 3550 section 6.4.1; the share lost is in 256ths, `highest` the extended number."""
    return struct.pack(
        "!IIIIII", ssrc, fraction_lost << 24 | lost, highest, 0, lsr & 0xFFFFFFFF, dlsr
    )


def sender_report(ssrc: int, ntp: int, ts: int, packets: int, octets: int) -> bytes:
    return packet(200, 0, struct.pack("!IQIII", ssrc, ntp, ts & 0xFFFFFFFF, packets, octets))


def read_sender_report(body: bytes) -> tuple[int, int, int]:
    """(SSRC, NTP time, RTP timestamp)."""
    return struct.unpack_from("!IQI", body)
