"""Which empty section can carry a publication, by the codecs of both."""

from collections.abc import Iterable

from fastsfu.sdp.codecs import described
from fastsfu.sdp.negotiate import NegotiatedCodec, OfferedSection, match_payload_types
from fastsfu.session.spares import Spare
from fastsfu.tracks import PayloadTypes, Publication, same_payload_types

Codecs = tuple[NegotiatedCodec, ...]
MOST_MATCHED = 1024
_matched: dict[tuple[int, int], tuple[Codecs, Codecs, PayloadTypes]] = {}


def matching_place(
    publication: Publication, places: Iterable[Spare]
) -> tuple[Spare, PayloadTypes] | None:
    """The first place that can carry it, and how payload types map; sections of one client mostly
    have the same codecs, which are then tried once.
    """
    tried = None
    for place in places:
        codecs = place.section.codecs
        if tried is not None and same_payload_types(codecs, tried):
            continue
        tried = codecs
        if payload_types := _payload_types(publication.codecs, codecs):
            return place, payload_types
    return None


def _payload_types(source: Codecs, sink: Codecs) -> PayloadTypes:
    """Browsers of a kind have the same codecs, which are the same object (sdp/payloads)."""
    key = id(source), id(sink)
    known = _matched.get(key)
    if known is None or known[0] is not source or known[1] is not sink:
        if len(_matched) >= MOST_MATCHED:
            _matched.clear()
        known = _matched[key] = (source, sink, tuple(match_payload_types(source, sink)))
    return known[2]


def why_undecodable(publication: Publication, sections: Iterable[OfferedSection]) -> str:
    takes = described(codec for section in sections for codec in section.codecs)
    return (
        f"The {publication.source} of {publication.session_id} comes in "
        f"{described(publication.codecs)} only, and the client takes {takes}."
    )
