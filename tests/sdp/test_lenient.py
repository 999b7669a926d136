"""What clients get wrong, or write otherwise, without harm to what they mean."""

from pathlib import Path

import pytest

from fastsfu.sdp.parse import parse
from tests.sdp.offers import PAIR, VECTORS, answer, offer, read, recorded, section

LENIENT = sorted(path.stem for path in (VECTORS / "lenient").glob("*.sdp"))


def lenient(name: str) -> str:
    return Path(VECTORS / "lenient" / f"{name}.sdp").read_bytes().decode()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("name", LENIENT)
def test_offer_is_taken_whole(name: str, end: str) -> None:
    got = read(lenient(name).replace("\r\n", end))
    assert not any(each.rejected for each in got.sections)
    answered = parse(answer(got))
    assert all(media.port for media in answered.media)


@pytest.mark.parametrize("blanks", [" ", "  ", "\t", " \t "])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_blanks_at_the_end_of_every_line(blanks: str, end: str) -> None:
    plain = recorded("chromium_publish_receive")
    assert read(plain.replace("\r\n", blanks + end)) == read(plain)


def test_lines_of_blanks_only() -> None:
    assert read(PAIR.replace("a=mid:1\r\n", "a=mid:1\r\n\r\n \r\n") + "\r\n \n") == read(PAIR)


def test_session_without_a_name() -> None:
    """`s= ` is how RFC 8866 section 5.3 lets it be written; the blank is gone then."""
    assert read(PAIR.replace("s=-", "s= ")) == read(PAIR)


def test_one_section_needs_no_group_and_its_answer_has_none() -> None:
    got = read(lenient("one_section_without_group"))
    assert got.bundle == ("audio0",)
    assert (got.sections[0].ssrc, got.sections[0].client_sends) == (77, True)
    answered = parse(answer(got))
    assert not answered.attributes.has("group")
    assert answered.media[0].attributes.first("mid") == "audio0"
    again = read(offer(section("audio0"), section("1", "video"), session=GROUPED))
    assert parse(answer(again)).attributes.first("group") == "BUNDLE audio0 1"


GROUPED = "a=group:BUNDLE audio0 1\r\n"


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("a=group:BUNDLE", "a=GROUP:bundle"),
        ("a=setup:actpass", "a=Setup:ActPass"),
        ("a=rtcp-mux", "a=RTCP-MUX"),
        ("a=mid:", "a=MID:"),
        ("a=rtpmap:96 VP8", "a=RtpMap:96 vp8"),
        ("a=ice-ufrag", "a=Ice-Ufrag"),
        ("a=fingerprint:sha-256", "a=FingerPrint:SHA-256"),
        ("a=recvonly", "a=RecvOnly"),
        ("a=rtcp-fb:96 nack pli", "a=rtcp-FB:96 NACK PLI"),
        ("a=ssrc-group:FID", "a=SSRC-group:fid"),
        ("UDP/TLS/RTP/SAVPF", "udp/tls/rtp/savpf"),
    ],
)
def test_names_have_no_case(written: str, otherwise: str) -> None:
    lines = (
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtcp-fb:96 nack pli\r\n"
        "a=ssrc-group:FID 7 8\r\n"
    )
    text = offer(section("0", attributes="a=recvonly\r\n"), section("1", "video", lines, "96 97"))
    assert written in text
    got, plain = read(text.replace(written, otherwise)), read(text)
    assert got.bundle == plain.bundle == ("0", "1")
    for one, other in zip(got.sections, plain.sections, strict=True):
        assert one.codecs == other.codecs
        assert (one.ssrc, one.rtx_ssrc) == (other.ssrc, other.rtx_ssrc)
        assert (one.client_sends, one.rejected) == (other.client_sends, other.rejected)
