"""Offers that cannot be answered say why; damaged ones are answered or refused, nothing else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsfu.errors import OfferError
from tests.sdp.offers import FINGERPRINT, NAMES, PAIR, answer, offer, read, recorded, section

CHANNELS = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n"
    "a=sctp-port:5000\r\na=max-message-size:9\r\n"
)


def refused(text: str) -> str:
    with pytest.raises(OfferError) as error:
        read(text)
    assert error.value.type == "bad-offer"
    return error.value.info


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (offer(), "At least one media section was expected, none came."),
        (PAIR.replace("a=group:BUNDLE 0 1\r\n", ""), "One a=group:BUNDLE was expected, none came."),
        (PAIR.replace("BUNDLE 0 1", "LS 0 1"), "One a=group:BUNDLE was expected, none came."),
        (
            PAIR.replace("a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0\r\na=group:BUNDLE 1\r\n"),
            "One a=group:BUNDLE was expected, 2 came.",
        ),
        (
            PAIR.replace("0 1", "0 1 2") + CHANNELS.replace("5000", "0"),
            "a=sctp-port from 1 to 65535 was expected, '0' came.",
        ),
        (
            PAIR.replace("0 1", "0 1 2") + CHANNELS.replace("size:9", "size:-1"),
            "a=max-message-size in bytes was expected, '-1' came.",
        ),
        (
            PAIR.replace("0 1", "0 1 2 3") + CHANNELS + CHANNELS.replace("mid:2", "mid:3"),
            "At most one section for data channels was expected.",
        ),
        (PAIR.replace("BUNDLE 0 1", "BUNDLE"), "No media section can be taken"),
        (
            PAIR.replace("a=rtcp-mux\r\n", "", 1),
            "a=rtcp-mux was expected in section 0: RTP and RTCP share one port here.",
        ),
        (PAIR.replace("a=mid:1", "a=mid:0"), "The mid '0' is there more than once."),
        (
            PAIR.replace("a=mid:0", "a=mid:0123456789abcdefg"),
            "A mid of at most 16 token characters was expected, '0123456789abcdefg' came.",
        ),
        (
            PAIR.replace(f"a=fingerprint:sha-256 {FINGERPRINT}\r\n", ""),
            "a=fingerprint with sha-256, sha-384, sha-512 was expected, none came.",
        ),
        (
            PAIR.replace("sha-256", "sha-1"),
            "a=fingerprint with sha-256, sha-384, sha-512 was expected, 'sha-1' came.",
        ),
        (
            PAIR.replace(FINGERPRINT, FINGERPRINT[3:]),
            "sha-256 of 32 bytes was expected in a=fingerprint, 31 came.",
        ),
        (
            PAIR.replace("sha-256", "sha-512"),
            "sha-512 of 64 bytes was expected in a=fingerprint, 32 came.",
        ),
        (PAIR.replace(FINGERPRINT, "AB:C"), "a=fingerprint:sha-256 with bytes as AB:CD"),
        (PAIR.replace(FINGERPRINT, FINGERPRINT.replace(":", "")), "bytes as AB:CD was expected"),
        (PAIR.replace("a=ice-ufrag:abcd\r\n", ""), "a=ice-ufrag of 4 to 256 letters"),
        (PAIR.replace("ufrag:abcd", "ufrag:abc"), "a=ice-ufrag of 4 to 256 letters"),
        (PAIR.replace("ufrag:abcd", "ufrag:ab-cd"), "a=ice-ufrag of 4 to 256 letters"),
        (PAIR.replace("pwd:abcdefghij", "pwd:"), "a=ice-pwd of 22 to 256 letters, digits"),
        (
            PAIR.replace("setup:actpass", "setup:holdconn"),
            "a=setup of actpass, active, passive was expected, 'holdconn' came.",
        ),
        (PAIR.replace("a=group", "a=ice-lite\r\na=group"), "A full ICE client was expected"),
        (
            offer(section("0", formats="pcmu")),
            "A payload type from 0 to 127 was expected, 'pcmu' came.",
        ),
        (
            offer(section("0", formats="128")),
            "A payload type from 0 to 127 was expected, '128' came.",
        ),
        (
            offer(section("0", attributes="a=ssrc:4294967296 cname:x\r\n")),
            "An SSRC from 1 to 4294967295 was expected, '4294967296' came.",
        ),
        (
            offer(section("0", attributes="a=ssrc:0 cname:x\r\n")),
            "An SSRC from 1 to 4294967295 was expected, '0' came.",
        ),
        (
            offer(section("0", attributes="a=extmap:x urn:y\r\n")),
            "a=extmap:id URI was expected, 'x urn:y' came.",
        ),
    ],
)
def test_refused(text: str, says: str) -> None:
    assert says in refused(text)


def test_refusal_quotes_no_password() -> None:
    text = PAIR.replace("pwd:abcdefghijklmnopqrstuv", "pwd:short-Secret")
    assert "12 characters came" in refused(text)
    assert "Secret" not in refused(text)


def test_ssrc_of_two_sections() -> None:
    line = "a=ssrc:7 cname:x\r\n"
    text = offer(section("0", attributes=line), section("1", "video", line))
    assert refused(text) == "The SSRC 7 is used twice, in sections 0 and 1."
    # Where the client only receives, its SSRC is that of its reports: Firefox names it too.
    receiving = text.replace("a=mid:1\r\n", "a=mid:1\r\na=recvonly\r\n")
    assert read(receiving).sections[1].ssrc is None


def test_ssrc_and_rtx_ssrc_differ() -> None:
    lines = (
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=ssrc-group:FID 7 7\r\na=ssrc:7 cname:x\r\n"
    )
    assert "SSRC 7 is used twice" in refused(offer(section("0", "video", lines, "96 97")))


PIECES = re.split(r"(?<=\n)|(?<=[:= ])", recorded("chromium_balanced_sendrecv_datachannel"))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A recorded offer with some pieces gone, doubled, moved or changed."""
    lines = recorded(draw(st.sampled_from(NAMES))).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(lines) - 1))
        other = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "piece", "text"])):
            case "drop":
                lines[index] = ""
            case "double":
                lines[other] += lines[index]
            case "swap":
                lines[index], lines[other] = lines[other], lines[index]
            case "piece":
                lines[index] = lines[index].replace(
                    draw(st.sampled_from(["0", "1", ":", " ", "/", "="])),
                    draw(st.sampled_from(PIECES)),
                )
            case "text":
                lines[index] = lines[index][:2] + draw(st.text(max_size=20)) + "\r\n"
    return "".join(lines)


@given(damaged())
@settings(max_examples=300)
def test_damaged_offers_are_answered_or_refused(text: str) -> None:
    try:
        got = read(text)
    except OfferError:
        return
    written = answer(got)
    assert written.count("\r\nm=") == len(got.sections)
    assert "\r\n\r\n" not in written
