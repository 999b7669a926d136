"""Parsing and writing session descriptions: any text is taken or refused, never more."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastsfu.errors import OfferError
from fastsfu.sdp import parse as parser
from fastsfu.sdp.model import Attributes, MediaDescription, SessionDescription
from fastsfu.sdp.parse import parse
from fastsfu.sdp.write import write
from tests.sdp.offers import NAMES, recorded

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
MEDIA = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


@pytest.mark.parametrize("name", NAMES)
def test_recorded_offers_come_back_line_by_line(name: str) -> None:
    assert write(parse(recorded(name))) == recorded(name)


def test_levels_and_lines() -> None:
    text = (
        f"{HEAD}a=group:BUNDLE 0\r\na=ice-lite\r\n{MEDIA}c=IN IP4 0.0.0.0\r\n"
        "a=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=x:\r\n"
        "m=video 49170 RTP/AVP 31 32\r\n"
    )
    description = parse(text)
    assert description.lines[0] == ("v", "0")
    assert list(description.attributes) == [("group", "BUNDLE 0"), ("ice-lite", None)]
    audio, video = description.media
    assert audio.lines == [("c", "IN IP4 0.0.0.0")]
    assert audio.attributes.first("rtpmap") == "111 opus/48000/2"
    assert audio.attributes.first("x") == ""
    assert ("x", "") in audio.attributes
    assert (video.kind, video.port, video.formats) == ("video", 49170, ["31", "32"])


LINES = st.sampled_from(
    ("a=mid:0", "a=mid:1  ", "a=mid:", "a=MID:2", "a=sendonly", "a=x:y", "c=IN IP4 0.0.0.0", "  ")
)
SECTIONS = st.lists(st.tuples(st.sampled_from(("audio", "video")), st.lists(LINES, max_size=4)))


@given(SECTIONS)
def test_a_section_says_the_same_whichever_sections_are_like_it(
    sections: list[tuple[str, list[str]]],
) -> None:
    texts = [
        "\r\n".join((f"m={kind} 9 UDP/TLS/RTP/SAVPF 111", *lines)) + "\r\n"
        for kind, lines in sections
    ]
    alone = [parse(HEAD + text).media[0] for text in texts]
    assert parse(HEAD + "".join(texts)).media == alone


def test_a_fault_in_a_later_section_is_named_by_its_line() -> None:
    text = f"{HEAD}{MEDIA}a=mid:0\r\n{MEDIA}a=mid:1\r\n{MEDIA}a=mid:2\r\nhello\r\n"
    with pytest.raises(OfferError, match="Line 11: x=value was expected"):
        parse(text)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends(end: str) -> None:
    assert parse(f"{HEAD}{MEDIA}".replace("\r\n", end)) == parse(HEAD + MEDIA)


def test_last_line_may_lack_its_end() -> None:
    assert parse((HEAD + MEDIA).rstrip()) == parse(HEAD + MEDIA)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "begins with v=0"),
        ("hello", "begins with v=0, this one with 'hello'"),
        ("o=- 1 1 IN IP4 127.0.0.1", "begins with v=0"),
        ("v=1", "begins with v=0"),
        ("v=0\r\nx", "Line 2: x=value was expected"),
        ("v=0\r\n=x", "Line 2: x=value was expected"),
        ("v=0\r\nA=x", "Line 2: x=value was expected"),
        (" \r\n", "begins with v=0, this one with nothing"),
        ("v=0\r\n\r\n t=0 0", "Line 3: x=value was expected, ' t=0' came"),
        ("v=0\r\ns=a\x00b", "Line 2 has a control character"),
        ("v=0\r\ns=a\rb", "Line 2 has a control character"),
        ("v=0\r\nm=audio 9 RTP/AVP 0\r\na=mid:\x7f\r\n", "Line 3 has a control character"),
        ("v=0\r\na=:x", "Line 2: a=name or a=name:value was expected"),
        ("v=0\r\na=", "Line 2: a=name or a=name:value was expected"),
        ("v=0\r\na=a b", "Line 2: a=name or a=name:value was expected"),
        ("v=0\r\nm=audio", "Line 2: m=media port protocol formats was expected, 'audio' came"),
        ("v=0\r\nm=audio x UDP/TLS/RTP/SAVPF 0", "m=media port protocol formats"),
        ("v=0\r\nm=audio 65536 UDP/TLS/RTP/SAVPF 0", "m=media port protocol formats"),
        ("v=0\r\nm=audio ٣ UDP/TLS/RTP/SAVPF 0", "m=media port protocol formats"),
        ("v=0\r\nm=audio 9  0", "m=media port protocol formats"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF", "names no format"),
        ("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0  8", "a format in the m= line is no token"),
    ],
)
def test_malformed(text: str, says: str) -> None:
    with pytest.raises(OfferError) as error:
        parse(text)
    assert says in error.value.info
    assert error.value.type == "bad-offer"


def test_bounds() -> None:
    within = HEAD + MEDIA * parser.MAX_SECTIONS
    assert len(parse(within).media) == parser.MAX_SECTIONS
    for text, says in (
        (within + MEDIA, "At most 512 media sections"),
        (HEAD + "a=" + "x" * parser.MAX_LINE, "Line 5 is longer than 8192"),
        (HEAD + "a=x\n" * parser.MAX_LINES, "at most 100000 lines"),
        (HEAD + "a=" + "x" * parser.MAX_SIZE, "at most 2097152 characters"),
    ):
        with pytest.raises(OfferError) as error:
            parse(text)
        assert says in error.value.info


def test_errors_never_quote_a_password() -> None:
    for line in ("ice-pwd:SecretSecretSecretSecret", "a =ice-pwd:SecretSecretSecretSecret"):
        with pytest.raises(OfferError) as error:
            parse(f"{HEAD}{line}\r\n")
        assert "Secret" not in error.value.info


TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-._~!#", min_size=1, max_size=12)
# Anything but line ends and control characters; DEL is one, U+0085 and the like are text here.
# Blanks at the end are not kept.
VALUES = st.text(
    st.characters(min_codepoint=32, blacklist_characters="\x7f", blacklist_categories=["Cs"]),
    max_size=30,
).map(lambda value: value.rstrip(" \t"))
ATTRIBUTES = st.lists(st.tuples(TOKENS, st.none() | VALUES), max_size=6).map(Attributes)


def lines(kinds: str) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from(kinds), VALUES), max_size=3)


DESCRIPTIONS = st.builds(
    SessionDescription,
    lines=lines("osituepcb").map(lambda rest: [("v", "0"), *rest]),
    attributes=ATTRIBUTES,
    media=st.lists(
        st.builds(
            MediaDescription,
            kind=TOKENS,
            port=st.integers(0, 65535),
            protocol=st.lists(TOKENS, min_size=1, max_size=4).map("/".join),
            formats=st.lists(TOKENS, min_size=1, max_size=5),
            lines=lines("icbk"),
            attributes=ATTRIBUTES,
        ),
        max_size=4,
    ),
)


@given(DESCRIPTIONS)
def test_what_is_written_is_read(description: SessionDescription) -> None:
    assert parse(write(description)) == description


@given(st.text(max_size=400) | st.text("v=0omas-:/ \r\n19", max_size=200).map("v=0\n".__add__))
@example("v=0\n\ud800")
@settings(max_examples=500)
def test_any_text_is_taken_or_refused(text: str) -> None:
    try:
        description = parse(text)
    except OfferError:
        return
    assert parse(write(description)) == description


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_one_clients_is_remembered(name: str) -> None:
    """Another client of that browser adds nothing to what is remembered."""
    shared = re.compile(
        "a=(rtpmap|fmtp|rtcp-fb|extmap|rtcp-mux|rtcp-rsize|send|recv|inactive)|[vm]="
    )
    lines = recorded(name).splitlines()
    lines += ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0", "k=clear:secret"]
    parser._kept_line.cache_clear()
    sizes = []
    for client in range(2):
        own = [line if shared.match(line) else f"{line}{client}" for line in lines]
        parse("\r\n".join(own) + "\r\n")
        sizes.append(parser._kept_line.cache_info().currsize)
    assert sizes[0] == sizes[1] > 0


def test_a_long_line_is_not_remembered() -> None:
    parser._kept_line.cache_clear()
    parse(f"{HEAD}{MEDIA}a=fmtp:111 {'x' * parser.MAX_KEPT_LINE}\r\n")
    assert parser._kept_line.cache_info().currsize == 0
