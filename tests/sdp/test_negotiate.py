"""What is read from offers, and which sections are rejected."""

import re
from collections.abc import Callable

import pytest

from fastsfu.errors import OfferError
from fastsfu.sdp.codecs import (
    AUDIO_LEVEL,
    CONTENT_TYPE,
    MID,
    PLAYOUT_DELAY,
    REPAIRED_RID,
    RID,
    TRANSPORT_SEQ,
    tells_by_number,
)
from fastsfu.sdp.model import DataChannels
from fastsfu.sdp.negotiate import read_offer
from tests.sdp.offers import FINGERPRINT, NAMES, PAIR, TRANSPORT, offer, read, recorded, section

# Recorded offers


def test_chromium_publish_and_receive() -> None:
    got = read(recorded("chromium_publish_receive"))
    assert (got.ice_ufrag, got.ice_pwd) == ("5uwD", "um3V5wleI1833X1jma15Lypc")
    assert got.fingerprints[0][0] == "sha-256"
    assert got.fingerprints[0][1].hex(":").upper().startswith("AB:C6:88:7E")
    assert (got.setup, got.dtls_client) == ("actpass", False)
    assert got.bundle == ("0", "1", "2", "3", "4", "5")
    assert got.extensions == {
        AUDIO_LEVEL: 1, TRANSPORT_SEQ: 3, MID: 4, RID: 10, REPAIRED_RID: 11,
        PLAYOUT_DELAY: 5, CONTENT_TYPE: 6,
    }  # fmt: skip
    assert got.mixed_extensions
    assert [(s.mid, s.kind, s.client_sends, s.client_receives) for s in got.sections] == [
        ("0", "audio", True, False),
        ("1", "video", True, False),
        ("2", "audio", False, True),
        ("3", "video", False, True),
        ("4", "audio", False, True),
        ("5", "video", False, True),
    ]
    audio, video = got.sections[:2]
    assert (audio.ssrc, audio.rtx_ssrc) == (791073383, None)
    assert (video.ssrc, video.rtx_ssrc) == (1836734492, 3624778561)
    assert audio.msid == "9508241e-6725-4a1c-81f4-7a3233c67ebf 44bd6011-f655-4b23-a8be-0c952c236d74"
    red, opus = audio.codecs[:2]
    assert (red.name, red.pt, red.fmtp) == ("red", 63, {"111/111": ""})
    assert (opus.name, opus.fmtp) == ("opus", {"minptime": "10", "useinbandfec": "1"})
    assert [c.name for c in video.codecs] == ["VP8", *["H264"] * 6, *["VP9"] * 2, "AV1"]
    vp8 = video.codecs[0]
    assert (vp8.pt, vp8.rtx_pt, vp8.clock_rate, vp8.channels) == (96, 97, 90000, 1)
    assert vp8.feedback == ("nack", "nack pli", "ccm fir", "transport-cc")


def test_who_tells_of_what_it_receives_by_number() -> None:
    got = read(recorded("chromium_publish_receive"))
    assert all(tells_by_number(section) for section in got.sections)
    without = re.sub(r"a=extmap:3 .*\r\n", "", recorded("chromium_publish_receive"))
    assert not any(tells_by_number(section) for section in read(without).sections)
    assert not any(tells_by_number(section) for section in read(recorded("ffmpeg_whip")).sections)


def test_firefox_gives_the_fingerprint_once_and_bundles_only() -> None:
    """Session level fingerprint; port 0 with bundle-only is no rejection (RFC 9143 section 6)."""
    got = read(recorded("firefox_publish_receive"))
    assert [s.rejected for s in got.sections] == [False] * 6
    assert len(got.fingerprints) == 1
    assert got.extensions == {AUDIO_LEVEL: 1, MID: 3, TRANSPORT_SEQ: 7}
    assert [c.name for c in got.sections[1].codecs] == ["VP8", "VP9", "AV1"]


