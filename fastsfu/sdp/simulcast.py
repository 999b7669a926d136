"""Several encodings of one source in one section: by restriction identifiers (RFC 8851, RFC 8853)
or, as older clients write it, by an SSRC group (`a=ssrc-group:SIM`).

Encodings stand in the offer's order. Whether the first is the smallest or the largest no line says
reliably: the engine goes by what it receives.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from fastsfu.sdp.codecs import RID
from fastsfu.sdp.model import Attributes, OfferedEncoding

MAX_ENCODINGS = 3  # of one source; further ones are not asked for
MAX_RID = 16  # bytes that a one-byte header extension holds (RFC 8285 section 4.2)


def read_encodings(
    attributes: Attributes,
    extensions: Mapping[int, int],
    repairs: Mapping[int, int],
    groups: Sequence[Sequence[int]],
) -> tuple[OfferedEncoding, ...]:
    """What a sending section is to send at once; empty: one encoding.

    `extensions` are those of the section: without RID's, nobody can tell encodings apart by it.
    `repairs` is SSRC -> RTX SSRC, `groups` the SSRCs of each SIM group.
    """
    rids = list(_offered_rids(attributes)) if RID in extensions else []
    if len(rids) > 1:
        return tuple(OfferedEncoding(rid=rid) for rid in rids[:MAX_ENCODINGS])
    for group in groups:
        if len(group) > 1:
            return tuple(
                OfferedEncoding(ssrc=ssrc, rtx_ssrc=repairs.get(ssrc))
                for ssrc in group[:MAX_ENCODINGS]
            )
    return ()


def answered_encodings(encodings: Sequence[OfferedEncoding]) -> Iterator[tuple[str, str]]:
    """The answer's attributes: all that was understood is received (RFC 8853 section 5.3.2)."""
    rids = [encoding.rid for encoding in encodings if encoding.rid]
    for rid in rids:
        yield "rid", f"{rid} recv"
    if rids:
        yield "simulcast", f"recv {';'.join(rids)}"


def _offered_rids(attributes: Attributes) -> Iterator[str]:
    """Of the streams in `a=simulcast:send`, the first alternative that an a=rid line describes."""
    described = {
        match[1]
        for value in attributes.all("rid")
        if (match := re.fullmatch(r"([A-Za-z0-9_-]+) send( .*)?", value))
        and len(match[1]) <= MAX_RID
    }
    for stream in _sent_streams(attributes.first("simulcast") or ""):
        alternatives = [rid.removeprefix("~") for rid in stream.split(",")]
        chosen = next((rid for rid in alternatives if rid in described), None)
        if chosen is not None:
            described.remove(chosen)
            yield chosen


def _sent_streams(simulcast: str) -> list[str]:
    """`send 1;2,3 recv 4` (RFC 8853 section 5.1) -> ["1", "2,3"]."""
    words = simulcast.split()
    for direction, streams in zip(words[::2], words[1::2], strict=False):
        if direction == "send":
            return streams.split(";")
    return []
