"""Offer and answer (RFC 3264, RFC 9429), the one negotiation core for browsers, WHIP and WHEP.

The client always offers. One BUNDLE (RFC 9143), rtcp-mux (RFC 5761), DTLS-SRTP (RFC 5764) and ICE
are demanded; a section that cannot be had is rejected with port 0 while the others go on.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from fastsfu.errors import OfferError
from fastsfu.sdp.answer import write_answer
from fastsfu.sdp.codecs import match_payload_types
from fastsfu.sdp.model import (
    MediaDescription,
    NegotiatedCodec,
    Offer,
    OfferedEncoding,
    OfferedSection,
    SentStream,
    SessionDescription,
    Setup,
)
from fastsfu.sdp.parse import MAX_SECTIONS, parse, shown
from fastsfu.sdp.payloads import CodecReader
from fastsfu.sdp.sections import UNUSED, extension_maps, read_mid, read_section

__all__ = [
    "NegotiatedCodec",
    "Offer",
    "OfferedEncoding",
    "OfferedSection",
    "SentStream",
    "match_payload_types",
    "read_offer",
    "write_answer",
]

SETUPS: tuple[Setup, ...] = ("actpass", "active", "passive")
HASH_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}  # RFC 8122 section 5, without the broken


def read_offer(
    text: str,
    *,
    video_codecs: Sequence[str],
    audio_codecs: Sequence[str],
    most_sections: int = MAX_SECTIONS,
    whole: bool = False,
) -> Offer:
    """The offer in `text`, reduced to what both sides can do; codecs in the order of the arguments.

    Raises OfferError, whose info says what was expected and what came; with `whole` also for a
    section that the client uses and that cannot be taken.
    """
    description = parse(text, most_sections)
    if not description.media:
        raise OfferError("At least one media section was expected, none came.")
    _check_unique_mids(description)
    bundle = _bundle(description)
    codecs = CodecReader({"video": video_codecs, "audio": audio_codecs})
    sections, extensions = _read_sections(description, bundle, codecs)
    _check_unique_ssrcs(sections)
    if sum(section.channels is not None for section in sections) > 1:
        raise OfferError("At most one section for data channels was expected.")
    accepted = {section.mid for section in sections if section.rejected_reason is None}
    if not accepted:
        raise OfferError(f"No media section can be taken ({_reasons(sections)}).")
    refused = [each for each in sections if each.rejected_reason not in (None, UNUSED)]
    if whole and refused:
        raise OfferError(f"Not all media sections can be taken ({_reasons(refused)}).")
    # RFC 9143 section 7.3.1: the transport is described by the first section of the group that
    # is not rejected.
    bundle = tuple(mid for mid in bundle if mid in accepted)
    tag = next(m for m in description.media if m.mids[:1] == bundle[:1])
    return _with_transport(description, tag, bundle, sections, extensions)


def read_ice_credentials(ufrags: Sequence[str], passwords: Sequence[str]) -> tuple[str, str]:
    """Username fragment and password (RFC 8839 section 5.4), neither of which an error quotes."""
    for name, values, pattern in (
        ("a=ice-ufrag of 4 to 256", ufrags, r"[A-Za-z0-9+/]{4,256}"),
        ("a=ice-pwd of 22 to 256", passwords, r"[A-Za-z0-9+/]{22,256}"),
    ):
        if not values or not re.fullmatch(pattern, values[0]):
            came = f"{len(values[0])} characters" if values else "none"
            raise OfferError(f"{name} letters, digits, + and / was expected, {came} came.")
    return ufrags[0], passwords[0]


def _read_sections(
    description: SessionDescription, bundle: Collection[str], codecs: CodecReader
) -> tuple[tuple[OfferedSection, ...], Mapping[int, int]]:
    """Those of the offer, and the extensions of the BUNDLE. Sections that are alike but for their
    mid are looked at once.
    """
    bundle = frozenset(bundle)
    places: list[tuple[str, tuple[int, bool]]] = []
    read: dict[tuple[int, bool], OfferedSection] = {}
    extensions = _BundleExtensions()
    for media in description.media:
        mid = read_mid(media)
        shape = id(media.like or media), mid in bundle
        places.append((mid, shape))
        if shape not in read:
            section = read_section(description, media, bundle, codecs)
            read[shape] = section if section.rejected else extensions.agree(media, section)
    return tuple(read[shape].with_mid(mid) for mid, shape in places), extensions.ids


def _check_unique_mids(description: SessionDescription) -> None:
    mids = [mid for media in description.media for mid in media.mids]
    if len(set(mids)) < len(mids):
        repeated = next(mid for mid, count in Counter(mids).items() if count > 1)
        raise OfferError(f"The mid {shown(repeated)} is there more than once.")


def _check_unique_ssrcs(sections: Iterable[OfferedSection]) -> None:
    owners: dict[int, str] = {}
    for section in sections:
        for ssrc in section.ssrcs:
            if ssrc in owners:
                raise OfferError(
                    f"The SSRC {ssrc} is used twice, in sections {owners[ssrc]} and {section.mid}."
                )
            owners[ssrc] = section.mid


def _reasons(sections: Sequence[OfferedSection]) -> str:
    return "; ".join(f"{each.mid or '-'}: {each.rejected_reason}" for each in sections[:4])


def _bundle(description: SessionDescription) -> tuple[str, ...]:
    """The mids of the one BUNDLE group. A section that is alone needs none to have a transport."""
    bundles = _bundle_groups(description)
    if not bundles and len(description.media) == 1:
        mids = description.media[0].mids[:1]
        return mids if any(mids) else ()
    if len(bundles) != 1:
        raise OfferError(f"One a=group:BUNDLE was expected, {len(bundles) or 'none'} came.")
    return tuple(dict.fromkeys(bundles[0]))


def _bundle_groups(description: SessionDescription) -> list[list[str]]:
    groups = [value.split() for value in description.attributes.all("group")]
    return [group[1:] for group in groups if group and group[0].upper() == "BUNDLE"]


def _with_transport(
    description: SessionDescription,
    tag: MediaDescription,
    bundle: tuple[str, ...],
    sections: tuple[OfferedSection, ...],
    extensions: Mapping[int, int],
) -> Offer:
    """The offer with the transport that the section `tag` describes for the whole BUNDLE."""

    def values(name: str) -> list[str]:
        return list(tag.attributes.all(name)) or list(description.attributes.all(name))

    if values("ice-lite"):
        raise OfferError("A full ICE client was expected, because the server is ICE-lite itself.")
    ice_ufrag, ice_pwd = read_ice_credentials(values("ice-ufrag"), values("ice-pwd"))
    setup = _setup(values("setup"))
    return Offer(
        ice_ufrag=ice_ufrag,
        ice_pwd=ice_pwd,
        fingerprints=_fingerprints(values("fingerprint")),
        setup=setup,
        dtls_client=setup == "passive",
        extensions=extensions,
        sections=sections,
        bundle=bundle,
        mixed_extensions=bool(values("extmap-allow-mixed")),
        grouped=bool(_bundle_groups(description)),
    )


def _setup(values: Sequence[str]) -> Setup:
    """RFC 4145 section 4: an offer that says nothing means active."""
    came = values[0] if values else "active"
    for setup in SETUPS:
        if came.lower() == setup:
            return setup
    raise OfferError(f"a=setup of {', '.join(SETUPS)} was expected, {shown(came)} came.")


def _fingerprints(values: Iterable[str]) -> tuple[tuple[str, bytes], ...]:
    """(hash, digest) of each fingerprint with a hash that is to be trusted (RFC 8122 section 5)."""
    found, others = [], []
    for value in values:
        name, _, text = value.partition(" ")
        name = name.lower()
        if name not in HASH_SIZES:
            others.append(name)
            continue
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2}", text):
            raise OfferError(f"a=fingerprint:{name} with bytes as AB:CD was expected.")
        digest = bytes.fromhex(text.replace(":", ""))
        if len(digest) != HASH_SIZES[name]:
            raise OfferError(
                f"{name} of {HASH_SIZES[name]} bytes was expected in a=fingerprint, "
                f"{len(digest)} came."
            )
        found.append((name, digest))
    if not found:
        came = shown(others[0]) if others else "none"
        raise OfferError(f"a=fingerprint with {', '.join(HASH_SIZES)} was expected, {came} came.")
    return tuple(dict.fromkeys(found))


class _BundleExtensions:
    """Header extensions of a BUNDLE, in which an id means one thing (RFC 9143 section 9.2)."""

    def __init__(self) -> None:
        self.ids: dict[int, int] = {}  # by ExtensionKind
        self._uris: dict[int, str] = {}

    def agree(self, media: MediaDescription, section: OfferedSection) -> OfferedSection:
        """The section without those that have another id here than in the sections before."""
        for number, _, uri in extension_maps(media.attributes):
            if self._uris.setdefault(number, uri) != uri:
                raise OfferError(f"a=extmap:{number} means different things in different sections.")
        own = section.extensions
        same = {kind: its for kind, its in own.items() if self.ids.setdefault(kind, its) == its}
        return section if same == own else replace(section, extensions=same)
