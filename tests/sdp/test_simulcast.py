"""Several encodings in one section: what is read of an offer, and what the answer says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.errors import OfferError
from fastsfu.sdp.model import Attributes, MediaDescription, OfferedEncoding, OfferedSection
from fastsfu.sdp.parse import parse
from tests.sdp.offers import answer, offer, read, recorded, section

RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
RID_MAP = f"a=extmap:10 {RID_URI}\r\n"


def video(attributes: str) -> OfferedSection:
    return read(offer(section("0"), section("1", "video", attributes))).sections[1]


def answered(text: str, mid: str) -> MediaDescription:
    media = parse(answer(read(text))).media
    return next(each for each in media if each.attributes.first("mid") == mid)


def rids(attributes: str) -> list[str]:
    return [each.rid for each in video(RID_MAP + attributes).encodings]


@pytest.mark.parametrize(
    ("name", "mid", "encodings", "extensions"),
    [
        ("chromium_simulcast", "1", "hml", ["10", "11"]),
        ("libwebrtc_pub_simulcast_offer", "0", "qhf", ["10", "11"]),
        ("firefox_simulcast", "1", "hl", ["9/recvonly", "10/recvonly"]),
    ],
)
def test_every_encoding_is_asked_for(
    name: str, mid: str, encodings: str, extensions: list[str]
) -> None:
    offered = read(recorded(name)).section(mid)
    assert offered is not None
    assert offered.encodings == tuple(OfferedEncoding(rid) for rid in encodings)
    assert (offered.ssrc, offered.rtx_ssrc) == (None, None)
    lines = answered(recorded(name), mid).attributes
    assert list(lines.all("rid")) == [f"{rid} recv" for rid in encodings]
    assert lines.first("simulcast") == f"recv {';'.join(encodings)}"
    assert [line.split()[0] for line in lines.all("extmap") if "stream-id" in line] == extensions


@pytest.mark.parametrize("name", ["chromium_publish_receive", "livekit_python_offer"])
def test_the_extension_is_taken_without_simulcast_too(name: str) -> None:
    """Chromium fails at every later description of a section that had it not in the first."""
    offered = parse(recorded(name)).media
    for before, media in zip(offered, parse(answer(read(recorded(name)))).media, strict=True):
        ours = [line for line in media.attributes.all("extmap") if RID_URI in line]
        assert ours == [line for line in before.attributes.all("extmap") if RID_URI in line]


def test_a_section_that_is_not_received_answers_no_encodings() -> None:
    got = read(recorded("chromium_simulcast"))
    lines = parse(answer(got, receiving=[])).media[1].attributes
    assert not lines.has("rid")
    assert not lines.has("simulcast")


def test_a_group_of_ssrcs_is_a_ladder() -> None:
    got = video(
        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
        "a=ssrc-group:FID 1 11\r\na=ssrc-group:SIM 1 2 3\r\na=ssrc-group:FID 3 13\r\n"
        "a=ssrc:1 cname:a\r\na=ssrc:2 cname:a\r\n"
    )
    assert [(each.ssrc, each.rtx_ssrc) for each in got.encodings] == [
        (1, None),
        (2, None),
        (3, None),
    ]


def test_ssrcs_of_encodings_are_unique_too() -> None:
    with pytest.raises(OfferError, match="SSRC 2 is used twice"):
        video("a=ssrc-group:SIM 1 2 2\r\n")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("a=rid:1 send\r\na=rid:2 send\r\na=simulcast:send 1;2\r\n", ["1", "2"]),
        ("a=rid:1 send\r\na=rid:2 send\r\na=simulcast:send ~2;1\r\n", ["2", "1"]),
        ("a=rid:1 send\r\na=rid:2 send\r\na=simulcast:recv 3 send 1;2\r\n", ["1", "2"]),
        (
            "a=rid:1 send pt=96\r\na=rid:2 send max-width=640\r\na=simulcast:send 1;2\r\n",
            ["1", "2"],
        ),
        ("a=rid:1 send\r\na=rid:2 send\r\na=simulcast:send 9,1;2\r\n", ["1", "2"]),
        ("a=rid:1 send\r\na=rid:2 send\r\na=simulcast:send 1;2;1\r\n", ["1", "2"]),
        ("a=rid:1 send\r\na=rid:2 recv\r\na=simulcast:send 1;2\r\n", []),
        ("a=rid:1 send\r\na=rid:2 send\r\n", []),  # restrictions alone are no simulcast
        ("a=simulcast:send 1;2\r\n", []),
        ("a=rid:1 send\r\na=simulcast:send 1\r\n", []),
        ("a=rid:1 send\r\na=rid:ü send\r\na=simulcast:send 1;ü\r\n", []),
        (f"a=rid:{'1' * 17} send\r\na=rid:2 send\r\na=simulcast:send {'1' * 17};2\r\n", []),
    ],
)
def test_streams_of_the_simulcast_line(attributes: str, expected: list[str]) -> None:
    assert rids(attributes) == expected


def test_at_most_three_are_asked_for() -> None:
    lines = "".join(f"a=rid:{n} send\r\n" for n in range(5)) + "a=simulcast:send 0;1;2;3;4\r\n"
    assert rids(lines) == ["0", "1", "2"]
    text = offer(section("0"), section("1", "video", RID_MAP + lines))
    assert answered(text, "1").attributes.first("simulcast") == "recv 0;1;2"


def test_without_the_extension_nobody_could_tell_them_apart() -> None:
    lines = "a=rid:1 send\r\na=rid:2 send\r\na=simulcast:send 1;2\r\n"
    assert video(lines).encodings == ()


@given(
    st.lists(st.sampled_from(["send", "recv", "1", "2", "~1", "1,2", ";", "1;2", ""]), max_size=6)
)
def test_any_simulcast_line(words: list[str]) -> None:
    lines = Attributes([("rid", "1 send"), ("rid", "2 send"), ("simulcast", " ".join(words))])
    text = "".join(f"a={name}:{value}\r\n" for name, value in lines)
    assert set(rids(text)) <= {"1", "2"}
