"""What one session sends: publications, made and ended by the sending sections of its offers."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Set
from functools import partial
from typing import Protocol

from fastsfu.allowance import Allowance
from fastsfu.engine.media import MediaEngine
from fastsfu.engine.replicas import Replicas
from fastsfu.errors import RequestError
from fastsfu.sdp.codecs import RECEIVER_ESTIMATE
from fastsfu.sdp.negotiate import Offer, OfferedEncoding, OfferedSection
from fastsfu.session.bundle import Bundle
from fastsfu.session.quotas import Account
from fastsfu.terms import KIND_OF, SOURCES, SOURCES_OF, Kind, Source
from fastsfu.tracks import Encoding, Publication, same_payload_types

# Publications that a session may begin: people turn a screen on and off, programs could do it for
# ever.
NEW_PER_SECOND = 1.0
NEW_AT_ONCE = 16.0


class Audience(Protocol):
    """Where publications are shown, and their voices heard: the room."""

    def published(self, publication: Publication) -> None: ...
    def unpublished(self, publication: Publication) -> None: ...
    def heard(self, session_id: str, level: int) -> None: ...


class Publisher:
    """One session's publications by mid."""

    def __init__(
        self,
        engine: MediaEngine,
        session_id: str,
        audience: Audience,
        account: Account,
        on_demand: Callable[[Publication], None],
    ) -> None:
        """Nothing is made in the engine before `open`: an offer alone costs nothing there.

        `on_demand` is called when others want other encodings of a publication than before.
        """
        self._engine = engine
        self._session_id = session_id
        self._audience = audience
        self._account = account
        self._on_demand = on_demand
        self._reduced: set[Source] = set()  # the client was told that not all of them is wanted
        self.on_media: Callable[[], None] = lambda: None  # a stream has begun to come
        self._is_open = False
        self._muted: Set[Source] = frozenset()
        self._permitted: Set[Source] = frozenset(SOURCES)
        self._pinned = False
        self._bundle: Bundle | None = None
        self.publications: dict[str, Publication] = {}
        self._allowance = Allowance(NEW_PER_SECOND, NEW_AT_ONCE)

    @property
    def sources(self) -> set[Source]:
        """What of all that is published is passed on."""
        return {each.source for each in self.publications.values()} & self.passing

    @property
    def passing(self) -> Set[Source]:
        """The sources of which everything is passed on that comes."""
        return self._permitted - self._muted

    def learnt_ssrcs(self) -> Iterable[int]:
        """SSRCs of streams that the client sends without having named them."""
        for publication in self.publications.values():
            yield from publication.live_ssrcs

    def follow(self, bundle: Bundle, offer: Offer, sources: Mapping[str, Source]) -> bool:
        """Make the publications those of `offer`; `sources` by mid, as `name_sources` gives them.

        True when any began or ended.
        """
        self._bundle = bundle
        begun = self._begun(offer, sources)
        kept = sources.keys() - {section.mid for section in begun}
        ended = [each for mid, each in self.publications.items() if mid not in kept]
        for publication in ended:
            self._end(publication)
        for section in begun:
            self._begin(section, sources[section.mid])
        self._open_all()
        return bool(ended or begun)

    def open(self) -> None:
        """Media can come: the client is at an address that it has proven."""
        self._is_open = True
        self._open_all()

    def wait_for(self, offer: Offer, sources: Mapping[str, Source]) -> float:
        """Count what is new in `offer`; returns for how many seconds to wait before `follow`.

        Each publication makes everybody else offer again.
        """
        now = asyncio.get_running_loop().time()
        return self._allowance.take(now, len(self._begun(offer, sources)))

    def mute(self, muted: Set[Source]) -> None:
        """Nothing of these sources is passed on, whatever comes, nor anything of them heard."""
        self._close_gates(muted, self._permitted)

    def permit(self, permitted: Set[Source]) -> None:
        """Nothing of others is passed on, and nothing new of others is published. What has been
        published stays so, and goes on when it may.
        """
        self._close_gates(self._muted, permitted)

    def may_begin(self, sources: Mapping[str, Source]) -> dict[str, Source]:
        """Those of an offer's sources, by mid, that it may publish, or does."""
        known = {mid: each.source for mid, each in self.publications.items()}
        return {
            mid: source
            for mid, source in sources.items()
            if source in self._permitted or known.get(mid) == source
        }

    def pin(self, pinned: bool) -> None:
        """Whether its voice is always passed on, however loud it is."""
        self._pinned = pinned
        for publication in self.publications.values():
            self._pin(publication)

    def _close_gates(self, muted: Set[Source], permitted: Set[Source]) -> None:
        before = self.passing
        self._muted, self._permitted = frozenset(muted), frozenset(permitted)
        for publication in self.publications.values():
            if publication.source in before ^ self.passing:
                self._pause(publication)

    def _pause(self, publication: Publication) -> None:
        if publication.encodings:
            publication.replicas.pause(publication.source not in self.passing)

    def _pin(self, publication: Publication) -> None:
        for encoding in publication.encodings if publication.voices is not None else ():
            self._engine.pin_inbound(encoding.inbound, self._pinned)

    def close(self) -> None:
        """End all of them."""
        for publication in list(self.publications.values()):
            self._end(publication)

    def _begun(self, offer: Offer, sources: Mapping[str, Source]) -> list[OfferedSection]:
        """The sections that publish something new."""
        return [
            section
            for section in offer.sections
            if section.mid in sources and not self._goes_on(section, sources[section.mid])
        ]

    def _goes_on(self, section: OfferedSection, source: Source) -> bool:
        """Whether the section still is what it was; a new SSRC or other codecs are a new stream."""
        publication = self.publications.get(section.mid)
        return (
            publication is not None
            and publication.source == source
            and publication.offered == section.streams
            and same_payload_types(publication.codecs, section.codecs)
        )

    def _begin(self, section: OfferedSection, source: Source) -> None:
        voice = partial(self._audience.heard, self._session_id) if source == "audio" else None
        publication = Publication(
            session_id=self._session_id,
            mid=section.mid,
            kind=KIND_OF[source],
            source=source,
            codecs=section.codecs,
            offered=section.streams,
            voice=voice,
            on_demand=self._demand,
            on_media=lambda: self.on_media(),
        )
        self.publications[section.mid] = publication
        self._audience.published(publication)

    def tell_demand(self) -> None:
        """Again, to a client that has come back: what of it nobody wants."""
        for publication in self.publications.values():
            if not publication.wanted_whole:
                self._demand(publication)

    def _demand(self, publication: Publication) -> None:
        whole = publication.wanted_whole
        (self._reduced.discard if whole else self._reduced.add)(publication.source)
        self._on_demand(publication)

    def _open_all(self) -> None:
        for publication in self.publications.values():
            bundle = self._bundle
            if bundle is not None and self._is_open and not publication.encodings:
                self._open(publication, bundle)

    def _open(self, publication: Publication, bundle: Bundle) -> None:
        """Expect its encodings, as many as there may be; if none, the next offer tries again."""
        for offered in publication.offered:
            if not self._account.take():
                break
            try:
                publication.encodings.append(self._create(publication, bundle, offered))
            except MemoryError as error:
                self._account.failed(f"The server is full: {error}.")
                break
        if not publication.encodings:
            return
        publication.replicas = Replicas(
            self._engine,
            [encoding.inbound for encoding in publication.encodings],
            video=publication.kind == "video",
            clock_rate=publication.codecs[0].clock_rate,
            on_wanted=publication.want_at,
        )
        if publication.source not in self.passing:
            self._pause(publication)
        if self._pinned:
            self._pin(publication)
        if publication.source in self._reduced:
            self._demand(publication)  # which the client keeps as it was of the one before
        waiting, publication.waiting = publication.waiting, {}
        for subscription, make in waiting.items():
            make(subscription)

    def _create(
        self, publication: Publication, bundle: Bundle, offered: OfferedEncoding
    ) -> Encoding:
        encoding = Encoding(publication, offered.rid)
        feedback = {each for codec in publication.codecs for each in codec.feedback}
        encoding.inbound = self._engine.create_inbound(
            encoding,
            bundle.handle,
            video=publication.kind == "video",
            mid=publication.mid,
            ssrc=offered.ssrc,
            rtx_ssrc=offered.rtx_ssrc,
            payload_types=[
                (
                    codec.pt,
                    codec.codec,
                    codec.clock_rate,
                    -1 if codec.rtx_pt is None else codec.rtx_pt,
                )
                for codec in publication.codecs
            ],
            nack="nack" in feedback,
            fir="ccm fir" in feedback and "nack pli" not in feedback,
            remb=RECEIVER_ESTIMATE in feedback,
            voices=publication.voices,
            rid=offered.rid,
            lower=publication.encodings[-1].inbound if publication.encodings else 0,
        )
        return encoding

    def _end(self, publication: Publication) -> None:
        del self.publications[publication.mid]
        publication.hear(0)
        self._audience.unpublished(publication)
        publication.on_demand = _nobody_asks
        publication.on_media = lambda: None
        if publication.heights is not None:
            publication.heights.close()
        if publication.encodings:
            publication.replicas.close()
        for encoding in publication.encodings:
            self._account.received_bytes += self._engine.bytes_of(encoding.inbound)
            self._engine.close_inbound(encoding.inbound)
            self._account.give_back()
        publication.encodings.clear()  # they know it, and would keep it


