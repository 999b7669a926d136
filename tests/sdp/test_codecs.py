"""The tables' numbers are the engine's, and payload types are matched by what decoders can do."""

import pytest

from fastsfu.sdp.codecs import EXTENSIONS, KNOWN_CODECS, described, match_payload_types
from fastsfu.sdp.model import NegotiatedCodec
from tests.sdp.offers import read, recorded

VP8 = "VP8"


def codec(name: str, pt: int, rtx_pt: int | None = None, **fmtp: str) -> NegotiatedCodec:
    known = KNOWN_CODECS[name]
    parameters = {key.replace("_", "-"): value for key, value in fmtp.items()}
    return NegotiatedCodec(
        name, known.number, pt, rtx_pt, known.clock_rate, known.channels, parameters
    )


def test_numbers_are_the_engines() -> None:
    native = pytest.importorskip("fastsfu._native.packet.codec").Codec
    numbers = {name: known.number for name, known in KNOWN_CODECS.items()}
    assert numbers == {name: native[f"CODEC_{name.upper()}"] for name in KNOWN_CODECS}
    kinds = pytest.importorskip("fastsfu._native.packet.rtp").ExtensionKind
    assert {uri.rpartition(":")[2].rpartition("/")[2]: n for uri, n in EXTENSIONS.items()} == {
        "mid": kinds.EXT_MID,
        "rtp-stream-id": kinds.EXT_RID,
        "repaired-rtp-stream-id": kinds.EXT_REPAIRED_RID,
        "draft-holmer-rmcat-transport-wide-cc-extensions-01": kinds.EXT_TRANSPORT_SEQ,
        "ssrc-audio-level": kinds.EXT_AUDIO_LEVEL,
        "#dependency-descriptor-rtp-header-extension": kinds.EXT_DEPENDENCY,
        "video-content-type": kinds.EXT_CONTENT_TYPE,
        "playout-delay": kinds.EXT_PLAYOUT_DELAY,
        "abs-capture-time": kinds.EXT_CAPTURE_TIME,
    }


def test_by_name() -> None:
    source = [codec(VP8, 96, 97), codec("AV1", 45, 46)]
    sink = [codec("AV1", 99, 100), codec(VP8, 120)]
    assert match_payload_types(source, sink) == [(96, 120, -1), (45, 99, 100)]


def test_what_the_sink_cannot_decode_is_left_out() -> None:
    assert match_payload_types([codec(VP8, 96), codec("AV1", 45)], [codec(VP8, 120)]) == [
        (96, 120, -1)
    ]
    assert match_payload_types([codec("VP9", 100, profile_id="2")], [codec("VP9", 98)]) == []
    assert match_payload_types([codec("AV1", 47, profile="1")], [codec("AV1", 45)]) == []


def test_vp9_and_av1_profiles_have_defaults() -> None:
    assert match_payload_types([codec("VP9", 98, profile_id="0")], [codec("VP9", 121)]) == [
        (98, 121, -1)
    ]
    assert match_payload_types([codec("AV1", 45)], [codec("AV1", 99, profile="0")]) == [
        (45, 99, -1)
    ]


def test_redundancy_stays_where_its_opus_has_the_same_number() -> None:
    def pair(pt: int, opus: int) -> list[NegotiatedCodec]:
        red = NegotiatedCodec("red", 8, pt, None, 48000, 2, {f"{opus}/{opus}": ""})
        return [red, codec("opus", opus)]

    assert match_payload_types(pair(63, 111), pair(120, 111)) == [(63, 120, -1), (111, 111, -1)]
    assert match_payload_types(pair(63, 111), pair(63, 109)) == [(111, 109, -1)]
    assert described(pair(63, 111)) == "opus"


def test_description_of_configurations() -> None:
    codecs = [codec(VP8, 96), codec("VP9", 98, profile_id="2"), codec(VP8, 97), codec("AV1", 45)]
    assert described(codecs) == "VP8, VP9 with profile-id=2, AV1 with profile=0"
    assert described([codec("H264", 102)]) == "H264 with packetization-mode=0"


def test_chromium_to_firefox_and_back() -> None:
    chromium = read(recorded("chromium_publish_receive")).sections
    firefox = read(recorded("firefox_publish_receive")).sections
    there = match_payload_types(chromium[1].codecs, firefox[3].codecs)
    assert there == [(96, 120, 124), (98, 121, 125), (45, 99, 100)]
    back = match_payload_types(firefox[1].codecs, chromium[3].codecs)
    assert back == [(120, 96, 97), (121, 98, 99), (99, 45, 46)]
    assert match_payload_types(chromium[0].codecs, firefox[2].codecs) == [
        (111, 109, -1),
        (0, 0, -1),
        (8, 8, -1),
    ]


def test_chromium_to_itself_keeps_every_payload_type() -> None:
    sections = read(recorded("chromium_publish_receive")).sections
    for source, sink, rtx in match_payload_types(sections[1].codecs, sections[3].codecs):
        assert source == sink
        assert rtx in [c.rtx_pt for c in sections[3].codecs if c.pt == sink]
