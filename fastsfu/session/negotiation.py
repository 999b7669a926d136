"""A session's offers and answers: each is read and checked whole before anything follows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastsfu.config import Config
from fastsfu.events import Event, Failure, SectionsWanted
from fastsfu.sdp.negotiate import Offer, read_offer
from fastsfu.sdp.parse import MAX_SECTIONS
from fastsfu.session.bundle import Answer
from fastsfu.session.channels import SessionChannels
from fastsfu.session.path import Path
from fastsfu.session.publisher import Publisher, name_sources
from fastsfu.session.quotas import Account
from fastsfu.session.subscriber import Subscriber
from fastsfu.session.turns import Turns
from fastsfu.terms import Kind, Source

SECTIONS = 64  # of an offer, and those that its session has had a use for at a time
# An offer has to fit into one message of signaling (http/model), which has room for this in JSON.
OFFER_BYTES = 950_000
SECTION_BYTES = 3000  # of what browsers offer to receive, on average, until there is an offer
LEAST_SECTION_BYTES = 2000  # counted for one, since the next may be pictures
OWN_SECTIONS = 3  # microphone, camera, data channels


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an offer."""

    answer: Answer
    is_news: bool  # publications began or ended


class Negotiation:
    """One session's."""

    def __init__(
        self,
        config: Config,
        path: Path,
        publisher: Publisher,
        subscriber: Subscriber,
        channels: SessionChannels,
        account: Account,
        tell: Callable[[Event], None],
    ) -> None:
        self.turns = Turns()  # one lasts from `read` to `follow`
        self._config = config
        self._path = path
        self._publisher = publisher
        self._subscriber = subscriber
        self._channels = channels
        self._account = account
        self._tell = tell
        path.on_up = self._open
        account.on_refusal = lambda info: tell(Failure("no-capacity", info))
        self._asked: dict[Kind, int] | None = None  # what was wanted when the client was last told
        self._most: dict[Kind, int] = {}  # sections of use, ever: clients keep them
        self._section_bytes = SECTION_BYTES
        self._told_crowded = False

    @property
    def wants_more(self) -> bool:
        """Another offer would bring more, and the client was not told so yet."""
        return self._subscriber.wanted != self._asked and self._subscriber.gains(self._room)

    def wanted_sections(self) -> dict[Kind, int]:
        """How many receiving sections to ask the client for, which it is told now."""
        self._asked = dict(self._subscriber.wanted)
        return self._use()

    def ask(self) -> bool:
        """Tell the client what its empty sections carry now, and to offer again if that is not
        enough for what waits; whether there was anything to tell.
        """
        carries, undecodable = self._subscriber.map()
        for why in undecodable:
            self._tell(Failure("no-common-codec", why))
        offer = self._subscriber.gains(self._room)
        self._tell_crowded()
        if offer or carries:
            sections = self.wanted_sections()
            revision = self._subscriber.revision if carries else 0
            self._tell(SectionsWanted(**sections, offer=offer, carries=carries, revision=revision))
        return offer or bool(carries)

    async def read(
        self, sdp: str, tracks: Mapping[str, Source], *, whole: bool
    ) -> tuple[Offer, Mapping[str, Source]]:
        """The offer, and the source of each section that sends, by mid.

        One that publishes anew again and again takes its time. Raises OfferError or RequestError
        for one that cannot follow those before it.
        """
        self._use()  # also of one that is never asked (WHEP)
        offer = read_offer(
            sdp,
            video_codecs=self._config.video_codecs,
            audio_codecs=self._config.audio_codecs,
            most_sections=SECTIONS + sum(self._most.values()),
            whole=whole,
        )
        sources = name_sources(offer, tracks)
        self._section_bytes = max(LEAST_SECTION_BYTES, len(sdp) // len(offer.sections))
        self._path.check(offer)
        allowed = self._publisher.may_begin(sources)
        if len(allowed) < len(sources):
            refused = sorted(sources[mid] for mid in sources.keys() - allowed.keys())
            info = f"There is no permission to publish {' and '.join(refused)}."
            self._tell(Failure("not-allowed", info))
            sources = allowed
        if wait := self._publisher.wait_for(offer, sources):
            self._tell(Failure("rate-limit", f"Published anew too often: {wait:.1f} s to wait."))
        await self.turns.rest(wait)
        return offer, sources

    def follow(self, offer: Offer, sources: Mapping[str, Source], *, dtx: bool) -> Outcome:
        """Bring the engine to what a checked offer says, and answer it; `dtx`: voices pause."""
        bundle = self._path.follow(
            offer, self._publisher.learnt_ssrcs(), self._channels.max_message_bytes
        )
        self._channels.follow(bundle.handle, offer)
        is_news = self._publisher.follow(bundle, offer, sources)
        for why in self._subscriber.follow(bundle, offer):
            self._tell(Failure("no-common-codec", why))
        sending = self._subscriber.streams()
        publications = self._publisher.publications
        voices = [mid for mid, each in publications.items() if each.source == "audio"]
        sdp = bundle.answer(offer, sending, publications.keys(), voices if dtx else ())
        described, revision = self._subscriber.described(), self._subscriber.revision
        return Outcome(Answer(sdp, described, revision), is_news)

    @property
    def _room(self) -> int:
        """How many receiving sections an offer can have."""
        return min(OFFER_BYTES // self._section_bytes, MAX_SECTIONS - SECTIONS) - OWN_SECTIONS

    def _tell_crowded(self) -> None:
        if self._subscriber.crowded and not self._told_crowded:
            info = f"{self._room} sources can be received at once; decline some for others to come."
            self._tell(Failure("no-capacity", info))
        self._told_crowded = self._subscriber.crowded

    def _use(self) -> dict[Kind, int]:
        """How many receiving sections there is a use for now, which is noted."""
        sections = self._subscriber.sections(self._room)
        for kind, count in sections.items():
            self._most[kind] = max(count, self._most.get(kind, 0))
        return sections

    def close(self) -> None:
        """Free all that offers have brought about."""
        self._publisher.close()
        self._subscriber.close()
        self._channels.close()
        self._path.close()
        self._path.on_up = lambda: None
        self._account.close()

    def _open(self) -> None:
        """Streams are made when the client has an address, so that offers alone use none up."""
        self._publisher.open()
        self._subscriber.open()