def test_ffmpeg_wants_to_be_the_dtls_server() -> None:
    got = read(recorded("ffmpeg_whip"))
    assert (got.setup, got.dtls_client) == ("passive", True)
    video = got.sections[1]
    assert [(c.name, c.pt, c.rtx_pt, c.feedback) for c in video.codecs] == [
        ("H264", 106, 105, ("nack",))
    ]
    assert (video.ssrc, video.rtx_ssrc) == (4143991826, 4143991827)
    assert got.extensions == {}


def test_aiortc_gives_three_fingerprints() -> None:
    got = read(recorded("aiortc_sendrecv_datachannel"))
    assert [(name, len(digest)) for name, digest in got.fingerprints] == [
        ("sha-256", 32),
        ("sha-384", 48),
        ("sha-512", 64),
    ]
    assert got.bundle == ("0", "1", "2")
    assert got.channels == DataChannels(port=5000, max_message_bytes=262144)


def test_screen_share_is_one_more_section() -> None:
    got = read(recorded("chromium_screen_share"))
    ssrcs = [(s.kind, s.ssrc) for s in got.sections]
    assert ssrcs == [("audio", 1679632444), ("video", 3281828751), ("video", 1195033584)]


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_do_not_matter(name: str) -> None:
    text = recorded(name)
    assert "\r\n" in text
    assert read(text.replace("\r\n", "\n")) == read(text)


# Codecs


def names(text: str, video: list[str], audio: list[str]) -> list[list[str]]:
    got = read_offer(text, video_codecs=video, audio_codecs=audio)
    return [[c.name for c in s.codecs] for s in got.sections]


def test_codecs_come_in_our_order() -> None:
    text = recorded("chromium_receive_only")
    assert names(text, ["AV1", "VP8"], ["PCMA", "opus"]) == [
        ["PCMA", "opus"],
        ["AV1", "AV1", "VP8"],
    ]
    assert names(text, ["VP8", "AV1"], ["opus"]) == [["opus"], ["VP8", "AV1", "AV1"]]


def test_section_without_a_common_codec_is_rejected() -> None:
    got = read_offer(recorded("ffmpeg_whip"), video_codecs=["VP8", "AV1"], audio_codecs=["opus"])
    assert got.bundle == ("0",)
    assert got.sections[1].codecs == ()
    assert got.sections[1].rejected_reason == (
        "a codec of VP8, AV1 was expected, none of them came"
    )


def test_offer_without_any_common_codec_is_refused() -> None:
    with pytest.raises(OfferError) as error:
        read_offer(recorded("ffmpeg_whip"), video_codecs=["VP8"], audio_codecs=["PCMU"])
    assert "No media section can be taken (0: a codec of PCMU was expected" in error.value.info


RED = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"


@pytest.mark.parametrize(
    ("formats", "lines", "expected"),
    [
        ("0", "", [("PCMU", 0)]),  # static payload types need no rtpmap
        ("0 8", "a=rtpmap:0 PCMU/8000/1\r\n", [("PCMU", 0), ("PCMA", 8)]),
        ("96", "a=rtpmap:96 OPUS/48000/2\r\n", [("opus", 96)]),  # names have no case
        ("96 111", "a=rtpmap:96 opus/48000/1\r\n", [("opus", 111)]),  # opus is always /2
        ("70 111", "a=rtpmap:70 opus/48000/2\r\n", [("opus", 111)]),  # would look like RTCP
        ("111 111", "", [("opus", 111)]),
        ("111 63", RED, [("red", 63), ("opus", 111)]),  # before what it carries
        ("111 63", RED.replace("/111", "/9"), [("opus", 111)]),  # what is in it is not known
        ("63 0", RED, [("PCMU", 0)]),
        ("111 63", RED.splitlines(keepends=True)[0], [("opus", 111)]),
    ],
)
def test_audio_payload_types(formats: str, lines: str, expected: list[tuple[str, int]]) -> None:
    got = read(offer(section("0", attributes=lines, formats=formats)))
    assert [(c.name, c.pt) for c in got.sections[0].codecs] == expected


