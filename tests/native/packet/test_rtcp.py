"""RTCP against aiortc's classes, and what malformed compounds come to."""

import pytest
from aiortc import rtp as aiortc_rtp
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces import rtcp

U8, U16, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
BLOCKS = st.lists(
    st.fixed_dictionaries(
        {
            "ssrc": U32,
            "fraction_lost": U8,
            "lost": st.integers(-(2**23), 2**23 - 1),
            "highest_seq": U32,
            "jitter": U32,
            "lsr": U32,
            "dlsr": U32,
        }
    ),
    max_size=31,
)
SENDER = st.fixed_dictionaries(
    {"ssrc": U32, "ntp": U64, "rtp_ts": U32, "packets": U32, "octets": U32}
)


def only(compound: bytes, **options: int) -> dict[str, object]:
    """What the readers make of a compound of one packet."""
    packets, whole = rtcp.walk(compound, **options)
    assert whole
    (packet,) = packets
    assert isinstance(packet, dict)
    return packet


def as_theirs(block: dict[str, int]) -> aiortc_rtp.RtcpReceiverInfo:
    return aiortc_rtp.RtcpReceiverInfo(
        ssrc=block["ssrc"],
        fraction_lost=block["fraction_lost"],
        packets_lost=block["lost"],
        highest_sequence=block["highest_seq"],
        jitter=block["jitter"],
        lsr=block["lsr"],
        dlsr=block["dlsr"],
    )


@given(SENDER, BLOCKS)
def test_sender_report(sender: dict[str, int], blocks: list[dict[str, int]]) -> None:
    ours = rtcp.write_reports(sender, 0, blocks)
    assert len(ours) == 28 + 24 * len(blocks)
    theirs = aiortc_rtp.RtcpSrPacket(
        ssrc=sender["ssrc"],
        sender_info=aiortc_rtp.RtcpSenderInfo(
            ntp_timestamp=sender["ntp"],
            rtp_timestamp=sender["rtp_ts"],
            packet_count=sender["packets"],
            octet_count=sender["octets"],
        ),
        reports=[as_theirs(block) for block in blocks],
    )
    assert ours == bytes(theirs)
    read = only(ours)
    assert read["sender"] == sender
    assert read["reports"] == blocks


@given(U32, BLOCKS)
def test_receiver_report(ssrc: int, blocks: list[dict[str, int]]) -> None:
    ours = rtcp.write_reports(None, ssrc, blocks)
    reports = [as_theirs(block) for block in blocks]
    assert ours == bytes(aiortc_rtp.RtcpRrPacket(ssrc=ssrc, reports=reports))
    read = only(ours)
    assert read["reports"] == blocks
    assert read["sender"] is None


@pytest.mark.parametrize(("lost", "written"), [(2**23, 2**23 - 1), (-(2**24), -(2**23))])
def test_cumulative_loss_stays_in_24_bits(lost: int, written: int) -> None:
    block = dict.fromkeys(("ssrc", "fraction_lost", "highest_seq", "jitter", "lsr", "dlsr"), 0)
    ours = rtcp.write_reports(None, 1, [block | {"lost": lost}])
    assert only(ours)["reports"] == [block | {"lost": written}]


@given(U32, st.binary(max_size=255))
def test_cname(ssrc: int, cname: bytes) -> None:
    ours = rtcp.write_cname(ssrc, cname)
    (theirs,) = aiortc_rtp.RtcpPacket.parse(ours)
    assert isinstance(theirs, aiortc_rtp.RtcpSdesPacket)
    (chunk,) = theirs.chunks
    assert (chunk.ssrc, chunk.items) == (ssrc, [(1, cname)])
    assert len(ours) % 4 == 0
    assert ours.endswith(b"\0")


@given(st.lists(U32, max_size=31))
def test_bye(ssrcs: list[int]) -> None:
    ours = rtcp.write_bye(ssrcs)
    assert ours == bytes(aiortc_rtp.RtcpByePacket(sources=ssrcs))
    assert only(ours)["byes"] == ssrcs


@given(U32, U32, U16, st.lists(st.integers(0, 2000), unique=True, max_size=120), st.integers(1, 40))
def test_nack(sender: int, media: int, first: int, steps: list[int], at_a_time: int) -> None:
    seqs = [(first + step) & 0xFFFF for step in sorted(steps)]
    ours = rtcp.write_nack(sender, media, seqs)
    (theirs,) = aiortc_rtp.RtcpPacket.parse(ours)
    assert isinstance(theirs, aiortc_rtp.RtcpRtpfbPacket)
    assert [seq & 0xFFFF for seq in theirs.lost] == seqs
    if seqs == sorted(seqs):  # aiortc does not write numbers across the wrap
        assert ours == bytes(theirs)
    read = only(ours, at_a_time=at_a_time)
    assert read["nacks"] == seqs
    assert read["feedback"] == {"sender_ssrc": sender, "media_ssrc": media}


def test_nack_is_as_short_as_can_be() -> None:
    assert len(rtcp.write_nack(1, 2, list(range(17)))) == 16
    assert len(rtcp.write_nack(1, 2, list(range(18)))) == 20
    assert len(rtcp.write_nack(1, 2, [7, 7, 8])) == 16


@given(U32, U32)
def test_pli(sender: int, media: int) -> None:
    ours = rtcp.write_pli(sender, media)
    assert ours == bytes(aiortc_rtp.RtcpPsfbPacket(fmt=1, ssrc=sender, media_ssrc=media))
    assert only(ours)["feedback"] == {"sender_ssrc": sender, "media_ssrc": media}