def _nobody_asks(publication: Publication) -> None:
    """Of a publication that has ended nobody has to be told."""


def name_sources(offer: Offer, tracks: Mapping[str, Source]) -> dict[str, Source]:
    """The source of each section in which the client sends something that we understand, by mid.

    What `tracks` does not name gets the first free source of its kind. Raises RequestError for a
    source of the other kind, one that is named twice, and more sections than sources.
    """
    sending = {each.mid: each for each in offer.sections if each.client_sends and each.codecs}
    named: dict[str, Source] = {}
    for mid in sending.keys() & tracks.keys():
        source = tracks[mid]
        if KIND_OF[source] != sending[mid].kind:
            raise RequestError(f"The section {mid} is {sending[mid].kind}, not {source}.")
        if source in named.values():
            raise RequestError(f"{source} is named for more than one section.")
        named[mid] = source
    for mid, section in sending.items():
        if mid not in named:
            named[mid] = _free_source(section, named)
    return named


def _free_source(section: OfferedSection, named: Mapping[str, Source]) -> Source:
    kind: Kind = "audio" if section.kind == "audio" else "video"
    for source in SOURCES_OF[kind]:
        if source not in named.values():
            return source
    raise RequestError(
        f"The section {section.mid} is one too many: a session sends at most "
        f"{len(SOURCES_OF[kind])} of kind {kind}."
    )
