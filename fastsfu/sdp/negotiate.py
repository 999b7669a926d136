"""Offer and answer (RFC 3264, RFC 9429), the one negotiation core for browsers, WHIP and WHEP.

The client always offers. One BUNDLE (RFC 9143), rtcp-mux (RFC 5761), DTLS-SRTP and ICE are
demanded; a section that cannot be had is rejected with port 0 while the others go on.
"""

from collections.abc import Collection, Mapping, Sequence

from fastsfu.sdp.model import NegotiatedCodec, Offer, OfferedSection, SentStream

__all__ = [
    "NegotiatedCodec",
    "Offer",
    "OfferedSection",
    "SentStream",
    "match_payload_types",
    "read_offer",
    "write_answer",
]


def read_offer(text: str, *, video_codecs: Sequence[str], audio_codecs: Sequence[str]) -> Offer:
    """The offer in `text`, reduced to what both sides can do; codecs in the order of the arguments.

    Raises OfferError, whose info says what was expected and what came.
    """
    raise NotImplementedError


def match_payload_types(
    source: Sequence[NegotiatedCodec], sink: Sequence[NegotiatedCodec]
) -> list[tuple[int, int, int]]:
    """How a publisher's payload types are called at a receiver: (source pt, sink pt, sink RTX pt
    or -1).
    """
    raise NotImplementedError


def write_answer(
    offer: Offer,
    *,
    ice_ufrag: str,
    ice_pwd: str,
    fingerprint: str,
    candidates: Sequence[str],
    sending: Mapping[str, SentStream],
    receiving: Collection[str],
    session_id: int = 1,
    version: int = 1,
) -> str:
    """The answer to `offer`: `sending` and `receiving` are keyed by mid.

    `fingerprint` is the SHA-256 of our certificate as "AB:CD:...", `candidates` are values of
    candidate attributes. A section in neither is answered inactive, a rejected one with port 0.
    """
    raise NotImplementedError