@given(U32, U32, U8)
def test_fir(sender: int, media: int, command: int) -> None:
    ours = rtcp.write_fir(sender, media, command)
    entry = media.to_bytes(4, "big") + bytes([command, 0, 0, 0])
    theirs = aiortc_rtp.RtcpPsfbPacket(fmt=4, ssrc=sender, media_ssrc=0, fci=entry)
    assert ours == bytes(theirs)
    assert only(ours, fir_ssrc=media)["fir"]
    assert not only(ours, fir_ssrc=media ^ 1)["fir"]


def test_fir_with_several_entries() -> None:
    entries = b"".join(ssrc.to_bytes(4, "big") + bytes(4) for ssrc in (10, 20, 30))
    fir = bytes(aiortc_rtp.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=entries))
    assert [only(fir, fir_ssrc=ssrc)["fir"] for ssrc in (10, 20, 30, 1, 0)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_compound_is_walked_in_order() -> None:
    compound = rtcp.write_reports(None, 1, []) + rtcp.write_cname(1, b"name") + rtcp.write_pli(1, 2)
    packets, whole = rtcp.walk(compound)
    assert whole
    assert [packet["type"] for packet in packets] == [201, 202, 206]
    assert b"".join(packet["bytes"] for packet in packets) == compound


def test_readers_keep_to_their_own_type() -> None:
    packets, _ = rtcp.walk(
        rtcp.write_reports(None, 1, []) + rtcp.write_bye([5]) + rtcp.write_nack(1, 2, [3])
    )
    report, bye, nack = packets
    assert (report["byes"], report["nacks"], report["feedback"]) == ([], [], None)
    assert (bye["reports"], bye["sender"]) == ([], None)
    assert (nack["byes"], nack["fir"]) == ([], False)


def padded(packet: bytes, padding: bytes) -> bytes:
    length = (len(packet) + len(padding)) // 4 - 1
    return bytes([packet[0] | 0x20, packet[1]]) + length.to_bytes(2, "big") + packet[4:] + padding


def test_padding_of_the_last_packet_is_taken_off() -> None:
    bye = rtcp.write_bye([1, 2])
    packets, whole = rtcp.walk(rtcp.write_pli(1, 2) + padded(bye, b"\0\0\0\0\0\0\0\x08"))
    assert whole
    assert len(packets[1]["bytes"]) == len(bye)
    assert packets[1]["byes"] == [1, 2]


@pytest.mark.parametrize("count", [0, 16, 255])
def test_impossible_padding(count: int) -> None:
    packets, whole = rtcp.walk(padded(rtcp.write_bye([1]), bytes([0, 0, 0, count])))
    assert (packets, whole) == ([], False)


def test_padding_before_the_last_packet_is_malformed() -> None:
    """RFC 3550 section 6.4.1."""
    compound = padded(rtcp.write_bye([1]), b"\0\0\0\4") + rtcp.write_pli(1, 2)
    assert rtcp.walk(compound) == ([], False)


@pytest.mark.parametrize("count", [1, 2, 31])
def test_counts_beyond_the_packet(count: int) -> None:
    """A report count or source count that the length does not bear out."""
    for packet in (rtcp.write_reports(None, 1, []), rtcp.write_bye([])):
        lying = bytes([0x80 | count]) + packet[1:]
        read = only(lying)
        assert (read["reports"], read["byes"]) == ([], [])


def test_truncated_anywhere_ends_the_walk() -> None:
    compound = rtcp.write_reports(None, 1, []) + rtcp.write_nack(1, 2, [3])
    for size in range(1, len(compound)):
        packets, whole = rtcp.walk(compound[:size])
        assert whole == (size == 8)
        assert len(packets) == (size >= 8)


@given(st.lists(st.tuples(U8, U8, st.binary(max_size=60))), st.binary(max_size=6))
def test_any_packets_are_read_within_their_bounds(
    parts: list[tuple[int, int, bytes]], tail: bytes
) -> None:
    compound = b""
    for first, kind, body in parts:
        body = body[: len(body) & ~3]
        compound += bytes([0x80 | first & 0x1F, kind]) + (len(body) // 4).to_bytes(2, "big") + body
    packets, whole = rtcp.walk(compound + tail)
    if not tail:
        assert whole
        assert b"".join(packet["bytes"] for packet in packets) == compound


@given(st.integers(0, 1 << 40), st.lists(st.integers(0, 0xFFFFFFFF), max_size=5))
def test_remb(bps: int, ssrcs: list[int]) -> None:
    """As aiortc packs it; 18 bits of mantissa round down."""
    fci = aiortc_rtp.pack_remb_fci(bps, ssrcs)
    packet = aiortc_rtp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=fci)
    ((found,), _) = rtcp.walk(bytes(packet))
    assert found["remb"] == aiortc_rtp.unpack_remb_fci(fci)[0]
    assert 0 <= bps - found["remb"] <= bps >> 17


@given(st.integers(0, 1 << 40), st.lists(st.integers(0, 0xFFFFFFFF), max_size=255))
def test_remb_as_aiortc_reads_it(bps: int, ssrcs: list[int]) -> None:
    written = rtcp.write_remb(7, bps, ssrcs)
    packet = aiortc_rtp.RtcpPsfbPacket.parse(written[4:], 15)
    assert (packet.ssrc, packet.media_ssrc) == (7, 0)
    told, named = aiortc_rtp.unpack_remb_fci(packet.fci)
    assert named == ssrcs
    assert 0 <= bps - told <= bps >> 17
    ((found,), whole) = rtcp.walk(written)
    assert whole
    assert found["remb"] == told


@pytest.mark.parametrize(
    "fci", [b"REMC" + bytes(4), b"REMB", b"REMB" + bytes([0, 45 << 2, 0, 1]), b""]
)
def test_what_is_no_remb(fci: bytes) -> None:
    packet = aiortc_rtp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=fci)
    ((found,), _) = rtcp.walk(bytes(packet))
    assert found["remb"] is None