def test_fmtp_is_read_in_every_spelling() -> None:
    lines = "a=fmtp:111 MinPTime=10; useinbandfec=1;;stereo = 1 ;flag\r\na=fmtp:x y=1\r\n"
    codec = read(offer(section("0", attributes=lines))).sections[0].codecs[0]
    assert codec.fmtp == {"minptime": "10", "useinbandfec": "1", "stereo": "1", "flag": ""}


def test_feedback_for_all_payload_types() -> None:
    lines = "a=rtcp-fb:* nack\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:97 nack pli\r\n"
    codec = read(offer(section("0", "video", lines))).sections[0].codecs[0]
    assert codec.feedback == ("nack", "ccm fir")


def test_interleaved_h264_is_left_out() -> None:
    lines = "a=rtpmap:97 H264/90000\r\na=fmtp:97 packetization-mode=2\r\n"
    got = read(offer(section("0", "video", lines, "97 96")))
    assert [c.name for c in got.sections[0].codecs] == ["VP8"]


def test_codecs_are_bounded() -> None:
    pts = [*range(35, 64), *range(96, 128)]
    lines = "".join(f"a=rtpmap:{pt} VP9/90000\r\n" for pt in pts)
    got = read(offer(section("0", "video", lines, " ".join(map(str, pts)))))
    assert len(got.sections[0].codecs) == 24


# Faults of one section: it is rejected, the others go on


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (lambda s: s.replace("m=audio 9", "m=audio 0"), "it is not in use (port 0)"),
        (
            lambda s: s.replace("m=audio 9 UDP/TLS/RTP/SAVPF", "m=text 9 UDP/TLS/RTP/SAVPF"),
            "audio, video or webrtc-datachannel was expected, 'text' came",
        ),
        (
            lambda s: s.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
            "UDP/TLS/RTP/SAVPF was expected, 'RTP/AVP' came",
        ),
        (lambda s: s.replace("a=mid:0", "a=mid:7"), "it is not in the BUNDLE group"),
        (lambda s: s.replace("a=mid:0\r\n", ""), "it has no a=mid"),
        (
            lambda s: s.replace("opus", "speex"),
            "a codec of opus, PCMU, PCMA was expected, none of them came",
        ),
    ],
)
def test_rejected_section(fault: Callable[[str], str], reason: str) -> None:
    got = read(offer(fault(section("0")), section("1", "video")))
    assert got.sections[0].rejected_reason == reason
    assert got.sections[0].codecs == ()
    assert got.bundle == ("1",)
    assert not got.sections[1].rejected


def test_unused_section_needs_nothing() -> None:
    stopped = "m=video 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\na=inactive\r\n"
    got = read(offer(section("0"), stopped, session="a=group:BUNDLE 0\r\n"))
    assert [s.rejected for s in got.sections] == [False, True]


def test_transport_is_that_of_the_first_section_that_is_accepted() -> None:
    """RFC 9143 section 7.3.1; the order is the group's, not the sections'."""
    first = section("0").replace("ufrag:abcd", "ufrag:first")
    second = section("1").replace("ufrag:abcd", "ufrag:second")
    assert read(offer(first, second)).ice_ufrag == "first"
    assert read(offer(first, second, session="a=group:BUNDLE 1 0\r\n")).ice_ufrag == "second"
    assert read(offer(first.replace("opus", "speex"), second)).ice_ufrag == "second"


def test_other_bundled_sections_need_no_transport() -> None:
    got = read(offer(section("0"), section("1", "video").replace(TRANSPORT, "")))
    assert got.ice_ufrag == "abcd"
    assert not got.sections[1].rejected


