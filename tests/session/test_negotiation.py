"""What offers do: publications, subscriptions, ICE restarts, and offers that are refused."""

import pytest

from fastsfu.auth.permissions import NOTHING
from fastsfu.auth.tokens import Grant
from fastsfu.errors import OfferError, RequestError
from fastsfu.events import Failure, ParticipantUpdated, SectionsWanted, SubscriptionInfo
from fastsfu.session.negotiation import SECTIONS
from tests.support.offers import H264, OfferText, Section, receiving, sending
from tests.support.recording_engine import RecordingEngine
from tests.support.sessions import Join, turn


async def test_first_offer_makes_transport_and_streams(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    answer = await ada.offer(sending())
    assert len(native.transports) == 1
    streams = {each.mid: each for each in native.inbounds.values()}
    assert streams["a"].ssrc == 1001
    assert streams["a"].payload_types == [(111, 1, 48000, -1)]
    assert (streams["v"].ssrc, streams["v"].rtx_ssrc) == (2001, 2002)
    assert streams["v"].payload_types == [(96, 4, 90000, 97)]
    assert [streams["a"].nack, streams["v"].nack] == [False, True]
    assert [streams["a"].fir, streams["v"].fir] == [False, False]
    assert answer.sdp.count("a=recvonly") == 2
    assert ada.session.ice is not None
    assert f"a=ice-ufrag:{ada.session.ice.ufrag}" in answer.sdp
    assert ada.session.participant.sources == {"audio", "video"}


async def test_two_receive_each_other(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    assert bob.of(SectionsWanted) == [SectionsWanted(audio=1, video=1)]
    answer = await bob.receive_all(sending())
    assert answer.subscriptions == {
        "ra0": SubscriptionInfo(ada.session.id, "audio"),
        "rv0": SubscriptionInfo(ada.session.id, "video"),
    }
    assert {each.cname for each in native.outbounds.values()} == {ada.session.id}
    assert ada.of(SectionsWanted) == [SectionsWanted(audio=1, video=1)]
    answer = await ada.receive_all(sending())
    assert set(answer.subscriptions.values()) == {
        SubscriptionInfo(bob.session.id, "audio"),
        SubscriptionInfo(bob.session.id, "video"),
    }
    assert len(native.outbounds) == 4


async def test_a_session_has_the_sections_that_its_room_may_fill(join: Join) -> None:
    """So many are free; more are for who has been asked for them, also when their need is over."""
    ada, bob = await join("Ada"), await join("Bob")
    half = SECTIONS // 2 - 1  # two are its own
    free = sending().with_(*receiving(audio=half, video=half))
    await ada.offer(free)
    with pytest.raises(OfferError, match=f"At most {SECTIONS} media sections"):
        await ada.offer(free.with_(*receiving(audio=half + 1, start=half)))
    await bob.offer(sending())
    both = free.with_(*receiving(audio=half + 1, video=half + 1, start=half))
    await ada.offer(both)
    bob.session.leave()
    await turn()
    await ada.offer(both)
    with pytest.raises(OfferError, match=f"At most {SECTIONS + 2} media sections"):
        await ada.offer(both.with_(*receiving(audio=half + 2, start=half + 1)))


async def test_so_has_one_that_nobody_asks(join: Join, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a WHEP player, which offers once and is told of no sections before."""
    monkeypatch.setattr("fastsfu.session.negotiation.SECTIONS", 2)
    for name in ("Ada", "Bob"):
        await (await join(name)).offer(sending())
    eve, fay = await join("Eve"), await join("Fay")
    answer = await eve.offer(OfferText(receiving(audio=3, video=3)))
    assert len(answer.subscriptions) == 4
    with pytest.raises(OfferError, match="At most 6 media sections"):
        await fay.offer(OfferText(receiving(audio=4, video=3)))


async def test_voice_and_picture_are_one_stream_and_the_screen_another(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    screen = Section("s", "video", ssrc=3001)
    await ada.offer(sending().with_(screen), {"s": "screenVideo"})
    answer = await bob.receive_all(OfferText())
    groups = [line for line in answer.sdp.splitlines() if line.startswith("a=msid:")]
    me = ada.session.id
    assert sorted(groups) == [
        f"a=msid:{me}.camera audio",
        f"a=msid:{me}.camera video",
        f"a=msid:{me}.screen screenVideo",
    ]
    assert answer.sdp.count(f" cname:{me}") == len(
        [line for line in answer.sdp.splitlines() if " cname:" in line]
    )


async def test_sections_of_who_left_are_used_again(join: Join, native: RecordingEngine) -> None:
    ada, bob, eve = await join("Ada"), await join("Bob"), await join("Eve")
    await ada.offer(sending())
    offered = OfferText(receiving(audio=1, video=1))
    await eve.offer(offered)
    ada.session.leave()
    assert not native.outbounds
    assert (await eve.offer(offered)).subscriptions == {}
    await bob.offer(sending())
    assert eve.of(SectionsWanted)[-1] == SectionsWanted(audio=1, video=1)
    answer = await eve.offer(offered)
    assert {each.session_id for each in answer.subscriptions.values()} == {bob.session.id}
    assert set(answer.subscriptions) == {"ra0", "rv0"}


async def test_publication_ends_with_its_section(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    await bob.receive_all(OfferText())
    stopped = OfferText((Section("a", "audio", ssrc=1001), Section("v", "video", "inactive")))
    await ada.offer(stopped)
    assert [each.mid for each in native.inbounds.values()] == ["a"]
    assert len(native.outbounds) == 1
    assert ada.session.participant.sources == {"audio"}
    assert bob.of(ParticipantUpdated)[-1].participant.sources == {"audio"}
    assert native.stale == 0


async def test_publication_goes_on_over_a_further_offer(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    await bob.receive_all(OfferText())
    before = (set(native.inbounds), set(native.outbounds))
    await ada.offer(sending().with_(*receiving(audio=1)))
    assert (set(native.inbounds), set(native.outbounds)) == before


async def test_new_ssrc_in_a_section_is_a_new_stream(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending(video=False))
    offered = OfferText(receiving(audio=1))
    await bob.offer(offered)
    await ada.offer(OfferText((Section("a", "audio", ssrc=1999),)))
    assert [each.ssrc for each in native.inbounds.values()] == [1999]
    assert not native.outbounds
    await bob.offer(offered)
    assert len(native.outbounds) == 1


async def test_offer_with_new_credentials_restarts_ice(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    first = await ada.offer(sending())
    again = await ada.offer(sending())
    (transport,) = native.transports.values()
    assert transport.restarts == 0
    assert ufrag_of(first.sdp) == ufrag_of(again.sdp)
    restarted = await ada.offer(sending().with_(ufrag="newu", password="anotherPasswordOf22Chars"))
    assert transport.restarts == 1
    assert transport.remote_ufrag == "newu"
    assert ufrag_of(restarted.sdp) == transport.local_ufrag != ufrag_of(first.sdp)


async def test_restart_without_an_offer(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    with pytest.raises(RequestError):
        ada.session.restart_ice("newu", "anotherPasswordOf22Chars")
    await ada.offer(sending())
    before = ada.session.ice
    after = ada.session.restart_ice("newu", "anotherPasswordOf22Chars")
    assert before is not None
    assert before.ufrag != after.ufrag
    assert before.password not in repr(before)
    assert after.candidates == ("candidate:1 1 udp 2130706431 192.0.2.10 40000 typ host",)


REFUSED = {
    "nonsense": (OfferError, "hello", {}),
    "other certificate": (
        OfferError,
        str(sending().with_(fingerprint=":".join(["2E"] * 32))),
        {},
    ),
    "source of the other kind": (RequestError, str(sending()), {"a": "video"}),
    "source twice": (
        RequestError,
        str(sending().with_(Section("w", "video", ssrc=5))),
        {"v": "video", "w": "video"},
    ),
    "more sections than sources": (
        RequestError,
        str(sending().with_(*(Section(f"x{n}", "video", ssrc=7 + n) for n in range(2)))),
        {},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refused_offer_changes_nothing(
    case: str, join: Join, native: RecordingEngine
) -> None:
    error, text, tracks = REFUSED[case]
    ada, bob = await join("Ada"), await join("Bob")
    await bob.offer(sending())
    good = sending().with_(*receiving(audio=1, video=1))
    before = await ada.offer(good)
    streams = (dict(native.transports), dict(native.inbounds), dict(native.outbounds))
    with pytest.raises(error):
        await ada.session.offer(text, tracks)  # type: ignore[arg-type]
    assert (native.transports, native.inbounds, native.outbounds) == streams
    after = await ada.offer(good)
    assert after.subscriptions == before.subscriptions
    assert ufrag_of(after.sdp) == ufrag_of(before.sdp)


async def test_session_ends_when_the_engine_has_no_transport_for_it(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await bob.offer(sending())
    native.room_left = 0
    with pytest.raises(MemoryError):
        await ada.offer(sending())
    assert ada.session.ended == "connection-error"
    assert len(native.transports) == 1
    assert bob.session.ended is None


async def test_no_common_codec_is_told_once_and_the_rest_goes_on(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending(codecs=H264))
    text = OfferText(receiving(audio=1, video=1))
    answer = await bob.offer(text)
    await bob.offer(text)
    assert [each.source for each in answer.subscriptions.values()] == ["audio"]
    failures = bob.of(Failure)
    assert [each.error for each in failures] == ["no-common-codec"]
    assert failures[0].info.endswith(
        "comes in H264 with packetization-mode=1 only, and the client takes VP8."
    )
    assert bob.session.wanted_sections() == {"audio": 1, "video": 0}
    capable = Section("rv1", "video", "recvonly", codecs=H264)
    answer = await bob.offer(text.with_(capable))
    assert answer.subscriptions["rv1"].source == "video"
    assert bob.session.wanted_sections() == {"audio": 1, "video": 1}


async def test_rights_to_publish_and_to_subscribe(join: Join, native: RecordingEngine) -> None:
    viewer = await join("Viewer", grant=Grant(room="standup", publish=NOTHING))
    speaker = await join("Speaker", grant=Grant(room="standup", subscribe=False))
    answer = await viewer.offer(sending().with_(*receiving(audio=1, video=1)))
    assert not native.inbounds
    assert "a=sendonly" not in answer.sdp
    assert "a=recvonly" not in answer.sdp
    assert [each.error for each in viewer.of(Failure)] == ["not-allowed"]
    await speaker.offer(sending().with_(*receiving(audio=1, video=1)))
    assert len(native.inbounds) == 2
    other = await join("Other")
    await other.offer(sending())
    assert speaker.session.wanted_sections() == {"audio": 0, "video": 0}
    assert not speaker.of(SectionsWanted)


async def test_asking_stops_when_the_client_offers_no_more(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    for _ in range(3):
        await bob.offer(OfferText(receiving(audio=1)))
    await turn()
    assert bob.of(SectionsWanted) == [SectionsWanted(audio=1, video=1)]


def ufrag_of(sdp: str) -> str:
    (ufrag,) = {
        line.partition(":")[2] for line in sdp.splitlines() if line.startswith("a=ice-ufrag:")
    }
    return ufrag


async def test_new_media_waits_for_who_confirms(join: Join, native: RecordingEngine) -> None:
    ada, ben = await join("Ada"), await join("Ben", confirms=True)
    await ada.offer(sending())
    await ben.receive_all(sending())
    to_ben = [each for each in native.outbounds.values() if each.paused]
    assert len(to_ben) == 2
    ben.session.update_receive_settings({"*": {"video": False}})
    ben.session.update_receive_settings({"*": {"audio": False}})
    ben.session.update_receive_settings({"*": {"audio": True}})
    assert all(each.paused for each in to_ben), "taking it back does not let it overtake the answer"
    ben.session.confirm()
    assert [each.paused for each in to_ben] == [False, True], "what is declined stays so"
    await ada.receive_all(sending())
    assert sum(each.paused for each in native.outbounds.values()) == 1, "Ada does not confirm"
