"""What is published goes into sections that were described before, in pairs, without an offer."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fastsfu.config import Config
from fastsfu.events import Failure, SectionsWanted, SubscriptionInfo
from fastsfu.sdp.negotiate import NegotiatedCodec, OfferedSection
from fastsfu.session.spares import MOST_SPARE, Pair, Spares, spare_beyond
from fastsfu.sfu import SFU
from fastsfu.tracks import Bond
from tests.support.offers import H264, OfferText, Section, receiving, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client, Join
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)
VOICE, PICTURE = sending(video=False), sending()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Join, RecordingEngine]]:
    native = RecordingEngine()
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        yield Join(sfu), native


async def told(client: Client) -> SectionsWanted:
    """What it is told in the end: requests are some time apart."""
    await asyncio.sleep(1)
    return client.of(SectionsWanted)[-1]


def streams(sdp: str) -> dict[str, str]:
    """The MediaStream of each section of an answer that names one, by mid."""
    sections = re.split(r"^(?=m=)", sdp, flags=re.M)[1:]
    found = {}
    for section in sections:
        mid, stream = re.search(r"a=mid:(\S+)", section), re.search(r"a=msid:(\S+)", section)
        if mid and stream:
            found[mid[1]] = stream[1]
    return found


@virtually
async def test_who_comes_next_needs_no_offer() -> None:
    async with serving() as (join, native):
        ada = await join("Ada", maps=True)
        assert ada.session.wanted_sections() == {"audio": 1, "video": 1}
        answer = await ada.receive_all(sending())
        assert streams(answer.sdp)["ra0"] == streams(answer.sdp)["rv0"]
        ben = await join("Ben")
        await ben.offer(sending())
        carries = {
            "ra0": SubscriptionInfo(ben.session.id, "audio"),
            "rv0": SubscriptionInfo(ben.session.id, "video"),
        }
        assert await told(ada) == SectionsWanted(2, 2, False, carries, 2)
        ssrcs = set(map(int, re.findall(r"a=ssrc:(\d+) cname", answer.sdp)))
        assert {each.ssrc for each in native.outbounds.values()} < ssrcs


@virtually
async def test_nothing_comes_before_it_is_confirmed() -> None:
    async with serving() as (join, native):
        ada, ben = await join("Ada", maps=True), await join("Ben")
        await ada.offer(OfferText(receiving(audio=4, video=4)))
        ada.session.confirm(1)
        await ben.offer(sending())
        assert [each.paused for each in native.outbounds.values()] == [True, True]
        ada.session.confirm()
        ada.session.confirm(1)
        assert [each.paused for each in native.outbounds.values()] == [True, True], (
            "that was the answer"
        )
        ada.session.confirm((await told(ada)).revision)
        assert [each.paused for each in native.outbounds.values()] == [False, False]


@virtually
async def test_an_offer_is_asked_for_when_the_empty_ones_run_out() -> None:
    async with serving() as (join, _):
        ada = await join("Ada", maps=True)
        await ada.receive_all(OfferText())
        asked = []
        for number in range(2, 13):
            await (await join(str(number))).offer(sending())
            if (await told(ada)).offer:
                asked.append(number - 1)
                await ada.receive_all(OfferText())
        assert asked == [2, 5, 11]
        assert len(ada.session.subscriber.subscriptions) == 22


@virtually
async def test_a_section_serves_once_between_two_offers() -> None:
    async with serving() as (join, _):
        eve = await join("Eve", maps=True)
        offered = OfferText(receiving(audio=1, video=1))
        first = await eve.offer(offered)
        for name in ("Ada", "Ben"):
            someone = await join(name)
            await someone.offer(sending())
            news = await told(eve)
            expected = (False, {"ra0", "rv0"}) if name == "Ada" else (True, set())
            assert (news.offer, set(news.carries)) == expected
            if name == "Ada":
                someone.session.leave()
        again = await eve.offer(offered)
        assert set(again.subscriptions) == {"ra0", "rv0"}
        named = [set(re.findall(r"a=ssrc:(\d+) cname", each.sdp)) for each in (first, again)]
        assert not named[0] & named[1]


@virtually
async def test_a_camera_goes_beside_its_microphone() -> None:
    async with serving() as (join, _):
        eve = await join("Eve", maps=True)
        stream_of = streams((await eve.offer(OfferText(receiving(audio=3, video=2)))).sdp)
        ada, ben = await join("Ada"), await join("Ben")
        await ada.offer(VOICE)
        (voice,) = (await told(eve)).carries
        assert voice == "ra2", "the one without a picture is for who has but a voice"
        await ben.offer(PICTURE)
        assert len({stream_of[mid] for mid in (await told(eve)).carries}) == 1
        await ada.offer(PICTURE)
        assert (await told(eve)).offer, "the other picture is not of the same stream"
        answer = await eve.offer(OfferText(receiving(audio=3, video=3)))
        by_mid = {info: mid for mid, info in answer.subscriptions.items()}
        mids = [by_mid[SubscriptionInfo(ada.session.id, kind)] for kind in ("audio", "video")]
        assert len({streams(answer.sdp)[mid] for mid in mids}) == 1


@virtually
async def test_a_picture_that_finds_no_other_place_goes_anywhere() -> None:
    async with serving() as (join, _):
        eve, ada = await join("Eve", maps=True), await join("Ada")
        offered = OfferText(receiving(audio=2, video=1))
        await eve.offer(offered)
        await ada.offer(VOICE)
        await ada.offer(PICTURE)
        assert len((await eve.offer(offered)).subscriptions) == 2


@virtually
async def test_who_resumes_is_told_what_it_has_not_confirmed() -> None:
    async with serving() as (join, _):
        eve, ada = await join("Eve", maps=True), await join("Ada")
        await eve.offer(OfferText(receiving(audio=2, video=2)))
        await ada.offer(VOICE)
        before = await told(eve)
        again = Client()
        eve.session.attach(again)
        repeated = await told(again)
        assert (repeated.offer, repeated.carries) == (False, before.carries)
        assert repeated.revision > before.revision
        eve.session.confirm(repeated.revision)
        last = Client()
        eve.session.attach(last)
        await asyncio.sleep(1)
        assert not last.of(SectionsWanted)


@virtually
async def test_what_cannot_be_decoded_takes_no_section() -> None:
    async with serving() as (join, _):
        eve, ada = await join("Eve", maps=True), await join("Ada")
        await eve.offer(OfferText(receiving(audio=1, video=1)))
        await ada.offer(sending(codecs=H264))
        assert set((await told(eve)).carries) == {"ra0"}
        assert [each.error for each in eve.of(Failure)] == ["no-common-codec"]


@virtually
async def test_a_client_that_does_not_map_has_no_empty_sections() -> None:
    async with serving() as (join, _):
        eve = await join("Eve")
        assert eve.session.wanted_sections() == {"audio": 0, "video": 0}
        answer = await eve.offer(OfferText((Section("0", "audio", "recvonly"),)))
        assert "a=inactive" in answer.sdp


def test_spare_ones_are_as_many_again_within_reason() -> None:
    assert [spare_beyond(count) for count in (0, 1, 2, 9, 40)] == [1, 1, 2, 9, MOST_SPARE]


@dataclass
class Model:
    """What a client has been told: whose each section is, until the next offer."""

    section_of: dict[tuple[Bond, str], str] = field(default_factory=dict)  # by what it carries
    used: set[str] = field(default_factory=set)
    count: dict[str, int] = field(default_factory=lambda: {"audio": 0, "video": 0})


class AnyCourse(RuleBasedStateMachine):
    """Sources of six people begin and end, and the client offers now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.spares = Spares()
        self.model = Model()
        self.ssrc = 0
        self.served: set[int] = set()
        self.pairs: dict[str, Pair] = {}

    def allocate(self) -> int:
        self.ssrc += 1
        return self.ssrc

    def section(self, mid: str) -> OfferedSection:
        kind = "audio" if mid[0] == "a" else "video"
        codecs = (NegotiatedCodec("VP8", 4, 96, 97, 90000, 1),)
        return OfferedSection(mid, kind, False, True, codecs)

    @rule(audio=st.integers(0, 3), video=st.integers(0, 3))
    def offer(self, audio: int, video: int) -> None:
        self.model.count["audio"] += audio
        self.model.count["video"] += video
        counts = self.model.count.items()
        mids = [f"{kind[0]}{number}" for kind, count in counts for number in range(count)]
        self.spares.keep({mid: self.section(mid) for mid in mids}, lambda *_: False)
        known = {spare.section.mid for spare in self.spares} | set(self.model.section_of.values())
        free = [self.section(mid) for mid in mids if mid not in known]
        self.spares.add(free, self.allocate, {})
        assert {spare.section.mid for spare in self.spares} >= {each.mid for each in free}

    @rule(who=st.sampled_from("abcdef"), kind=st.sampled_from(("audio", "video")))
    def begin(self, who: str, kind: str) -> None:
        bond: Bond = (who, "camera")
        if (bond, kind) in self.model.section_of:
            return
        places = self.spares.places(bond, kind, {}, strict=True)  # type: ignore[arg-type]
        place = next(places, None)
        if place is None:
            return
        assert place.ssrc not in self.served, "an SSRC is for one publication"
        self.served.add(place.ssrc)
        self.spares.take(place, bond)
        self.model.section_of[bond, kind] = place.section.mid
        self.pairs[place.section.mid] = place.pair

    @rule(who=st.sampled_from("abcdef"), kind=st.sampled_from(("audio", "video")))
    def end(self, who: str, kind: str) -> None:
        mid = self.model.section_of.pop(((who, "camera"), kind), None)
        if mid is not None:
            self.spares.end(mid)

    @invariant()
    def what_belongs_together_is_one_stream_and_nothing_else_is(self) -> None:
        owners: dict[Pair, set[Bond]] = {}
        streams_of: dict[Bond, set[str]] = {}
        for (bond, _), mid in self.model.section_of.items():
            owners.setdefault(self.pairs[mid], set()).add(bond)
            streams_of.setdefault(bond, set()).add(self.pairs[mid].stream)
        assert all(len(bonds) == 1 for bonds in owners.values())
        assert all(len(each) == 1 for each in streams_of.values())

    @invariant()
    def what_carries_something_is_not_empty(self) -> None:
        empty = {spare.section.mid for spare in self.spares}
        assert not empty & set(self.model.section_of.values())


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