def test_transport_may_stand_at_session_level() -> None:
    sections = [s.replace(TRANSPORT, "") for s in (section("0"), section("1", "video"))]
    got = read(offer(*sections, session=f"a=group:BUNDLE 0 1\r\n{TRANSPORT}"))
    assert (got.ice_ufrag, got.setup) == ("abcd", "actpass")


def test_rtx_ssrc_without_rtx_does_not_count() -> None:
    got = read(offer(section("0", "video", "a=ssrc-group:FID 7 8\r\n"))).sections[0]
    assert (got.ssrc, got.rtx_ssrc) == (7, None)


def test_setup_defaults_to_active() -> None:
    got = read(PAIR.replace("a=setup:actpass\r\n", ""))
    assert (got.setup, got.dtls_client) == ("active", False)


def test_first_known_fingerprint_is_enough() -> None:
    line = f"a=fingerprint:sha-256 {FINGERPRINT}\r\n"
    text = PAIR.replace(line, f"a=fingerprint:md2 AB\r\n{line.replace('sha', 'SHA').lower()}")
    assert read(text).fingerprints == (("sha-256", b"\xab" * 32),)


def test_direction_of_the_session_counts_where_a_section_has_none() -> None:
    text = PAIR.replace("a=group", "a=recvonly\r\na=group")
    text = text.replace("a=mid:1\r\n", "a=mid:1\r\na=inactive\r\n")
    directions = [(s.client_sends, s.client_receives) for s in read(text).sections]
    assert directions == [(False, True), (False, False)]


# Header extensions

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


def extensions(*lines: str) -> tuple[dict[int, int], list[dict[int, int]]]:
    """Of an offer whose sections have these extmap lines each: the BUNDLE's, and each section's."""
    sections = [
        section(str(index), attributes="".join(f"a=extmap:{each}\r\n" for each in line.split(", ")))
        for index, line in enumerate(lines)
    ]
    got = read(offer(*sections))
    return dict(got.extensions), [dict(s.extensions) for s in got.sections]


def test_extension_ids() -> None:
    assert extensions(f"1 {MID_URI}, 2 {LEVEL_URI} vad=on") == (
        {MID: 1, AUDIO_LEVEL: 2},
        [{MID: 1, AUDIO_LEVEL: 2}],
    )


@pytest.mark.parametrize("number", ["0", "15", "256", "4096", "99999"])
def test_extension_ids_that_no_header_holds(number: str) -> None:
    assert extensions(f"{number} {MID_URI}") == ({}, [{}])


def test_extension_for_one_direction_is_declined() -> None:
    assert extensions(f"1/sendonly {MID_URI}, 2/sendrecv {LEVEL_URI}") == (
        {AUDIO_LEVEL: 2},
        [{AUDIO_LEVEL: 2}],
    )


def test_extension_with_two_ids_keeps_the_first() -> None:
    assert extensions(f"1 {MID_URI}", f"2 {MID_URI}") == ({MID: 1}, [{MID: 1}, {}])


def test_extension_id_with_two_meanings_is_refused() -> None:
    with pytest.raises(OfferError, match="extmap:1 means different things"):
        extensions(f"1 {MID_URI}", f"1 {LEVEL_URI}")


def test_video_orientation_is_declined_so_that_senders_turn_the_picture() -> None:
    assert extensions("1 urn:3gpp:video-orientation") == ({}, [{}])


def test_sections_of_one_description_share_their_codecs() -> None:
    """They are read once: an offer of a large call has hundreds of them."""
    sections = read(recorded("chromium_publish_receive")).sections
    assert sections[3].codecs is sections[5].codecs
    assert sections[1].codecs != sections[3].codecs


def test_redundancy_needs_opus_on_both_sides() -> None:
    text = offer(section("0", attributes=RED, formats="111 63 0"))
    assert names(text, [], ["red", "PCMU"]) == [["PCMU"]]
    assert names(text, [], ["opus"]) == [["opus"]]
