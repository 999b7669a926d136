"""Offers of any bytes: an answer with as many sections, or one clear refusal."""

import re
from collections.abc import Hashable

from fastsfu.errors import OfferError
from fastsfu.sdp.parse import parse
from fastsfu.sdp.write import write
from tests.fuzz.harness import fuzz
from tests.sdp.offers import answer, read, recorded

# Of the long ones only the head of each section, for more inputs a second.
KEPT = re.compile(r"^(?:[vostc]=|m=|a=(?!rtcp-fb|rtpmap:(?!96|97|111|120|124)|fmtp:1[01]).*)")
CORPUS = [
    "".join(line for line in recorded(name).splitlines(keepends=True) if KEPT.match(line)).encode()
    for name in ("ffmpeg_whip", "aiortc_receive_only", "chromium_simulcast", "firefox_receive_only")
]


def test_sdp() -> None:
    fuzz("sdp", negotiate, CORPUS, largest=4096)


def negotiate(data: bytes) -> Hashable:
    text = data.decode("latin-1")
    try:
        offer = read(text)
    except OfferError as error:
        return plain(error.info)
    assert parse(write(parse(text))) == parse(text)
    answered = parse(answer(offer))
    assert len(answered.media) == len(offer.sections)
    for section, media in zip(offer.sections, answered.media, strict=True):
        assert (media.port == 0) == section.rejected
    return tuple(
        (plain(section.rejected_reason or ""), section.ssrc is None, len(section.codecs))
        for section in offer.sections
    )


def plain(info: str) -> str:
    """Without what it quotes."""
    return re.sub(r"'.*'|\".*\"|[0-9]+", "", info)
